// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "verify.h"

enum verdict verify_reply(const struct keyset *k, uint32_t index, const struct mc_reply *r,
			  const char **why)
{
	char key[KEY_MAX];
	uint8_t value[VALUE_MAX];
	uint32_t key_len;

	if (r->kind == MC_END) {
		*why = "the key was not found";
		return REPLY_MISSING;
	}
	*why = r->why;
	if (r->kind != MC_VALUE)
		return REPLY_WRONG;
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
