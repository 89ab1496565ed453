// SPDX-License-Identifier: GPL-2.0-only
/* monitor: rex.ko's events, one line each, a fault with its block. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "rexctl.h"

struct monitor_args {
	bool json;
	uint32_t count, timeout;	/* 0: without end */
};

static const char *event_name(uint32_t type)
{
	static const char *const names[] = {
		[REX_EVENT_LOADED] = "loaded", [REX_EVENT_UNLOADED] = "unloaded",
		[REX_EVENT_STATE] = "state", [REX_EVENT_FAULT] = "fault",
	};

	return type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

static int print_event_json(const struct rex_event_info *ev)
{
	const struct rex_program *p = ev->program;
	struct timespec now;
	json_t *o;

	clock_gettime(CLOCK_REALTIME, &now);
	o = json_pack("{s:f,s:s,s:s,s:I,s:s}", "time", now.tv_sec + now.tv_nsec / 1e9, "event",
		      event_name(ev->type), "program", p->name, "id", (json_int_t)p->id, "state",
		      rex_state_name(p->state));

	if (o && p->fault)
		json_object_set_new(o, "fault", json_fault(p->fault));
	return print_json(o);
}

static int print_event(const struct rex_event_info *ev)
{
	const struct rex_program *p = ev->program;
	char clock[16];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	out("%s %s %s (%s)\n", clock, p->name, event_name(ev->type), rex_state_name(p->state));
	if (p->fault)
		show_fault(p->fault, "    ");
	return flush_output();
}

static int watch(struct rex_events *events, const struct monitor_args *a)
{
	struct rex_event_info *ev;
	struct timespec end;
	int err = 0;

	deadline_set(&end, a->timeout);
	for (uint32_t n = 0; !err && (!a->count || n < a->count); n++) {
		err = rex_events_next(events, a->timeout ? deadline_left(&end) : -1, &ev);
		if (err == -EAGAIN)
			return a->count ? fail("%u of %u events within %u s", n, a->count,
					       a->timeout) : 0;
		if (err == -ENOBUFS) {
			fail_rex();	/* say it and go on */
			err = 0;
			n--;
			continue;
		}
		if (err)
			return fail_rex();
		err = a->json ? print_event_json(ev) : print_event(ev);
		rex_event_free(ev);
	}
	return err;
}

static int monitor(const void *args)
{
	struct rex_events *events;
	int err;

	if (rex_events_open(&events))
		return fail_rex();
	err = watch(events, args);
	rex_events_close(events);
	return err;
}

const struct cli_command cmd_monitor = {
	.name = "monitor", .help = "print events: loaded, unloaded, state, faults",
	.args = (const struct cli_arg[]){
		CLI_JSON(monitor_args, "one line of JSON each"),
		{ .name = "--count", .value = "N", .help = "end after so many events",
		  .parse = cli_number, .to = CLI_TO(monitor_args, count), .min = 1, .max = INT32_MAX },
		{ .name = "--timeout", .value = "SECONDS", .help = "end after this time",
		  .parse = cli_number, .to = CLI_TO(monitor_args, timeout), .min = 1, .max = 1000000 },
		{}
	},
	.size = sizeof(struct monitor_args), .run = monitor,
};
