// SPDX-License-Identifier: GPL-2.0-only
/* Text and meta commands, and what memcached says to them. Strict: one wrong byte is BAD. */
#include <stdio.h>
#include <string.h>

#include "world.h"

/* What a read asks for besides the value and its flags: any of key, cas and size. */
static bool asks(const struct op *op, char flag)
{
	return op->kind == KIND_NONE && op->opaque & (flag == 'k' ? 1 : flag == 'c' ? 2 : 4);
}

static void meta_write(const struct op *op, const char *key, uint32_t len, struct out *o)
{
	static const char *const modes[N_KINDS] = {
		[KIND_MS] = "",		  [KIND_MS_ADD] = " ME",     [KIND_MS_REPLACE] = " MR",
		[KIND_MS_APPEND] = " MA", [KIND_MS_PREPEND] = " MP", [KIND_MA_INCR] = " MI",
		[KIND_MA_DECR] = " MD",
	};

	switch (op->kind) {
	case KIND_NONE:
		out_text(o, "mg %s v f%s%s%s", key, asks(op, 'k') ? " k" : "", asks(op, 'c') ? " c" : "",
			 asks(op, 's') ? " s" : "");
		break;
	case KIND_MG_TOUCH:
		out_text(o, "mg %s v f T%d", key, op->exptime);
		break;
	case KIND_MG_VIVIFY:
		out_text(o, "mg %s v f N%d", key, op->exptime);
		break;
	case KIND_MD:
		out_text(o, "md %s", key);
		break;
	case KIND_MD_STALE:
		out_text(o, "md %s I T%d", key, op->exptime);
		break;
	case KIND_MA_INCR:
	case KIND_MA_DECR:
		out_text(o, "ma %s v%s D%llu", key, modes[op->kind],
			 (unsigned long long)op->number);
		break;
	default:
		out_text(o, "ms %s %u F%u T%d%s", key, len, op->is.flags, op->exptime,
			 modes[op->kind]);
	}
	out_text(o, " O%u%s%s\r\n", op->opaque, op->base64 ? " b" : "", op->silent ? " q" : "");
}

static const char *const words[N_KINDS] = {
	[KIND_SET] = "set",	      [KIND_ADD] = "add",	  [KIND_REPLACE] = "replace",
	[KIND_APPEND] = "append",     [KIND_PREPEND] = "prepend", [KIND_CAS] = "cas",
	[KIND_INCR] = "incr",	      [KIND_DECR] = "decr",	  [KIND_DELETE] = "delete",
	[KIND_TOUCH] = "touch",	      [KIND_GAT] = "gat",	  [KIND_GATS] = "gats",
	[KIND_SET_TOO_LARGE] = "set",
};

void text_get(const struct op *op, unsigned int keys, struct out *o)
{
	out_text(o, "%s", op->read == READ_GETS ? "gets" : "get");
	while (keys--)
		out_text(o, " %s", W.items[op++->item].name.text);
	out_text(o, "\r\n");
}

void text_write(const struct op *op, const uint8_t *value, uint32_t len, struct out *o)
{
	const char *key = W.items[op->item].name.text, *silent = op->silent ? " noreply" : "";
	char coded[KEY_MAX * 4 / 3 + 8];
	bool stores = true;

	if (op->base64) {
		mc_base64(coded, key, W.items[op->item].name.len);
		key = coded;
	}
	switch (op->kind) {
	case KIND_NONE:
		if (op->form == META)
			break;
		text_get(op, 1, o);
		return;
	case KIND_FLUSH:
		out_text(o, "flush_all%s\r\n", silent);
		return;
	case KIND_FLUSH_LATER:
		out_text(o, "flush_all %d%s\r\n", op->exptime, silent);
		return;
	case KIND_INCR:
	case KIND_DECR:
		out_text(o, "%s %s %llu%s\r\n", words[op->kind], key,
			 (unsigned long long)op->number, silent);
		return;
	case KIND_DELETE:
		out_text(o, "delete %s%s\r\n", key, silent);
		return;
	case KIND_TOUCH:
		out_text(o, "touch %s %d%s\r\n", key, op->exptime, silent);
		return;
	case KIND_GAT:
	case KIND_GATS:
		out_text(o, "%s %d %s\r\n", words[op->kind], op->exptime, key);
		return;
	case KIND_CAS:
		out_text(o, "cas %s %u %d %u %llu%s\r\n", key, op->is.flags, op->exptime, len,
			 (unsigned long long)op->cas, silent);
		break;
	default:
		if (op->form == TEXT)
			out_text(o, "%s %s %u %d %u%s\r\n", words[op->kind], key, op->is.flags,
				 op->exptime, len, silent);
	}
	if (op->form == META) {
		meta_write(op, key, len, o);
		stores = op->kind >= KIND_MS && op->kind <= KIND_MS_PREPEND;
	}
	if (stores) {
		out_add(o, value, len);
		out_add(o, "\r\n", 2);
	}
}

