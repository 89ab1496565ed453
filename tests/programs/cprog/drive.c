// SPDX-License-Identifier: GPL-2.0-only
/* Commands of the driver; see usage[]. Exit status 0, or 1 with the reason on stderr. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/genetlink.h>
#include "drive.h"

static const char usage[] =
	"usage: drive info | list | show PROG | fault PROG\n"
	"       drive bind PROG            make and bind a map for each of the program's\n"
	"       drive bind-one PROG INDEX TYPE KEY VALUE ENTRIES FLAGS\n"
	"       drive helpers              bind adjust_head and adjust_tail\n"
	"       drive helper-wrong         offer the wrong helper; must be refused\n"
	"       drive set PROG enabled|budget|timing|park VALUE\n"
	"       drive run PROG/ENTRY [REPEAT [XOR]]   verdict, ns per run, size after it\n"
	"       drive keep PROG/ENTRY      run over and over until SIGTERM; a line for each verdict\n"
	"                                  when it is first seen, and in the end one of all\n"
	"       drive hit PROG/ENTRY WHERE TIMES      attach, call getppid(2) until it crashed, enable\n"
	"       drive call PROG/ENTRY WHERE [PROG/ENTRY WHERE]   attach, call getppid(2) or run once\n"
	"       drive crash PROG/ENTRY TIMES          the same by test runs (xdp, tc)\n"
	"       drive stop PROG/ENTRY AT [WHERE]      run the loops of cloop.c, each must be stopped\n"
	"       drive base REPEAT          the same for an empty eBPF program\n"
	"       drive sum PROG MAP KEY     value of an array element, summed over CPUs\n"
	"       drive ring PROG MAP        how many records a reader of the ring buffer gets\n"
	"       drive stream PROG/ENTRY PID PORT [ROUNDS]   give the entry the sockets of PID at PORT;\n"
	"                                  with ROUNDS, take them back, and so on so many times\n"
	"       drive stream-more ID PID PORT         those that came since\n"
	"       drive stream-del ID | streams\n"
	"       drive stream-refused PROG/ENTRY KIND  what is said to a socket that cannot join\n"
	"       drive fuzz SEED ROUNDS | events COUNT\n";

static struct prog prog;

static int die(const char *what, int err)
{
	fprintf(stderr, "drive: %s: %s%s%s\n", what, strerror(err < 0 ? -err : err),
		nl_text[0] ? ": " : "", nl_text);
	return 1;
}

static struct entry *find(char *path)
{
	char *slash = strchr(path, '/');
	int i, ret;

	if (!slash)
		exit(die(path, EINVAL));
	*slash = 0;
	ret = prog_get(path, &prog);
	if (ret)
		exit(die(path, ret));
	for (i = 0; i < prog.entries; i++)
		if (!strcmp(prog.entry[i].name, slash + 1))
			return &prog.entry[i];
	exit(die(slash + 1, ENOENT));
}

static int make_map(const struct map *m)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = m->flags);

	return bpf_map_create(m->type, m->name, m->key_size, m->value_size, m->max_entries, &opts);
}

static int cmd_bind(char **v)
{
	int ret = prog_get(v[0], &prog), i, fd;

	for (i = 0; !ret && i < prog.maps; i++) {
		fd = make_map(&prog.map[i]);
		if (fd < 0)
			return die("map", fd);
		ret = map_bind(v[0], i, fd);
		close(fd);
	}
	return ret ? die(v[0], ret) : 0;
}

static int cmd_bind_one(char **v)
{
	struct map m = { "odd", atoi(v[2]), atoi(v[3]), atoi(v[4]), atoi(v[5]),
			 strtoul(v[6], NULL, 0), 0 };
	int fd = make_map(&m), ret;

	if (fd < 0)
		return die("map", fd);
	ret = map_bind(v[0], atoi(v[1]), fd);
	return ret ? die(v[0], ret) : 0;
}

static int cmd_helpers(char **v)
{
	static const __u32 ids[] = { BPF_FUNC_xdp_adjust_head, BPF_FUNC_xdp_adjust_tail };
	unsigned int i;
	int ret, fd;

	(void)v;
	for (i = 0; i < 2; i++) {
		fd = helper_prog(ids[i]);
		ret = fd < 0 ? fd : helper_bind(REX_HOOK_XDP, ids[i], fd);
		if (ret)
			return die("helper", ret);
		close(fd);
	}
	return 0;
}

static int cmd_helper_wrong(char **v)
{
	int head = helper_prog(BPF_FUNC_xdp_adjust_head), none = helper_prog(0);

	(void)v;
	if (head < 0 || none < 0)
		return die("load", errno);
	if (!helper_bind(REX_HOOK_XDP, BPF_FUNC_xdp_adjust_tail, head) ||
	    !helper_bind(REX_HOOK_XDP, BPF_FUNC_xdp_adjust_head, none) ||
	    !helper_bind(REX_HOOK_TC, BPF_FUNC_xdp_adjust_head, head) ||
	    !helper_bind(REX_HOOK_XDP, 1, head) ||
	    !helper_bind(REX_HOOK_XDP, BPF_FUNC_xdp_adjust_head, 0) ||
	    !helper_bind(99, BPF_FUNC_xdp_adjust_head, head))
		return die("accepted", EINVAL);
	return 0;
}

static int cmd_set(char **v)
{
	int attr = !strcmp(v[1], "enabled") ? REX_A_PROG_ENABLED :
		   !strcmp(v[1], "budget") ? REX_A_PROG_BUDGET_US :
		   !strcmp(v[1], "park") ? REX_A_PROG_PARK : REX_A_PROG_TIMING;
	int ret = prog_set(v[0], attr, atoi(v[2]));

	return ret ? die(v[0], ret) : 0;
}

static int cmd_run(char **v)
{
	struct entry *e = find(v[0]);
	int repeat = v[1] ? atoi(v[1]) : 1;
	int fd = shim_load(e, v[1] && v[2] ? strtoull(v[2], NULL, 0) : 0);
	__u32 verdict, ns, size;
	int ret;

	if (fd < 0)
		return die("shim", fd);
	ret = test_run(fd, 64, repeat, &verdict, &ns, &size);
	if (ret)
		return die("run", ret);
	printf("%u %u %u\n", verdict, ns, size);
	return 0;
}

static volatile sig_atomic_t terminated;

static void terminate(int signal)
{
	terminated = signal;
}

static int cmd_keep(char **v)
{
	struct entry *e = find(v[0]);
	int fd = shim_load(e, 0);
	__u32 verdict, ns, size;
	bool seen[256] = { false };
	int i;

	if (fd < 0)
		return die("shim", fd);
	signal(SIGTERM, terminate);
	while (!terminated) {
		int ret = test_run(fd, 64, 1000, &verdict, &ns, &size);

		if (ret == -EINTR)	/* by the signal that ends this */
			continue;
		if (ret)
			return die("run", ret);
		if (seen[verdict & 255])
			continue;
		seen[verdict & 255] = true;
		printf("seen %d\n", verdict & 255);
		fflush(stdout);
	}
	for (i = 0; i < 256; i++)
		if (seen[i])
			printf("%d ", i);
	printf("\n");
	return 0;
}

