// SPDX-License-Identifier: GPL-2.0-only
/* Records that programs write to ring buffers and perf event arrays. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define PERF_PAGES 64			/* per CPU; a power of two */

struct rex_records {
	struct ring_buffer *ring;
	struct perf_buffer *perf;
	int map_fd;			/* the kernel takes the perf events out when it is closed */
	rex_record_fn *fn;
	void *data;
	bool stop;			/* @fn has had enough */
};

static void on_perf(void *ctx, int cpu, void *record, uint32_t size)
{
	struct rex_records *r = ctx;

	/* libbpf cannot be stopped between two records: what follows is not handed out. */
	if (!r->stop)
		r->stop = r->fn(record, size, cpu, r->data);
}

static void on_lost(void *ctx, int cpu, unsigned long long count)
{
	struct rex_records *r = ctx;

	if (!r->stop)
		r->stop = r->fn(NULL, count, cpu, r->data);
}

static int on_ring(void *ctx, void *record, size_t size)
{
	struct rex_records *r = ctx;

	r->stop = r->fn(record, size, -1, r->data);
	return r->stop ? -ECANCELED : 0;
}

int rex_records_open(const struct rex_map *map, rex_record_fn *fn, void *data,
		     struct rex_records **out)
{
	struct rex_records *r;
	int fd, err;

	if (map->type != BPF_MAP_TYPE_RINGBUF && map->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return rex_fail(-EINVAL, "map \"%s\" is a %s and has no records; a ringbuf or a "
				"perf_event_array has (\"bpftool map dump id %u\" shows others)",
				map->name, rex_map_type_name(map->type), map->bpf_id);
	fd = rex_map_fd(map);
	if (fd < 0)
		return fd;
	r = calloc(1, sizeof(*r));
	if (!r) {
		close(fd);
		return rex_fail(-ENOMEM, "out of memory");
	}
	r->map_fd = fd;
	r->fn = fn;
	r->data = data;
	rex_log_reset();
	if (map->type == BPF_MAP_TYPE_RINGBUF)
		r->ring = ring_buffer__new(fd, on_ring, r, NULL);
	else
		r->perf = perf_buffer__new(fd, PERF_PAGES, on_perf, on_lost, r, NULL);
	err = r->ring || r->perf ? 0 :
	      rex_fail(-errno, "cannot read map \"%s\": %s%s%s", map->name, rex_strerror(errno),
		       *rex_log_text() ? ": " : "", rex_log_text());
	if (err)
		rex_records_close(r);
	else
		*out = r;
	return err;
}

int rex_records_poll(struct rex_records *r, int timeout_ms)
{
	int n = r->ring ? ring_buffer__poll(r->ring, timeout_ms) :
			  perf_buffer__poll(r->perf, timeout_ms);

	if (r->stop || n == -EINTR)
		return 0;
	return n < 0 ? rex_fail(n, "cannot wait for records: %s", strerror(-n)) : n;
}

void rex_records_close(struct rex_records *r)
{
	if (!r)
		return;
	ring_buffer__free(r->ring);
	perf_buffer__free(r->perf);
	close(r->map_fd);
	free(r);
}
