// SPDX-License-Identifier: GPL-2.0-only
/* The run time of the server's threads. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

int watch_add(struct load *load, char *spec)
{
	char *equals = strchr(spec, '='), *end;
	struct watched *w = &load->watched[load->n_watched];

	if (!equals || load->n_watched == WATCHED)
		return -1;
	*equals = '\0';
	w->name = spec;
	w->pid = strtol(equals + 1, &end, 10) ?: getpid();
	load->n_watched++;
	return end == equals + 1 || *end ? -1 : 0;
}

static int run_time(int pid, uint64_t *ns)
{
	char path[64];
	struct dirent *task;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return load_fail("%s: %s", path, strerror(errno));
	*ns = 0;
	while ((task = readdir(dir))) {
		uint64_t ran;
		FILE *f;

		if (task->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", pid, task->d_name);
		f = fopen(path, "r");
		if (!f || fscanf(f, "%" SCNu64, &ran) != 1) {
			closedir(dir);
			return load_fail("%s cannot be read: it needs CONFIG_SCHED_INFO", path);
		}
		fclose(f);
		*ns += ran;
	}
	closedir(dir);
	return 0;
}

int watch_begin(struct load *load)
{
	for (unsigned int i = 0; i < load->n_watched; i++)
		if (run_time(load->watched[i].pid, &load->watched[i].before))
			return -1;
	return 0;
}

int watch_end(struct load *load)
{
	for (unsigned int i = 0; i < load->n_watched; i++)
		if (run_time(load->watched[i].pid, &load->watched[i].after))
			return -1;
	return 0;
}

void watch_print(const struct load *load)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < load->n_watched; i++) {
		uint64_t ran = load->watched[i].after - load->watched[i].before;

		all += ran;
		printf("%s\t%" PRIu64 "\n", load->watched[i].name, ran / load->count);
	}
	printf("all\t%" PRIu64 "\n", all / load->count);
}
