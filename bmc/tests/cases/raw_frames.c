// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "raw_frames.h"
#include "mc/checksum.h"

#define FENCE_PORT	4243
#define FENCE_ID	0xfe00
#define N_FENCES	3

void frame_set16(struct frame *f, size_t at, uint16_t value)
{
	put16(f->bytes + at, value);
}

void frame_fix_ip(struct frame *f)
{
	if (!f->v6)
		ip_sum_set(f->bytes + ETH_LEN);
}

void frame_fix_udp(struct frame *f)
{
	udp_sum_set(f->bytes + ETH_LEN, f->bytes + udp_at(f), f->len - udp_at(f));
}

void frame_fix(struct frame *f)
{
	frame_set16(f, udp_at(f) + 4, f->len - udp_at(f));
	if (f->v6)
		frame_set16(f, ETH_LEN + 4, f->len - udp_at(f));
	else
		frame_set16(f, ETH_LEN + 2, f->len - ETH_LEN);
	frame_fix_udp(f);
	frame_fix_ip(f);
}

void frame_insert(struct frame *f, size_t at, const void *bytes, size_t len)
{
	memmove(f->bytes + at + len, f->bytes + at, f->len - at);
	memcpy(f->bytes + at, bytes, len);
	f->len += len;
}

void frame_make(struct frame *f, bool v6, uint16_t id, struct text text)
{
	struct flow flow = { .v6 = v6, .ttl = 61, .src_port = CLIENT_PORT, .dst_port = PORT,
			     .src_mac = { 2, 0, 0x0a, 0x4d, 0, 2 },
			     .dst_mac = { 2, 0, 0x0a, 0x4d, 0, 1 } };
	int family = v6 ? AF_INET6 : AF_INET;

	*f = (struct frame){ .v6 = v6 };
	if (text_at(f) + text.len > MAX_FRAME)
		fail("a request of %zu bytes does not fit a frame", text.len);
	inet_pton(family, v6 ? FRAME_CLIENT6 : FRAME_CLIENT4, flow.src);
	inet_pton(family, v6 ? SERVER6 : SERVER4, flow.dst);
	mc_frame(f->bytes + payload_at(&flow), id);
	memcpy(f->bytes + text_at(f), text.bytes, text.len);
	f->len = frame_wrap(f->bytes, &flow, MC_FRAME_LEN + text.len);
}