/* Makes things happen until the program has crashed. */
static int provoke(const char *name)
{
	time_t end = time(NULL) + 20;
	int i;

	while (time(NULL) < end) {
		for (i = 0; i < 100; i++)
			syscall(SYS_getppid);
		if (!prog_get(name, &prog) && prog.state == REX_STATE_CRASHED)
			return 0;
	}
	return -ETIMEDOUT;
}

/* The shim is attached all the time; the last crash is left as it is. */
static int cmd_hit(char **v)
{
	struct entry e = *find(v[0]);	/* leaves the program's name in v[0] */
	struct bpf_object *obj;
	struct bpf_link *link = shim_attach(&e, v[1], &obj);
	int times = atoi(v[2]), ret = 0, i;

	if (!link)
		return die(v[1], errno);
	for (i = 0; !ret && i < times; i++) {
		if (i)
			ret = prog_set(v[0], REX_A_PROG_ENABLED, 1);
		if (!ret)
			ret = provoke(v[0]);
	}
	bpf_link__destroy(link);
	bpf_object__close(obj);
	return ret ? die("hit", ret) : 0;
}

/* The second one, if any, is attached meanwhile; the first one is run if it is for packets. */
static int cmd_call(char **v)
{
	struct bpf_object *obj = NULL, *above_obj = NULL;
	struct bpf_link *link = NULL, *above = NULL;
	__u32 verdict, ns, size;
	struct entry e;
	int ret = 0;

	if (v[2]) {
		e = *find(v[2]);
		above = shim_attach(&e, v[3], &above_obj);
		if (!above)
			return die(v[2], errno);
	}
	e = *find(v[0]);
	if (e.hook == REX_HOOK_XDP) {
		ret = test_run(shim_load(&e, 0), 64, 1, &verdict, &ns, &size);
	} else {
		link = shim_attach(&e, v[1], &obj);
		if (!link)
			return die(v[0], errno);
		syscall(SYS_getppid);
	}
	bpf_link__destroy(link);
	bpf_object__close(obj);
	bpf_link__destroy(above);
	bpf_object__close(above_obj);
	return ret ? die(v[0], ret) : 0;
}

