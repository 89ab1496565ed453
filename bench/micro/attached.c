// SPDX-License-Identifier: GPL-2.0-only
/*
 * Empty programs at hooks that have no test run: the driver makes the event happen, with and
 * without the program attached. Each figure is what the program adds to the event, with the
 * hook's own machinery (the trampoline, the breakpoint, the trace buffer), which is the same
 * on both sides.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "measure.h"
#include "rows.h"

#define FUNCTION "__x64_sys_sched_get_priority_max"

static void priorities(void *arg, unsigned int n)
{
	(void)arg;
	while (n--)
		syscall(SYS_sched_get_priority_max, 0);
}

/* ---- events: page faults, which the kernel counts in software ----------------------------- */

static char *page;

static void page_faults(void *arg, unsigned int n)
{
	(void)arg;
	while (n--) {
		*(volatile char *)page;
		madvise(page, getpagesize(), MADV_DONTNEED);
	}
}

static void page_get(void)
{
	int fd;

	if (page)
		return;
	/* a page that stays in memory: each fault is just as long as the one before */
	fd = memfd_create("micro", 0);
	if (fd < 0 || ftruncate(fd, getpagesize()))
		die("cannot make a page to fault on: %s", strerror(errno));
	page = mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		die("cannot map a page to fault on: %s", strerror(errno));
	close(fd);
}

static struct bpf_link *attach_event(const struct bpf_program *prog)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS, .sample_period = 1,
	};
	struct bpf_link *link;
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return NULL;
	link = bpf_program__attach_perf_event(prog, fd);
	if (!link)
		close(fd);
	return link;
}

/* ---- functions and tracepoints --------------------------------------------------------------- */

static struct bpf_link *attach_kprobe(const struct bpf_program *prog)
{
	return bpf_program__attach_kprobe(prog, false, FUNCTION);
}

static struct bpf_link *attach_tracepoint(const struct bpf_program *prog)
{
	return bpf_program__attach_tracepoint(prog, "syscalls", "sys_enter_sched_get_priority_max");
}

static const struct hook {
	const char *name, *target;
	struct bpf_link *(*attach)(const struct bpf_program *prog);
	measured_fn event;
	int n_args;
} hooks[] = {
	{ "kprobe", NULL, attach_kprobe, priorities, 0 },
	{ "tracepoint", NULL, attach_tracepoint, priorities, 0 },
	{ "perf_event", NULL, attach_event, page_faults, 0 },
	{ "fentry", FUNCTION, bpf_program__attach_trace, priorities, 0 },
	{ "fexit", FUNCTION, bpf_program__attach_trace, priorities, 0 },
	{ "raw_tracepoint", "sys_enter", bpf_program__attach_trace, priorities, 2 },
};

static __u64 runs(int fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		die("cannot read a program's run count: %s", strerror(errno));
	return info.run_cnt;
}

/* Attached is one thing, running another. */
static void check_runs(const struct hook *h, enum side side, const char *name,
		       struct bpf_program *prog)
{
	int fd = bpf_program__fd(prog), stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	__u64 before, rex_before = side_rex_runs("empty", name), n;

	if (stats < 0)
		die("cannot enable the kernel's program statistics: %s", strerror(errno));
	before = runs(fd);
	h->event(NULL, 10);
	n = runs(fd) - before;
	close(stats);
	if (n < 10)
		die("the program at %s ran %llu times in 10 events", h->name, n);
	/* and the shim is not yet the Rex program */
	n = side_rex_runs("empty", name) - rex_before;
	if (side == REX && n < 10)
		die("the Rex program at %s ran %llu times in 10 events", h->name, n);
}

static void attached(const struct hook *h, enum side side, double bare)
{
	struct bpf_link *link;
	struct loaded l;
	char program[32];

	snprintf(program, sizeof(program), "empty_%s", h->name);
	if (!side_load(side, "empty", program, h->target, h->n_args, &l)) {
		row_none(side, side_why(), "empty-%s", h->name);
		return;
	}
	link = h->attach(l.prog);
	if (!link)
		die("cannot attach to %s: %s", h->name, strerror(errno));
	check_runs(h, side, program, l.prog);
	row_set(side, measure(h->event, NULL, NULL) - bare, "empty-%s", h->name);
	bpf_link__destroy(link);
	side_unload(&l);
}

void run_attached_rows(void)
{
	page_get();
	for (const struct hook *h = hooks; h < hooks + sizeof(hooks) / sizeof(*hooks); h++) {
		double bare = measure(h->event, NULL, NULL);

		for (enum side side = 0; side < SIDES; side++)
			attached(h, side, bare);
	}
}
