// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work in a process of its own. libxdp remembers the first bpf file system that it sees, and keeps
 * some of what it took apart open: both end with that process.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

struct answer {
	int err;
	char text[4096];
};

static bool read_all(int fd, void *to, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, (char *)to + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += n;
	}
	return true;
}

static void write_all(int fd, const void *from, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, (const char *)from + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		done += n;
	}
}

int rex_in_child(int (*fn)(void *arg), void *arg)
{
	struct answer *answer = calloc(1, sizeof(*answer));
	int fds[2], err = 0, status;
	pid_t pid;

	if (!answer)
		return rex_fail(-ENOMEM, "out of memory");
	if (pipe2(fds, O_CLOEXEC)) {
		err = rex_fail(-errno, "pipe: %s", strerror(errno));
		goto out;
	}
	pid = fork();
	if (!pid) {
		answer->err = fn(arg);
		snprintf(answer->text, sizeof(answer->text), "%s", rex_errmsg());
		write_all(fds[1], answer, sizeof(*answer));
		_exit(0);
	}
	if (pid < 0)
		err = rex_fail(-errno, "fork: %s", strerror(errno));
	close(fds[1]);
	if (!err && !read_all(fds[0], answer, sizeof(*answer)))
		err = rex_fail(-EIO, "the process that works for this one was killed");
	close(fds[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!err && answer->err)
		err = rex_fail(answer->err, "%s", answer->text);
out:
	free(answer);
	return err;
}
