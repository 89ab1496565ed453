/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What bmc.bpf.c checks with BMC_CHECKS: the request is for the server, from a host that can be
 * answered, and its IP and UDP checksums are right; the reply gets a UDP checksum. The same as
 * bmc/rex does, except that one address is configured instead of asking the kernel for them, and
 * that broadcast addresses are not looked for.
 *
 * Ones' complement sums are sums modulo 65535 of 16-bit words. Any words can be added
 * that begin at an even offset; half words of 64 bits leave room for the carries.
 */
#ifndef BMC_CHECKS_H
#define BMC_CHECKS_H

#ifdef BMC_CHECKS

#define UDP_SUM		0x1100U		/* protocol 17 of the pseudo header */
#define FIRST_GROUP	224

/* of a word of the request, and of a whole reply */
#define SUM(word)	halves(word)
#define SUM_OF(e)	((e)->sum)

static __always_inline __u64 halves(__u64 word)
{
	return (word & 0xffffffff) + (word >> 32);
}

static __always_inline __u32 fold(__u64 sum)
{
	sum = halves(sum);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum + (sum >> 16)) & 0xffff;
}

/* Whether 65535 divides @sum, which is not 0: one multiplication by its inverse. */
static __always_inline int adds_up(__u64 sum)
{
	return sum * 0xfffefffefffeffffULL <= 0x0001000100010001ULL;
}

static __always_inline int is_host(__u32 addr)
{
	__u8 first = addr;

	return first && first != 127 && first < FIRST_GROUP;
}

/* Also refuses a packet to the address that it comes from. */
static __always_inline int is_for_server(void *data)
{
	__u32 from = AT(__u32, data, IP_ADDRS), to = AT(__u32, data, IP_ADDRS + 4);

	return to == bmc_config.addr && from != to && is_host(from) && AT(__u16, data, L4) &&
	       AT(__u64, data, 0) << 16 == *(const volatile __u64 *)bmc_config.mac << 16;
}

static __always_inline __u64 addresses(void *data)
{
	return (__u64)AT(__u32, data, IP_ADDRS) + AT(__u32, data, IP_ADDRS + 4);
}

/*
 * @text: sum of the request behind the frame header. A socket of this machine
 * may leave all but the sum of the pseudo header to the hardware (CHECKSUM_PARTIAL).
 */
static __always_inline int is_intact(void *data, __u64 text)
{
	__u64 pseudo = addresses(data) + UDP_SUM + AT(__u16, data, UDP_LEN);
	__u64 ip = addresses(data) + AT(__u32, data, IP) + AT(__u32, data, IP + 4) +
		   AT(__u32, data, IP + 8);
	__u32 check = AT(__u16, data, UDP_CSUM);

	if (!adds_up(ip))
		return 0;
	return !check ||
	       adds_up(pseudo + halves(AT(__u64, data, L4)) + halves(AT(__u64, data, MC_FRAME)) + text) ||
	       check == fold(pseudo);
}

/* The checksum of the reply whose ports, length and frame header are in place. */
static __always_inline __u16 reply_sum(void *data, __u64 text)
{
	__u32 sum = fold(addresses(data) + UDP_SUM + AT(__u16, data, UDP_LEN) +
			 halves(AT(__u64, data, L4)) + halves(AT(__u64, data, MC_FRAME)) + text);

	return sum == 0xffff ? sum : ~sum;
}

/* Notes the sum of the @len bytes of @e's reply. */
static __always_inline void set_sum(struct bmc_entry *e, __u32 len)
{
	__u32 i, words = len / 8, rest = len % 8;
	__u64 sum = 0;

	for (i = 0; i < BMC_MAX_REPLY / 8; i++) {
		if (i >= words)
			break;
		sum += halves(AT(__u64, e->reply, 8 * i));
	}
	if (rest && i < BMC_MAX_REPLY / 8)
		sum += halves(AT(__u64, e->reply, 8 * i) & ~(~0ULL << 8 * rest));
	e->sum = sum;
}

#else /* without the checks */

#define SUM(word)		0
#define SUM_OF(e)		0
#define is_intact(data, text)	((void)(text), 1)
#define is_for_server(data)	1
#define reply_sum(data, text)	((void)(text), 0)
#define set_sum(e, len)		((void)0)

#endif

#endif /* BMC_CHECKS_H */
