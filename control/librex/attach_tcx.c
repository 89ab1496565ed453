// SPDX-License-Identifier: GPL-2.0-only
/* tcx: links at an interface's ingress and egress, without a qdisc (Linux 6.6). */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf_abi.h"
#include "internal.h"

static uint32_t attach_type(enum rex_side side)
{
	return side == REX_INGRESS ? REX_TCX_INGRESS : REX_TCX_EGRESS;
}

/* ---- words ------------------------------------------------------------------------------- */

/* "12" of a BPF link, "prog-34" of a BPF program, as rex_link_id() has it. */
static int parse_relative(const char *word, const char *id, struct rex_target *t)
{
	uint64_t number;

	t->relative_is_program = !strncmp(id, "prog-", strlen("prog-"));
	if (t->relative_is_program)
		id += strlen("prog-");
	if (rex_word_number(id, UINT32_MAX, &number) || !number)
		return rex_word_bad(word, "needs the id of a BPF link, or prog-N for a BPF program without a "
				    "link; \"rexctl link list\" and \"bpftool net\" show them");
	t->relative = number;
	return 0;
}

static int parse_order(const char *word, struct rex_target *t)
{
	const char *id;

	if (!strcmp(word, "first"))
		t->order = REX_FIRST;
	else if (!strcmp(word, "last"))
		t->order = REX_LAST;
	else if (rex_word_key(word, "before", &id))
		t->order = REX_BEFORE;
	else if (rex_word_key(word, "after", &id))
		t->order = REX_AFTER;
	else
		return rex_word_bad(word, "is not an order: first, last, before=ID or after=ID");
	return t->order >= REX_BEFORE ? parse_relative(word, id, t) : 0;
}

static int parse(const char *const *words, size_t n, struct rex_target *t)
{
	int err = rex_parse_interface_side(words, n, t);

	return err || n < 3 ? err : parse_order(words[2], t);
}

/* ---- attach ------------------------------------------------------------------------------- */

/* libbpf knows of the order since its version 1.3. */
static int create_link(int prog_fd, int ifindex, const struct rex_target *t)
{
	struct rex_link_create attr = {
		.prog_fd = prog_fd, .target_ifindex = ifindex, .attach_type = attach_type(t->side),
		.relative = t->relative,
	};

	if (t->order == REX_FIRST || t->order == REX_BEFORE)
		attr.flags |= REX_F_BEFORE;
	if (t->order == REX_LAST || t->order == REX_AFTER)
		attr.flags |= REX_F_AFTER;
	if (t->order == REX_BEFORE || t->order == REX_AFTER)
		attr.flags |= REX_F_ID | (t->relative_is_program ? 0 : REX_F_LINK);
	return syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
}

/* The place before or behind which it was to be. */
static int refuse_relative(int err, const struct rex_target *t)
{
	char text[REX_TARGET_LEN];

	return rex_fail(err, "BPF %s %u is not at \"%s\": %s; \"rexctl link list --dev %s\" and "
			"\"bpftool net\" show what is", t->relative_is_program ? "program" : "link",
			t->relative, rex_target_text(t, text, sizeof(text)), rex_strerror(err), t->name);
}

static int attach(const struct attach *a)
{
	const struct rex_target *t = a->target;
	int ifindex = rex_if_index(t->name), prog_fd, fd, err;
	char text[REX_TARGET_LEN];
	struct bpf_object *obj;

	if (ifindex < 0)
		return ifindex;
	err = rex_shim_load(a->entry, &obj, &prog_fd);
	if (err)
		return err;
	fd = create_link(prog_fd, ifindex, t);
	if (fd < 0 && t->relative && errno != EPERM) {
		err = refuse_relative(-errno, t);
	} else if (fd < 0) {
		err = rex_fail(-errno, "cannot attach to \"%s\": %s%s",
			       rex_target_text(t, text, sizeof(text)), rex_strerror(errno),
			       errno == EINVAL ? "; tcx needs Linux 6.6, \"tc\" in its place works on "
			       "every kernel" : "");
	} else {
		err = rex_pin(a, t, fd);
		close(fd);
	}
	bpf_object__close(obj);
	return err;
}

#define MAX_PROGS 64			/* the kernel's limit for one place */

static int links_of(uint32_t ifindex, const char *ifname, enum rex_side side,
		    const struct rex_pins *pins, rex_add_link *add, void *data)
{
	uint32_t progs[MAX_PROGS], link_ids[MAX_PROGS] = {};
	struct rex_query query = {
		.ifindex = ifindex, .attach_type = attach_type(side), .count = MAX_PROGS,
		.prog_ids = (uintptr_t)progs, .link_ids = (uintptr_t)link_ids,
	};
	struct rex_link link = { .ifindex = ifindex };
	int err = 0;

	/* A kernel without tcx, or the interface has just gone: nothing of ours there. */
	if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)))
		return 0;
	link.target = (struct rex_target){ .at = REX_AT_TCX, .side = side, .pid = -1, .cpu = -1 };
	snprintf(link.target.name, sizeof(link.target.name), "%s", ifname);
	for (uint32_t i = 0; i < query.count && i < MAX_PROGS && err >= 0; i++) {
		const struct rex_pin *pin = rex_pins_find(pins, link_ids[i]);

		err = rex_shim_decode_id(progs[i], &link.slot, &link.cookie);
		link.prog_id = progs[i];
		link.link_id = link_ids[i];
		link.position = i + 1;
		snprintf(link.pin, sizeof(link.pin), "%s", pin ? pin->path : "");
		if (err > 0)
			err = add(&link, data);
	}
	return err < 0 ? err : 0;
}

static int list(struct list_at *at, const struct iface *iface, rex_add_link *add, void *data)
{
	int err = links_of(iface->index, iface->name, REX_INGRESS, at->pins, add, data);

	return err ? err : links_of(iface->index, iface->name, REX_EGRESS, at->pins, add, data);
}

/* Attached by somebody else without a link. */
static int detach(const struct rex_link *link)
{
	int fd = bpf_prog_get_fd_by_id(link->prog_id), err = 0;
	char text[REX_TARGET_LEN];

	if (fd < 0)
		return 0;		/* gone already */
	if (bpf_prog_detach2(fd, link->ifindex, attach_type(link->target.side)) && errno != ENOENT)
		err = rex_fail(-errno, "cannot detach from \"%s\": %s",
			       rex_target_text(&link->target, text, sizeof(text)), rex_strerror(errno));
	close(fd);
	return err;
}

const struct place rex_place_tcx = {
	.args = "IFACE[,IFACE...] ingress|egress [first|last|before=ID|after=ID]", .noun = "interface",
	.hook = REX_HOOK_TC, .max_words = 3, .has_side = true, .parse = parse,
	.resolve = rex_resolve_interface, .attach = attach, .list = list, .detach = detach,
};