static int raw_socket(void)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct timeval timeout = { .tv_sec = 20 };
	int fd, one = 1;

	enter(false);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	at.sll_ifindex = if_nametoindex("cli0");
	if (fd < 0 || !at.sll_ifindex || bind(fd, (void *)&at, sizeof(at)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		fail("no packet socket: %s", strerror(errno));
	return fd;
}

/* The next frame that came in. *@vlan: its tag, which the kernel takes out. */
static size_t receive(int fd, uint8_t *bytes, uint32_t *vlan)
{
	struct sockaddr_ll from;
	struct iovec iov = { bytes, MAX_FRAME };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			      .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct tpacket_auxdata aux;
	ssize_t n;

	do {
		msg.msg_controllen = sizeof(control);
		n = recvmsg(fd, &msg, 0);
		if (n < 0)
			fail("the GET behind it is not answered: %s", strerror(errno));
	} while (from.sll_pkttype == PACKET_OUTGOING);
	*vlan = 0;
	if (CMSG_FIRSTHDR(&msg)) {
		memcpy(&aux, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(aux));
		if (aux.tp_status & TP_STATUS_VLAN_VALID)
			*vlan = 1 << 16 | aux.tp_vlan_tci;
	}
	return n;
}

/* A UDP datagram from memcached's port, all right in itself. @udp: its header. */
static bool is_reply(const uint8_t *frame, size_t len, const uint8_t **udp, size_t *udp_len)
{
	const uint8_t *ip = frame + ETH_LEN;
	bool v6 = get16(frame + 12) == ETH_P_IPV6;
	size_t ip_len = v6 ? IP6_LEN : (ip[0] & 15) * 4u;

	if (get16(frame + 12) != ETH_P_IP && !v6)
		return false;
	if (ip[v6 ? 6 : 9] != IPPROTO_UDP || len < ETH_LEN + ip_len + 8)
		return false;
	*udp = ip + ip_len;
	if (get16(*udp) != PORT)
		return false;
	*udp_len = get16(*udp + 4);
	if (*udp_len != (v6 ? get16(ip + 4) : get16(ip + 2) - ip_len) ||
	    *udp_len < 8 + MC_FRAME_LEN || ETH_LEN + ip_len + *udp_len > len)
		fail("a reply with wrong lengths");
	/* Ethernet may pad to 60 bytes, nobody to more */
	if (ETH_LEN + ip_len + *udp_len < len && len > 60)
		fail("a reply with bytes behind it");
	if (!v6 && ip_sum(ip) != 0xffff)
		fail("a reply with a wrong IP checksum");
	if (!get16(*udp + 6) ? v6 : udp_sum(ip, *udp, *udp_len) != 0xffff)
		fail("a reply with a wrong UDP checksum");
	if (!ip[v6 ? 7 : 8])
		fail("a reply of no hops");
	return true;
}

/* Notes a reply; or one to a fence, of which each is a bit of *@fences. */
static void take(struct answer *a, const uint8_t *frame, size_t len, uint32_t vlan,
		 unsigned int *fences)
{
	const uint8_t *udp;
	size_t udp_len, addresses = frame[ETH_LEN] >> 4 == 6 ? 32 : 8;

	if (!is_reply(frame, len, &udp, &udp_len) || get16(udp + 2) == NOBODYS_PORT)
		return;
	if (get16(udp + 2) == FENCE_PORT) {
		*fences &= ~(1 << (get16(udp + 8) & 7));
		return;
	}
	if (!a->n++) {
		a->headers = text_join(text_bytes(frame, 12), text_bytes(&vlan, sizeof(vlan)));
		a->headers = text_join(a->headers, text_bytes(udp - addresses, addresses));
		a->headers = text_join(a->headers, text_bytes(udp, 4));
		a->headers = text_join(a->headers, text_bytes(udp + 8, MC_FRAME_LEN));
	}
	a->text = text_join(a->text, text_bytes(udp + 8 + MC_FRAME_LEN, udp_len - 8 - MC_FRAME_LEN));
}

/*
 * GETs that memcached itself answers. It has a socket for each address, and answers what comes
 * to one in order.
 */
static void make_fences(struct frame fences[N_FENCES])
{
	for (int i = 0; i < N_FENCES; i++) {
		struct frame *f = &fences[i];

		frame_make(f, i == 1, FENCE_ID + i, text_make("get fence\r\n"));
		frame_set16(f, udp_at(f), FENCE_PORT);
		frame_fix(f);
	}
	vlan_own_address(&fences[2]);
}

struct answer frames_ask(const struct frame *frames, size_t n)
{
	static int fd = -1;
	static pid_t owner;
	struct answer a = { .text = text_make("%s", ""), .headers = text_make("%s", "") };
	uint8_t bytes[MAX_FRAME];
	unsigned int waiting = (1 << N_FENCES) - 1;
	struct frame fences[N_FENCES];
	uint32_t vlan;
	size_t len;

	if (fd < 0 || owner != getpid()) {
		fd = raw_socket();
		owner = getpid();
	}
	/* what others were told since the last time */
	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	make_fences(fences);
	for (size_t i = 0; i < n + N_FENCES; i++) {
		const struct frame *f = i < n ? &frames[i] : &fences[i - n];

		if (send(fd, f->bytes, f->len, 0) != (ssize_t)f->len)
			fail("cannot send a frame of %zu bytes: %s", f->len, strerror(errno));
	}
	while (waiting) {
		len = receive(fd, bytes, &vlan);
		take(&a, bytes, len, vlan, &waiting);
	}
	return a;
}
