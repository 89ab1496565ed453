// SPDX-License-Identifier: GPL-2.0-only
/* Connection to rex.ko; programs: get, list, set. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <libiberty/demangle.h>

#include "internal.h"

int rex_open(struct rex **out)
{
	struct rex *rex = calloc(1, sizeof(*rex));
	REX_OPTS(rex_info, info);
	int err;

	if (!rex)
		return rex_fail(-ENOMEM, "out of memory");
	err = nl_open(&rex->nl, NETLINK_GENERIC);
	if (err)
		goto out;
	err = genl_resolve(&rex->nl, REX_GENL_NAME, NULL);
	if (err == -ENOENT)
		rex_fail(err, "rex.ko is not loaded; \"rexctl load NAME.ko\" loads it");
	else if (err)
		rex_fail(err, "cannot find netlink family \"%s\": %s", REX_GENL_NAME,
			 nl_reason(&rex->nl, err));
	if (!err)
		err = rex_info(rex, &info);
	if (!err && info.abi != REX_ABI_VERSION)
		err = rex_fail(-EPROTO, "the loaded rex.ko speaks ABI %u, this program speaks %u; "
			       "unload it (rmmod rex) and load the one of this build",
			       info.abi, REX_ABI_VERSION);
out:
	if (err) {
		rex_close(rex);
		return err;
	}
	*out = rex;
	return 0;
}

void rex_close(struct rex *rex)
{
	if (!rex)
		return;
	nl_close(&rex->nl);
	free(rex);
}

/* ---- taking messages apart ------------------------------------------------------- */

/* A newer rex.ko may send other sizes; what does not fit reads as 0 or "". */
uint64_t rex_attr_uint(const struct nlattr *attr)
{
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		return mnl_attr_get_u64(attr);
	default:
		return 0;
	}
}

static void get_str(const struct nlattr *attr, char *to, size_t size)
{
	size_t len = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));

	if (len >= size)
		len = size - 1;
	memcpy(to, mnl_attr_get_payload(attr), len);
	to[len] = '\0';
}

static void parse_entry(const struct nlattr *nest, struct own_entry *own)
{
	struct rex_entry *e = &own->pub;
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case REX_A_ENTRY_NAME:
			get_str(attr, own->name, sizeof(own->name));
			break;
		case REX_A_ENTRY_HOOK:
			e->hook = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_SLOT:
			e->slot = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_COOKIE:
			e->cookie = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_RUNS:
			e->runs = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_NS:
			e->ns = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_PANICS:
			e->panics = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_OVERRUNS:
			e->overruns = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_OVERFLOWS:
			e->overflows = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_REFUSED:
			e->refused = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_FLAGS:
			e->flags = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_CTX_SIZE:
			e->ctx_size = rex_attr_uint(attr);
			break;
		case REX_A_ENTRY_FILTER:
			/* Of another size, it is one that is refused when a shim is made. */
			memset(&e->filter, 0xff, sizeof(e->filter));
			if (mnl_attr_get_payload_len(attr) == sizeof(e->filter))
				memcpy(&e->filter, mnl_attr_get_payload(attr), sizeof(e->filter));
			break;
		}
	}
}

static void parse_map(const struct nlattr *nest, struct own_map *own)
{
	struct rex_map *m = &own->pub;
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case REX_A_MAP_INDEX:
			m->index = rex_attr_uint(attr);
			break;
		case REX_A_MAP_NAME:
			get_str(attr, own->name, sizeof(own->name));
			break;
		case REX_A_MAP_TYPE:
			m->type = rex_attr_uint(attr);
			break;
		case REX_A_MAP_KEY_SIZE:
			m->key_size = rex_attr_uint(attr);
			break;
		case REX_A_MAP_VALUE_SIZE:
			m->value_size = rex_attr_uint(attr);
			break;
		case REX_A_MAP_MAX_ENTRIES:
			m->max_entries = rex_attr_uint(attr);
			break;
		case REX_A_MAP_FLAGS:
			m->flags = rex_attr_uint(attr);
			break;
		case REX_A_MAP_BPF_ID:
			m->bpf_id = rex_attr_uint(attr);
			break;
		case REX_A_MAP_SIZED:
			m->sized = true;
			break;
		}
	}
}

