// SPDX-License-Identifier: GPL-2.0-only
/* Filters in shims: their instructions, and where they can be attached. */
#include <bpf/bpf.h>
#include <linux/pkt_cls.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "../../dataplane/shims/shim.h"

int rex_filter_check_iface(const struct rex_entry *e, const char *name)
{
	struct iface iface;
	int err;

	if (!e->filter.protocol)
		return 0;
	err = rex_iface_find(name, &iface);
	if (err || iface.type == ARPHRD_ETHER || iface.type == ARPHRD_LOOPBACK)
		return err;
	return rex_fail(-EOPNOTSUPP, "frames of \"%s\" have no Ethernet header, which the filter of entry "
			"\"%s\" reads; attach an entry without a filter there", name, e->name);
}

/* ---- instructions --------------------------------------------------------------------------- */

/* Offsets in a frame with an Ethernet and a plain IPv4 header; up to the ports' end. */
#define OFF_TYPE	12
#define OFF_FRAGMENT	20
#define OFF_PROTOCOL	23
#define OFF_TO		36
#define FRAME		38

/* Little-endian, as loaded: Ethernet's type of IPv4, and version 4 with a header of 20 bytes. */
#define PLAIN_IPV4	0x450008
#define PLAIN_MASK	0xffffff
/* More fragments, and a fragment's offset. */
#define FRAGMENT	0xff3f

struct code {
	struct bpf_insn insns[REX_SHIM_ROOM];
	int n, total;			/* so far; in the end */
};

enum { CTX = BPF_REG_1, FRAME_END = BPF_REG_2, A = BPF_REG_3, B = BPF_REG_4, PORTS = BPF_REG_5 };

static struct bpf_insn *emit(struct code *c, uint8_t code, uint8_t dst, uint8_t src, int16_t off,
			     int32_t imm)
{
	struct bpf_insn *insn = &c->insns[c->n < REX_SHIM_ROOM ? c->n : REX_SHIM_ROOM - 1];

	*insn = (struct bpf_insn){ code, dst, src, off, imm };
	c->n++;
	return insn;
}

/* @off: in the frame. */
static void load(struct code *c, uint8_t size, int off)
{
	emit(c, BPF_LDX | BPF_MEM | size, A, FRAME_END, off - FRAME, 0);
}

/* What calls the program is behind the filter. */
static int16_t to_call(const struct code *c)
{
	return c->total - c->n - 1;
}

static void jump(struct code *c, uint8_t op, int32_t imm, int16_t off)
{
	emit(c, BPF_JMP | op | BPF_K, A, 0, off, imm);
}

/*
 * Falls through when the destination port is one of these; else goes to what is behind the check of
 * the protocol, two instructions.
 */
static void emit_ports(struct code *c, const struct rex_filter *f, int map_fd, int n)
{
	if (map_fd >= 0) {
		emit(c, BPF_LD | BPF_DW | BPF_IMM, PORTS, BPF_PSEUDO_MAP_VALUE, 0, map_fd);
		emit(c, 0, 0, 0, 0, 0);
	}
	load(c, BPF_H, OFF_TO);
	for (int i = 0; i < n; i++) {
		bool last = i == n - 1;
		uint8_t op = last ? BPF_JNE : BPF_JEQ;
		/* To the check of the protocol, or behind it. */
		int16_t off = last ? 2 : (map_fd >= 0 ? 2 : 1) * (n - 1 - i);

		if (map_fd < 0) {
			jump(c, op, htons(f->ports[i]), off);
			continue;
		}
		emit(c, BPF_LDX | BPF_MEM | BPF_H, B, PORTS, 2 * i, 0);
		emit(c, BPF_JMP | op | BPF_X, A, B, off, 0);
	}
	load(c, BPF_B, OFF_PROTOCOL);
	jump(c, BPF_JEQ, f->protocol, to_call(c));
}

/*
 * A frame with these ports and this protocol at the places of plain frames goes to the program,
 * whatever it is. Of others, those that are plain IPv4 in one piece are not for it.
 */
