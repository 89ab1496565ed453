// SPDX-License-Identifier: GPL-2.0-only
#include "payload.h"

/* "get" and the keys, each behind a blank. */
static uint32_t get(uint8_t *out, const struct keyset *k, const struct request *r)
{
	char keys[REPLY_MAX];
	uint32_t len = key_text(k, r->key, keys);

	for (uint32_t i = 1; i < k->multi; i++) {
		keys[len++] = ' ';
		len += key_text(k, key_behind(k, r->key, i), keys + len);
	}
	return mc_build_get(out, r->id, keys, len);
}

uint32_t payload_fill(uint8_t *out, const struct keyset *k, const struct request *r)
{
	char key[KEY_MAX];
	uint8_t value[VALUE_MAX];
	uint32_t len;

	if (r->op == OP_GET)
		return get(out, k, r);
	len = key_text(k, r->key, key);
	if (r->op == OP_DELETE)
		return mc_build_delete(out, r->id, key, len);
	value_fill(k, r->key, value);
	mc_frame(out, r->id);
	return MC_FRAME_LEN + mc_build_set(out + MC_FRAME_LEN, key, len, key_flags(k, r->key), value,
					   value_len(k, r->key));
}
