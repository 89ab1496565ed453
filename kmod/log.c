// SPDX-License-Identifier: GPL-2.0-only
/* What programs write to the kernel log and to the trace. Both may be called in NMI. */
#include <linux/kern_levels.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>

#include "internal.h"

#define REX_PRINTK_MAX	1025	/* with the NUL */
#define REX_TRACE_MAX	513	/* as much as the kernel keeps of a string */

/*
 * As "deferred" as the scheduler's own messages: consoles take locks and wake tasks, and the
 * program may have interrupted whoever holds those locks.
 */
void rex_log(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk_emit(0, LOGLEVEL_SCHED, NULL, fmt, args);
	va_end(args);
}

void rex_printk(u32 level, const char *text, u64 len)
{
	struct rex_frame *frame = rex_this_frame();
	struct rex_prog *prog = rex_frame_slot(frame)->prog;
	const char prefix[] = { KERN_SOH_ASCII, '0' + min(level, 7U), '\0' };
	char line[REX_PRINTK_MAX];

	if (text && __ratelimit(&prog->printk)) {
		rex_copy_text(line, sizeof(line), text, len);
		rex_log("%s" KBUILD_MODNAME ": %s: %s\n", prefix, prog->name, line);
	}
	rex_check_stop(frame);
}
REX_EXPORT(rex_printk);

/* The kernel switched the event on when user space loaded the program that binds the helper. */
long rex_trace_printk(const char *text, u64 len)
{
	static const char format[] = "%s";
	rex_bpf_helper helper = READ_ONCE(rex_vector[REX_V_TRACE_PRINTK]);
	char line[REX_TRACE_MAX];
	long ret = -EOPNOTSUPP;

	if (helper) {
		rex_copy_text(line, sizeof(line), text, len);
		ret = helper((u64)format, sizeof(format), (u64)line, 0, 0);
	}
	rex_check_stop(rex_this_frame());
	return min(ret, 0L);
}
REX_EXPORT(rex_trace_printk);
