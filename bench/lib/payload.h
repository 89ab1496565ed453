/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_PAYLOAD_H
#define BENCH_PAYLOAD_H

#include "dataset.h"
#include "track.h"

/* The UDP payload of a request, at most REPLY_MAX bytes (keyset_init() checks); returns the length. */
uint32_t payload_fill(uint8_t *out, const struct keyset *k, const struct request *r);

#endif
