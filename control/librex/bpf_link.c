// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attachments that are BPF links: found in the kernel's list of links by the shims in
 * them, taken away by their pin.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bpf_abi.h"
#include "internal.h"

/* ---- what a link is attached to ------------------------------------------------------------ */

static void set_name(struct rex_target *t, const char *name)
{
	snprintf(t->name, sizeof(t->name), "%s", name ? : "");
}

/* Which of several kinds of places such links are for; 0 for types that have one. */
static uint32_t subtype(const struct rex_link_info *info)
{
	return info->type == REX_LINK_PERF_EVENT ? info->perf.type :
	       info->type == REX_LINK_TRACING ? info->tracing.attach_type : 0;
}

static void describe(struct link_walk *w, const struct rex_link_info *info, struct rex_link *link)
{
	for (enum rex_at at = 0; at < __REX_AT_MAX; at++) {
		const struct place *place = rex_place(at);

		if (place->link_type != info->type || place->link_subtype != subtype(info))
			continue;
		link->target.at = at;
		if (place->describe)
			place->describe(w, info, link);
		return;
	}
	link->unknown = true;
}

/* The kernel's word goes before the pin's, but it does not say everything. */
static void add_from_pin(const struct rex_pin *pin, struct rex_link *link)
{
	struct rex_target *t = &link->target;

	strcpy(link->pin, pin->path);
	if (!pin->has_target)
		return;
	if (link->unknown && rex_at_hook(pin->target.at) == rex_at_hook(t->at)) {
		*t = pin->target;	/* a kernel that does not tell what a perf link is */
		link->unknown = false;
	}
	if (pin->target.at != t->at)
		return;
	if (!*t->name)
		strcpy(t->name, pin->target.name);
	if (rex_place(t->at)->add_from_pin)
		rex_place(t->at)->add_from_pin(&pin->target, t);
	t->pid = pin->target.pid;
	t->cpu = pin->target.cpu;
	t->freq = pin->target.freq;
	t->period = pin->target.period;
}

/* ---- listing ------------------------------------------------------------------------------------ */

/*
 * Tracing links without an attach type are extensions, such as those of libxdp's dispatcher; they,
 * XDP and tcx links belong to an interface and are listed with it.
 */
static bool is_elsewhere(const struct rex_link_info *info)
{
	return info->type == REX_LINK_XDP || info->type == REX_LINK_TCX ||
	       (info->type == REX_LINK_TRACING && !info->tracing.attach_type);
}

static int look_at(struct link_walk *w, uint32_t id)
{
	struct rex_link_info info = {}, more = {};
	uint32_t len = sizeof(info);
	char name[REX_TARGET_LEN] = "";
	const struct rex_pin *pin;
	struct rex_link *link;
	int fd = bpf_link_get_fd_by_id(id), err;

	/* Gone, or somebody is just making it. */
	if (fd < 0)
		return errno == ENOENT || errno == EAGAIN ? 0 :
		       rex_fail(-errno, "cannot open BPF link %u: %s", id, rex_strerror(errno));
	link = calloc(1, sizeof(*link));
	err = !link ? rex_fail(-ENOMEM, "out of memory") :
	      bpf_obj_get_info_by_fd(fd, &info, &len) ?
	      rex_fail(-errno, "cannot read BPF link %u: %s", id, rex_strerror(errno)) : 0;
	if (err || is_elsewhere(&info))
		goto out;
	err = rex_shim_decode_id(info.prog_id, &link->slot, &link->cookie);
	if (err <= 0)
		goto out;
	err = 0;
	link->link_id = id;
	link->prog_id = info.prog_id;
	link->target.pid = link->target.cpu = -1;

	/* Once more for the name, which has another place for each type. */
	len = sizeof(more);
	if (info.type == REX_LINK_RAW_TRACEPOINT) {
		more.raw_tracepoint.name = (uintptr_t)name;
		more.raw_tracepoint.name_len = sizeof(name);
	} else if (info.type == REX_LINK_PERF_EVENT) {
		more.perf.probe.name = (uintptr_t)name;
		more.perf.probe.name_len = sizeof(name);
	}
	if (info.type == REX_LINK_RAW_TRACEPOINT || info.type == REX_LINK_PERF_EVENT)
		bpf_obj_get_info_by_fd(fd, &more, &len);
	set_name(&link->target, name);
	describe(w, &info, link);
	pin = rex_pins_find(w->pins, id);
	if (pin)
		add_from_pin(pin, link);
	err = w->add(link, w->data);
out:
	free(link);
	close(fd);
	return err;
}

int rex_bpf_links(const struct rex_pins *pins, rex_add_link *add, void *data)
{
	struct link_walk w = { .pins = pins, .add = add, .data = data };
	uint32_t id = 0;
	int err = 0;

	while (!err && !bpf_link_get_next_id(id, &id))
		err = look_at(&w, id);
	if (!err && errno != ENOENT)
		err = rex_fail(-errno, "cannot list BPF links: %s", rex_strerror(errno));
	btf__free(w.vmlinux);
	return err;
}

/* ---- detaching ------------------------------------------------------------------------------------ */

static void pause_ms(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

/* The kernel frees a link a little after its last pin. */
static bool wait_gone(uint32_t id)
{
	for (int i = 0; i < 2000; i++) {
		int fd = bpf_link_get_fd_by_id(id);

		if (fd < 0)
			return errno == ENOENT;
		close(fd);
		pause_ms();
	}
	return false;
}

/* Whether a link that is not one of @links is of the same program. */
static bool is_linked(uint32_t prog_id, const struct rex_link *links, size_t n)
{
	uint32_t id = 0;

	while (!bpf_link_get_next_id(id, &id)) {
		struct rex_link_info info = {};
		uint32_t len = sizeof(info);
		int fd = bpf_link_get_fd_by_id(id), err;
		size_t i = 0;

		if (fd < 0)
			continue;
		err = bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
		while (i < n && links[i].link_id != id)
			i++;
		if (!err && info.prog_id == prog_id && i == n)
			return true;
	}
	return false;
}

/* The kernel forgets a link's id, then takes it off its place, and then gives up its program. */
void rex_detach_wait(const struct rex_link *links, size_t n)
{
	int tries = 5000;

	for (size_t i = 0; i < n; i++) {
		if (!links[i].prog_id || is_linked(links[i].prog_id, links, n))
			continue;
		while (tries-- > 0) {
			int fd = bpf_prog_get_fd_by_id(links[i].prog_id);

			if (fd < 0)
				break;
			close(fd);
			pause_ms();
		}
	}
}

int rex_detach_bpf_link(const struct rex_link *link)
{
	char text[REX_TARGET_LEN];
	bool detached = false;
	int fd, err;

	fd = bpf_link_get_fd_by_id(link->link_id);
	if (fd >= 0) {
		/* Only some kinds can be detached while somebody holds them. */
		detached = !bpf_link_detach(fd);
		close(fd);
	}
	if (*link->pin) {
		err = rex_unpin(link->pin);
		if (err)
			return err;
	}
	if (detached || wait_gone(link->link_id))
		return 0;
	return rex_fail(-EBUSY, "\"%s\" is held by BPF link %u, which a process or another pin "
			"keeps (\"bpftool link show id %u\", \"find %s\"); end or remove that",
			rex_link_text(link, text, sizeof(text)), link->link_id, link->link_id,
			"/sys/fs/bpf");
}
