// SPDX-License-Identifier: GPL-2.0-only
/* Reads of any address, which may fail but never fault. May be called in NMI. */
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "internal.h"

/* So many bytes are copied word by word: the kernel's way has to look first where @to is. */
#define REX_PROBE_SHORT	128

/*
 * What user memory means is known only with a process that has some and uses it now. Where the
 * memory of tasks is switched, interrupts are off.
 */
static __always_inline bool rex_has_user_memory(void)
{
	return in_task() && !irqs_disabled() && !(current->flags & PF_KTHREAD);
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
		return copy_from_user_nofault(to, (const void __user *)from, len);
	pagefault_disable();
	ret = rex_probe_user_short(to, (const void __user *)from, len);
	pagefault_enable();
	return ret;
}

static long rex_probe(void *to, u64 from, size_t len, bool user)
{
	return user ? rex_probe_user(to, from, len) :
		      copy_from_kernel_nofault(to, (const void *)from, len);
}

static long rex_probe_read(void *to, u32 len, u64 from, bool user)
{
	long ret = 0;

	if (rex_probe(to, from, len, user)) {
		memset(to, 0, len);
		ret = -EFAULT;
	}
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

	for (done = 0; done < len; done += chunk) {
		chunk = min_t(u64, len - done, PAGE_SIZE - offset_in_page(from + done));
		if (rex_probe(to + done, from + done, chunk, user))
			return -EFAULT;
		nul = memchr(to + done, '\0', chunk);
		if (nul) {
			memset(nul, 0, to + len - nul);
			return nul + 1 - to;
		}
	}
	to[len - 1] = '\0';
	return len;
}

static long rex_probe_read_str(char *to, u32 len, u64 from, bool user)
{
	long ret = len ? rex_probe_str(to, len, from, user) : -EINVAL;

	if (ret < 0)
		memset(to, 0, len);
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
