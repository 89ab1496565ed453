// SPDX-License-Identifier: GPL-2.0-only
/* memcached, a child of ours: started, killed, stopped, asked. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

#define PATIENCE	(20 * SECOND)
#define TRIES		300		/* the clock of a VM may jump */

static const char *command;
static pid_t pid;
static bool up;
static uint64_t started, next_try;
static unsigned int tries;

static void spawn(void)
{
	char *words[64], *copy = strdup(command), *at;
	int n = 0;

	words[n] = strtok_r(copy, " ", &at);
	while (words[n] && n < 63)
		words[++n] = strtok_r(NULL, " ", &at);
	pid = fork();
	if (pid < 0)
		die("cannot fork: %s", strerror(errno));
	if (!pid) {
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		/* it complains of every connection that ends early */
		if (!freopen("/dev/null", "w", stdout) ||
		    (!W.verbose && !freopen("/dev/null", "w", stderr)))
			_exit(127);
		net_enter(true);
		execvp(words[0], words);
		_exit(127);
	}
	free(copy);
	started = now_ns();
	next_try = tries = 0;
}

bool server_up(void)
{
	return up;
}

void server_work(uint64_t now)
{
	int fd, status;

	if (up || now < next_try)
		return;
	if (waitpid(pid, &status, WNOHANG) == pid)
		die("memcached ended: \"%s\"", command);
	if (++tries > TRIES && now > started + PATIENCE)
		die("memcached does not answer: \"%s\"", command);
	next_try = now + 10 * MS;
	/* it listens on all its addresses before it accepts: the last of them tells */
	fd = net_socket(VIA_LOOP6);
	if (fd < 0)
		return;
	close(fd);
	fd = net_socket(VIA_TCP);
	if (fd < 0)
		return;
	close(fd);
	if (!server_stat("pid"))
		return;
	up = true;
	tcp_open();
}

/* It has changed its user, so that the kernel would not end it with us. */
void server_stop(void)
{
	if (pid > 0)
		kill(pid, SIGKILL);
	pid = 0;
}

static void ended_by_signal(int signal)
{
	server_stop();
	_exit(128 + signal);
}

void server_start(const char *command_line)
{
	command = command_line;
	atexit(server_stop);
	signal(SIGTERM, ended_by_signal);
	signal(SIGINT, ended_by_signal);
	spawn();
	while (!up) {
		usleep(5000);
		server_work(now_ns());
	}
}

static void end(void)
{
	int status;

	kill(pid, SIGKILL);
	up = false;
	if (waitpid(pid, &status, 0) != pid)
		die("cannot wait for memcached: %s", strerror(errno));
	pid = 0;
}

void server_kill(void)
{
	world_flush_begin(now_ns());
	end();
	tcp_close();
	udp_forget();
	world_died(now_ns());
	W.count.restarts++;
	spawn();
}


void server_signal(int signal)
{
	if (kill(pid, signal))
		die("cannot send a signal to memcached: %s", strerror(errno));
}

bool server_has(const struct name *key, uint32_t flags)
{
	struct timeval patience = { .tv_sec = 10 };
	char text[KEY_MAX + 32], head[KEY_MAX + 32];
	bool has = false;
	int fd, n;

	kill(pid, SIGCONT);
	fd = net_socket(VIA_LOOP);
	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* an accelerator does not know how long an item has left */
	n = snprintf(text, sizeof(text), "mg %s f t\r\n", key->text);
	if (send(fd, text, n, MSG_NOSIGNAL) == n) {
		n = snprintf(head, sizeof(head), "HD f%u t", flags);
		has = recv(fd, text, n, MSG_WAITALL) == n && !memcmp(text, head, n);
	}
	close(fd);
	return has;
}

uint64_t server_stat(const char *name)
{
	struct timeval patience = { .tv_sec = 10 };
	char value[64] = "0";
	int fd = net_socket(VIA_TCP);

	if (fd < 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (mc_stat(fd, name, value, sizeof(value)))
		value[0] = '\0';
	close(fd);
	return strtoull(value, NULL, 10);
}