static int cmd_crash(char **v)
{
	struct entry e = *find(v[0]);
	int fd = shim_load(&e, 0), times = atoi(v[1]), ret = 0, i;
	__u32 verdict, safe = e.hook == REX_HOOK_XDP ? 2 : 0, ns, size;

	if (fd < 0)
		return die("shim", fd);
	for (i = 0; !ret && i < times; i++) {
		ret = prog_set(v[0], REX_A_PROG_ENABLED, 1);
		if (!ret)
			ret = test_run(fd, 64, 1, &verdict, &ns, &size);
		if (!ret && verdict != safe)
			ret = -EPROTO;
	}
	close(fd);
	return ret ? die("crash", ret) : 0;
}

static int cmd_stop(char **v)
{
	struct entry e = *find(v[0]);
	int ret = stop_loops(v[0], &e, atoi(v[1]), v[2]);

	return ret ? die("stop", ret) : 0;
}

static int cmd_base(char **v)
{
	__u32 verdict, ns, size;
	int ret = test_run(helper_prog(0), 64, atoi(v[0]), &verdict, &ns, &size);

	if (ret)
		return die("run", ret);
	printf("%u %u %u\n", verdict, ns, size);
	return 0;
}

static void show(void)
{
	static const char *const states[] = { "unbound", "enabled", "disabled", "crashed" };
	int i;

	printf("%s %s budget=%u tainted=%u\n", prog.name, states[prog.state & 3], prog.budget,
	       prog.tainted);
	for (i = 0; i < prog.entries; i++) {
		const struct entry *e = &prog.entry[i];

		printf("  entry %s slot=%u runs=%llu ns=%llu panics=%llu overruns=%llu overflows=%llu refused=%llu\n",
		       e->name, e->slot, e->runs, e->ns, e->panics, e->overruns, e->overflows,
		       e->refused);
	}
	for (i = 0; i < prog.maps; i++)
		printf("  map %s bound=%d\n", prog.map[i].name, prog.map[i].bpf_id != 0);
}

static void show_fault(void)
{
	__u32 i;

	printf("%u %s %s:%u:%u %s\n", prog.fault_kind, prog.fault_entry, prog.fault_file,
	       prog.fault_line, prog.fault_column, prog.fault_text);
	for (i = 0; i < prog.frames; i++)
		printf("  %s\n", prog.frame[i]);
}

static int cmd_show(char **v)
{
	int ret = prog_get(v[0], &prog);

	if (ret)
		return die(v[0], ret);
	show();
	return 0;
}

static int cmd_fault(char **v)
{
	int ret = prog_get(v[0], &prog);

	if (ret)
		return die(v[0], ret);
	if (!prog.has_fault)
		return die("no fault", ENOENT);
	show_fault();
	return 0;
}

static int list_cb(const struct nlmsghdr *nlh, void *data)
{
	(void)data;
	prog_parse(nlh, &prog);
	show();
	return MNL_CB_OK;
}

static int cmd_list(char **v)
{
	int ret = prog_list(list_cb, NULL);

	(void)v;
	return ret ? die("list", ret) : 0;
}

static int info_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *a;
	int helpers = 0;

	(void)data;
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(a) == REX_A_INFO_ABI)
			printf("abi=%u ", mnl_attr_get_u32(a));
		if (mnl_attr_get_type(a) == REX_A_INFO_REFUSED)
			printf("refused=%llu ", (unsigned long long)mnl_attr_get_u64(a));
		if (mnl_attr_get_type(a) == REX_A_INFO_STALE)
			printf("stale=%llu ", (unsigned long long)mnl_attr_get_u64(a));
		helpers += mnl_attr_get_type(a) == REX_A_INFO_HELPER;
	}
	printf("helpers=%d\n", helpers);
	return MNL_CB_OK;
}

static int cmd_info(char **v)
{
	char buf[4096];
	int ret = nl_talk(nl_request(buf, REX_CMD_INFO_GET, NLM_F_ACK), info_cb, NULL);

	(void)v;
	return ret ? die("info", ret) : 0;
}

static int cmd_sum(char **v)
{
	static unsigned long long values[1024];
	unsigned long long sum = 0;
	__u32 key = atoi(v[2]);
	int ret = prog_get(v[0], &prog), i, fd;

	for (i = 0; !ret && i < prog.maps && strcmp(prog.map[i].name, v[1]); i++)
		;
	fd = bpf_map_get_fd_by_id(prog.map[i].bpf_id);
	if (ret || fd < 0 || bpf_map_lookup_elem(fd, &key, values))
		return die("map", errno);
	for (i = 0; i < 1024; i++)
		sum += values[i];
	printf("%llu\n", sum);
	return 0;
}

