// SPDX-License-Identifier: GPL-2.0-only
#include "payload.h"

uint32_t payload_fill(uint8_t *out, const struct keyset *k, const struct request *r)
{
	char key[KEY_MAX];
	uint32_t len = key_text(k, r->key, key);
	uint8_t value[VALUE_MAX];

	switch (r->op) {
	case OP_SET:
		value_fill(k, r->key, value);
		mc_frame(out, r->id);
		return MC_FRAME_LEN + mc_build_set(out + MC_FRAME_LEN, key, len, key_flags(k, r->key),
						   value, value_len(k, r->key));
	case OP_DELETE:
		return mc_build_delete(out, r->id, key, len);
	case OP_GET:
	case OPS:
		break;
	}
	return mc_build_get(out, r->id, key, len);
}
