// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define LIMIT_NS	10000000

struct sys_enter {
	__u64 common;
	__s64 nr;
	__u64 args[6];
};

struct sys_exit {
	__u64 common;
	__s64 nr;
	__s64 ret;
};

struct slow {
	__s32 pid;
	__s32 nr;
	__u64 ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, __s32);
	__type(value, __u64);
} BEGUN SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} SLOW SEC(".maps");

SEC("tracepoint/raw_syscalls/sys_enter")
int enter(struct sys_enter *ctx)
{
	__s32 pid = bpf_get_current_pid_tgid();
	__u64 now = bpf_ktime_get_ns();

	(void)ctx;
	bpf_map_update_elem(&BEGUN, &pid, &now, BPF_ANY);
	return 0;
}

SEC("tracepoint/raw_syscalls/sys_exit")
int leave(struct sys_exit *ctx)
{
	__s32 pid = bpf_get_current_pid_tgid();
	__u64 *begun = bpf_map_lookup_elem(&BEGUN, &pid);
	struct slow *slow;
	__u64 ns;

	if (!begun)
		return 0;
	ns = bpf_ktime_get_ns() - *begun;
	bpf_map_delete_elem(&BEGUN, &pid);
	if (ns < LIMIT_NS)
		return 0;
	slow = bpf_ringbuf_reserve(&SLOW, sizeof(*slow), 0);
	if (!slow)
		return 0;
	slow->pid = pid;
	slow->nr = ctx->nr;
	slow->ns = ns;
	bpf_ringbuf_submit(slow, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
