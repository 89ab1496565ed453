// SPDX-License-Identifier: GPL-2.0-only
/* Tracepoints, by perf; fentry, fexit and raw tracepoints, whose place is found in BTF. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <dirent.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf_abi.h"
#include "internal.h"

/* ---- words ------------------------------------------------------------------------------------ */

static int parse_tracepoint(const char *const *words, size_t n, struct rex_target *t)
{
	const char *colon = strchr(words[0], ':');

	(void)n;
	/* They become parts of a path in tracefs. */
	for (const char *c = words[0]; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_-:", *c))
			return rex_word_bad(words[0], "is not a tracepoint: specify CATEGORY:NAME, like "
				   "syscalls:sys_enter_openat");
	if (!colon || colon == words[0] || !colon[1] || strchr(colon + 1, ':'))
		return rex_word_bad(words[0], "is not a tracepoint: specify CATEGORY:NAME, like "
			   "syscalls:sys_enter_openat");
	return rex_word_copy(t->name, REX_SYMBOL_LEN, words[0], strlen(words[0]), "is too long");
}

static int parse_function(const char *const *words, size_t n, struct rex_target *t)
{
	(void)n;
	if (!rex_word_is_symbol(words[0], strlen(words[0])))
		return rex_word_bad(words[0], t->at == REX_AT_RAW_TRACEPOINT ?
			   "is not the name of a tracepoint, like sched_switch (without its category)" :
			   "is not the name of a kernel function");
	return rex_word_copy(t->name, REX_SYMBOL_LEN, words[0], strlen(words[0]), "is too long for a symbol");
}

/* The kernel tells no category. */
static bool is_same_tracepoint(const struct rex_target *wanted, const struct rex_target *is)
{
	const char *colon = strchr(is->name, ':') ? NULL : strchr(wanted->name, ':');

	return !strcmp(colon ? colon + 1 : wanted->name, is->name);
}

/* ---- tracepoint --------------------------------------------------------------------------- */

#define EVENTS "/sys/kernel/tracing/events"
#define EVENTS_OLD "/sys/kernel/debug/tracing/events"

/* What else there is in @dir that looks like @name. */
static const char *suggest_entry(struct suggest *s, const char *dir, const char *name)
{
	struct dirent *de;
	DIR *d = opendir(dir);

	s->word = name;
	while (d && (de = readdir(d)))
		if (de->d_type == DT_DIR && *de->d_name != '.')
			suggest_add(s, de->d_name);
	if (d)
		closedir(d);
	return suggest_text(s);
}

static int no_tracepoint(const struct rex_target *t, const char *events)
{
	const char *colon = strchr(t->name, ':');
	struct suggest s = {};
	char dir[REX_SYMBOL_LEN + 64];

	snprintf(dir, sizeof(dir), "%s/%.*s", events, (int)(colon - t->name), t->name);
	if (access(dir, F_OK))
		return rex_fail(-ENOENT, "there is no tracepoint \"%s\": \"%s\" has no category "
				"\"%.*s\"%s", t->name, events, (int)(colon - t->name), t->name,
				suggest_entry(&s, events, strrchr(dir, '/') + 1));
	return rex_fail(-ENOENT, "there is no tracepoint \"%s\" (\"ls %s\" lists those of its "
			"category)%s", t->name, dir, suggest_entry(&s, dir, colon + 1));
}

/* The number under which perf knows it, and the length of its record. */
static int find_tracepoint(const struct rex_target *t, uint64_t *id, unsigned int *record)
{
	const char *events = EVENTS, *colon = strchr(t->name, ':');
	char path[2 * REX_SYMBOL_LEN], line[512];
	unsigned long long value = 0;
	unsigned int offset, size;
	FILE *f;

	if (access(events, F_OK))
		events = EVENTS_OLD;
	if (access(events, F_OK))
		return rex_fail(-ENOENT, "cannot look up tracepoint \"%s\": no \"%s\"; mount it (mount "
				"-t tracefs tracefs /sys/kernel/tracing)", t->name, EVENTS);
	snprintf(path, sizeof(path), "%s/%.*s/%s/id", events, (int)(colon - t->name), t->name,
		 colon + 1);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT || errno == ENOTDIR ? no_tracepoint(t, events) :
		       rex_fail(-errno, "cannot open \"%s\": %s", path, rex_strerror(errno));
	if (fscanf(f, "%llu", &value) != 1)
		value = 0;
	fclose(f);
	if (!value)
		return rex_fail(-EIO, "\"%s\" has no number", path);
	*id = value;

	strcpy(strrchr(path, '/'), "/format");
	*record = 0;
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		const char *fields = strstr(line, "offset:");

		if (fields && sscanf(fields, "offset:%u; size:%u", &offset, &size) == 2 &&
		    offset + size > *record)
			*record = offset + size;
	}
	if (f)
		fclose(f);
	return 0;
}

