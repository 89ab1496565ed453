// SPDX-License-Identifier: GPL-2.0-only
/* rex.ko: the runtime of Rex programs. */
#include <linux/init.h>
#include <linux/module.h>

#include "internal.h"
#include "rex_version.h"
#include "trace.h"

bool rex_require_signed;
module_param_named(require_signed, rex_require_signed, bool, 0444);
MODULE_PARM_DESC(require_signed, "refuse program modules without a good signature");

static int __init rex_init(void)
{
	int ret;

	if (!rex_require_signed)
		rex_require_signed = rex_cmdline_requires_signed();
	rex_slots_init();
	rex_signal_init();
	rex_sock_init();
	ret = rex_watchdog_init();
	if (ret)
		return ret;
	ret = rex_stacks_init();
	if (ret)
		goto watchdog;
	ret = rex_ringbuf_init();
	if (ret)
		goto stacks;
	ret = rex_netlink_init();
	if (ret)
		goto stacks;
	ret = rex_stream_init();
	if (ret)
		goto family;
	rex_backtrace_init();
	/* Last, because from here on shims may call us. */
	ret = rex_hooks_init();
	if (ret)
		goto netlink;
	return 0;

netlink:
	rex_backtrace_exit();
	rex_stream_exit();
family:
	rex_netlink_exit();
stacks:
	rex_stacks_exit();
watchdog:
	rex_watchdog_exit();
	return ret;
}

/* No program, shim or socket is left: all hold a reference on this module. */
static void __exit rex_exit(void)
{
	rex_park_exit();
	rex_fault_exit();
	rex_netlink_exit();
	rex_stream_exit();	/* no request brings a socket any more */
	rex_trace_exit();
	rex_signal_exit();
	rex_probe_exit();
	rex_backtrace_exit();
	rex_stacks_exit();
	rex_watchdog_exit();
}

module_init(rex_init);
module_exit(rex_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Runtime for kernel extensions in safe Rust");
MODULE_VERSION(REX_VERSION);
REX_IMPORT_BPF;
