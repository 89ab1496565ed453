// SPDX-License-Identifier: GPL-2.0-only
/* Runs the loops of cloop.c one after the other: each must be ended when its budget is used up. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include <linux/genetlink.h>
#include "drive.h"

#define TICK_US 4000
#define TRIES 3	/* of which one must be in time */

static struct prog prog;

/* The name of loop @n, NULL if it is not for here, "" behind the last one. */
static const char *pick(const char *program, int n, int at)
{
	static char text[128];
	char path[128], *name;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/loop", program);
	f = fopen(path, "r+e");
	if (!f || fprintf(f, "%d", n) < 0 || fflush(f))
		return "";
	rewind(f);
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	text[strcspn(text, "\n")] = 0;
	if (!text[0])
		return "";
	name = strchr(text, ' ');
	return name && atoi(text) & at ? name + 1 : NULL;
}

/* 1 when it was the fault that we wait for. */
static int event_cb(const struct nlmsghdr *nlh, void *fault)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(a) == REX_A_EVENT_TYPE &&
		    mnl_attr_get_u32(a) == REX_EVENT_FAULT)
			*(int *)fault = 1;
	prog_parse(nlh, &prog);
	return MNL_CB_OK;
}

/* Until the fault is reported; @call: makes the hook's event happen. */
static int wait_for_fault(const char *program, bool call)
{
	int fault = 0, ret = 0, i, tries = 0;

	while (!fault && (!ret || ret == -ETIMEDOUT) && tries++ < 3000) {
		for (i = 0; call && i < 10; i++)
			syscall(SYS_getppid);
		ret = nl_wait_event(20, event_cb, &fault);
		/* The event may have come while we waited for another answer. */
		if (!fault && tries % 50 == 0 && !prog_get(program, &prog))
			fault = prog.state == REX_STATE_CRASHED;
	}
	return fault ? 0 : ret ? ret : -ETIMEDOUT;
}

/* Whether the fault that was reported came in time. */
static bool in_time(void)
{
	unsigned int budget, ran;

	return prog.fault_kind == REX_FAULT_OVERRUN &&
	       sscanf(prog.fault_text, "ran longer than its time budget of %u us: %u us", &budget,
		      &ran) == 2 && ran <= budget + TICK_US;
}

/* One loop until it is stopped. A busy machine may keep even an interrupt waiting: see TRIES. */
static int run_loop(const char *program, const char *name, int fd)
{
	__u32 verdict, ns, size;
	int ret = 0, tries;

	for (tries = 0; !ret && tries < TRIES; tries++) {
		ret = prog_set(program, REX_A_PROG_ENABLED, 1);
		if (!ret && fd >= 0)
			ret = test_run(fd, 64, 1, &verdict, &ns, &size);
		/* The packet may have grown. */
		if (!ret || ret == -ENOSPC)
			ret = wait_for_fault(program, fd < 0);
		if (!ret && in_time()) {
			printf("stopped %s\n", name);
			return 0;
		}
	}
	printf("not stopped %s: %s\n", name, prog.fault_text);
	return ret;
}

static int run_loops(const char *program, int at, int fd)
{
	const char *name;
	int n, ret = 0;

	for (n = 0; !ret && (!(name = pick(program, n, at)) || *name); n++)
		if (name)
			ret = run_loop(program, name, fd);
	fflush(stdout);
	return ret;
}

/* By test runs, or attached to @where. @at: the bits of cloop.c for this hook. */
int stop_loops(const char *program, const struct entry *entry, int at, char *where)
{
	struct bpf_object *obj = NULL;
	struct bpf_link *link = NULL;
	int fd = -1, ret = nl_subscribe();

	if (ret)
		return ret;
	if (where)
		link = shim_attach(entry, where, &obj);
	else
		fd = shim_load(entry, 0);
	if (where ? !link : fd < 0)
		return errno ? -errno : -EINVAL;
	ret = run_loops(program, at, fd);
	bpf_link__destroy(link);
	bpf_object__close(obj);
	if (fd >= 0)
		close(fd);
	return ret;
}
