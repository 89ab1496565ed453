/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is stored: the bytes of a value are a function of the key's number and of the
 * writer's, so that any other byte, or another key's value, is found out.
 */
#ifndef CONSISTENCY_VALUE_H
#define CONSISTENCY_VALUE_H

#include <stdint.h>

#include "mc/proto.h"
#include "mc/random.h"

struct name {
	uint8_t len;
	char text[KEY_MAX + 1];
};

/* The name of key number @i: 1 to 250 bytes, some of which differ in their end only. */
void key_name(uint32_t i, struct name *out);

/* @len bytes; some of them look like commands, others like replies. */
void value_make(uint32_t key, uint32_t id, uint32_t len, uint8_t *out);
uint64_t value_hash(const uint8_t *bytes, uint32_t len);

#endif
