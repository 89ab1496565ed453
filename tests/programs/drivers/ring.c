// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring MAP [FILE.bpf.o]: prints the records of a ring buffer as they come, in hexadecimal, one a
 * line. With a file: of its map, its programs being attached as their sections say.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static int find(const char *name)
{
	unsigned int id = 0;

	while (!bpf_map_get_next_id(id, &id)) {
		struct bpf_map_info info = { 0 };
		unsigned int size = sizeof(info);
		int fd = bpf_map_get_fd_by_id(id);

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) &&
		    !strcmp(info.name, name))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

static int attach(const char *path, const char *name)
{
	struct bpf_object *o = bpf_object__open(path);
	struct bpf_program *p;

	if (!o || bpf_object__load(o))
		return -1;
	bpf_object__for_each_program(p, o)
		if (!bpf_program__attach(p))
			return -1;
	return bpf_object__find_map_fd_by_name(o, name);
}

static int print(void *unused, void *data, size_t size)
{
	const unsigned char *p = data;

	(void)unused;
	for (size_t i = 0; i < size; i++)
		printf("%02x", p[i]);
	putchar('\n');
	return fflush(stdout);
}

int main(int argc, char **argv)
{
	int fd = argc == 3 ? attach(argv[2], argv[1]) : argc == 2 ? find(argv[1]) : -1, ret;
	struct ring_buffer *rb = fd < 0 ? NULL : ring_buffer__new(fd, print, NULL, NULL);

	if (!rb) {
		fprintf(stderr, "ring: no ring buffer %s\n", argc > 1 ? argv[1] : "named");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	do
		ret = ring_buffer__poll(rb, -1);
	while (ret >= 0 || ret == -EINTR);
	ring_buffer__free(rb);
	return 1;
}
