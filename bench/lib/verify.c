// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "verify.h"

#define END	"END\r\n"

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

/* Which key's value is at the front of @p? Returns its length, or 0. */
static uint32_t value_at(const struct keyset *k, uint32_t index, const uint8_t *p, size_t len,
			 unsigned int first, unsigned int *which)
{
	uint8_t want[REPLY_MAX];

	/* the next one, most often */
	for (unsigned int i = 0; i < k->multi; i++) {
		uint32_t n;

		*which = (first + i) % k->multi;
		n = key_reply(k, key_behind(k, index, *which), want) - strlen(END);
		if (len >= n && !memcmp(p, want, n))
			return n;
	}
	return 0;
}

static enum verdict wrong(const char **why, const char *what)
{
	*why = what;
	return REPLY_WRONG;
}

/* The end of a reply, of which @have has come. */
static enum verdict verify_end(const struct keyset *k, uint32_t index, uint64_t have, const char **why)
{
	if (index & KEY_ABSENT || have == UINT64_MAX >> (MULTI_MAX - k->multi))
		return REPLY_GOOD;
	*why = "some of the keys were not found";
	return REPLY_MISSING;
}

enum verdict verify_values(const struct keyset *k, uint32_t index, const void *text, uint32_t len,
			   uint64_t *have, const char **why)
{
	const uint8_t *p = text, *end = p + len;
	bool fresh = false, again = false;

	*why = "a part that came before";
	while (p < end && *p == 'V') {
		unsigned int next = *have ? MULTI_MAX - __builtin_clzll(*have) : 0, which;
		uint32_t n = value_at(k, index, p, end - p, next, &which);

		if (!n)
			return wrong(why, "not a value of these keys");
		if (index & KEY_ABSENT)
			return wrong(why, "a value for a key that was never stored");
		if (*have >> which & 1)
			again = true;
		else if (which < next)
			return wrong(why, "values not in the order of the keys");
		else
			fresh = true;
		*have |= UINT64_C(1) << which;
		p += n;
	}
	if (again && (fresh || p != end))
		return wrong(why, "a value twice");
	if (p == end && (fresh || again))
		return again ? REPLY_AGAIN : REPLY_MORE;
	if (end - p == (int)strlen(END) && !memcmp(p, END, strlen(END)))
		return verify_end(k, index, *have, why);
	return wrong(why, "neither a value nor END");
}
