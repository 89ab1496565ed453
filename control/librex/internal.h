/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of librex share. */
#ifndef _LIBREX_INTERNAL_H
#define _LIBREX_INTERNAL_H

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/genetlink.h>
#include <rex/librex.h>

#undef ARRAY_SIZE	/* libiberty has one too */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define __printf(f, a) __attribute__((format(printf, f, a)))

/* ---- error.c */
/* Set the error text; returns @err (negative), to be used as "return rex_fail(-EINVAL, ...)". */
int rex_fail(int err, const char *fmt, ...) __printf(2, 3);
/* Put "text: " in front of the error text. */
int rex_fail_in(int err, const char *fmt, ...) __printf(2, 3);
/* "Operation not permitted" and, for -EPERM, what is missing. */
const char *rex_strerror(int err);

/* ---- genl.c */
struct nl {
	struct mnl_socket *sk;
	uint32_t portid, seq;
	uint16_t family;		/* generic netlink: resolved family id */
	uint8_t version;
	uint32_t group;			/* resolved multicast group; 0: none */
	char extack[256];		/* the kernel's own words on the last request, or "" */
};

#define NL_BUF 8192			/* for building requests */

int nl_open(struct nl *nl, int bus);
void nl_close(struct nl *nl);
/* -ENOENT (no text set) when there is no such family. @group may be NULL. */
int genl_resolve(struct nl *nl, const char *family, const char *group);
/* Start a request in @buf (NL_BUF bytes). */
struct nlmsghdr *genl_request(struct nl *nl, void *buf, uint8_t cmd, uint16_t flags);
/*
 * Send @req and feed each answer to @cb (may be NULL) until the kernel has said how it
 * ended. Returns that: 0 or a negative errno, with nl->extack. No error text is set
 * except for failures of the socket itself. -EINTR: a dump changed under our hands.
 */
int nl_talk(struct nl *nl, struct nlmsghdr *req, mnl_cb_t cb, void *data);
/* The kernel's words for an error of nl_talk(): extack if there is one, else strerror. */
const char *nl_reason(const struct nl *nl, int err);

struct rex {
	struct nl nl;
};

/* ---- program.c */
/* Fill @program from the PROG_* attributes of a message of family rex. */
int rex_program_parse(const struct nlmsghdr *nlh, struct rex_program *program);

/* ---- check.c / module.c */
struct image {
	void *data;
	size_t size;
	int fd;				/* still open, of the same file */
};
int rex_image_read(const char *path, struct image *image);
void rex_image_free(struct image *image);
/* finit_module with the kernel's refusal explained. @name: the module's. */
int rex_module_insert(const struct image *image, const char *path, const char *name,
		      const char *vermagic);
int rex_module_remove(const char *name);
/* The same to clean up: leaves the error text alone. */
void rex_module_undo(const char *name);
bool rex_module_present(const char *name);
/* The value of modinfo @key in @image into @value; -ENOENT when there is none. */
int rex_image_modinfo(const void *data, size_t size, const char *key, char *value, size_t max);

/* ---- maps.c */
int rex_maps_bind(struct rex *rex, const struct rex_program *program);

/* ---- shim.c */
struct bpf_program;
/* Open (not load) the shim for @entry; close with bpf_object__close(). */
int rex_shim_open(const struct rex_entry *entry, struct bpf_object **obj,
		  struct bpf_program **prog);
/* 1 and slot and cookie when the BPF program @id (or @fd) is a shim, 0 when it is not. */
int rex_shim_decode(int fd, uint32_t *slot, uint64_t *cookie);
int rex_shim_decode_id(uint32_t id, uint32_t *slot, uint64_t *cookie);
/* What libbpf and libxdp said since rex_log_reset(); "" when nothing. */
void rex_log_reset(void);
const char *rex_log_text(void);

/* ---- attach_*.c */
int rex_if_index(const char *ifname);	/* or a negative errno, text set */
int rex_xdp_links(uint32_t ifindex, const char *ifname,
		  int (*add)(const struct rex_link *link, void *data), void *data);
int rex_detach_xdp(const struct rex_link *link);
int rex_tc_links(struct nl *nl, uint32_t ifindex, const char *ifname,
		 int (*add)(const struct rex_link *link, void *data), void *data);
int rex_detach_tc(const struct rex_link *link);
/* -EEXIST when @entry is already attached so; 0 when it is not. */
int rex_link_check_new(const struct rex_entry *entry, uint32_t ifindex, int side);

#endif /* _LIBREX_INTERNAL_H */
