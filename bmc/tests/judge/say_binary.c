// SPDX-License-Identifier: GPL-2.0-only
/* The binary protocol. The opaque identifies the operation that a response belongs to. */
#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

#define OP_GET		0x00
#define OP_GETK		0x0c
#define OP_NOOP		0x0a

/* Opcodes, and of their quiet forms. */
static const struct { uint8_t plain, quiet; } codes[N_KINDS] = {
	[KIND_BIN_SET] = { 0x01, 0x11 }, [KIND_BIN_ADD] = { 0x02, 0x12 },
	[KIND_BIN_REPLACE] = { 0x03, 0x13 }, [KIND_BIN_DELETE] = { 0x04, 0x14 },
	[KIND_BIN_INCR] = { 0x05, 0x15 }, [KIND_BIN_DECR] = { 0x06, 0x16 },
	[KIND_FLUSH] = { 0x08, 0x18 }, [KIND_BIN_APPEND] = { 0x0e, 0x19 },
	[KIND_BIN_PREPEND] = { 0x0f, 0x1a }, [KIND_BIN_TOUCH] = { 0x1c, 0x1c },
	[KIND_BIN_GAT] = { 0x1d, 0x1e },
};

static uint8_t opcode(const struct op *op)
{
	if (op->marker)
		return OP_NOOP;
	if (op->kind == KIND_NONE)
		return op->read == READ_GETS ? OP_GETK : OP_GET;
	return op->silent ? codes[op->kind].quiet : codes[op->kind].plain;
}

void binary_write(const struct op *op, const uint8_t *value, uint32_t len, struct out *o)
{
	const struct name *key = &W.items[op->item].name;
	struct mc_binary h = { .magic = MC_BINARY_REQUEST, .opcode = opcode(op), .opaque = htonl(op->opaque) };
	uint8_t extras[20];
	uint32_t word[2];
	uint64_t number;

	switch (op->kind) {
	case KIND_BIN_SET:
	case KIND_BIN_ADD:
	case KIND_BIN_REPLACE:
		word[0] = htonl(op->is.flags);
		word[1] = htonl(op->exptime);
		memcpy(extras, word, h.extras_len = 8);
		break;
	case KIND_BIN_TOUCH:
	case KIND_BIN_GAT:
		word[0] = htonl(op->exptime);
		memcpy(extras, word, h.extras_len = 4);
		len = 0;
		break;
	case KIND_BIN_INCR:
	case KIND_BIN_DECR:
		number = htobe64(op->number);
		memcpy(extras, &number, 8);
		memset(extras + 8, 0, 8);
		memset(extras + 16, 0xff, 4);	/* do not make it */
		h.extras_len = 20;
		len = 0;
		break;
	case KIND_BIN_APPEND:
	case KIND_BIN_PREPEND:
		break;
	default:
		len = 0;
	}
	h.key_len = op->marker || op->kind == KIND_FLUSH ? 0 : key->len;
	h.body_len = htonl(h.extras_len + h.key_len + len);
	out_add(o, &(struct mc_binary){ h.magic, h.opcode, htons(h.key_len), h.extras_len, 0, 0,
				     h.body_len, h.opaque, 0 }, sizeof(h));
	out_add(o, extras, h.extras_len);
	out_add(o, key->text, h.key_len);
	out_add(o, value, len);
}

ssize_t binary_read(const struct op *op, const uint8_t *p, size_t n, struct answer *a)
{
	const struct name *key = &W.items[op->item].name;
	uint32_t body, extras, key_len;
	struct mc_binary h;

	if (n < sizeof(h))
		return MORE;
	memcpy(&h, p, sizeof(h));
	body = ntohl(h.body_len);
	extras = h.extras_len;
	key_len = ntohs(h.key_len);
	if (h.magic != MC_BINARY_RESPONSE || body > 2 << 20 || extras + key_len > body)
		return BAD;
	if (ntohl(h.opaque) != op->opaque)
		return op->silent ? SILENT : BAD;
	if (h.opcode != opcode(op))
		return BAD;
	if (n < sizeof(h) + body)
		return MORE;
	*a = (struct answer){ .cas = be64toh(h.cas) };
	snprintf(a->line, sizeof(a->line), "binary status %u", ntohs(h.status));
	switch (ntohs(h.status)) {
	case 0: break;
	case 1: a->said = SAID_NOT_FOUND; goto out;
	case 2: a->said = SAID_EXISTS; goto out;
	case 3: a->said = SAID_TOO_LARGE; goto out;
	case 5: a->said = SAID_NOT_STORED; goto out;
	default: return BAD;
	}
	a->said = SAID_DONE;
	if (op->marker || op->kind == KIND_FLUSH) {
		a->said = SAID_OTHER;
	} else if (op->kind == KIND_NONE || op->kind == KIND_BIN_GAT) {
		uint32_t flags;

		if (extras != 4 || (key_len && (key_len != key->len ||
						memcmp(p + sizeof(h) + 4, key->text, key_len))))
			return BAD;
		memcpy(&flags, p + sizeof(h), 4);
		a->said = SAID_VALUE;
		a->flags = ntohl(flags);
		a->value = p + sizeof(h) + extras + key_len;
		a->len = body - extras - key_len;
	} else if (op->kind == KIND_BIN_INCR || op->kind == KIND_BIN_DECR) {
		uint64_t number;

		if (body != 8)
			return BAD;
		memcpy(&number, p + sizeof(h), 8);
		a->said = SAID_NUMBER;
		a->number = be64toh(number);
	} else if (op->kind >= KIND_BIN_SET && op->kind <= KIND_BIN_PREPEND) {
		a->said = SAID_STORED;
	}
out:
	return sizeof(h) + body;
}
