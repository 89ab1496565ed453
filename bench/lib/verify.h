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
	REPLY_MORE,	/* right so far; the reply has more datagrams */
	REPLY_AGAIN,	/* a part of the reply that had come before */
};

/*
 * Compare the @len bytes behind the frame header with the values that a GET of several keys asked
 * for. memcached sends each value, and END, in a datagram of its own; others send all in one. @have
 * has a bit for each key whose value has come, and gets those of this datagram. Values come in the
 * order of the keys; memcached leaves out those that it does not have.
 */
enum verdict verify_values(const struct keyset *k, uint32_t index, const void *text, uint32_t len,
			   uint64_t *have, const char **why);

/*
 * Compare the reply to @op of key @index byte by byte with what it must be: of a GET the key's
 * value, or END for a key with KEY_ABSENT.
 */
enum verdict verify_reply(const struct keyset *k, enum op op, uint32_t index,
			  const struct mc_reply *r, const char **why);

#endif
