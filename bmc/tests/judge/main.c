// SPDX-License-Identifier: GPL-2.0-only
/*
 * consistency: many clients of one memcached behind an accelerator, which remember what they
 * were told and object to what cannot be. See README.md.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"
#include "outcome_report.h"

#define COMMANDS	8
#define DRAIN		(30 * SECOND)
#define DRAIN_TURNS	5000
#define PHASE		(300 * SECOND)
#define PHASE_TURNS	100000

struct world W;
struct load L;
static int epoll = -1;
static uint64_t turns;		/* the clock of a VM may jump: what takes too long took many turns, too */

static struct {
	const char *name, *server_ns, *client_ns, *address, *address6, *memcached, *start, *stop,
		*json, *only, *over;
	struct command { uint64_t period, next; const char *text; pid_t pid; } command[COMMANDS];
	unsigned int commands;
	uint64_t operations, seed;
	uint32_t port, keys;
} args = {
	.name = "memcached",
	.address = "127.0.0.1",
	.address6 = "::1",
	.port = 11211,
	.over = "udp",
	.operations = 100000,
	.keys = 1024,
	.memcached = "memcached -u nobody -p 11211 -U 11211 -m 128 -t 1",
};

enum {
	UDP = 1,		/* mutations over UDP, too */
	MANY = 2,		/* GETs of several keys */
	CUT = 4,		/* commands cut anywhere */
	HALVES = 8,		/* and some that end in the middle */
	LOSS = 16,		/* loss, doubling and reordering on the way */
	LATER = 32,		/* one flush_all with a delay */
	START = 64, STOP = 128,	/* until the accelerator was switched on, off */
	HOT = 256,		/* the hit ratio is taken here */
	EVENTS = 512,		/* the commands of --every */
	WARM = 1024,		/* until each key was stored once more */
};

static const struct phase {
	const char *name;
	uint32_t share, mutations;	/* of 1000 operations */
	uint32_t flags;
	uint32_t stops, kills, flushes;	/* one every so many ms */
} phases[] = {
	{ "before", 30, 300, UDP | MANY, 0, 0, 0 },
	{ "start", 0, 200, UDP | CUT | START, 0, 0, 0 },
	{ "warm", 0, 100, UDP | WARM, 0, 0, 0 },
	{ "hot", 520, 20, UDP | MANY | HOT, 0, 0, 0 },
	{ "mix", 170, 250, UDP | MANY, 0, 0, 0 },
	{ "split", 80, 250, UDP | MANY | CUT | HALVES, 0, 0, 0 },
	{ "stopped", 60, 150, UDP | MANY | CUT, 150, 0, 0 },
	/* before any other flush: memcached takes that back when one with a delay comes */
	{ "later", 20, 100, UDP | LATER, 0, 0, 0 },
	{ "flush", 50, 100, UDP | MANY, 0, 0, 200 },
	{ "netem", 15, 200, CUT | LOSS, 0, 0, 0 },
	{ "restart", 35, 150, UDP | MANY, 0, 700, 0 },
	{ "events", 100, 100, UDP | EVENTS, 0, 0, 0 },
	{ "stop", 20, 200, UDP | STOP, 0, 0, 0 },
};

void die(const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("consistency: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(3);
}

void out_add(struct out *o, const void *bytes, size_t n)
{
	if (o->n + n > o->size) {
		o->size = (o->n + n) * 2 + 4096;
		o->p = realloc(o->p, o->size);
		if (!o->p)
			die("out of memory");
	}
	if (n)
		memcpy(o->p + o->n, bytes, n);
	o->n += n;
}

void out_text(struct out *o, const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	out_add(o, text, vsnprintf(text, sizeof(text), format, ap));
	va_end(ap);
}

void source_add(struct source *s, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = s };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, s->fd, &e))
		die("epoll: %s", strerror(errno));
}

uint64_t operations(void)
{
	return W.count.mutations + W.count.gets[0] + W.count.gets[1] + W.count.gets[2];
}

static struct { uint64_t mutations, operations; } began;

bool load_allows_mutation(void)
{
	return (W.count.mutations - began.mutations) * 1000 <=
	       (operations() - began.operations + 100) * L.mutations;
}

static void turn(void)
{
	struct epoll_event events[32];
	static uint64_t last;
	uint64_t now;
	int i, n;

	turns++;
	n = epoll_wait(epoll, events, 32, 1);
	now = now_ns();
	if (last && now - last > SECOND / 2)
		W.jumped = now;
	last = now;
	for (i = 0; i < n; i++) {
		struct source *s = events[i].data.ptr;

		s->ready(s, events[i].events);
	}
	now = now_ns();
	server_work(now);
	tcp_work(now);
	udp_work(now);
}

/* Until nothing is under way. */
static void drain(void)
{
	uint64_t end = now_ns() + DRAIN, least = turns + DRAIN_TURNS;

	L.paused = true;
	while (!tcp_idle() || !udp_idle() || !server_up()) {
		if (now_ns() > end && turns > least)
			die("what is under way does not end (%s)", tcp_idle() ? "UDP" : "TCP");
		turn();
	}
	L.paused = false;
}