#define MAX_FRAMES 64
#define FRAME_LEN 512			/* as long as the kernel's symbols */

/* What is public first, and the texts behind it. */
struct own_frame {
	struct rex_fault_frame pub;
	char symbol[FRAME_LEN], file[256];
};

struct own_fault {
	struct rex_fault_info pub;
	char entry[REX_NAME_LEN], file[256], message[1024];
	const struct rex_fault_frame *frame[MAX_FRAMES];
	struct own_frame frames[MAX_FRAMES];
};

struct own_program {
	struct rex_program pub;
	char name[REX_NAME_LEN];
	struct own_fault *fault;
	struct tables tables;
};

/* Names that rustc made, in "symbol+0x1/0x2 [module]", in their readable form. */
static void demangle(char *symbol, size_t size)
{
	char *offset = strchr(symbol, '+'), *name, *line;

	if (!offset)
		return;
	*offset = '\0';
	name = rust_demangle(symbol, 0);
	*offset = '+';
	if (name && asprintf(&line, "%s%s", name, offset) >= 0) {
		snprintf(symbol, size, "%s", line);
		free(line);
	}
	free(name);
}

static void parse_frame(const struct nlattr *nest, struct own_frame *frame)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case REX_A_FRAME_SYMBOL:
			get_str(attr, frame->symbol, sizeof(frame->symbol));
			demangle(frame->symbol, sizeof(frame->symbol));
			break;
		case REX_A_FRAME_FILE:
			get_str(attr, frame->file, sizeof(frame->file));
			break;
		case REX_A_FRAME_LINE:
			frame->pub.line = rex_attr_uint(attr);
			break;
		}
	}
}

static void parse_fault(const struct nlattr *nest, struct own_fault *f)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case REX_A_FAULT_KIND:
			f->pub.kind = rex_attr_uint(attr);
			break;
		case REX_A_FAULT_ENTRY:
			get_str(attr, f->entry, sizeof(f->entry));
			break;
		case REX_A_FAULT_FILE:
			get_str(attr, f->file, sizeof(f->file));
			break;
		case REX_A_FAULT_LINE:
			f->pub.line = rex_attr_uint(attr);
			break;
		case REX_A_FAULT_COLUMN:
			f->pub.column = rex_attr_uint(attr);
			break;
		case REX_A_FAULT_MESSAGE:
			get_str(attr, f->message, sizeof(f->message));
			break;
		case REX_A_FAULT_CPU:
			f->pub.cpu = rex_attr_uint(attr);
			break;
		case REX_A_FAULT_FRAME:
			if (f->pub.n_frames < MAX_FRAMES)
				parse_frame(attr, &f->frames[f->pub.n_frames++]);
			break;
		}
	}
}

static int new_fault(const struct nlattr *nest, struct own_program *own)
{
	struct own_fault *f = own->fault ? : calloc(1, sizeof(*f));

	if (!f)
		return rex_fail(-ENOMEM, "out of memory");
	own->fault = f;
	own->pub.fault = &f->pub;
	f->pub.entry = f->entry;
	f->pub.file = f->file;
	f->pub.message = f->message;
	f->pub.frames = f->frame;
	for (size_t i = 0; i < MAX_FRAMES; i++) {
		f->frame[i] = &f->frames[i].pub;
		f->frames[i].pub.symbol = f->frames[i].symbol;
		f->frames[i].pub.file = f->frames[i].file;
	}
	parse_fault(nest, f);
	return 0;
}

