/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_VERIFY_H
#define BENCH_VERIFY_H

#include "dataset.h"
#include "mc/proto.h"
#include "track.h"

enum verdict {
	REPLY_GOOD,	/* every byte as it must be */
	REPLY_MISSING,	/* END: the key was not found */
	REPLY_WRONG,	/* anything else; *why says what */
};

/*
 * Compare the reply to @op of key @index byte by byte with what it must be: of a GET the key's
 * value, or END for a key with KEY_ABSENT.
 */
enum verdict verify_reply(const struct keyset *k, enum op op, uint32_t index,
			  const struct mc_reply *r, const char **why);

#endif