static void emit_filter(struct code *c, const struct rex_entry *e, int map_fd, int n_ports)
{
	bool xdp = e->hook == REX_HOOK_XDP;

	emit(c, BPF_LDX | BPF_MEM | BPF_W, FRAME_END, CTX,
	     xdp ? offsetof(struct xdp_md, data) : offsetof(struct __sk_buff, data), 0);
	emit(c, BPF_LDX | BPF_MEM | BPF_W, A, CTX,
	     xdp ? offsetof(struct xdp_md, data_end) : offsetof(struct __sk_buff, data_end), 0);
	emit(c, BPF_ALU64 | BPF_ADD | BPF_K, FRAME_END, 0, 0, FRAME);
	emit(c, BPF_JMP | BPF_JGT | BPF_X, FRAME_END, A, to_call(c), 0);
	if (n_ports)
		emit_ports(c, &e->filter, map_fd, n_ports);
	load(c, BPF_W, OFF_TYPE);
	emit(c, BPF_ALU | BPF_AND | BPF_K, A, 0, 0, PLAIN_MASK);
	jump(c, BPF_JNE, PLAIN_IPV4, to_call(c));
	load(c, BPF_B, OFF_PROTOCOL);
	if (!n_ports) {
		jump(c, BPF_JEQ, e->filter.protocol, to_call(c));
	} else {
		jump(c, BPF_JNE, e->filter.protocol, 2);
		load(c, BPF_H, OFF_FRAGMENT);
		jump(c, BPF_JSET, FRAGMENT, to_call(c));
	}
	/* As if the program were not attached: others that are there are still called. */
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, xdp ? (int)XDP_PASS : TC_ACT_UNSPEC);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* The map as an fd and how many ports it has room for. */
static int open_map(const struct rex_entry *e, int *n_ports)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	struct rex_map is = { .name = info.name };
	const struct rex_map *maps[] = { &is };
	int fd = e->filter_map ? bpf_map_get_fd_by_id(e->filter_map) : -1, err;

	if (fd < 0)
		return rex_fail(e->filter_map ? -errno : -ENOENT, "cannot open map \"%.*s\", in which the "
				"filter of entry \"%s\" has its ports: %s", REX_FILTER_MAP, e->filter.map,
				e->name, e->filter_map ? rex_strerror(errno) : "it is not bound");
	if (bpf_obj_get_info_by_fd(fd, &info, &len)) {
		err = rex_fail(-errno, "cannot look at map \"%.*s\": %s", REX_FILTER_MAP, e->filter.map,
			       rex_strerror(errno));
	} else {
		is.type = info.type;
		is.key_size = info.key_size;
		is.value_size = info.value_size;
		is.max_entries = info.max_entries;
		err = rex_filter_check_map(e, maps, 1);
	}
	if (err) {
		close(fd);
		return err;
	}
	*n_ports = info.value_size / 2;
	return fd;
}

int rex_filter_patch(const struct rex_entry *e, struct bpf_insn *room, int *map_fd)
{
	int n_ports = e->filter.n_ports, fd = -1;
	struct code c = {};
	int err = rex_filter_check(e);

	if (err || !e->filter.protocol)
		return err;
	if (rex_filter_has_map(&e->filter)) {
		fd = open_map(e, &n_ports);
		if (fd < 0)
			return fd;
	}
	/* Once to count. */
	emit_filter(&c, e, fd, n_ports);
	c = (struct code){ .total = c.n };
	emit_filter(&c, e, fd, n_ports);
	if (c.n > REX_SHIM_ROOM) {
		if (fd >= 0)
			close(fd);
		return rex_fail(-E2BIG, "the filter of entry \"%s\" takes %d instructions, and there is "
				"room for %d", e->name, c.n, REX_SHIM_ROOM);
	}
	/* At its end: what is behind an exit, the verifier takes for unreachable. */
	memcpy(room + REX_SHIM_ROOM - c.n, c.insns, c.n * sizeof(*room));
	*map_fd = fd;
	return 0;
}