/* A command that is always answered, so that those before it are known to be executed. */
void text_marker(struct op *op, struct out *o)
{
	*op = (struct op){ .marker = true, .form = TEXT };
	out_text(o, "%s\r\n", draw() & 1 ? "mn" : "version");
}

static bool starts(const uint8_t *p, size_t n, const char *with)
{
	return n >= strlen(with) && !memcmp(p, with, strlen(with));
}

/* Decimal digits without a superfluous zero. Returns how many. */
static size_t digits(const uint8_t *p, size_t n, uint64_t *out)
{
	size_t i;

	*out = 0;
	for (i = 0; i < n && i < 20 && p[i] >= '0' && p[i] <= '9'; i++)
		*out = *out * 10 + p[i] - '0';
	return i > 1 && *p == '0' ? 0 : i;
}

ssize_t text_value(const uint8_t *p, size_t n, const uint8_t **key, uint32_t *key_len,
		   struct answer *a)
{
	const uint8_t *eol = memchr(p, '\n', n < 400 ? n : 400), *at;
	uint64_t flags, len;
	size_t size;

	if (!eol)
		return n < 400 ? MORE : BAD;
	if (!starts(p, n, "VALUE ") || eol[-1] != '\r')
		return BAD;
	*key = p + 6;
	at = memchr(*key, ' ', eol - *key);
	if (!at)
		return BAD;
	*key_len = at++ - *key;
	at += size = digits(at, eol - at, &flags);
	if (!size || *at++ != ' ' || flags > UINT32_MAX)
		return BAD;
	at += size = digits(at, eol - at, &len);
	if (!size || len > 2 << 20)
		return BAD;
	a->cas = 0;
	if (*at == ' ') {
		at++;
		at += size = digits(at, eol - at, &a->cas);
		if (!size)
			return BAD;
	}
	if (at != eol - 1)
		return BAD;
	at = eol + 1;
	if ((size_t)(p + n - at) < len + 2)
		return MORE;
	if (at[len] != '\r' || at[len + 1] != '\n')
		return BAD;
	a->said = SAID_VALUE;
	a->flags = flags;
	a->len = len;
	a->value = at;
	return at + len + 2 - p;
}

/* What get, gets, gat and gats say. */
static ssize_t read_values(const struct op *op, const uint8_t *p, size_t n, struct answer *a)
{
	const struct name *name = &W.items[op->item].name;
	const uint8_t *key;
	uint32_t key_len;
	ssize_t took;

	if (n >= 5 && starts(p, n, "END\r\n")) {
		a->said = SAID_NOT_FOUND;
		return op->more ? NONE : 5;
	}
	took = text_value(p, n, &key, &key_len, a);
	if (took <= 0)
		return took;
	if (op->more && (key_len != name->len || memcmp(key, name->text, key_len))) {
		a->said = SAID_NOT_FOUND;
		return NONE;
	}
	if (key_len != name->len || memcmp(key, name->text, key_len) ||
	    !a->cas != !(op->read == READ_GETS || op->kind == KIND_GATS))
		return BAD;
	if (op->more)
		return took;
	if (n - took < 5)
		return MORE;
	return starts(p + took, n - took, "END\r\n") ? took + 5 : BAD;
}

static bool is_word(const uint8_t *at, const uint8_t *eol, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(eol - at) > len && !memcmp(at, word, len) && (at[len] == ' ' || at[len] == '\r');
}

/* A flag of a read's reply, which is there because it was asked for. */
static bool meta_flag(const struct op *op, const uint8_t *at, const uint8_t *eol, struct answer *a)
{
	const struct name *name = &W.items[op->item].name;
	char coded[KEY_MAX * 4 / 3 + 8];
	uint64_t number;

	if (!asks(op, *at))
		return false;
	if (*at == 'k') {
		/* as it was spelled when the item was stored */
		mc_base64(coded, name->text, name->len);
		return is_word(at + 1, eol, name->text) || is_word(at + 1, eol, coded);
	}
	if (!digits(at + 1, eol - at - 1, &number))
		return false;
	if (*at == 's')
		return number == a->len;
	a->cas = number;
	return true;
}

