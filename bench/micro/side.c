// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <rex/librex.h>
#include "measure.h"
#include "side.h"

#define MAX_SHARED 8

static struct shared {
	const char *object;
	struct bpf_object *ebpf;
	struct rex_program *rex;
} shared[MAX_SHARED];
static struct rex *connection;
static const char *built;
static char why[512];

void side_init(const char *dir)
{
	built = dir;
}

const char *side_why(void)
{
	return why;
}

__attribute__((format(printf, 1, 2)))
static bool cannot(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	/* A cell of a table. */
	for (char *p = why; *p; p++)
		if (strchr("\t\n\"\\", *p))
			*p = ' ';
	return false;
}

static struct bpf_object *open_ebpf(const char *object)
{
	char path[4096];
	struct bpf_object *obj;

	snprintf(path, sizeof(path), "%s/%s.bpf.o", built, object);
	obj = bpf_object__open_file(path, NULL);
	if (!obj)
		die("cannot open %s: %s", path, strerror(errno));
	return obj;
}

static struct shared *get_shared(const char *object)
{
	struct shared *s = shared;

	while (s->object && strcmp(s->object, object))
		if (++s == shared + MAX_SHARED)
			die("more than %d objects", MAX_SHARED);
	s->object = object;
	return s;
}

static struct bpf_object *shared_ebpf(const char *object)
{
	struct shared *s = get_shared(object);

	if (!s->ebpf) {
		s->ebpf = open_ebpf(object);
		if (bpf_object__load(s->ebpf))
			die("cannot load the eBPF programs of %s: %s", object, strerror(errno));
	}
	return s->ebpf;
}

static struct rex_program *shared_rex(const char *object)
{
	struct shared *s = get_shared(object);
	char path[4096];

	snprintf(path, sizeof(path), "%s/micro_%s.ko", built, object);
	if (!s->rex && rex_program_load(&connection, path, &s->rex))
		die("%s", rex_errmsg());
	return s->rex;
}

static bool load_ebpf(const char *object, const char *program, struct loaded *l)
{
	struct bpf_object *obj = open_ebpf(object);
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), program));
	prog = bpf_object__find_program_by_name(obj, program);
	if (!prog)
		die("eBPF object %s has no program %s", object, program);
	if (bpf_object__load(obj)) {
		cannot("the kernel rejected it: %s", strerror(errno));
		bpf_object__close(obj);
		return false;
	}
	l->obj = obj;
	l->prog = prog;
	return true;
}

static bool load_rex(const char *object, const char *program, const char *target, int n_args,
		     struct loaded *l)
{
	REX_OPTS(rex_shim_opts, opts, .target = target, .n_args = n_args);
	struct rex_program *rex = shared_rex(object);
	const struct rex_entry *entry;
	int fd;

	if (rex_program_entry(rex, program, -1, &entry))
		return cannot("not in this build of the Rex programs");
	if (rex_shim_load_opts(entry, &opts, &l->obj, &fd))
		return cannot("%s", rex_errmsg());
	l->prog = bpf_object__next_program(l->obj, NULL);
	return true;
}

bool side_load(enum side side, const char *object, const char *program, const char *target,
	       int n_args, struct loaded *l)
{
	memset(l, 0, sizeof(*l));
	return side == EBPF ? load_ebpf(object, program, l) :
			      load_rex(object, program, target, n_args, l);
}

void side_unload(struct loaded *l)
{
	bpf_object__close(l->obj);
	l->obj = NULL;
}

int side_fd(enum side side, const char *object, const char *program)
{
	struct bpf_program *prog;
	struct loaded l;

	if (side == REX) {
		/* never closed: a shim is small */
		if (!side_load(REX, object, program, NULL, 0, &l))
			die("Rex program %s: %s", program, why);
		return bpf_program__fd(l.prog);
	}
	prog = bpf_object__find_program_by_name(shared_ebpf(object), program);
	if (!prog)
		die("eBPF object %s has no program %s", object, program);
	return bpf_program__fd(prog);
}

int side_map(enum side side, const char *object, const char *name)
{
	const struct rex_map *map;
	int fd = -1;

	if (side == EBPF)
		fd = bpf_object__find_map_fd_by_name(shared_ebpf(object), name);
	else if (!rex_program_map(shared_rex(object), name, &map))
		fd = rex_map_fd(map);
	if (fd < 0)
		die("%s: no map %s", object, name);
	return fd;
}

__u64 side_rex_runs(const char *object, const char *name)
{
	const struct rex_entry *entry;
	struct rex_program *now;
	__u64 runs;

	if (rex_program_get(connection, shared_rex(object)->name, &now) ||
	    rex_program_entry(now, name, -1, &entry))
		die("%s", rex_errmsg());
	runs = entry->runs;
	rex_program_free(now);
	return runs;
}