/* --- what happens meanwhile */

static void command_run(struct command *c)
{
	c->pid = fork();
	if (c->pid < 0)
		die("cannot fork: %s", strerror(errno));
	if (!c->pid) {
		net_enter(true);
		execl("/bin/sh", "sh", "-c", c->text, (char *)NULL);
		_exit(127);
	}
	W.count.commands++;
}

/* True when it has ended; that it failed is the end of all. */
static bool command_ended(struct command *c)
{
	int status;

	if (!c->pid)
		return true;
	if (waitpid(c->pid, &status, WNOHANG) != c->pid)
		return false;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		die("\"%s\" failed", c->text);
	c->pid = 0;
	return true;
}

static void commands_work(uint64_t now)
{
	unsigned int i;

	for (i = 0; i < args.commands; i++) {
		struct command *c = &args.command[i];

		if (!command_ended(c) || now < c->next)
			continue;
		c->next = now + c->period * MS / 2 + below(c->period) * MS;
		command_run(c);
	}
}

/* A time from now, half to one and a half of @period ms. */
static uint64_t about(uint64_t now, uint32_t period)
{
	return period ? now + period * MS / 2 + below(period) * MS : NEVER;
}

struct disturbance { uint64_t stop, go_on, kill, flush, half; };

static void disturb(const struct phase *p, struct disturbance *d, uint64_t now)
{
	if (now >= d->stop && server_up()) {
		server_signal(SIGSTOP);
		W.count.stops++;
		d->stop = NEVER;
		d->go_on = now + MS + below(30) * MS;
	}
	if (now >= d->go_on) {
		server_signal(SIGCONT);
		d->go_on = NEVER;
		d->stop = about(now, p->stops);
	}
	if (now >= d->flush && server_up()) {
		tcp_flush(0);
		d->flush = about(now, p->flushes);
	}
	if (now >= d->half && server_up()) {
		tcp_half_command();
		d->half = about(now, 30);
	}
	if (now >= d->kill && server_up()) {
		/* what of UDP is under way could be executed by the next server: not judged */
		L.udp_mutations = false;
		if (udp_mutations_idle()) {
			server_kill();
			d->kill = about(now, p->kills);
			L.udp_mutations = p->flags & UDP;
		}
	}
	if (p->flags & EVENTS)
		commands_work(now);
}

static void run_phase(const struct phase *p, struct row *row)
{
	struct command command = { .text = p->flags & START ? args.start : args.stop };
	uint64_t began_at = now_ns(), end, least, long_enough, seen = 0;
	uint64_t goal = args.operations * p->share / 1000;
	struct disturbance d = { NEVER, NEVER, NEVER, NEVER, NEVER };
	unsigned int i;

	began.mutations = W.count.mutations;
	began.operations = operations();
	L = (struct load){ .mutations = p->mutations,
			   .udp_mutations = p->flags & UDP,
			   .reads = true,
			   .many_keys = p->flags & MANY,
			   .splits = p->flags & CUT,
			   .hot = p->flags & (WARM | HOT) };
	if (p->flags & WARM)
		keys_warm();
	W.single = p->flushes || p->flags & LATER;
	if (p->flags & LOSS) {
		net_netem(true);
		W.loss = true;
	}
	d.stop = about(began_at, p->stops);
	d.kill = about(began_at, p->kills);
	d.flush = about(began_at, p->flushes);
	d.half = p->flags & HALVES ? began_at : NEVER;
	for (i = 0; i < args.commands; i++)
		args.command[i].next = began_at;
	if (p->flags & START || p->flags & STOP)
		command_run(&command);
	if (p->flags & LATER)
		tcp_flush(2);
	row_begin(row, p->name);

	/* long enough for what it is about to happen */
	least = began_at + (p->kills ? 4 * p->kills * MS : p->flags & LATER ? 5 * SECOND : 0);
	end = began_at + PHASE;
	long_enough = turns + PHASE_TURNS;
	for (;;) {
		uint64_t now = now_ns();

		/* a busy machine is slow, but it goes on */
		if (operations() - began.operations < goal && operations() != seen) {
			seen = operations();
			end = now + PHASE;
			long_enough = turns + PHASE_TURNS;
		}
		if (now > end && turns > long_enough)
			die("phase \"%s\" takes too long", p->name);
		if (command_ended(&command) && now >= least &&
		    operations() - began.operations >= goal && d.go_on == NEVER && !L.to_warm)
			break;
		disturb(p, &d, now);
		turn();
	}
	L.udp_mutations = p->flags & UDP;
	for (i = 0; i < args.commands; i++)
		while (!command_ended(&args.command[i]))
			turn();
	drain();
	if (p->flags & LOSS) {
		/* what was doubled may still come */
		uint64_t quiet = now_ns() + 200 * MS;

		L.paused = true;
		while (now_ns() < quiet)
			turn();
		net_netem(false);
		W.loss = false;
	}
	row_end(row, p->flags & HOT);
}

