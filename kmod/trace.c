// SPDX-License-Identifier: GPL-2.0-only
/* Helpers of the tracing hooks. */
#include <linux/hash.h>
#include <linux/kallsyms.h>
#include <linux/kstrtox.h>
#include <linux/perf_event.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "trace.h"

/* ---- override ------------------------------------------------------------------- */

/* Places that passed rex_at_syscall(): addresses in the kernel's own text, which never moves. */
static unsigned long rex_syscall_ips[64];

/* Somebody may be about to run rex_bare_return(). */
static bool rex_overridden;

/* What a function may begin with before its real entry: endbr64, or a no-op in its place. */
static bool rex_is_endbr(u32 bytes)
{
	return bytes == 0xfa1e0ff3 || bytes == 0x001f0f66 || (bytes & 0xffffff) == 0x401f0f;
}

/*
 * Whether a probe at @ip is at the very beginning of a system call, where nothing is on the
 * stack yet and nothing was begun. A system call without arguments goes by several names of one
 * address, and the kernel may give any of them.
 */
static noinline bool rex_at_syscall(unsigned long ip)
{
	static const char * const prefix[] = { "__x64_sys_", "__ia32_sys_", "__do_sys_" };
	unsigned long *cached = &rex_syscall_ips[hash_long(ip, 6)], offset;
	char symbol[KSYM_SYMBOL_LEN], *plus;
	int i;

	if (READ_ONCE(*cached) == ip)
		return true;
	sprint_symbol(symbol, ip);
	plus = strchr(symbol, '+');
	/* In brackets: the module that it is in. */
	if (!plus || strpbrk(symbol, "[."))
		return false;
	for (i = 0; i < ARRAY_SIZE(prefix); i++)
		if (str_has_prefix(symbol, prefix[i]))
			break;
	if (i == ARRAY_SIZE(prefix))
		return false;
	offset = simple_strtoul(plus + 1, NULL, 16);
	if (offset && (offset != 4 || !rex_is_endbr(*(const u32 *)(ip - offset))))
		return false;
	WRITE_ONCE(*cached, ip);
	return true;
}

long rex_override_return(struct pt_regs *ctx, u64 rc)
{
	struct rex_frame *frame = rex_this_frame();
	long ret = -EINVAL;

	/* Only the hook's own registers, not a copy; in a uprobe, they are the user's. */
	if (rex_frame_slot(frame)->hook != REX_HOOK_KPROBE || (u64)ctx != frame->ctx.raw ||
	    user_mode(ctx))
		goto out;
	/* While a probe is handled, the address is one behind it. Or we were here before. */
	if (ctx->ip != (unsigned long)rex_bare_return && !rex_at_syscall(ctx->ip - 1))
		goto out;
	if (!READ_ONCE(rex_overridden))
		WRITE_ONCE(rex_overridden, true);
	ctx->ax = rc;
	ctx->ip = (unsigned long)rex_bare_return;
	ret = 0;
out:
	rex_check_stop(frame);
	return ret;
}
REX_EXPORT(rex_override_return);

/* No probe leads to rex_bare_return() any more, but a task may have been preempted right there. */
void rex_trace_exit(void)
{
	if (rex_overridden)
		synchronize_rcu_tasks();
}

/* ---- perf_event ----------------------------------------------------------------------- */

static __always_inline const struct bpf_perf_event_data_kern *rex_perf(const void *ctx)
{
	return ctx;
}

REX_LEAF const struct pt_regs *rex_perf_regs(const void *ctx)
{
	return rex_perf(ctx)->regs;
}
REX_EXPORT(rex_perf_regs);

REX_LEAF u64 rex_perf_sample_period(const void *ctx)
{
	return rex_perf(ctx)->data->period;
}
REX_EXPORT(rex_perf_sample_period);

/* 0 where the event has no address: the field is not set then. */
REX_LEAF u64 rex_perf_addr(const void *ctx)
{
	const struct perf_sample_data *data = rex_perf(ctx)->data;

	return data->sample_flags & PERF_SAMPLE_ADDR ? data->addr : 0;
}
REX_EXPORT(rex_perf_addr);

long rex_perf_read_value(void *ctx, struct bpf_perf_event_value *to)
{
	long ret = rex_vector_call(REX_V_PERF_PROG_READ_VALUE, (u64)ctx, (u64)to, sizeof(*to), 0,
				   0);

	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_perf_read_value);