static int attach_tracepoint(const struct attach *a)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT };
	const struct rex_target *t = a->target;
	struct bpf_object *obj;
	unsigned int record;
	uint64_t id;
	int prog_fd, event_fd, err;

	err = find_tracepoint(t, &id, &record);
	if (!err && record && a->entry->ctx_size > record)
		err = rex_fail(-EACCES, "entry \"%s\" reads %u bytes of the record, those of tracepoint "
			       "\"%s\" have %u: its context type is that of another tracepoint",
			       a->entry->name, a->entry->ctx_size, t->name, record);
	if (!err)
		err = rex_shim_load(a->entry, &obj, &prog_fd);
	if (err)
		return err;
	attr.config = id;
	event_fd = rex_perf_open(&attr, -1, 0);
	if (event_fd < 0) {
		err = rex_fail(event_fd, "cannot open tracepoint \"%s\": %s", t->name,
			       rex_strerror(event_fd));
	} else {
		err = rex_perf_link(a, t, prog_fd, event_fd);
		close(event_fd);
	}
	bpf_object__close(obj);
	return err;
}

/* ---- fentry, fexit, raw tracepoint ------------------------------------------------------------ */

#define TRACE_TYPE "btf_trace_"

/* The number of arguments of raw tracepoint @name in @btf; -ENOENT when it is not there. */
static int count_args(const struct btf *btf, const char *name)
{
	char typedef_name[REX_SYMBOL_LEN + sizeof(TRACE_TYPE)];
	const struct btf_type *type;
	int id;

	snprintf(typedef_name, sizeof(typedef_name), TRACE_TYPE "%s", name);
	id = btf__find_by_name_kind(btf, typedef_name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -ENOENT;
	type = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	if (type && btf_is_ptr(type))
		type = btf__type_by_id(btf, type->type);
	if (!type || !btf_is_func_proto(type) || !btf_vlen(type) || btf_vlen(type) - 1 > REX_MAX_ARGS)
		return -EINVAL;
	return btf_vlen(type) - 1;
}

/* In each module's BTF. */
static int count_args_in_modules(struct btf *vmlinux, const char *name)
{
	DIR *d = opendir("/sys/kernel/btf");
	struct dirent *de;
	int n = -ENOENT;

	while (d && n == -ENOENT && (de = readdir(d))) {
		struct btf *btf;

		if (*de->d_name == '.' || !strcmp(de->d_name, "vmlinux"))
			continue;
		btf = btf__load_module_btf(de->d_name, vmlinux);
		if (libbpf_get_error(btf))
			continue;
		n = count_args(btf, name);
		btf__free(btf);
	}
	if (d)
		closedir(d);
	return n;
}

/* Arguments of the raw tracepoint @name, or a negative errno with its text set. */
static int raw_tracepoint_args(const char *name)
{
	struct suggest s = { .word = name };
	struct btf *vmlinux = btf__load_vmlinux_btf();
	int n = libbpf_get_error(vmlinux);

	if (n)
		return rex_fail(n, "cannot read the kernel's BTF (/sys/kernel/btf/vmlinux): %s; raw "
				"tracepoints need CONFIG_DEBUG_INFO_BTF", strerror(-n));
	n = count_args(vmlinux, name);
	if (n == -ENOENT)
		n = count_args_in_modules(vmlinux, name);
	for (uint32_t i = 1; n == -ENOENT && i < btf__type_cnt(vmlinux); i++) {
		const struct btf_type *type = btf__type_by_id(vmlinux, i);
		const char *text = btf__name_by_offset(vmlinux, type->name_off);

		if (btf_is_typedef(type) && !strncmp(text, TRACE_TYPE, strlen(TRACE_TYPE)))
			suggest_add(&s, text + strlen(TRACE_TYPE));
	}
	btf__free(vmlinux);
	if (n == -ENOENT)
		return rex_fail(n, "there is no raw tracepoint \"%s\"%s; \"bpftool btf dump file "
				"/sys/kernel/btf/vmlinux | grep %s\" lists them", name, suggest_text(&s),
				TRACE_TYPE);
	if (n < 0)
		return rex_fail(n, "the kernel's BTF describes raw tracepoint \"%s\" in a way that this "
				"rexctl does not know", name);
	return n;
}

/* Not what made libbpf or the kernel refuse, but why. */
static int no_function(int err, const struct rex_target *t)
{
	char why[1024], text[REX_TARGET_LEN];
	int said = err;

	if (err == -ESRCH)
		said = -ENOENT;		/* libbpf's way to say "not in BTF" */
	return rex_fail(said, "cannot attach to \"%s\": %s; %s", rex_target_text(t, text, sizeof(text)),
			rex_strerror(said), rex_ksym_why(t->name, why, sizeof(why)));
}

static int attach_tracing(const struct attach *a)
{
	const struct rex_target *t = a->target;
	bool raw = t->at == REX_AT_RAW_TRACEPOINT;
	char text[REX_TARGET_LEN];
	struct bpf_object *obj;
	int n_args = raw ? raw_tracepoint_args(t->name) : 0, prog_fd, fd, err;
	REX_OPTS(rex_shim_opts, opts, .target = t->name, .n_args = n_args);

	if (n_args < 0)
		return n_args;
	err = rex_shim_load_opts(a->entry, &opts, &obj, &prog_fd);
	if ((err == -ESRCH || err == -ENOENT) && !raw)
		return no_function(err, t);
	if (err)
		return err;
	fd = bpf_raw_tracepoint_open(NULL, prog_fd);
	if (fd < 0) {
		err = -errno;
		if (raw || err == -EPERM || err == -ENOMEM)
			rex_fail(err, "cannot attach to \"%s\": %s",
				 rex_target_text(t, text, sizeof(text)), rex_strerror(err));
		else
			no_function(err, t);
	} else {
		err = rex_pin(a, t, fd);
		close(fd);
	}
	bpf_object__close(obj);
	return err;
}

/* ---- listing ---------------------------------------------------------------------------------- */

static void add_category(const struct rex_target *pin, struct rex_target *t)
{
	strcpy(t->name, pin->name);
}

/* The function or tracepoint with that number in the kernel's or in a module's BTF. */
static void describe_tracing(struct link_walk *w, const struct rex_link_info *info,
			     struct rex_link *link)
{
	struct btf *btf = NULL, *module = NULL;
	const struct btf_type *type;

	if (!w->vmlinux) {
		w->vmlinux = btf__load_vmlinux_btf();
		if (libbpf_get_error(w->vmlinux))
			w->vmlinux = NULL;
	}
	btf = w->vmlinux;
	if (btf && info->tracing.btf_id >= btf__type_cnt(btf)) {
		module = btf__load_from_kernel_by_id_split(info->tracing.obj_id, btf);
		btf = libbpf_get_error(module) ? NULL : module;
	}
	type = btf ? btf__type_by_id(btf, info->tracing.btf_id) : NULL;
	snprintf(link->target.name, sizeof(link->target.name), "%s",
		 type ? btf__name_by_offset(btf, type->name_off) : "(unknown)");
	if (btf == module)
		btf__free(module);
}

const struct place rex_place_tracepoint = {
	.args = "CATEGORY:NAME", .noun = "tracepoint",
	.hook = REX_HOOK_TRACEPOINT, .max_words = 1, .parse = parse_tracepoint,
	.same = is_same_tracepoint, .attach = attach_tracepoint,
	.link_type = REX_LINK_PERF_EVENT, .link_subtype = REX_PERF_TRACEPOINT,
	.add_from_pin = add_category,
};

const struct place rex_place_raw_tracepoint = {
	.args = "NAME", .noun = "tracepoint",
	.hook = REX_HOOK_RAW_TRACEPOINT, .max_words = 1, .parse = parse_function,
	.attach = attach_tracing, .link_type = REX_LINK_RAW_TRACEPOINT,
};

const struct place rex_place_fentry = {
	.args = "FUNCTION", .noun = "symbol", .hook = REX_HOOK_FENTRY,
	.max_words = 1, .parse = parse_function, .attach = attach_tracing,
	.link_type = REX_LINK_TRACING, .link_subtype = BPF_TRACE_FENTRY, .describe = describe_tracing,
};

const struct place rex_place_fexit = {
	.args = "FUNCTION", .noun = "symbol", .hook = REX_HOOK_FEXIT,
	.max_words = 1, .parse = parse_function, .attach = attach_tracing,
	.link_type = REX_LINK_TRACING, .link_subtype = BPF_TRACE_FEXIT, .describe = describe_tracing,
};
