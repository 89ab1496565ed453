// SPDX-License-Identifier: GPL-2.0-only
/*
 * The forced ends of an invocation: panic, overrun, stack overflow. The part up to the unwind
 * runs in the hook's context, even NMI, on the program's stack. It takes no lock; what it
 * recorded is reported later by a work item.
 */
#include <linux/ctype.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "internal.h"

static void rex_fault_schedule(struct irq_work *irq);
static DEFINE_IRQ_WORK(rex_fault_irq, rex_fault_schedule);

/* Copies text that a program gave us, cut to fit, without control characters. */
void rex_copy_text(char *to, size_t size, const char *from, u64 len)
{
	size_t i;

	len = from ? min_t(u64, len, size - 1) : 0;
	for (i = 0; i < len; i++)
		to[i] = (u8)from[i] < ' ' || from[i] == 0x7f ? ' ' : from[i];
	to[i] = '\0';
}

#define REX_CALL	0xe8	/* rel32; calls through a pointer go by a thunk and look the same */
#define REX_CALL_SIZE	5

/* Pointers to functions lie on the stack too, but right behind no call. */
static bool rex_is_return_address(const struct rex_prog *prog, unsigned long addr)
{
	return rex_prog_has_text(prog, addr) && rex_prog_has_text(prog, addr - REX_CALL_SIZE) &&
	       *(const u8 *)(addr - REX_CALL_SIZE) == REX_CALL;
}

/* Return addresses into the program's text that lie on its stack from @sp on, innermost first. */
static u32 rex_trace(const struct rex_frame *frame, unsigned long ip, unsigned long sp,
		     unsigned long *trace)
{
	const struct rex_slot *slot = rex_frame_slot(frame);
	const unsigned long *word = (void *)round_up(sp, sizeof(*word));
	const unsigned long *end = (void *)frame;
	u32 n = 0;

	if (ip)
		trace[n++] = ip + 1;	/* all are printed as what is behind a call */
	for (; word < end && n < REX_FAULT_TRACE; word++)
		if (rex_is_return_address(slot->prog, *word))
			trace[n++] = *word;
	return n;
}

struct rex_fault_text {
	const char	*file, *text;
	u64		file_len, text_len;
	u32		line, column;
	unsigned long	ip, sp;		/* 0: where the caller is */
};

/* Does not return; see rex_unwind(). */
static void rex_fault(struct rex_frame *frame, enum rex_fault kind,
		      const struct rex_fault_text *what)
{
	struct rex_slot *slot = rex_frame_slot(frame);
	struct rex_prog *prog = slot->prog;

	rex_prog_crash(prog);
	switch (kind) {
	case REX_FAULT_PANIC:
		this_cpu_inc(slot->counts->panics);
		break;
	case REX_FAULT_OVERRUN:
		this_cpu_inc(slot->counts->overruns);
		break;
	case REX_FAULT_STACK:
		this_cpu_inc(slot->counts->overflows);
		break;
	}
	/* Faults on several CPUs at once: the first is reported, all are counted. */
	if (atomic_cmpxchg(&prog->fault_busy, 0, 1) == 0) {
		struct rex_fault_record *rec = &prog->pending;

		rec->kind = kind;
		rec->cpu = raw_smp_processor_id();
		rec->line = what->line;
		rec->column = what->column;
		strscpy(rec->entry, slot->name, sizeof(rec->entry));
		rex_copy_text(rec->file, sizeof(rec->file), what->file, what->file_len);
		rex_copy_text(rec->text, sizeof(rec->text), what->text, what->text_len);
		rec->traced = rex_trace(frame, what->ip, what->sp ?: current_stack_pointer,
					rec->trace);
		atomic_set_release(&prog->fault_busy, 2);
		irq_work_queue(&rex_fault_irq);
	}
	frame->waiting = false;
	if (frame->held)
		rex_release(frame);
	rex_unwind(frame, rex_hooks[slot->hook].safe);
}

void rex_panic(const char *file, u64 file_len, u32 line, u32 column, const char *message,
	       u64 message_len)
{
	struct rex_fault_text what = {
		.file = file, .file_len = file_len, .line = line, .column = column,
		.text = message, .text_len = message_len,
	};

	rex_fault(rex_this_frame(), REX_FAULT_PANIC, &what);
}
REX_EXPORT(rex_panic);

void rex_stack_overflow(void)
{
	static const char text[] = "stack overflow";
	struct rex_fault_text what = { .text = text, .text_len = sizeof(text) - 1 };

	rex_fault(rex_this_frame(), REX_FAULT_STACK, &what);
}
REX_EXPORT(rex_stack_overflow);