static int parse_program(const struct nlmsghdr *nlh, struct own_program *own)
{
	struct rex_program *p = &own->pub;
	const struct nlattr *attr;
	int err = 0;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case REX_A_PROG_NAME:
			get_str(attr, own->name, sizeof(own->name));
			break;
		case REX_A_PROG_ID:
			p->id = rex_attr_uint(attr);
			break;
		case REX_A_PROG_STATE:
			p->state = rex_attr_uint(attr);
			break;
		case REX_A_PROG_BUDGET_US:
			p->budget_us = rex_attr_uint(attr);
			break;
		case REX_A_PROG_TIMING:
			p->timing = rex_attr_uint(attr);
			break;
		case REX_A_PROG_TAINTED:
			p->tainted = rex_attr_uint(attr);
			break;
		case REX_A_PROG_STACK:
			p->stack = rex_attr_uint(attr);
			break;
		case REX_A_PROG_GENERATION:
			p->generation = rex_attr_uint(attr);
			break;
		case REX_A_PROG_ENTRY:
			if (p->n_entries < REX_MAX_ENTRIES)
				parse_entry(attr, &own->tables.entries[p->n_entries++]);
			break;
		case REX_A_PROG_MAP:
			if (p->n_maps < REX_MAX_MAPS)
				parse_map(attr, &own->tables.maps[p->n_maps++]);
			break;
		case REX_A_PROG_FAULT:
			err = err ? : new_fault(attr, own);
			break;
		}
	}
	return err;
}

int rex_program_parse(const struct nlmsghdr *nlh, struct rex_program **program)
{
	struct own_program *own = calloc(1, sizeof(*own));
	int err;

	if (!own)
		return rex_fail(-ENOMEM, "out of memory");
	tables_init(&own->tables);
	own->pub.name = own->name;
	own->pub.entries = own->tables.entry;
	own->pub.maps = own->tables.map;
	err = parse_program(nlh, own);
	for (uint32_t i = 0; i < own->pub.n_entries * own->pub.n_maps; i++) {
		struct rex_entry *e = &own->tables.entries[i / own->pub.n_maps].pub;
		const struct rex_map *m = own->pub.maps[i % own->pub.n_maps];

		if (rex_filter_is_map(&e->filter, m->name))
			e->filter_map = m->bpf_id;
	}
	if (err)
		rex_program_free(&own->pub);
	else
		*program = &own->pub;
	return err;
}

static int on_info(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *sub;
	struct helpers *h = data;
	struct rex_info *info = &h->info;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case REX_A_INFO_ABI:
			info->abi = rex_attr_uint(attr);
			break;
		case REX_A_INFO_REFUSED:
			info->refused = rex_attr_uint(attr);
			break;
		case REX_A_INFO_STALE:
			info->stale = rex_attr_uint(attr);
			break;
		case REX_A_INFO_PREEMPT:
			info->preempt = rex_attr_uint(attr);
			break;
		case REX_A_INFO_HELPER:
			if (info->n_helpers == MAX_HELPERS)
				break;
			mnl_attr_for_each_nested(sub, attr) {
				if (mnl_attr_get_type(sub) == REX_A_HOOK)
					h->bound[info->n_helpers].hook = rex_attr_uint(sub);
				if (mnl_attr_get_type(sub) == REX_A_HELPER_ID)
					h->bound[info->n_helpers].id = rex_attr_uint(sub);
			}
			info->n_helpers++;
			break;
		}
	}
	return MNL_CB_OK;
}

int rex_helpers_get(struct rex *rex, struct helpers *h)
{
	char buf[NL_BUF];
	int err;

	memset(h, 0, sizeof(*h));
	err = nl_talk(&rex->nl, genl_request(&rex->nl, buf, REX_CMD_INFO_GET, 0), on_info, h);
	if (err)
		return rex_fail(err, "rex.ko does not say what it is: %s",
				nl_reason(&rex->nl, err));
	return 0;
}

int rex_info(struct rex *rex, struct rex_info *info)
{
	struct helpers h;
	int err = rex_helpers_get(rex, &h);

	return err ? err : rex_opts_give(info, &h.info, sizeof(h.info));
}

