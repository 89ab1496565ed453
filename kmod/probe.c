// SPDX-License-Identifier: GPL-2.0-only
/* Reads of any address, which may fail but never fault. May be called in NMI. */
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <asm/processor.h>

#include "internal.h"

/* So many bytes are copied word by word: the kernel's way has to look first where @to is. */
#define REX_PROBE_SHORT	128

/*
 * Whether the address space in use certainly belongs to the current process. nmi_uaccess_okay(),
 * which is not exported, checks the same. An exiting task and a kernel thread borrow the address
 * space of the previous task, and during execve(2) the old one is in use for a moment. While
 * address spaces are switched, interrupts are off and this CPU's TLB is not flushed.
 */
static __always_inline bool rex_has_user_memory(void)
{
	const struct mm_struct *mm = current->mm;

	return in_task() && !irqs_disabled() && mm && read_cr3_pa() == __pa(mm->pgd);
}

static long rex_probe_user_short(void *to, const void __user *from, size_t len)
{
	size_t done;

	if (!user_access_begin(from, len))
		return -EFAULT;
	for (done = 0; done + sizeof(u64) <= len; done += sizeof(u64))
		unsafe_get_user(*(u64 *)(to + done), (const u64 __user *)(from + done), fault);
	for (; done < len; done++)
		unsafe_get_user(*(u8 *)(to + done), (const u8 __user *)(from + done), fault);
	user_access_end();
	return 0;
fault:
	user_access_end();
	return -EFAULT;
}

static long rex_probe_user(void *to, u64 from, size_t len)
{
	long ret;

	if (len > REX_PROBE_SHORT || !rex_has_user_memory())
		return copy_from_user_nofault(to, (const void __user *)from, len) ? -EFAULT : 0;
	pagefault_disable();
	ret = rex_probe_user_short(to, (const void __user *)from, len);
	pagefault_enable();
	return ret;
}

/* ---- lockdown ------------------------------------------------------------------------ */

/*
 * In lockdown=confidentiality the kernel's memory is not for reading. eBPF asks when it verifies
 * a program; a program of ours may be loaded by then, so it is asked again and again. But not by
 * who reads: whatever listens to that question takes locks, and writes to the log.
 */
#define REX_LOCKDOWN_AGAIN	HZ

static bool rex_locked_down;		/* for good */
static unsigned long rex_lockdown_asked;

static void rex_lockdown_work(struct work_struct *work)
{
	if (!READ_ONCE(rex_locked_down) && security_locked_down(LOCKDOWN_BPF_READ_KERNEL))
		WRITE_ONCE(rex_locked_down, true);
}

static DECLARE_WORK(rex_lockdown, rex_lockdown_work);

static void rex_lockdown_schedule(struct irq_work *irq)
{
	schedule_work(&rex_lockdown);
}

static DEFINE_IRQ_WORK(rex_lockdown_irq, rex_lockdown_schedule);

/* A program that reads the kernel's memory is about to be loaded. */
void rex_probe_take(void)
{
	WRITE_ONCE(rex_lockdown_asked, jiffies);
	rex_lockdown_work(NULL);
}

void rex_probe_exit(void)
{
	irq_work_sync(&rex_lockdown_irq);
	cancel_work_sync(&rex_lockdown);
}

static __always_inline bool rex_may_read_kernel(void)
{
	if (unlikely(time_after(jiffies, READ_ONCE(rex_lockdown_asked) + REX_LOCKDOWN_AGAIN))) {
		WRITE_ONCE(rex_lockdown_asked, jiffies);
		irq_work_queue(&rex_lockdown_irq);
	}
	return likely(!READ_ONCE(rex_locked_down));
}

/* ---- for programs -------------------------------------------------------------------- */

static long rex_probe_kernel(void *to, u64 from, size_t len)
{
	if (!rex_may_read_kernel())
		return -EPERM;
	return copy_from_kernel_nofault(to, (const void *)from, len) ? -EFAULT : 0;
}

static long rex_probe(void *to, u64 from, size_t len, bool user)
{
	return user ? rex_probe_user(to, from, len) : rex_probe_kernel(to, from, len);
}

/* @len: more than a piece. */
static noinline long rex_probe_pieces(void *to, u32 len, u64 from, bool user)
{
	u32 done, piece;
	long ret;

	for (done = 0; done < len; done += piece) {
		piece = min_t(u32, len - done, REX_PIECE);
		ret = rex_probe(to + done, from + done, piece, user);
		if (ret) {
			rex_zero_pieces(to, len);
			return ret;
		}
		rex_check_stop(rex_this_frame());
	}
	return 0;
}

static long rex_probe_read(void *to, u32 len, u64 from, bool user)
{
	long ret;

	if (len > REX_PIECE)
		return rex_probe_pieces(to, len, from, user);
	ret = rex_probe(to, from, len, user);
	if (ret)
		memset(to, 0, len);
	rex_check_stop(rex_this_frame());
	return ret;
}

long rex_probe_read_kernel(void *to, u32 len, u64 from)
{
	return rex_probe_read(to, len, from, false);
}
REX_EXPORT(rex_probe_read_kernel);

long rex_probe_read_user(void *to, u32 len, u64 from)
{
	return rex_probe_read(to, len, from, true);
}
REX_EXPORT(rex_probe_read_user);

/*
 * Page by page: what is behind the NUL may not be readable. The end is looked for in our copy,
 * which nobody changes. Gives the length with the NUL.
 */
static long rex_probe_str(char *to, u32 len, u64 from, bool user)
{
	u32 done, chunk;
	char *nul;
	long ret;

	for (done = 0; done < len; done += chunk) {
		chunk = min_t(u64, len - done, PAGE_SIZE - offset_in_page(from + done));
		ret = rex_probe(to + done, from + done, chunk, user);
		if (ret)
			return ret;
		nul = memchr(to + done, '\0', chunk);
		if (nul) {
			rex_zero_pieces(nul, to + len - nul);
			return nul + 1 - to;
		}
		rex_check_stop(rex_this_frame());
	}
	to[len - 1] = '\0';
	return len;
}

static long rex_probe_read_str(char *to, u32 len, u64 from, bool user)
{
	long ret = len ? rex_probe_str(to, len, from, user) : -EINVAL;

	if (ret < 0)
		rex_zero_pieces(to, len);
	rex_check_stop(rex_this_frame());
	return ret;
}

long rex_probe_read_kernel_str(void *to, u32 len, u64 from)
{
	return rex_probe_read_str(to, len, from, false);
}
REX_EXPORT(rex_probe_read_kernel_str);

long rex_probe_read_user_str(void *to, u32 len, u64 from)
{
	return rex_probe_read_str(to, len, from, true);
}
REX_EXPORT(rex_probe_read_user_str);
