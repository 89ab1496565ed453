// SPDX-License-Identifier: GPL-2.0-only
/* Records for the readers of perf events. Each hook has its own helper, with its own context. */
#include <linux/bpf.h>

#include "maps.h"

/* A perf record's size is a u16: what is not its data takes less than the rest. */
#define REX_OUTPUT_MAX	(60 * 1024)

long rex_perf_event_output(void *ctx, const struct rex_map_def *def, u64 flags, const void *data,
			   u64 size)
{
	struct rex_frame *frame = rex_this_frame();
	struct bpf_map *map = rex_map(def, BIT(BPF_MAP_TYPE_PERF_EVENT_ARRAY));
	u32 hook = rex_frame_slot(frame)->hook;
	enum rex_vector which;
	long ret = -EINVAL;

	if (!map)
		goto out;
	ret = -E2BIG;
	if (size > REX_OUTPUT_MAX || ((flags & BPF_F_CTXLEN_MASK) >> 32) > REX_OUTPUT_MAX - size)
		goto out;
	switch (hook) {
	case REX_HOOK_XDP:
		which = REX_V_XDP_EVENT_OUTPUT;
		break;
	case REX_HOOK_TC:
	case REX_HOOK_CGROUP_SKB:
		which = REX_V_SKB_EVENT_OUTPUT;
		ctx = (void *)((struct rex_ctx *)ctx)->raw;
		break;
	/* The context is not what the program says, but what the hook's kfunc was given. */
	case REX_HOOK_KPROBE:
		which = REX_V_PERF_EVENT_OUTPUT;
		ctx = (void *)frame->ctx.raw;
		break;
	case REX_HOOK_TRACEPOINT:
	case REX_HOOK_PERF_EVENT:
		which = REX_V_PERF_EVENT_OUTPUT_TP;
		ctx = (void *)frame->ctx.raw;
		break;
	/* Attached with BTF: the helper looks at no context. */
	default:
		which = REX_V_PERF_EVENT_OUTPUT_RAW_TP;
		ctx = NULL;
	}
	ret = (int)rex_vector_call(which, (u64)ctx, (u64)map, flags, (u64)data, size);
out:
	rex_check_stop(frame);
	return ret;
}
REX_EXPORT(rex_perf_event_output);
