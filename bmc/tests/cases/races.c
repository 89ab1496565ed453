// SPDX-License-Identifier: GPL-2.0-only
/*
 * Races that are made to happen: a thread of memcached is held at a system call (by ptrace)
 * while the others serve.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/ptrace.h>

#include "cases.h"

#define MAX_THREADS	64
#define CONNECTIONS	8	/* memcached deals them out to its threads in turn */
#define VALUE_LEN	1234	/* makes the SET that is held known by its length */

/* Where a thread is to be held. */
enum point {
	BEFORE_REPLY,		/* the reply to a datagram is about to be sent */
	AFTER_READ,		/* a SET was read, and nothing was done about it yet */
};

struct hold {
	int held, release;	/* pipes */
	pid_t tracer;
};

static size_t set_len;

static bool wanted(enum point point, pid_t tid)
{
	struct ptrace_syscall_info info, *i = &info;
	static __u64 nr[1 << 16];	/* by thread */
	void *name = NULL;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), i) < 0)
		return false;
	if (i->op == PTRACE_SYSCALL_INFO_ENTRY)
		nr[tid & 0xffff] = i->entry.nr;
	if (point == AFTER_READ)
		return i->op == PTRACE_SYSCALL_INFO_EXIT && i->exit.rval == (__s64)set_len &&
		       (nr[tid & 0xffff] == SYS_read || nr[tid & 0xffff] == SYS_recvfrom);
	if (i->op == PTRACE_SYSCALL_INFO_ENTRY && i->entry.nr == SYS_sendmsg) {
		struct iovec to = { &name, sizeof(name) };
		struct iovec from = { (void *)i->entry.args[1], sizeof(name) };

		/* msg_name: only who sends datagrams has one */
		process_vm_readv(tid, &to, 1, &from, 1, 0);
	}
	return name;
}

static int seize_all(void)
{
	struct text path = text_make("/proc/%d/task", (int)setup.memcached);
	DIR *dir = opendir(path.bytes);
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (!tid)
			continue;
		if (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD) ||
		    ptrace(PTRACE_INTERRUPT, tid, 0, 0))
			fail("cannot trace memcached: %s", strerror(errno));
		n++;
	}
	return n;
}

/* Lets the threads run from system call to system call. Its end lets all of them go. */
static void trace(enum point point, int say, int release)
{
	int left = seize_all(), status;
	pid_t held = 0, tid;

	for (;;) {
		struct pollfd p = { .fd = release, .events = POLLIN };

		tid = waitpid(-1, &status, __WALL | (held ? WNOHANG : 0));
		if (!tid) {
			if (poll(&p, 1, 1))
				_exit(0);
			continue;
		}
		if (tid < 0)
			_exit(1);
		if (!WIFSTOPPED(status))
			continue;
		if (status >> 16 == PTRACE_EVENT_STOP) {
			if (left && !--left && write(say, "r", 1) != 1)
				_exit(1);
			status = 0;
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			status = 0;
			if (!held && !left && wanted(point, tid)) {
				held = tid;
				if (write(say, "h", 1) != 1)
					_exit(1);
				continue;
			}
		}
		ptrace(PTRACE_SYSCALL, tid, 0, status ? WSTOPSIG(status) : 0);
	}
}

static struct hold hold(enum point point)
{
	int say[2], release[2];
	struct hold h;
	char c;

	if (pipe(say) || pipe(release))
		fail("no pipe: %s", strerror(errno));
	h = (struct hold){ .held = say[0], .release = release[1], .tracer = fork() };
	if (!h.tracer) {
		close(release[1]);
		close(say[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		trace(point, say[1], release[0]);
	}
	close(say[1]);
	close(release[0]);
	if (h.tracer < 0 || read(h.held, &c, 1) != 1)
		fail("memcached is not traced");
	return h;
}

static void wait_held(struct hold *h)
{
	struct pollfd p = { .fd = h->held, .events = POLLIN };
	char c;

	if (poll(&p, 1, 5000) != 1 || read(h->held, &c, 1) != 1)
		fail("memcached does not come to the point where it is to be held");
}

static void release(struct hold *h)
{
	int status;

	close(h->release);
	waitpid(h->tracer, &status, 0);
}

/* A connection of each thread; at least one of them is not held. */
static void dial_all(struct pollfd p[CONNECTIONS])
{
	for (int i = 0; i < CONNECTIONS; i++) {
		p[i] = (struct pollfd){ .fd = dial(TCP4), .events = POLLIN };
		send_all(p[i].fd, text_make("mn\r\n"));
		read_until(p[i].fd, "MN\r\n");
	}
}

static void reply_after_set(const void *arg)
{
	char *key = new_key(20);
	struct text text = fill_in(arg, key), old = value_reply(key, 5, text_make("5"));
	struct pollfd p[CONNECTIONS];
	int udp = dial(UDP4);
	struct hold h;

	for (int round = 0; round < 5; round++) {
		put(key, text_make("5"));
		dial_all(p);
		h = hold(BEFORE_REPLY);
		send_all(udp, text_join(text_bytes("\0\x07\0\0\0\x01\0", 8),
					text_make("get %s\r\n", key)));
		wait_held(&h);
		for (int i = 0; i < CONNECTIONS; i++)
			send_all(p[i].fd, text);
		if (poll(p, CONNECTIONS, 5000) <= 0)
			fail("no reply to the command");
		release(&h);
		read_len(udp, 8);	/* the old reply: this GET began before */
		if (text_equal(check(key, false), old))
			fail("memcached did not change it");
		for (int i = 0; i < CONNECTIONS; i++) {
			read_until(p[i].fd, "\n");
			close(p[i].fd);
		}
		check(key, true);
	}
}

static void get_before_set(const void *arg)
{
	char *key = new_key(20);
	struct text set = text_join(text_make("set %s 0 0 %d\r\n", key, VALUE_LEN),
				    text_repeat('n', VALUE_LEN)), old;
	struct hold h;
	int fd;

	(void)arg;
	set = text_join(set, text_make("\r\n"));
	set_len = set.len;
	old = value_reply(key, 5, text_make("5"));
	for (int round = 0; round < 5; round++) {
		put(key, text_make("5"));
		warm(key, old);
		fd = dial(TCP4);
		h = hold(AFTER_READ);
		send_all(fd, set);
		wait_held(&h);
		for (int i = 0; i < 3; i++)
			if (!text_equal(get(key), old))
				fail("it changed before memcached did anything");
		release(&h);
		read_until(fd, "STORED\r\n");
		if (text_equal(check(key, false), old))
			fail("memcached did not change it");
		close(fd);
	}
}

void run_races(void)
{
	run_case("old_reply_leaves_after_a_set", reply_after_set, "set @ 0 0 3\r\nnew\r\n");
	run_case("old_reply_leaves_after_a_delete", reply_after_set, "delete @\r\n");
	run_case("old_reply_leaves_after_a_flush_all", reply_after_set, "flush_all\r\n");
	run_case("gets_while_a_set_is_read_and_not_executed", get_before_set, NULL);
}
