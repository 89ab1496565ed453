// SPDX-License-Identifier: GPL-2.0-only
/* monitor: rex.ko's events, one line each, a fault with its block. */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <time.h>

#include "rexctl.h"

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
	json_t *o = json_pack("{s:s,s:s,s:I,s:s}", "event", event_name(ev->type), "program", p->name,
			      "id", (json_int_t)p->id, "state", rex_state_name(p->state));

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
	printf("%s %s %s (%s)\n", clock, p->name, event_name(ev->type), rex_state_name(p->state));
	if (p->fault)
		show_fault(p->fault, "    ");
	return fflush(stdout) ? fail("cannot write to standard output") : 0;
}

static int remaining_ms(const struct timespec *end)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (end->tv_sec - now.tv_sec) * 1000ll + (end->tv_nsec - now.tv_nsec) / 1000000;
	return ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static int watch(struct rex_events *events, bool json, uint32_t count, uint32_t timeout)
{
	struct rex_event_info ev;
	struct timespec end;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += timeout;
	for (uint32_t n = 0; !err && (!count || n < count); n++) {
		err = rex_events_next(events, timeout ? remaining_ms(&end) : -1, &ev);
		if (err == -EAGAIN)
			return count ? fail("%u of %u events within %u s", n, count, timeout) : 0;
		if (err == -ENOBUFS) {
			fail_rex();	/* say it and go on */
			err = 0;
			n--;
			continue;
		}
		if (err)
			return fail_rex();
		err = json ? print_event_json(&ev) : print_event(&ev);
		rex_event_free(&ev);
	}
	return err;
}

int cmd_monitor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "count", required_argument, NULL, 'c' },
		{ "timeout", required_argument, NULL, 't' },
		{}
	};
	struct rex_events *events;
	uint32_t count = 0, timeout = 0;
	bool json = false;
	int opt, err;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			json = true;
			break;
		case 'c':
			if (parse_number(optarg, INT32_MAX, &count) || !count)
				return usage("\"%s\" is no number of events from 1 on", optarg);
			break;
		case 't':
			if (parse_number(optarg, 1000000, &timeout) || !timeout)
				return usage("\"%s\" is no number of seconds from 1 on", optarg);
			break;
		default:
			return usage("option \"%s\" is unknown or has no value", argv[optind - 1]);
		}
	}
	if (argc != optind)
		return usage("\"%s\" is too much", argv[optind]);
	if (rex_events_open(&events))
		return fail_rex();
	err = watch(events, json, count, timeout);
	rex_events_close(events);
	return err;
}