/* ---- programs ---------------------------------------------------------------------- */

void rex_program_free(struct rex_program *p)
{
	if (!p)
		return;
	free(((struct own_program *)p)->fault);
	free(p);
}

void rex_program_list_free(struct rex_program **list, size_t n)
{
	while (n)
		rex_program_free(list[--n]);
	free(list);
}

struct collect {
	struct rex_program **list;
	size_t n;
	int err;
};

static int on_program(const struct nlmsghdr *nlh, void *data)
{
	struct collect *c = data;
	struct rex_program **list;

	/* Never MNL_CB_ERROR: the rest of the answer has to be read all the same. */
	if (c->err)
		return MNL_CB_OK;
	list = realloc(c->list, (c->n + 1) * sizeof(*list));
	if (!list) {
		c->err = rex_fail(-ENOMEM, "out of memory");
		return MNL_CB_OK;
	}
	c->list = list;
	c->err = rex_program_parse(nlh, &list[c->n]);
	c->n += !c->err;
	return MNL_CB_OK;
}

static int by_id(const void *a, const void *b)
{
	const struct rex_program *const *x = a, *const *y = b;

	return (*x)->id < (*y)->id ? -1 : (*x)->id > (*y)->id;
}

int rex_program_list(struct rex *rex, struct rex_program ***list, size_t *n)
{
	struct collect c;
	char buf[NL_BUF];
	int err, tries = 0;

	do {
		memset(&c, 0, sizeof(c));
		err = nl_talk(&rex->nl, genl_request(&rex->nl, buf, REX_CMD_PROG_GET, NLM_F_DUMP),
			      on_program, &c);
		if (err == -EINTR)
			rex_program_list_free(c.list, c.n);
	} while (err == -EINTR && ++tries < 5);
	if (err)
		rex_fail(err, "cannot list the programs: %s", nl_reason(&rex->nl, err));
	else
		err = c.err;
	if (err) {
		if (err != -EINTR)
			rex_program_list_free(c.list, c.n);
		return err;
	}
	if (c.n)
		qsort(c.list, c.n, sizeof(*c.list), by_id);
	*list = c.list;
	*n = c.n;
	return 0;
}

/* The kernel refuses longer names with a number; say it in words first. */
static int check_name(const char *name)
{
	if (!*name || strlen(name) >= REX_NAME_LEN)
		return rex_fail(-EINVAL, "\"%s\" is not a program name: 1 to %d bytes are required "
				"(\"rexctl status\" lists the programs)", name, REX_NAME_LEN - 1);
	return 0;
}

int rex_program_get(struct rex *rex, const char *name, struct rex_program **program)
{
	struct collect c = {};
	struct nlmsghdr *nlh;
	char buf[NL_BUF];
	int err = check_name(name);

	if (err)
		return err;
	nlh = genl_request(&rex->nl, buf, REX_CMD_PROG_GET, 0);
	mnl_attr_put_strz(nlh, REX_A_PROG_NAME, name);
	err = nl_talk(&rex->nl, nlh, on_program, &c);
	if (err == -ENOENT)
		rex_fail(err, "no program \"%s\" is loaded; \"rexctl status\" lists what is, "
			 "\"rexctl load FILE.ko\" loads one", name);
	else if (err)
		rex_fail(err, "cannot look up program \"%s\": %s", name,
			 nl_reason(&rex->nl, err));
	else if (c.err)
		err = c.err;
	else if (c.n != 1)
		err = rex_fail(-EPROTO, "rex.ko gave %zu answers for program \"%s\"", c.n, name);
	if (err) {
		rex_program_list_free(c.list, c.n);
		return err;
	}
	*program = c.list[0];
	free(c.list);
	return 0;
}

