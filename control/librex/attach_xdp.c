// SPDX-License-Identifier: GPL-2.0-only
/* XDP attachments, through libxdp: our shims chain with other people's programs. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "internal.h"

static enum xdp_attach_mode to_libxdp(enum rex_xdp_mode mode)
{
	switch (mode) {
	case REX_XDP_NATIVE:
		return XDP_MODE_NATIVE;
	case REX_XDP_GENERIC:
		return XDP_MODE_SKB;
	case REX_XDP_OFFLOAD:
		return XDP_MODE_HW;
	default:
		return XDP_MODE_UNSPEC;
	}
}

static enum rex_xdp_mode from_libxdp(enum xdp_attach_mode mode)
{
	switch (mode) {
	case XDP_MODE_NATIVE:
		return REX_XDP_NATIVE;
	case XDP_MODE_SKB:
		return REX_XDP_GENERIC;
	case XDP_MODE_HW:
		return REX_XDP_OFFLOAD;
	default:
		return REX_XDP_ANY;
	}
}

/*
 * libxdp keeps its dispatcher alive by pins there. It would also mount a private
 * bpffs in "ip netns exec" (which has a /sys of its own), and the program would be
 * off again as soon as that command ends.
 */
static int check_bpffs(void)
{
	return rex_bpffs_check(getenv("LIBXDP_BPFFS"));
}

int rex_attach_xdp(const struct attach *a)
{
	enum rex_xdp_mode mode = a->target->mode;
	const char *ifname = a->target->name;
	struct xdp_program *xp;
	struct bpf_program *prog;
	struct bpf_object *obj;
	int ifindex = rex_if_index(ifname), err;

	if (ifindex < 0)
		return ifindex;
	err = check_bpffs();
	if (!err)
		err = rex_shim_open(a->entry, &obj, &prog);
	if (err)
		return err;

	xp = xdp_program__from_bpf_obj(obj, bpf_program__section_name(prog));
	err = libxdp_get_error(xp);
	if (err) {
		rex_fail(err, "libxdp does not take the shim: %s", strerror(-err));
		goto out;
	}
	/* else libxdp takes the section's name for it */
	err = xdp_program__set_xdp_frags_support(xp, a->entry->flags & REX_ENTRY_FRAGS);
	if (!err)
		err = xdp_program__attach(xp, ifindex, to_libxdp(mode), 0);
	switch (err) {
	case 0:
		break;
	case -EBUSY:
	case -EEXIST:
		rex_fail(err, "\"%s\" has an XDP program that does not share the interface (not "
			 "loaded through libxdp), or one in another mode: see \"xdp-loader status "
			 "%s\" and detach that one first", ifname, ifname);
		break;
	case -EOPNOTSUPP:
	case -EINVAL:
		rex_fail(err, "the driver of \"%s\" does not take an XDP program%s: %s%s%s; \"rexctl "
			 "attach PROGRAM xdp %s generic\" works with every driver", ifname,
			 mode == REX_XDP_NATIVE ? " in native mode" : "", strerror(-err),
			 *rex_log_text() ? ": " : "", rex_log_text(), ifname);
		break;
	default:
		rex_fail(err, "cannot attach to \"%s\": %s%s%s", ifname, rex_strerror(err),
			 *rex_log_text() ? ": " : "", rex_log_text());
	}
	xdp_program__close(xp);
out:
	bpf_object__close(obj);
	return err;
}

/* ---- what is attached --------------------------------------------------------------------- */

/*
 * The dispatcher of an interface, NULL for none. A program that was replaced between
 * two system calls reads as an error; libxdp then has to look again.
 */
static int get_multiprog(uint32_t ifindex, const char *ifname, struct xdp_multiprog **out)
{
	struct xdp_multiprog *mp;
	uint32_t id = 0;
	int err = 0;

	*out = NULL;
	for (int tries = 0; tries < 3; tries++) {
		if (bpf_xdp_query_id(ifindex, 0, &id) || !id)
			return 0;
		rex_log_reset();
		mp = xdp_multiprog__get_from_ifindex(ifindex);
		err = libxdp_get_error(mp);
		if (!err) {
			*out = mp;
			return 0;
		}
		if (err != -ENOENT)
			break;
	}
	return rex_fail(err, "cannot read the XDP programs of \"%s\": %s%s%s", ifname,
			rex_strerror(err), *rex_log_text() ? ": " : "", rex_log_text());
}

int rex_xdp_links(uint32_t ifindex, const char *ifname, rex_add_link *add, void *data)
{
	struct xdp_program *xp = NULL;
	struct xdp_multiprog *mp;
	int err = get_multiprog(ifindex, ifname, &mp);

	if (err || !mp)
		return err;
	while (!err && (xp = xdp_multiprog__next_prog(xp, mp))) {
		struct rex_link link = {
			.target = { .at = REX_AT_XDP, .pid = -1, .cpu = -1 },
			.ifindex = ifindex,
			.prog_id = xdp_program__id(xp),
			.chained = !xdp_multiprog__is_legacy(mp),
		};

		link.target.mode = from_libxdp(xdp_multiprog__attach_mode(mp));
		snprintf(link.target.name, sizeof(link.target.name), "%s", ifname);
		err = rex_shim_decode_id(link.prog_id, &link.slot, &link.cookie);
		if (err > 0)
			err = add(&link, data);
	}
	xdp_multiprog__close(mp);
	return err;
}

/* A shim alone on its interface, without a dispatcher (a kernel without freplace). */
static int detach_legacy(const struct rex_link *link)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	int fd = bpf_prog_get_fd_by_id(link->prog_id), err;
	uint32_t flags = link->target.mode == REX_XDP_GENERIC ? XDP_FLAGS_SKB_MODE :
			 link->target.mode == REX_XDP_NATIVE ? XDP_FLAGS_DRV_MODE : 0;

	if (fd < 0)
		return -errno;
	opts.old_prog_fd = fd;		/* nobody else's, should it have changed meanwhile */
	err = bpf_xdp_detach(link->ifindex, flags | XDP_FLAGS_REPLACE, &opts);
	close(fd);
	return err;
}

int rex_detach_xdp(const struct rex_link *link)
{
	struct xdp_program *xp = NULL;
	struct xdp_multiprog *mp;
	int err;

	err = link->chained ? check_bpffs() : 0;
	if (!err)
		err = get_multiprog(link->ifindex, link->target.name, &mp);
	if (err)
		return err;
	while (mp && (xp = xdp_multiprog__next_prog(xp, mp)))
		if (xdp_program__id(xp) == link->prog_id)
			break;
	if (!xp) {
		xdp_multiprog__close(mp);
		return 0;		/* gone already */
	}
	if (xdp_multiprog__is_legacy(mp))
		err = detach_legacy(link);
	else
		err = xdp_program__detach(xp, link->ifindex, xdp_multiprog__attach_mode(mp), 0);
	if (err)
		rex_fail(err, "cannot detach from \"%s\": %s%s%s", link->target.name, rex_strerror(err),
			 *rex_log_text() ? ": " : "", rex_log_text());
	xdp_multiprog__close(mp);
	return err;
}