/* mg, ms, md, ma */
static ssize_t meta_read(const struct op *op, const uint8_t *p, size_t n, struct answer *a)
{
	const uint8_t *eol = memchr(p, '\n', n);
	uint64_t number, opaque = UINT64_MAX;
	bool has_flags = false, stale = false, made_up = false;
	unsigned int asked = 0;
	size_t size;

	if (!eol)
		return n < 600 ? MORE : BAD;
	if (eol == p || eol[-1] != '\r')
		return BAD;
	if (starts(p, n, "VA ")) {
		const uint8_t *at = p + 3;

		at += size = digits(at, eol - at, &number);
		if (!size || number > 2 << 20)
			return BAD;
		a->len = number;
		a->value = eol + 1;
		a->said = SAID_VALUE;
	} else if (starts(p, n, "HD")) {
		a->said = SAID_DONE;
	} else if (starts(p, n, "NS")) {
		a->said = SAID_NOT_STORED;
	} else if (starts(p, n, "EX")) {
		a->said = SAID_EXISTS;
	} else if (starts(p, n, "NF") || starts(p, n, "EN")) {
		a->said = SAID_NOT_FOUND;
	} else {
		return op->silent ? SILENT : BAD;
	}
	for (const uint8_t *at = p; at < eol; at++) {
		if (*at != ' ')
			continue;
		if (at[1] == 'f' && digits(at + 2, eol - at - 2, &number)) {
			a->flags = number;
			has_flags = true;
		} else if (at[1] == 'O') {
			digits(at + 2, eol - at - 2, &opaque);
		} else if (at[1] == 'W') {
			a->won = true;
		} else if (at[1] == 'X') {
			stale = true;
		} else if (at[1] == 'k' || at[1] == 'c' || at[1] == 's') {
			made_up |= !meta_flag(op, at + 1, eol, a);
			asked++;
		}
	}
	/* who comes first after "md I" wins, too, but the item is there */
	a->won &= !stale;
	/* some versions leave it out of a miss */
	if (opaque == UINT64_MAX && !op->silent && starts(p, n, "EN\r\n"))
		opaque = op->opaque;
	if (opaque != op->opaque)
		return op->silent ? SILENT : BAD;
	if (a->said != SAID_VALUE) {
		if (a->said == SAID_DONE && op->kind >= KIND_MS && op->kind <= KIND_MS_PREPEND)
			a->said = SAID_STORED;
		return eol + 1 - p;
	}
	if ((size_t)(p + n - a->value) < a->len + 2)
		return MORE;
	if (memcmp(a->value + a->len, "\r\n", 2))
		return BAD;
	if (op->kind == KIND_MA_INCR || op->kind == KIND_MA_DECR) {
		a->said = SAID_NUMBER;
		if (digits(a->value, a->len, &a->number) != a->len)
			return BAD;
	} else if (!has_flags || made_up ||
		   asked != (unsigned int)asks(op, 'k') + asks(op, 'c') + asks(op, 's')) {
		return BAD;
	}
	return a->value + a->len + 2 - p;
}

ssize_t text_read(const struct op *op, const uint8_t *p, size_t n, struct answer *a)
{
	static const struct { const char *line; enum said said;
	} lines[] = {
		{ "STORED", SAID_STORED },
		{ "NOT_STORED", SAID_NOT_STORED },
		{ "EXISTS", SAID_EXISTS },
		{ "NOT_FOUND", SAID_NOT_FOUND },
		{ "DELETED", SAID_DONE },
		{ "TOUCHED", SAID_DONE },
		{ "SERVER_ERROR object too large for cache", SAID_TOO_LARGE },
		{ "OK", SAID_OTHER },
		{ "MN", SAID_OTHER },
	};
	const uint8_t *eol;
	size_t i, len;

	if (!n)
		return MORE;
	/* something is said, so to a later one: this one was executed */
	if (op->silent && op->form == TEXT)
		return SILENT;
	*a = (struct answer){};
	snprintf(a->line, sizeof(a->line), "%.*s", n < 60 ? (int)n : 60, (const char *)p);
	a->line[strcspn(a->line, "\r\n")] = '\0';
	if (op->form == META)
		return meta_read(op, p, n, a);
	if ((op->kind == KIND_NONE && !op->marker) || op->kind == KIND_GAT || op->kind == KIND_GATS)
		return read_values(op, p, n, a);
	eol = memchr(p, '\n', n);
	if (!eol)
		return n < 200 ? MORE : BAD;
	len = eol - p - 1;
	if (eol == p || eol[-1] != '\r')
		return BAD;
	if (op->kind == KIND_INCR || op->kind == KIND_DECR) {
		if (digits(p, len, &a->number) == len && len) {
			a->said = SAID_NUMBER;
			return len + 2;
		}
	}
	if (op->marker && starts(p, n, "VERSION ")) {
		a->said = SAID_OTHER;
		return len + 2;
	}
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (len == strlen(lines[i].line) && !memcmp(p, lines[i].line, len)) {
			a->said = lines[i].said;
			return len + 2;
		}
	}
	return BAD;
}
