// SPDX-License-Identifier: GPL-2.0-only
/* perf events by hardware and software counters: one link per CPU, or one for a process. */
#include <bpf/libbpf.h>
#include <ctype.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf_abi.h"
#include "internal.h"

static int parse_perf(const char *const *words, size_t n, struct rex_target *t)
{
	static const char *const keys[] = { "freq=", "period=", "cpu=", "pid=" };
	bool said[ARRAY_SIZE(keys)] = {};
	int err = rex_word_copy(t->name, 64, words[0], strlen(words[0]), "is too long for an event");

	for (const char *c = words[0]; *c && !err; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
			err = rex_word_bad(words[0], "is not an event, like cpu-clock");
	for (size_t i = 1; !err && i < n; i++) {
		uint64_t value, max = INT64_MAX;
		size_t k = 0;

		while (k < ARRAY_SIZE(keys) && strncmp(words[i], keys[k], strlen(keys[k])))
			k++;
		if (k == ARRAY_SIZE(keys))
			return rex_word_bad(words[i], "is nothing that a perf_event has: it has freq=N, period=N, "
				   "cpu=N and pid=N");
		if (k != 1)
			max = INT32_MAX;
		if (rex_word_number(words[i] + strlen(keys[k]), max, &value) || (!value && k != 2))
			return rex_word_bad(words[i], "has no number behind the =");
		if (said[k] || said[k ^ 1])
			return rex_word_bad(words[i], k < 2 ? "is unexpected: use either freq=N or period=N" :
						     "is unexpected: use either cpu=N or pid=N");
		said[k] = true;
		if (k == 0)
			t->freq = value;
		else if (k == 1)
			t->period = value;
		else
			*(k == 2 ? &t->cpu : &t->pid) = value;
	}
	return err;
}

#define DEFAULT_FREQ 99			/* samples a second; odd, not to beat with timers */

static const struct event {
	const char *name;
	uint32_t type;
	uint64_t config;
	bool counts;			/* seldom enough to look at each one: period 1 */
} events[] = {
	{ "cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, false },
	{ "task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, false },
	{ "page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, true },
	{ "minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN, true },
	{ "major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ, true },
	{ "context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, true },
	{ "cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, true },
	{ "alignment-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS, true },
	{ "emulation-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS, true },
	{ "cgroup-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CGROUP_SWITCHES, true },
	{ "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, false },
	{ "ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES, false },
	{ "bus-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES, false },
	{ "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, false },
	{ "cache-references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES, false },
	{ "cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, false },
	{ "branches", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS, false },
	{ "branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES, false },
	{ "stalled-cycles-frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, false },
	{ "stalled-cycles-backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND, false },
};

static const char *event_name(uint32_t type, uint64_t config)
{
	/* The clocks have PMUs of their own since Linux 6.2, but the numbers of software events. */
	if (type >= PERF_TYPE_MAX && config <= PERF_COUNT_SW_TASK_CLOCK)
		type = PERF_TYPE_SOFTWARE;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i].type == type && events[i].config == config)
			return events[i].name;
	return NULL;
}

static const struct event *find_event(const char *name)
{
	struct suggest s = { .word = name };
	char all[512] = "";

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		size_t len = strlen(all);

		if (!strcmp(events[i].name, name))
			return &events[i];
		suggest_add(&s, events[i].name);
		snprintf(all + len, sizeof(all) - len, "%s%s", len ? ", " : "", events[i].name);
	}
	rex_fail(-ENOENT, "there is no perf event \"%s\"%s; there are %s", name, suggest_text(&s), all);
	return NULL;
}

/* Such events come in NMIs, where rex.ko runs no program unless told to. */
static bool may_run(const struct event *event)
{
	static const char parameter[] = "/sys/module/rex/parameters/allow_nmi";
	FILE *f = event->type == PERF_TYPE_HARDWARE ? fopen(parameter, "re") : NULL;
	bool may = !f || getc(f) != 'N';

	if (f)
		fclose(f);
	return may;
}

static int attach_one(const struct attach *a, const struct event *event, const struct rex_target *t,
		      int prog_fd)
{
	struct perf_event_attr attr = { .type = event->type, .config = event->config };
	char text[REX_TARGET_LEN], cpu[64];
	int fd, err;

	if (t->freq) {
		attr.freq = 1;
		attr.sample_freq = t->freq;
	} else {
		attr.sample_period = t->period;
	}
	fd = rex_perf_open(&attr, t->pid, t->cpu);
	if (fd >= 0) {
		err = may_run(event) ? rex_perf_link(a, t, prog_fd, fd) :
		      rex_fail(-EPERM, "\"%s\" comes in NMIs, where nothing can end a program that does "
			       "not return: use cpu-clock, or load rex.ko with allow_nmi=1",
			       event->name);
		close(fd);
		return err;
	}
	rex_target_text(t, text, sizeof(text));
	switch (fd) {
	case -ENOENT:
	case -EOPNOTSUPP:
		return rex_fail(fd, "cannot open \"%s\": %s; this machine has no counter for it%s", text,
				rex_strerror(fd), event->type == PERF_TYPE_HARDWARE ?
				" (a virtual machine often has none); cpu-clock is everywhere" : "");
	case -ESRCH:
		return rex_fail(fd, "cannot open \"%s\": there is no process %d", text, t->pid);
	case -EINVAL:
		snprintf(cpu, sizeof(cpu), "/sys/devices/system/cpu/cpu%d", t->cpu);
		if (t->cpu >= 0 && access(cpu, F_OK))
			return rex_fail(fd, "cannot open \"%s\": there is no CPU %d", text, t->cpu);
		if (t->freq)
			return rex_fail(fd, "cannot open \"%s\": %s; %llu samples a second may be too "
					"many (/proc/sys/kernel/perf_event_max_sample_rate)", text,
					rex_strerror(fd), (unsigned long long)t->freq);
		break;
	case -ENODEV:
		return rex_fail(fd, "cannot open \"%s\": CPU %d is not online", text, t->cpu);
	}
	return rex_fail(fd, "cannot open \"%s\": %s", text, rex_strerror(fd));
}

/* The CPUs that are online ("0-3,5"), in *@cpus (malloc'ed); how many. */
static int online_cpus(int **cpus)
{
	static const char online[] = "/sys/devices/system/cpu/online";
	int first, last, n = 0, *grown;
	FILE *f = fopen(online, "re");

	*cpus = NULL;
	if (!f)
		return rex_fail(-errno, "cannot read \"%s\": %s", online, strerror(errno));
	do {
		if (fscanf(f, "%d", &first) != 1)
			break;
		if (fscanf(f, "-%d", &last) != 1)
			last = first;
		for (int cpu = first; cpu <= last; cpu++) {
			grown = realloc(*cpus, (n + 1) * sizeof(*grown));
			if (!grown) {
				fclose(f);
				return rex_fail(-ENOMEM, "out of memory");
			}
			*cpus = grown;
			grown[n++] = cpu;
		}
	} while (getc(f) == ',');
	fclose(f);
	return n ? : rex_fail(-EIO, "\"%s\" names no CPU", online);
}

/* On all CPUs that are online now, or on none. */
static int attach_all(const struct attach *a, const struct event *event, struct rex_target *t,
		      int prog_fd)
{
	int *cpus, n = online_cpus(&cpus), done, err = n < 0 ? n : 0;

	for (done = 0; !err && done < n; done++) {
		t->cpu = cpus[done];
		err = attach_one(a, event, t, prog_fd);
	}
	/* Not on some CPUs only; the last one failed and left nothing. */
	for (int i = 0; err && i < done - 1; i++) {
		t->cpu = cpus[i];
		rex_pin_undo(a, t);
	}
	free(cpus);
	return err;
}

static int attach_perf(const struct attach *a)
{
	const struct event *event = find_event(a->target->name);
	struct rex_target t = *a->target;
	struct bpf_object *obj;
	int prog_fd, err;

	if (!event)
		return -ENOENT;
	if (!t.freq && !t.period && event->counts)
		t.period = 1;
	else if (!t.freq && !t.period)
		t.freq = DEFAULT_FREQ;
	err = rex_shim_load(a->entry, &obj, &prog_fd);
	if (err)
		return err;
	if (t.pid < 0 && t.cpu < 0)
		err = attach_all(a, event, &t, prog_fd);
	else
		err = attach_one(a, event, &t, prog_fd);
	bpf_object__close(obj);
	return err;
}

static void describe(struct link_walk *w, const struct rex_link_info *info, struct rex_link *link)
{
	const char *name = event_name(info->perf.event.type, info->perf.event.config);

	(void)w;
	snprintf(link->target.name, sizeof(link->target.name), "%s", name ? : "");
}

const struct place rex_place_perf_event = {
	.args = "EVENT [freq=N|period=N] [cpu=N|pid=N]", .noun = "event",
	.hook = REX_HOOK_PERF_EVENT, .max_words = 3, .parse = parse_perf, .attach = attach_perf,
	.link_type = REX_LINK_PERF_EVENT, .link_subtype = REX_PERF_EVENT, .describe = describe,
};
