// SPDX-License-Identifier: GPL-2.0-only
/* tests/lib/mc: what both sides of a test rely on, checked against numbers from elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mc/checksum.h"
#include "mc/ethernet.h"
#include "mc/proto.h"
#include "unit.h"

/* The header that textbooks show, and a datagram over IPv6 that was summed by hand. */
void mc_sums_are_those_of_others(void **state)
{
	static const uint8_t example[IP4_LEN] = { 0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61,
						  0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7 };
	struct flow f = { .v6 = true, .ttl = 64, .src_port = 4242, .dst_port = 11211 };
	uint8_t ip[IP4_LEN], frame[128];
	size_t at = payload_at(&f);

	(void)state;
	memcpy(ip, example, sizeof(ip));
	assert_int_equal(ip_sum(ip), 0xffff);
	ip[10] = ip[11] = 0xaa;
	ip_sum_set(ip);
	assert_memory_equal(ip, example, sizeof(ip));

	f.src[15] = f.dst[15] = 1;	/* ::1 */
	memcpy(frame + at, "odd", 3);
	assert_int_equal(frame_wrap(frame, &f, 3), at + 3);
	/* 0x11 + 2 * 11 + 2 * 1 + 4242 + 11211 + 0x6f64 + 0x6400, complemented */
	assert_int_equal(get16(frame + at - 2), 0xf014);
}

static enum mc_part add(struct mc_parts *m, uint16_t seq, uint16_t of, const char *text,
			const uint8_t **p, size_t *len)
{
	static uint8_t datagram[64];

	mc_frame(datagram, 7);
	put16(datagram + 2, seq);
	put16(datagram + 4, of);
	memcpy(datagram + MC_FRAME_LEN, text, strlen(text));
	*p = datagram;
	*len = MC_FRAME_LEN + strlen(text);
	return mc_parts_add(m, p, len);
}

void mc_parts_come_in_any_order(void **state)
{
	struct mc_parts m = { 0 };
	const uint8_t *p;
	size_t len;

	(void)state;
	for (int again = 0; again < 2; again++) {
		assert_int_equal(add(&m, 2, 3, "of it", &p, &len), PART_MORE);
		assert_int_equal(add(&m, 0, 3, "this is ", &p, &len), PART_MORE);
		assert_int_equal(add(&m, 0, 3, "this was", &p, &len), PART_AGAIN);
		assert_int_equal(add(&m, 0, 4, "of another reply", &p, &len), PART_WRONG);
		assert_int_equal(add(&m, 3, 3, "behind the last", &p, &len), PART_WRONG);
		assert_int_equal(add(&m, 1, 3, "all ", &p, &len), PART_LAST);
		assert_int_equal(len, 17);
		assert_memory_equal(p, "this is all of it", 17);
	}
	assert_int_equal(add(&m, 0, 0, "", &p, &len), PART_MORE);
	assert_int_equal(add(&m, 0, 0, "none", &p, &len), PART_WRONG);
	assert_int_equal(add(&m, 0, MC_PARTS + 1, "too many", &p, &len), PART_WRONG);
	free(m.bytes);
}

/* RFC 4648 */
void mc_base64_has_the_vectors_of_the_rfc(void **state)
{
	static const char *const vectors[] = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=",
					       "Zm9vYmFy" };
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		mc_base64(out, "foobar", i);
		assert_string_equal(out, vectors[i]);
	}
}
