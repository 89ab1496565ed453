// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks, as programs see them. All of it may be called in NMI and takes no lock.
 *
 * No reference is taken: an invocation runs with preemption off, which makes it an RCU reader, and
 * a task that RCU can find stays in memory until such readers are done.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "internal.h"

REX_LEAF struct task_struct *rex_task_current(void)
{
	return current;
}
REX_EXPORT(rex_task_current);

struct task_struct *rex_task_find(s32 pid)
{
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_PID);
	rcu_read_unlock();
	rex_check_stop(rex_this_frame());
	return task;
}
REX_EXPORT(rex_task_find);

REX_LEAF s32 rex_task_pid(const struct task_struct *task)
{
	return task->pid;
}
REX_EXPORT(rex_task_pid);

REX_LEAF s32 rex_task_tgid(const struct task_struct *task)
{
	return task->tgid;
}
REX_EXPORT(rex_task_tgid);

u64 rex_task_uid_gid(const struct task_struct *task)
{
	const struct cred *cred;
	u64 ret;

	rcu_read_lock();
	cred = __task_cred(task);
	ret = (u64)__kgid_val(cred->gid) << 32 | __kuid_val(cred->uid);
	rcu_read_unlock();
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_task_uid_gid);

/* Others may change it meanwhile; its last byte is always NUL. */
void rex_task_comm(const struct task_struct *task, char comm[TASK_COMM_LEN])
{
	static_assert(TASK_COMM_LEN == 16);

	strscpy_pad(comm, task->comm, TASK_COMM_LEN);
	rex_check_stop(rex_this_frame());
}
REX_EXPORT(rex_task_comm);

u64 rex_task_cgroup_id(const struct task_struct *task)
{
	u64 ret = 0;

#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	ret = cgroup_id(task_dfl_cgroup((struct task_struct *)task));
	rcu_read_unlock();
#endif
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_task_cgroup_id);

/* What the tick has accounted. The scaled figure of /proc is behind a lock. */
REX_LEAF u64 rex_task_utime(const struct task_struct *task)
{
	return READ_ONCE(task->utime);
}
REX_EXPORT(rex_task_utime);

/*
 * The stack of another task may go away at any time. Reading it without taking a fault bears
 * that, and what was read is good if the stack is still there afterwards.
 */
static long rex_user_regs(const struct task_struct *task, struct pt_regs *to)
{
	if (task->flags & (PF_KTHREAD | PF_USER_WORKER) ||
	    copy_from_kernel_nofault(to, task_pt_regs(task), sizeof(*to)))
		return -ENOENT;
	smp_rmb();
	return task == current || refcount_read(&task->stack_refcount) ? 0 : -ENOENT;
}

long rex_task_user_regs(const struct task_struct *task, struct pt_regs *to)
{
	long ret = rex_user_regs(task, to);

	if (ret)
		memset(to, 0, sizeof(*to));
	rex_check_stop(rex_this_frame());
	return ret;
}
REX_EXPORT(rex_task_user_regs);