int rex_program_set(struct rex *rex, const char *name, const struct rex_settings *given)
{
	struct rex_settings s;
	struct nlmsghdr *nlh;
	char buf[NL_BUF];
	int err = check_name(name);

	if (!err)
		err = rex_opts(&s, sizeof(s), given);
	if (err)
		return err;
	nlh = genl_request(&rex->nl, buf, REX_CMD_PROG_SET, 0);
	mnl_attr_put_strz(nlh, REX_A_PROG_NAME, name);
	if (s.enabled)
		mnl_attr_put_u8(nlh, REX_A_PROG_ENABLED, s.enabled == REX_ON);
	if (s.timing)
		mnl_attr_put_u8(nlh, REX_A_PROG_TIMING, s.timing == REX_ON);
	if (s.budget_us)
		mnl_attr_put_u32(nlh, REX_A_PROG_BUDGET_US, s.budget_us);
	err = nl_talk(&rex->nl, nlh, NULL, NULL);
	if (err == -ENOENT)
		return rex_fail(err, "no program \"%s\" is loaded; \"rexctl status\" lists what is",
				name);
	if (err)
		return rex_fail(err, "cannot change program \"%s\": %s", name,
				nl_reason(&rex->nl, err));
	return 0;
}

int rex_program_park(struct rex *rex, const char *name, bool on)
{
	struct nlmsghdr *nlh;
	char buf[NL_BUF];
	int err;

	nlh = genl_request(&rex->nl, buf, REX_CMD_PROG_SET, 0);
	mnl_attr_put_strz(nlh, REX_A_PROG_NAME, name);
	mnl_attr_put_u8(nlh, REX_A_PROG_PARK, on);
	err = nl_talk(&rex->nl, nlh, NULL, NULL);
	if (err)
		return rex_fail(err, "cannot %s program \"%s\": %s", on ? "park" : "give up", name,
				nl_reason(&rex->nl, err));
	return 0;
}

int rex_program_entry(const struct rex_program *p, const char *entry, int hook,
		      const struct rex_entry **found)
{
	const struct rex_entry *match = NULL;
	char list[1024] = "";
	size_t len = 0;
	int n = 0;

	for (uint32_t i = 0; i < p->n_entries; i++) {
		const struct rex_entry *e = p->entries[i];

		if (len < sizeof(list))
			len += snprintf(list + len, sizeof(list) - len, "%s%s:%s (%s)",
					len ? ", " : "", p->name, e->name, rex_hook_name(e->hook));
		if (entry ? strcmp(entry, e->name) : hook >= 0 && e->hook != (uint32_t)hook)
			continue;
		match = e;
		n++;
	}
	if (!n && entry)
		return rex_fail(-ENOENT, "program \"%s\" has no entry \"%s\"; it has: %s", p->name,
				entry, list);
	if (!n && hook >= 0)
		return rex_fail(-ENOENT, "program \"%s\" has no entry for hook %s; it has: %s",
				p->name, rex_hook_name(hook), list);
	if (!n)
		return rex_fail(-ENOENT, "program \"%s\" has no entries", p->name);
	if (n > 1)
		return rex_fail(-EINVAL, "program \"%s\" has several entries to choose from; name "
				"one: %s", p->name, list);
	if (hook >= 0 && match->hook != (uint32_t)hook)
		return rex_fail(-EINVAL, "entry \"%s:%s\" is for hook %s, not %s", p->name,
				match->name, rex_hook_name(match->hook), rex_hook_name(hook));
	*found = match;
	return 0;
}

int rex_program_map(const struct rex_program *p, const char *map, const struct rex_map **found)
{
	char list[1024] = "";

	for (uint32_t i = 0; i < p->n_maps; i++) {
		const struct rex_map *m = p->maps[i];
		size_t len = strlen(list);

		if (!strcmp(m->name, map)) {
			*found = m;
			return 0;
		}
		snprintf(list + len, sizeof(list) - len, "%s%s (%s)", len ? ", " : "", m->name,
			 rex_map_type_name(m->type));
	}
	return rex_fail(-ENOENT, "program \"%s\" has no map \"%s\"; it has: %s", p->name, map,
			*list ? list : "none");
}