static int ring_cb(void *count, void *data, size_t size)
{
	(void)data;
	(void)size;
	++*(int *)count;
	return 0;
}

/* The records that a reader gets now. */
static int cmd_ring(char **v)
{
	int ret = prog_get(v[0], &prog), i, fd, count = 0;
	struct ring_buffer *ring;

	for (i = 0; !ret && i < prog.maps && strcmp(prog.map[i].name, v[1]); i++)
		;
	fd = ret || i == prog.maps ? -1 : bpf_map_get_fd_by_id(prog.map[i].bpf_id);
	ring = fd < 0 ? NULL : ring_buffer__new(fd, ring_cb, &count, NULL);
	if (!ring || ring_buffer__consume(ring) < 0)
		return die("ring buffer", errno);
	printf("%d\n", count);
	ring_buffer__free(ring);
	return 0;
}

static int cmd_stream(char **v)
{
	const struct entry *entry = find(v[0]);
	int rounds = v[3] ? atoi(v[3]) : 1, n = 0, ret = 0;
	unsigned long joined = 0;
	__u32 id = 0;

	while (!ret && rounds--) {
		if (id)
			ret = stream_del(id);
		id = 0;
		n = ret ? ret : stream_add_all(entry, atoi(v[1]), atoi(v[2]), &id);
		if (n <= 0)
			return die("stream", n ? n : ENOENT);
		joined += n;
	}
	printf("%u %lu\n", id, joined);
	return 0;
}

static int cmd_stream_more(char **v)
{
	__u32 id = atoi(v[0]);
	int n = stream_add_all(NULL, atoi(v[1]), atoi(v[2]), &id);

	if (n < 0)
		return die("stream", n);
	printf("%d\n", n);
	return 0;
}

static int cmd_stream_del(char **v)
{
	int ret = stream_del(atoi(v[0]));

	return ret ? die("stream", ret) : 0;
}

static int cmd_stream_refused(char **v)
{
	struct entry *entry = find(v[0]);
	int ret = stream_refused(entry, v[1]);

	return ret ? die(v[1], ret) : 0;
}

static int cmd_streams(char **v)
{
	int ret = stream_list();

	(void)v;
	return ret ? die("streams", ret) : 0;
}

static int cmd_fuzz(char **v)
{
	printf("%d accepted\n", nl_fuzz(atoi(v[0]), atoi(v[1])));
	return 0;
}

static int event_cb(const struct nlmsghdr *nlh, void *data)
{
	static const char *const names[] = { "loaded", "unloaded", "state", "fault" };
	const struct nlattr *a;

	(void)data;
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(a) == REX_A_EVENT_TYPE)
			printf("%s ", names[mnl_attr_get_u32(a) & 3]);
	prog_parse(nlh, &prog);
	printf("%s %u\n", prog.name, prog.state);
	if (prog.has_fault)
		show_fault();
	fflush(stdout);
	return MNL_CB_OK;
}

static int cmd_events(char **v)
{
	int left = atoi(v[0]), ret = nl_subscribe();

	printf("ready\n");
	fflush(stdout);
	while (!ret && left--)
		ret = nl_wait_event(60000, event_cb, NULL);
	return ret ? die("events", ret) : 0;
}

static const struct {
	const char *name;
	int args;
	int (*fn)(char **v);
} commands[] = {
	{ "info", 0, cmd_info }, { "list", 0, cmd_list }, { "show", 1, cmd_show },
	{ "fault", 1, cmd_fault }, { "bind", 1, cmd_bind }, { "bind-one", 7, cmd_bind_one },
	{ "helpers", 0, cmd_helpers }, { "helper-wrong", 0, cmd_helper_wrong },
	{ "set", 3, cmd_set }, { "run", 1, cmd_run }, { "keep", 1, cmd_keep },
	{ "hit", 3, cmd_hit }, { "call", 2, cmd_call }, { "crash", 2, cmd_crash }, { "stop", 2, cmd_stop },
	{ "ring", 2, cmd_ring }, { "base", 1, cmd_base }, { "sum", 3, cmd_sum }, { "fuzz", 2, cmd_fuzz },
	{ "events", 1, cmd_events }, { "stream", 3, cmd_stream }, { "stream-more", 3, cmd_stream_more },
	{ "stream-del", 1, cmd_stream_del }, { "streams", 0, cmd_streams },
	{ "stream-refused", 2, cmd_stream_refused },
};

int main(int argc, char **argv)
{
	unsigned int i;
	int ret;

	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) || argc - 2 < commands[i].args)
			continue;
		ret = nl_open();
		return ret ? die("netlink family rex", ret) : commands[i].fn(argv + 2);
	}
	fputs(usage, stderr);
	return 1;
}
