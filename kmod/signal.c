// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals. Sending one takes locks that are only ever held with interrupts off. So with
 * interrupts on it is done at once, otherwise by an interrupt that comes when they are on again.
 */
#include <linux/irq_work.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "internal.h"

struct rex_signal {
	struct irq_work	work;
	unsigned long	busy;		/* the rest is somebody's */
	struct pid	*pid;
	u32		sig;
	bool		process;
};

static DEFINE_PER_CPU(struct rex_signal, rex_signal);

static long rex_signal_send(struct pid *pid, u32 sig, bool process)
{
	struct task_struct *task;
	long ret = -ESRCH;

	if (process)
		return kill_pid(pid, sig, 1);
	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	if (task)
		ret = send_sig_info(sig, SEND_SIG_PRIV, task);
	rcu_read_unlock();
	return ret;
}

static void rex_signal_work(struct irq_work *work)
{
	struct rex_signal *s = container_of(work, struct rex_signal, work);

	rex_signal_send(s->pid, s->sig, s->process);
	put_pid(s->pid);
	clear_bit_unlock(0, &s->busy);
}

static long rex_signal_later(struct pid *pid, u32 sig, bool process)
{
	struct rex_signal *s = this_cpu_ptr(&rex_signal);

	/* One at a time on each CPU; we may have interrupted who fills it in. */
	if (test_and_set_bit_lock(0, &s->busy))
		return -EBUSY;
	s->pid = get_pid(pid);
	s->sig = sig;
	s->process = process;
	irq_work_queue(&s->work);
	return 0;
}

/* Where the current task is no accident: the same hooks as in eBPF. */
static bool rex_hook_is_traced(u32 hook)
{
	switch (hook) {
	case REX_HOOK_XDP:
	case REX_HOOK_TC:
	case REX_HOOK_CGROUP_SKB:
	case REX_HOOK_STREAM:
		return false;
	}
	return true;
}

long rex_send_signal(u32 sig, u32 process)
{
	struct rex_frame *frame = rex_this_frame();
	struct task_struct *task = current;
	struct pid *pid;
	long ret;

	if (!rex_hook_is_traced(rex_frame_slot(frame)->hook)) {
		ret = -EOPNOTSUPP;
	} else if (!sig || !valid_signal(sig)) {
		ret = -EINVAL;
	} else if (task->flags & (PF_KTHREAD | PF_USER_WORKER | PF_EXITING) ||
		   is_global_init(task)) {
		ret = -EPERM;
	} else {
		pid = process ? task_tgid(task) : task_pid(task);
		ret = irqs_disabled() ? rex_signal_later(pid, sig, process) :
					rex_signal_send(pid, sig, process);
	}
	rex_check_stop(frame);
	return ret;
}
REX_EXPORT(rex_send_signal);

/* At run time: the module loader relocates no per-CPU data. */
void rex_signal_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		init_irq_work(&per_cpu(rex_signal, cpu).work, rex_signal_work);
}

/* No program is left. */
void rex_signal_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu(rex_signal, cpu).work);
}
