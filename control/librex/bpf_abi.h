/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What running kernels have and the headers of the oldest Debian that we build on
 * (Linux 6.1) do not. The layouts are the kernel's ABI.
 */
#ifndef _LIBREX_BPF_ABI_H
#define _LIBREX_BPF_ABI_H

#include <stdint.h>

#define REX_TCX_INGRESS		46	/* enum bpf_attach_type; Linux 6.6 */
#define REX_TCX_EGRESS		47

/* enum bpf_link_type, as far as librex makes such links */
enum {
	REX_LINK_RAW_TRACEPOINT = 1,
	REX_LINK_TRACING = 2,
	REX_LINK_CGROUP = 3,
	REX_LINK_XDP = 6,
	REX_LINK_PERF_EVENT = 7,
	REX_LINK_TCX = 11,
};

/* enum bpf_perf_event_type; Linux 6.6, before it reads as NONE */
enum {
	REX_PERF_NONE,
	REX_PERF_UPROBE,
	REX_PERF_URETPROBE,
	REX_PERF_KPROBE,
	REX_PERF_KRETPROBE,
	REX_PERF_TRACEPOINT,
	REX_PERF_EVENT,
};

/* struct bpf_link_info */
struct rex_link_info {
	uint32_t type, id, prog_id, __pad;
	union {
		struct {
			uint64_t name;
			uint32_t name_len;
		} raw_tracepoint;
		struct {
			uint32_t attach_type, obj_id, btf_id;
		} tracing;
		struct {
			uint64_t id;
			uint32_t attach_type;
		} cgroup;
		struct {
			uint32_t type, __pad;
			union {
				struct {
					uint64_t name;
					uint32_t name_len, offset;
				} probe;	/* kprobe, uprobe, tracepoint */
				struct {
					uint64_t config;
					uint32_t type;
				} event;
			};
		} perf;
		struct {
			uint32_t ifindex, attach_type;
		} tcx;
		uint8_t room[128];
	};
};

/* union bpf_attr of BPF_PROG_QUERY */
struct rex_query {
	uint32_t ifindex, attach_type, query_flags, attach_flags;
	uint64_t prog_ids;
	uint32_t count, __pad;
	uint64_t prog_attach_flags, link_ids, link_attach_flags, revision;
};

/* BPF_LINK_CREATE of tcx; Linux 6.6 */
#define REX_F_BEFORE	(1u << 3)
#define REX_F_AFTER	(1u << 4)
#define REX_F_ID	(1u << 5)
#define REX_F_LINK	(1u << 13)

struct rex_link_create {
	uint32_t prog_fd, target_ifindex, attach_type, flags;
	uint32_t relative, __pad;	/* an id */
	uint64_t revision;
};

#endif /* _LIBREX_BPF_ABI_H */
