// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "verify.h"

/* The reply to what changes a key. */
static enum verdict verify_change(enum op op, const struct mc_reply *r, const char **why)
{
	bool good = op == OP_SET ? r->kind == MC_STORED :
				   r->kind == MC_DELETED || r->kind == MC_NOT_FOUND;

	if (good)
		return REPLY_GOOD;
	*why = r->why ? r->why : op == OP_SET ? "not the reply to a SET" : "not the reply to a DELETE";
	return REPLY_WRONG;
}

enum verdict verify_reply(const struct keyset *k, enum op op, uint32_t index,
			  const struct mc_reply *r, const char **why)
{
	char key[KEY_MAX];
	uint8_t value[VALUE_MAX];
	uint32_t key_len;

	if (op != OP_GET)
		return verify_change(op, r, why);
	if (r->kind == MC_END) {
		*why = "the key was not found";
		return index & KEY_ABSENT ? REPLY_GOOD : REPLY_MISSING;
	}
	*why = r->why ? r->why : "not the reply to a GET";
	if (r->kind != MC_VALUE)
		return REPLY_WRONG;
	if (index & KEY_ABSENT) {
		*why = "a value for a key that was never stored";
		return REPLY_WRONG;
	}
	key_len = key_text(k, index, key);
	if (r->key_len != key_len || memcmp(r->key, key, key_len)) {
		*why = "another key's reply";
		return REPLY_WRONG;
	}
	if (r->flags != key_flags(k, index)) {
		*why = "wrong flags";
		return REPLY_WRONG;
	}
	if (r->value_len != value_len(k, index)) {
		*why = "wrong length";
		return REPLY_WRONG;
	}
	value_fill(k, index, value);
	if (memcmp(r->value, value, r->value_len)) {
		*why = "wrong bytes";
		return REPLY_WRONG;
	}
	return REPLY_GOOD;
}
