// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where GETs are answered. Interfaces go and come again, are renamed and get other programs: at each
 * look, the name that was given leads to an interface, and XDP there is ours or not.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <rex/librex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "devs.h"
#include "patience.h"
#include "why.h"

#define RETRY_MS	1000
#define VLANS_MS	1000
#define MAX_ERRORS	10		/* in a row: an interface may just be coming or going */

/* ---- whether a program is ours ------------------------------------------------------------------- */

static bool has_bpf_link(uint32_t id)
{
	int fd = bpf_link_get_fd_by_id(id);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Our attachment to the interface @index, in *@found. Whether it could be told. */
static bool find_ours(const struct rex_program *p, uint32_t index, struct rex_link *found)
{
	const struct rex_entry *entry;
	struct rex_link *links = NULL;
	size_t n = 0;

	memset(found, 0, sizeof(*found));
	if (rex_program_entry(p, "ingress", rex_at_hook(REX_AT_XDP), &entry) ||
	    rex_link_list_here(&links, &n)) {
		refuse_rex();
		return false;
	}
	for (size_t i = 0; i < n; i++)
		if (!links[i].unknown && links[i].target.at == REX_AT_XDP &&
		    links[i].ifindex == index && rex_link_is(&links[i], entry))
			*found = links[i];
	free(links);
	return true;
}

/* Whether it is ours now; looks into a dispatcher only when it is not the one that was looked into. */
static int see_xdp(const struct rex_program *p, const struct bmc_if *is, struct bmc_dev *d)
{
	struct rex_link ours;

	if (d->seen && !memcmp(d->xdp, is->xdp, sizeof(d->xdp)) && d->seen == is->index &&
	    (!d->link || has_bpf_link(d->link)))
		return 0;
	d->seen = 0;
	/* A dispatcher that was exchanged between two system calls: look again. */
	if (!find_ours(p, is->index, &ours))
		return 1;
	d->ours = ours.ifindex;
	d->mode = ours.target.mode;
	d->link = ours.link_id;
	memcpy(d->xdp, is->xdp, sizeof(d->xdp));
	d->seen = is->index;
	return 0;
}

/* ---- to attach and detach ------------------------------------------------------------------------- */

static int put_on(const struct rex_program *p, const struct bmc_if *is, struct bmc_dev *d)
{
	struct rex_target target = { .at = REX_AT_XDP, .pid = -1, .cpu = -1 };
	const struct rex_entry *entry;

	strcpy(target.name, is->name);
	target.mode = d->fixed != REX_XDP_ANY ? d->fixed :
		      if_needs_generic(is) ? REX_XDP_GENERIC : REX_XDP_ANY;
	d->seen = 0;
	return rex_program_entry(p, "ingress", rex_at_hook(REX_AT_XDP), &entry) ||
	       rex_attach(p, entry, &target) ? refuse_rex() : 0;
}

static int take_off(const struct rex_program *p, uint32_t index, struct bmc_dev *d)
{
	struct rex_link ours;

	d->seen = 0;
	if (!find_ours(p, index, &ours))
		return 1;
	return ours.ifindex && rex_detach(&ours) ? refuse_rex() : 0;
}

/* What libxdp left of an interface that has gone. */
static int clean_up(const struct rex_program *p)
{
	return rex_leftovers_remove(p) < 0 ? refuse_rex() : 0;
}

/* ---- what there is to say ---------------------------------------------------------------------------- */

const char *dev_mode_name(const struct bmc_dev *d)
{
	return !d->ours ? "none" : d->mode == REX_XDP_GENERIC ? "generic" : "native";
}

const char *dev_text(const struct bmc_dev *d, char *text, size_t size)
{
	if (!d->ours)
		snprintf(text, size, "%s, %s", d->wanted, d->note);
	else if (!strcmp(d->wanted, d->name))
		snprintf(text, size, "%s (%s)", d->wanted, dev_mode_name(d));
	else
		snprintf(text, size, "%s (called %s now, %s)", d->wanted, d->name, dev_mode_name(d));
	return text;
}

bool devs_answer(const struct bmc_dev *devs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (devs[i].ours)
			return true;
	return false;
}

static void say_other(const struct bmc_if *is, struct bmc_dev *d)
{
	uint32_t id = is->xdp[0] ? is->xdp[0] : is->xdp[1] ? is->xdp[1] : is->xdp[2];

	if (id)
		snprintf(d->note, sizeof(d->note), "where another XDP program (BPF program %u) has taken "
			 "our place: no hits there until \"rexctl bmc stop\" and start", id);
	else
		snprintf(d->note, sizeof(d->note), "where XDP was detached by another process: no hits there "
			 "until \"rexctl bmc stop\" and start");
}

/* ---- one look ------------------------------------------------------------------------------------------ */

/* The name leads nowhere: the interface was deleted, or is called something else. */
static int see_none(const struct rex_program *p, struct bmc_dev *d)
{
	struct bmc_if is = {};

	if (d->index && if_find(NULL, d->index, &is))
		return 1;
	if (!is.index) {
		d->index = d->seen = 0;
		d->ours = false;
		snprintf(d->note, sizeof(d->note), "which does not exist now: no hits there until it "
			 "comes back");
		return 0;
	}
	if (see_xdp(p, &is, d))
		return 1;
	strcpy(d->name, is.name);
	if (d->ours)
		*d->note = '\0';
	else
		say_other(&is, d);
	return 0;
}

void dev_see(const struct rex_program *p, struct bmc_dev *d)
{
	struct bmc_if is;

	if (if_find(d->wanted, 0, &is)) {
		snprintf(d->note, sizeof(d->note), "which could not be looked at: %s", why());
		return;
	}
	if (!is.index) {
		see_none(p, d);
		return;
	}
	strcpy(d->name, is.name);
	if (see_xdp(p, &is, d)) {
		d->ours = false;
		snprintf(d->note, sizeof(d->note), "which could not be looked at: %s", why());
	} else if (d->ours) {
		*d->note = '\0';
	} else if (!*d->note) {
		say_other(&is, d);
	}
}

static int try_on(const struct rex_program *p, const struct bmc_if *is, struct bmc_dev *d)
{
	if (now_ms() < d->try_at)
		return 0;
	d->try_at = now_ms() + RETRY_MS;
	if (if_check_vlans(is) || put_on(p, is, d)) {
		snprintf(d->note, sizeof(d->note), "where it cannot be attached: %s", why());
		return 0;
	}
	d->off = false;
	*d->note = '\0';
	return see_xdp(p, is, d);
}

/* What held when it was attached, and may end. */
static int check_again(const struct rex_program *p, const struct bmc_if *is, struct bmc_dev *d)
{
	if (d->fixed == REX_XDP_ANY && d->mode == REX_XDP_NATIVE && if_needs_generic(is)) {
		if (take_off(p, is->index, d))
			return 1;
		d->ours = false;
		d->off = true;
		d->try_at = 0;
		return try_on(p, is, d);
	}
	if (now_ms() < d->vlans_at)
		return 0;
	d->vlans_at = now_ms() + VLANS_MS;
	if (!if_check_vlans(is))
		return 0;
	snprintf(d->note, sizeof(d->note), "where there are no hits: %s", why());
	d->ours = false;
	d->off = true;
	return take_off(p, is->index, d);
}

static int look(const struct rex_program *p, struct bmc_dev *d)
{
	uint32_t was = d->index;
	struct bmc_if is;

	if (if_find(d->wanted, 0, &is))
		return 1;
	if (!is.index)
		return see_none(p, d) || (was && !d->index && clean_up(p));
	strcpy(d->name, is.name);
	if (is.index != was) {
		/* Another one has the name; that which had it may still be there. */
		if (was && (take_off(p, was, d) || clean_up(p)))
			return 1;
		d->index = is.index;
		d->ours = false;
		d->off = true;
		d->try_at = 0;
	}
	if (see_xdp(p, &is, d))
		return 1;
	if (d->ours) {
		d->off = false;
		*d->note = '\0';
		return check_again(p, &is, d);
	}
	if (d->off)
		return try_on(p, &is, d);
	say_other(&is, d);
	return 0;
}

void dev_look(const struct rex_program *p, struct bmc_dev *d)
{
	if (!look(p, d)) {
		d->errors = 0;
	} else if (++d->errors >= MAX_ERRORS) {
		d->ours = false;
		snprintf(d->note, sizeof(d->note), "which cannot be looked at: %s", why());
	}
}

int devs_attach(const struct rex_program *p, struct bmc_dev *devs, size_t n)
{
	struct bmc_if is;

	for (size_t i = 0; i < n; i++) {
		struct bmc_dev *d = &devs[i];

		if (if_find(d->wanted, 0, &is))
			return 1;
		if (!is.index)
			return refuse("there is no interface \"%s\" any more", d->wanted);
		strcpy(d->name, is.name);
		d->index = is.index;
		if (put_on(p, &is, d) || see_xdp(p, &is, d))
			return 1;
	}
	return 0;
}