static void rex_overrun(struct rex_frame *frame, unsigned long ip, unsigned long sp)
{
	const struct rex_prog *prog = rex_frame_slot(frame)->prog;
	const u32 quarter = REX_TICK_US / REX_QUARTERS, limit = prog->wait_ticks * REX_QUARTERS;
	char text[80];
	struct rex_fault_text what = { .text = text, .ip = ip, .sp = sp };

	WRITE_ONCE(frame->stop, REX_STOP_ENDING);
	if (frame->waits > limit)
		what.text_len = scnprintf(text, sizeof(text), "waited for a lock for %u us",
					  frame->waits * quarter);
	else
		what.text_len = scnprintf(text, sizeof(text),
					  "ran longer than its time budget of %u us: %u us",
					  prog->budget_us, frame->ran * quarter);
	rex_fault(frame, REX_FAULT_OVERRUN, &what);
}

/* The watchdog asked for the end, and a helper or a lock loop noticed. */
noinline void rex_fault_stop(struct rex_frame *frame)
{
	rex_overrun(frame, 0, 0);
}

/* The watchdog sent the program itself here, by way of rex_overrun_entry. */
asmlinkage void rex_fault_overrun(void)
{
	struct rex_frame *frame = rex_this_frame();

	rex_overrun(frame, frame->cut_ip, frame->cut_sp);
}

/* ---- reporting ---------------------------------------------------------------- */

static const char *rex_fault_name(enum rex_fault kind)
{
	switch (kind) {
	case REX_FAULT_PANIC:
		return "panicked";
	case REX_FAULT_OVERRUN:
		return "overran";
	case REX_FAULT_STACK:
		return "overflowed its stack";
	}
	return "failed";
}

/* Where a word of the trace comes from; NULL when unknown. It points behind its call. */
const char *rex_fault_line(const struct rex_prog *prog, unsigned long word, u32 *line)
{
	return rex_line_find(prog, word - 1, line);
}

/*
 * A panic says where it was. Any other fault was where its innermost frame in the user's own
 * source is, or else in any: the frames tell in which library code that was.
 */
static void rex_fault_locate(const struct rex_prog *prog, struct rex_fault_record *rec)
{
	const char *best = NULL;
	u32 i;

	for (i = 0; i < rec->traced && !rec->file[0]; i++) {
		u32 line;
		const char *file = rex_fault_line(prog, rec->trace[i], &line);

		if (!file || (best && !rex_line_is_users(file)))
			continue;
		best = file;
		rec->line = line;
		rec->column = 0;
		if (rex_line_is_users(file))
			break;
	}
	if (best)
		rex_copy_text(rec->file, sizeof(rec->file), best, strlen(best));
}

static void rex_fault_print(const struct rex_prog *prog, const struct rex_fault_record *rec)
{
	const char *text = rec->text[0] ? rec->text : "(no message)", *file;
	char place[REX_FAULT_FILE + 32] = "";
	u32 i, line;

	if (rec->file[0] && rec->column)
		scnprintf(place, sizeof(place), " at %s:%u:%u", rec->file, rec->line, rec->column);
	else if (rec->file[0])
		scnprintf(place, sizeof(place), " at %s:%u", rec->file, rec->line);
	pr_warn("program %s:%s %s on CPU %u%s: %s\n", prog->name, rec->entry,
		rex_fault_name(rec->kind), rec->cpu, place, text);
	for (i = 0; i < rec->traced; i++) {
		file = rex_fault_line(prog, rec->trace[i], &line);
		if (file)
			pr_warn("  %pB at %.*s:%u\n", (void *)rec->trace[i], REX_FAULT_FILE, file,
				line);
		else
			pr_warn("  %pB\n", (void *)rec->trace[i]);
	}
	pr_warn("  it is disabled on all CPUs until it is enabled again\n");
}

/* Reports a fault that waits to be reported. rex_mutex is held. */
void rex_fault_collect(struct rex_prog *prog)
{
	if (atomic_read_acquire(&prog->fault_busy) != 2)
		return;
	prog->fault = prog->pending;
	prog->has_fault = true;
	atomic_set_release(&prog->fault_busy, 0);
	rex_fault_locate(prog, &prog->fault);
	/* A program that somebody enables all the time must not fill the log. */
	if (__ratelimit(&prog->fault_log))
		rex_fault_print(prog, &prog->fault);
	rex_netlink_event(prog, REX_EVENT_FAULT);
}

static void rex_fault_collect_all(struct work_struct *work)
{
	struct rex_prog *prog;

	mutex_lock(&rex_mutex);
	list_for_each_entry(prog, &rex_progs, list)
		rex_fault_collect(prog);
	mutex_unlock(&rex_mutex);
}
static DECLARE_WORK(rex_fault_work, rex_fault_collect_all);

static void rex_fault_schedule(struct irq_work *irq)
{
	schedule_work(&rex_fault_work);
}

/* No program is left. */
void rex_fault_exit(void)
{
	irq_work_sync(&rex_fault_irq);
	flush_work(&rex_fault_work);
}