static bool wanted(const struct phase *p)
{
	if (p->flags & START && !args.start)
		return false;
	if (p->flags & STOP && !args.stop)
		return false;
	if (p->flags & EVENTS && !args.commands)
		return false;
	if (p->flags & LOSS && !args.client_ns)
		return false;
	return !args.only || p->flags & START || p->flags & STOP || strstr(args.only, p->name);
}

/* What is accelerated, and whether memcached serves UDP at all. */
static void over(const char *what)
{
	W.over_tcp = !strcmp(what, "tcp") || !strcmp(what, "both");
	W.over_udp = !strcmp(what, "udp") || !strcmp(what, "both");
	if (!W.over_tcp && !W.over_udp)
		die("--over takes udp, tcp or both, not \"%s\"", what);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct command *c = &args.command[args.commands];
	char *end = "";

	switch (key) {
	case 'n': args.name = arg; break;
	case 'S': args.server_ns = arg; break;
	case 'C': args.client_ns = arg; break;
	case '4': args.address = arg; break;
	case '6': args.address6 = arg; break;
	case 'm': args.memcached = arg; break;
	case 'b': args.start = arg; break;
	case 'e': args.stop = arg; break;
	case 'j': args.json = arg; break;
	case 'P': args.only = arg; break;
	case 'v': W.verbose = true; break;
	case 'O': args.over = arg; break;
	case 'p': args.port = strtoul(arg, &end, 10); break;
	case 'o': args.operations = strtoull(arg, &end, 10); break;
	case 'l': judge_late = strtoull(arg, &end, 10) * MS; break;
	case 's': args.seed = strtoull(arg, &end, 0); break;
	case 'k': args.keys = strtoul(arg, &end, 10); break;
	case 'x':
		if (args.commands == COMMANDS)
			argp_error(state, "more than %d commands", COMMANDS);
		c->period = strtoul(arg, &end, 10);
		if (*end != ':' || !c->period)
			argp_error(state, "\"%s\": --every takes MS:COMMAND", arg);
		c->text = end + 1;
		args.commands++;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\": no arguments but options", arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (*end)
		argp_error(state, "\"%s\" is not a number", arg);
	if (args.keys < 32 || args.keys > 100000)
		argp_error(state, "--keys takes 32 to 100000");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "name", 'n', "NAME", 0, "What is judged, for the report", 0 },
		{ "memcached", 'm', "COMMAND", 0, "How it is started", 0 },
		{ "server-ns", 'S', "NAME", 0, "Network namespace of memcached", 0 },
		{ "client-ns", 'C', "NAME", 0,
		  "Network namespace of the clients beyond the interface", 0 },
		{ "address", '4', "ADDRESS", 0, "Of the server (127.0.0.1)", 0 },
		{ "address6", '6', "ADDRESS", 0, "Of the server (::1)", 0 },
		{ "port", 'p', "PORT", 0, "TCP and UDP (11211)", 0 },
		{ "operations", 'o', "N", 0, "How many (100000)", 0 },
		{ "keys", 'k', "N", 0, "How many (1024)", 0 },
		{ "late", 'l', "MS", 0, "Accept what has expired since less than this (0)", 0 },
		{ "over", 'O', "WHAT", 0,
		  "What is accelerated: udp, both, or tcp, where memcached has no UDP (udp)", 0 },
		{ "seed", 's', "N", 0, "Of all that is drawn (the time)", 0 },
		{ "phases", 'P', "NAME,...", 0, "Only these", 0 },
		{ "start", 'b', "COMMAND", 0, "Switches the accelerator on, under load", 0 },
		{ "stop", 'e', "COMMAND", 0, "Switches it off, under load", 0 },
		{ "every", 'x', "MS:COMMAND", 0, "Something else that happens under load", 0 },
		{ "json", 'j', "FILE", 0, "The report", 0 },
		{ "verbose", 'v', NULL, 0, "Show every violation", 0 },
		{}
	};
	const struct argp argp = {
		options,
		parse,
		NULL,
		"Reads and writes through memcached and an "
		"accelerator and judges every answer. Ends with 1 if one was wrong, stale or lost.",
		NULL,
		NULL,
		NULL
	};
	struct row rows[sizeof(phases) / sizeof(*phases)] = {};
	unsigned int i, n = 0;
	uint64_t drops;

	args.seed = now_ns();
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	over(args.over);
	signal(SIGPIPE, SIG_IGN);
	setlinebuf(stdout);
	W.random = mix64(args.seed);
	printf("%s: seed %llu\n", args.name, (unsigned long long)args.seed);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	net_init(args.server_ns, args.client_ns, args.address, args.address6, args.port);
	keys_make(args.keys, args.keys / 16, 8, args.seed);
	server_start(args.memcached);
	drops = net_drops();
	if (W.over_udp)
		udp_open();
	for (i = 0; i < sizeof(phases) / sizeof(*phases); i++)
		if (wanted(&phases[i])) {
			run_phase(&phases[i], &rows[n++]);
			/* what is judged stays, should this process be ended */
			report_save(args.name, rows, n, 0, args.json, args.seed);
		}
	drops = net_drops() - drops;
	report_evictions(server_stat("evictions"));
	udp_close();
	server_stop();
	return report(args.name, rows, n, drops, args.json, args.seed);
}
