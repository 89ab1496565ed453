// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the records of a ring buffer as they come, one a line, in hexadecimal.
 *
 *	ringread NAME	of the BPF map of that name, until it is told to end
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

static int print(void *arg, void *data, size_t size)
{
	(void)arg;
	for (size_t i = 0; i < size; i++)
		printf("%02x", ((const unsigned char *)data)[i]);
	putchar('\n');
	fflush(stdout);
	return 0;
}

static int find(const char *name)
{
	struct bpf_map_info info;
	__u32 id = 0, len;
	int fd;

	while (!bpf_map_get_next_id(id, &id)) {
		fd = bpf_map_get_fd_by_id(id);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == BPF_MAP_TYPE_RINGBUF &&
		    !strcmp(info.name, name))
			return fd;
		close(fd);
	}
	return -1;
}

int main(int argc, char **argv)
{
	const struct sigaction act = { .sa_handler = end };
	struct ring_buffer *ring;
	int fd, ret;

	if (argc != 2) {
		fputs("usage: ringread NAME\n", stderr);
		return 2;
	}
	fd = find(argv[1]);
	if (fd < 0) {
		fprintf(stderr, "ringread: there is no ring buffer \"%s\"\n", argv[1]);
		return 1;
	}
	ring = ring_buffer__new(fd, print, NULL, NULL);
	if (!ring) {
		fprintf(stderr, "ringread: cannot read \"%s\": %s\n", argv[1], strerror(errno));
		return 1;
	}
	sigaction(SIGTERM, &act, NULL);
	puts("reading");
	fflush(stdout);
	while (!ended) {
		ret = ring_buffer__poll(ring, 1000);
		if (ret < 0 && ret != -EINTR) {
			fprintf(stderr, "ringread: %s\n", strerror(-ret));
			return 1;
		}
	}
	ring_buffer__free(ring);
	return 0;
}
