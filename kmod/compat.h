/* SPDX-License-Identifier: GPL-2.0-only */
/* Every difference between the kernels that Rex supports (6.12 and later) is here. */
#ifndef _REX_COMPAT_H
#define _REX_COMPAT_H

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/version.h>

#include <uapi/rex.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "Rex needs Linux 6.12 or later"
#endif
#ifndef CONFIG_X86_64
#error "Rex supports x86-64 only"
#endif
/* Programs run with preemption off, and helpers take locks that sleep on such a kernel. */
#ifdef CONFIG_PREEMPT_RT
#error "Rex does not support real-time kernels (CONFIG_PREEMPT_RT): use the kernel without -rt"
#endif
/* The entries of a program are called without the hash of their type in front of them. */
#if defined(CONFIG_CFI_CLANG) || defined(CONFIG_CFI)
#error "Rex does not support kernels with control flow integrity (CONFIG_CFI_CLANG, CONFIG_CFI)"
#endif

/* Symbol namespaces became strings in 6.13. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define REX_EXPORT(sym)		EXPORT_SYMBOL_NS_GPL(sym, "REX")
#define REX_IMPORT_BPF		MODULE_IMPORT_NS("BPF_INTERNAL")
#else
#define REX_EXPORT(sym)		EXPORT_SYMBOL_NS_GPL(sym, REX)
#define REX_IMPORT_BPF		MODULE_IMPORT_NS(BPF_INTERNAL)
#endif

/* hrtimer_setup() came in 6.13, hrtimer_init() went away later. */
static inline void rex_hrtimer_setup(struct hrtimer *timer,
				     enum hrtimer_restart (*fn)(struct hrtimer *))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer->function = fn;
#endif
}

/* Lazy preemption came in 6.13. The answer may change while the kernel runs. */
static inline enum rex_preempt rex_preempt_model(void)
{
	if (preempt_model_rt())
		return REX_PREEMPT_RT;
	if (preempt_model_full())
		return REX_PREEMPT_FULL;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	if (preempt_model_lazy())
		return REX_PREEMPT_LAZY;
#endif
	return preempt_model_voluntary() ? REX_PREEMPT_VOLUNTARY : REX_PREEMPT_NONE;
}

/* Whether the module's signature was checked and found good. */
static inline bool rex_module_signed(const struct module *mod)
{
#ifdef CONFIG_MODULE_SIG
	return mod->sig_ok;
#else
	return false;
#endif
}

/* Since 6.15 the locks in maps notice a deadlock, or give up, where they were busy before. */
static inline long rex_map_error(long ret)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	if (ret == -EDEADLK || ret == -ETIMEDOUT)
		return -EBUSY;
#endif
	return ret;
}

/* recvmsg() of a protocol lost its last argument in 7.x; Kbuild looks whether this kernel has it. */
#ifdef REX_RECVMSG_HAS_ADDR_LEN
#define REX_PROTO_RECVMSG(name)	int name(struct sock *sk, struct msghdr *msg, size_t len,	\
					 int flags, int *addr_len)
#define REX_ADDR_LEN		addr_len
#define rex_proto_recvmsg(proto, sk, msg, len, flags, addr_len)					\
	((proto)->recvmsg(sk, msg, len, flags, addr_len))
#else
#define REX_PROTO_RECVMSG(name)	int name(struct sock *sk, struct msghdr *msg, size_t len, int flags)
#define REX_ADDR_LEN		NULL
#define rex_proto_recvmsg(proto, sk, msg, len, flags, addr_len)					\
	((proto)->recvmsg(sk, msg, len, flags))
#endif

#endif /* _REX_COMPAT_H */
