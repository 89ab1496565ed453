/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of librex share. */
#ifndef _LIBREX_INTERNAL_H
#define _LIBREX_INTERNAL_H

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/genetlink.h>
#include <rex/librex.h>
#include <rex_version.h>

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

/*
 * Options of a caller who may be older (@from is shorter: the rest is 0) or newer (the rest has to
 * be 0) than this library, into @to. Both begin with their size. @from may be NULL.
 */
int rex_opts(void *to, size_t size, const void *from);
/* What was found out, @from, to a caller who may be older or newer, as @to->sz says. */
int rex_opts_give(void *to, const void *from, size_t size);

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

/* ---- tables.c */
/* The entries and maps of a program or file, with their names, behind its pointers to them. */
struct tables {
	const struct rex_entry *entry[REX_MAX_ENTRIES];
	const struct rex_map *map[REX_MAX_MAPS];
	struct own_entry {
		struct rex_entry pub;
		char name[REX_NAME_LEN];
	} entries[REX_MAX_ENTRIES];
	struct own_map {
		struct rex_map pub;
		char name[REX_MAP_NAME_LEN];
	} maps[REX_MAX_MAPS];
};
void tables_init(struct tables *t);

/* A program file, as it was checked: what is public first. */
struct own_file {
	struct rex_file pub;
	char name[REX_NAME_LEN], rexc[32], vermagic[128];
	struct tables tables;
	bool traces;		/* it imports rex_trace_printk() */
};

/* A module's file, as it was read. */
struct image {
	void *data;
	size_t size;
};

/* ---- program.c */
/* A number of any size; of others than those that there are, 0. */
uint64_t rex_attr_uint(const struct nlattr *attr);
/* A program from the PROG_* attributes of a message of family rex. */
int rex_program_parse(const struct nlmsghdr *nlh, struct rex_program **program);

/* When its module goes: park it (REX_A_PROG_PARK) or not. */
int rex_program_park(struct rex *rex, const char *name, bool on);

/* ---- load.c */
/* @keep: should it fail, leave the program parked. */
int rex_insert_and_bind(struct rex *rex, const struct image *image, const char *path,
			const struct rex_file *file, const struct rex_map_size *sizes, size_t n_sizes,
			bool keep, struct rex_program **program);

/* ---- replace.c */
/* Whether the program in @file can take over all that is attached to @p. */
int rex_check_successor(const struct rex_program *p, const struct rex_file *file, const char *path);

/* ---- helpers.c */
/*
 * Bind the kernel's eBPF helpers that rex.ko can use and does not have yet. Helpers
 * that this kernel or this rex.ko does not know are passed over: programs get
 * -EOPNOTSUPP from what needs them. bpf_trace_printk() is bound for @file only if that calls it: with
 * it, the kernel enables an event, and notes the name of each task at every switch from then on.
 */
int rex_helpers_bind(struct rex *rex, const struct own_file *file);
/* How many of the kernel's helpers that Rex uses at @hook it has not, and which; -EPERM: not root. */
int rex_helpers_missing(uint32_t hook, char *names, size_t size);

/* Those that are bound: rex_info() with them. */
#define MAX_HELPERS 256
struct helpers {
	struct rex_info info;
	struct {
		uint32_t hook;		/* enum rex_hook */
		uint32_t id;		/* enum bpf_func_id */
	} bound[MAX_HELPERS];
};
int rex_helpers_get(struct rex *rex, struct helpers *helpers);

/* ---- check.c / module.c */
/* As rex_check_file(), of @size bytes; @what names them in error texts. */
int rex_check_image(const void *image, size_t size, const char *what, struct own_file *file);
int rex_image_read(const char *path, struct image *image);
void rex_image_free(struct image *image);
/* Whether a module with that vermagic is for the running kernel; else fails with @err. */
int rex_module_check_kernel(int err, const char *path, const char *vermagic);
/* Whether a module signature is appended. */
bool rex_image_signed(const struct image *image);
/* init_module with the kernel's refusal explained. @name: the module's; @options: its parameters. */
int rex_module_insert(const struct image *image, const char *path, const char *name,
		      const char *vermagic, const char *options);
int rex_module_remove(const char *name);
/* Which of all modules that ever had that name is loaded; 0: none. */
uint64_t rex_module_instance(const char *name);
/* To clean up: removes that one and no other, and leaves the error text alone. */
void rex_module_undo(const char *name, uint64_t instance);
bool rex_module_present(const char *name);
/* Each named symbol of a module's file, until @fn returns something else than 0. Nothing if it is damaged. */
void rex_image_symbols(const struct image *image, int (*fn)(const char *name, bool defined, void *data),
		       void *data);
/* Where load finds rex.ko when it is not loaded; -ENOENT: nowhere. */
int rex_runtime_find(char *path, size_t size);
/* The value of modinfo @key in @image into @value; -ENOENT when there is none. */
int rex_image_modinfo(const void *data, size_t size, const char *key, char *value, size_t max);

/* ---- maps.c */
/* @sizes: for those maps that are not to be of the size that the program says. */
int rex_maps_bind(struct rex *rex, const struct rex_program *program,
		  const struct rex_map_size *sizes, size_t n_sizes);

/* ---- shim.c */
struct bpf_program;
/*
 * Ids of loaded shims of @entry, attached or not, in any namespace. Returns how many
 * there are (at most @max are stored), or a negative errno.
 */
int rex_shim_ids(const struct rex_entry *entry, uint32_t *ids, int max);
/*
 * Open (not load) the shim for @entry; close with bpf_object__close(). *@map_fd is to stay open until it
 * is loaded; -1: none.
 */
int rex_shim_open(const struct rex_entry *entry, struct bpf_object **obj, struct bpf_program **prog,
		  int *map_fd);
/* 1 and slot and cookie when the BPF program @id (or @fd) is a shim, 0 when it is not. */
int rex_shim_decode(int fd, uint32_t *slot, uint64_t *cookie);
int rex_shim_decode_id(uint32_t id, uint32_t *slot, uint64_t *cookie);
/* ---- filter.c */
bool rex_filter_has_map(const struct rex_filter *filter);
bool rex_filter_is_map(const struct rex_filter *filter, const char *map);
/* Whether the filter of @entry is one that there is a shim for; and, with the maps, its map. */
int rex_filter_check(const struct rex_entry *entry);
int rex_filter_check_map(const struct rex_entry *entry, const struct rex_map *const *maps, uint32_t n);

/* ---- args.c */
struct traced_args {
	uint32_t n;			/* of struct rex_args */
	uint32_t by_helper;		/* bits: the verifier does not let a program load these */
	bool returns, ret_by_helper;
};
/* Those of a kernel function; none, if BTF has no such. */
void rex_traced_args(const char *function, struct traced_args *args);
/* Put the instructions that copy them into @room (REX_SHIM_ARGS_ROOM). */
int rex_args_patch(const struct rex_entry *entry, const struct traced_args *args, struct bpf_insn *room);

/* ---- filter_shim.c */
/* Whether it can read the frames of that interface. */
int rex_filter_check_iface(const struct rex_entry *entry, const char *iface);
/* Put the instructions into @room (REX_SHIM_ROOM), and the fd that they use into *@map_fd, if any. */
int rex_filter_patch(const struct rex_entry *entry, struct bpf_insn *room, int *map_fd);

/* What libbpf and libxdp said since rex_log_reset(); "" when nothing. */
void rex_log_reset(void);
const char *rex_log_text(void);
void rex_log_set(const char *text);	/* as another process said it */
/* Of that the kernel's own reason (extack), or "". */
const char *rex_log_reason(void);
/* Each shim that is loaded, until @fn returns something else than 0: returns that. */
struct rex_shim {
	uint32_t id, slot;
	uint64_t cookie;
};
int rex_shim_each(int (*fn)(const struct rex_shim *shim, void *data), void *data);

/* ---- child.c */
/* Call @fn in a process of its own; its result and error text become ours. */
int rex_in_child(int (*fn)(void *arg), void *arg);

/* ---- holder.c */
/* Which process has the BPF program or link (0: any) open, into @text. */
bool rex_process_holds(uint32_t prog_id, uint32_t link_id, char *text, size_t size);
/* The same for a program, and pins of it. */
bool rex_holder(uint32_t prog_id, char *text, size_t size);

/* ---- netns.c */
/* The network namespace of a process, by its directory in /proc; 0: it is not to be seen. */
uint64_t rex_netns_ino(const char *process);
/* Enter the network namespace of @link; -ENOENT: it has gone. No error text. */
int rex_netns_enter(const struct rex_link *link, int *back);
void rex_netns_leave(int back);
/*
 * Call @fn in every network namespace that can be entered, ours (@ino 0) first. @deep: also in those
 * that only an open file or a thread keeps.
 */
typedef int rex_netns_fn(const char *netns, uint64_t ino, void *data);
int rex_netns_each(bool deep, rex_netns_fn *fn, void *data);

/* ---- iface.c */
struct iface {
	uint32_t index, master, below;	/* below: that it lies upon, as a VLAN does */
	uint16_t type;			/* ARPHRD_* */
	uint32_t peer;			/* of a veth, in the same network namespace */
	char name[IF_NAMESIZE], kind[32];
	uint32_t xdp[REX_XDP_OFFLOAD + 1];	/* BPF program by enum rex_xdp_mode */
};
struct ifaces {
	struct iface *list;
	size_t n;
	bool failed;
};
int rex_ifaces_read(struct nl *nl, struct ifaces *all);
void rex_ifaces_free(struct ifaces *all);
/* The name of the interface that has @name as its name or an alternative one. */
int rex_if_name(const char *name, char real[IF_NAMESIZE]);
/* By any of its names. */
int rex_iface_find(const char *name, struct iface *iface);
int rex_iface_get(uint32_t index, struct iface *iface);	/* -ENODEV has no text */
int rex_if_index(const char *name);	/* or a negative errno, text set */
/* Whether an interface above it has an XDP program, and which one. */
bool rex_iface_above(const struct iface *iface, char above[IF_NAMESIZE]);
/* Whether the driver takes XDP in native mode; -1: the kernel does not tell. */
int rex_iface_native(uint32_t index);
/* NETDEV_XDP_ACT_* of its driver; -1: the kernel does not tell. */
int64_t rex_iface_xdp_features(uint32_t index);
/* One page, less the room in front of the frame and behind it: what drivers take without frags. */
#define REX_XDP_SINGLE_MTU 3498
#define REX_XDP_BASIC (1u << 0)
#define REX_XDP_RX_SG (1u << 5)

/* ---- dispatcher.c */
/* Programs in the chains of libxdp; not only ours. */
struct chains {
	size_t n;
	struct chained {
		uint32_t link_id, prog_id, dispatcher, slot, btf_id;
		uint64_t cookie;
		bool ours, attached;	/* attached: its dispatcher was found at an interface */
	} *list;
};
int rex_chains_read(struct chains *chains);
void rex_chains_free(struct chains *chains);
bool rex_chains_same(const struct chains *a, const struct chains *b);
struct dispatcher_pins {
	char mount[1024], path[1400];
	uint32_t ifindex;		/* in the name of the directory */
};
bool rex_dispatcher_find(uint32_t dispatcher, struct dispatcher_pins *pins);
/* Remove the pins of a dispatcher that is attached nowhere; how many directories. */
int rex_dispatcher_unpin(uint32_t dispatcher);
/* Directories of pins with nothing in them. */
void rex_dispatcher_clean(void);
/* ---- dispatcher_conf.c */
/* Where in its chain @chained is, into ->position, ->priority and ->actions; 0 what is not known. */
void rex_chain_place(const struct chained *chained, struct rex_link *link);
#define REX_XDP_PRIORITY 50		/* libxdp's default */

/* ---- dispatcher.c */
int rex_dispatcher_renumber(const struct dispatcher_pins *pins, uint32_t dispatcher,
			    uint32_t ifindex);

/* ---- bpffs.c */
/* A directory of a bpf file system in which nobody else can touch what is ours, as an fd. */
int rex_bpffs_open(const char *path);
/* Whether nobody else can write to @fd: neither to what is ours, nor new names. */
int rex_bpffs_private(int fd, const char *path);
/* The same for @name in @parent; @path for the error text. -ENOENT has none. */
int rex_bpffs_dir(int parent, const char *name, bool make, const char *path);
/* MOUNT/xdp, where libxdp's pins are, as an fd; or -1, and no error text. */
int rex_bpffs_xdp(const char *mount);
/* Make it if it is not there; refuse it if others can write there. */
int rex_bpffs_check_xdp(const char *mount);

/* ---- text.c */
/* As rex_target_text(), with @blank between the words. */
#define REX_N_ACTIONS (XDP_REDIRECT + 1)
const char *rex_xdp_action(uint32_t action);
const char *rex_target_join(const struct rex_target *t, char blank, char *text, size_t size);

/* ---- words.c */
/* "word" and what is wrong with it; -EINVAL. */
int rex_word_bad(const char *word, const char *what);
/* @what: what is wrong when @len is too long. */
int rex_word_copy(char *to, size_t size, const char *from, size_t len, const char *what);
/* Decimal, or hexadecimal behind 0x; all of @text. No error text. */
int rex_word_number(const char *text, uint64_t max, uint64_t *value);
int rex_word_side(const char *word, struct rex_target *t);
/* Whether @word is "@key=...", with the text behind it in *@value. */
bool rex_word_key(const char *word, const char *key, const char **value);
/* The number behind "@key=" in @word, from 1 to @max, into @field, which is 0 yet. */
int rex_word_key_number(const char *word, const char *key, uint32_t max, uint32_t *field);
bool rex_word_is_symbol(const char *text, size_t len);
int rex_word_interface(const char *word, struct rex_target *t);
int rex_parse_interface_side(const char *const *words, size_t n, struct rex_target *t);
int rex_resolve_interface(struct rex_target *t);
void rex_resolve_file(struct rex_target *t);

/* ---- ksym.c */
/* Why the kernel function @name cannot be traced, into @text. */
const char *rex_ksym_why(const char *name, char *text, size_t size);

/* ---- suggest.c */
struct suggest {
	const char *word;		/* what was not found */
	size_t n;
	char best[3][128];
	unsigned int score[3];
	char text[512];
};
void suggest_add(struct suggest *s, const char *candidate);
/* "; did you mean "x"?", or "" */
const char *suggest_text(struct suggest *s);

/* ---- pin.c */
struct attach;
int rex_pin(const struct attach *a, const struct rex_target *t, int link_fd);
/* Remove that pin again; leaves the error text alone. */
void rex_pin_undo(const struct attach *a, const struct rex_target *t);
int rex_unpin(const char *path);
/* All pins of a program: also those of links in other network namespaces. */
void rex_pins_remove(const char *program);
struct rex_pins {
	size_t n;
	struct rex_pin {
		uint32_t link_id;
		bool has_target;	/* the name could be read */
		char path[512];
		struct rex_target target;
	} *pin;
};
/* All pinned links of ours (@parse: rex_target_parse); removes pins whose place is gone. */
typedef int rex_parse_fn(const char *const *words, size_t n, struct rex_target *target);
int rex_pins_scan(struct rex_pins *pins, rex_parse_fn *parse);
void rex_pins_free(struct rex_pins *pins);
const struct rex_pin *rex_pins_find(const struct rex_pins *pins, uint32_t link_id);

/* ---- bpf_link.c: attachments that are BPF links */
/*
 * Wait, 5 s at most, until the kernel has given up the shims of these links, which were detached: then
 * they do not run any more. Not for shims that other links have.
 */
void rex_detach_wait(const struct rex_link *links, size_t n);
typedef int rex_add_link(const struct rex_link *link, void *data);
int rex_bpf_links(const struct rex_pins *pins, rex_add_link *add, void *data);
int rex_detach_bpf_link(const struct rex_link *link);

/* ---- stream.c */
/*
 * Add the socket @fd to stream *@id, or to a new one of @entry, whose id goes there. No error text, as
 * of nl_talk(). @nl is resolved for rex.ko's family.
 */
int rex_stream_add(struct nl *nl, const struct rex_entry *entry, int fd, uint32_t *id);
int rex_stream_end(struct nl *nl, uint32_t id);
/* All streams, on which the sockets of servers are; none when rex.ko is not loaded. */
int rex_streams(rex_add_link *add, void *data);

/* ---- attach_*.c */
struct attach {
	const struct rex_program *program;
	const struct rex_entry *entry;
	const struct rex_target *target;	/* resolved, and complete */
	/* Whether it is attached there already: then -EEXIST. */
	int (*check_new)(const struct attach *a);
};

enum tc_qdisc { TC_NONE, TC_INGRESS, TC_CLSACT };
struct tc_qdiscs {
	struct tc_one {
		uint32_t ifindex;
		enum tc_qdisc kind;
	} *list;
	size_t n;
	bool failed;
};
int rex_tc_qdiscs(struct nl *nl, struct tc_qdiscs *all);
void rex_tc_qdiscs_free(struct tc_qdiscs *all);
/* ---- tc_block.c: in place of an interface */
struct nlmsghdr *tc_block_request(void *buf, uint16_t type, uint16_t flags, uint32_t block,
				  uint32_t priority, uint32_t handle);
/* -ENOENT has no text: there is no such block. */
int tc_block_attach(int prog_fd, const struct rex_target *t);
int tc_block_detach(const struct rex_link *link);
/* What a list of all interfaces has at hand. */
struct list_at {
	struct nl *nl;
	struct chains *chains;		/* those that are found are marked */
	const struct tc_qdiscs *qdiscs;	/* NULL: ask for that of the interface */
	const struct rex_pins *pins;
	uint32_t block;			/* of tc: this one, and no interface */
};

/* What a list of all BPF links has at hand. */
struct rex_link_info;
struct link_walk {
	const struct rex_pins *pins;
	struct btf *vmlinux;		/* loaded when the first tracing link needs it */
	rex_add_link *add;
	void *data;
};

/* A kind of place, all that is special about it: each is defined in one file, attach_*.c. */
struct place {
	const char *args;		/* the words behind its name, for a usage text */
	const char *noun;		/* what rex_target.name is */
	uint32_t hook;
	size_t max_words;		/* of ->args; at least one is needed */
	bool has_side;
	int (*parse)(const char *const *words, size_t n, struct rex_target *t);
	int (*resolve)(struct rex_target *t);
	/* Whether the names mean the same; NULL: equal names and offsets do. */
	bool (*same)(const struct rex_target *wanted, const struct rex_target *is);
	/* Loads the shim, attaches it, and pins the link. */
	int (*attach)(const struct attach *a);
	/* Of interfaces: what is attached there; and taking off what has no BPF link. */
	int (*list)(struct list_at *at, const struct iface *iface, rex_add_link *add, void *data);
	int (*detach)(const struct rex_link *link);
	/* Of others: which BPF links are of this kind, what they say, and what only a pin says. */
	uint32_t link_type, link_subtype;
	void (*describe)(struct link_walk *w, const struct rex_link_info *info, struct rex_link *link);
	void (*add_from_pin)(const struct rex_target *pin, struct rex_target *t);
};
#define __REX_PLACE(upper, lower) extern const struct place rex_place_##lower;
REX_PLACES(__REX_PLACE)
const struct place *rex_place(enum rex_at at);

/* ---- perf_link.c: kprobe, uprobe, tracepoint, perf_event */
struct perf_event_attr;
/* An event as an fd; @pid, @cpu -1: any. No error text. */
int rex_perf_open(struct perf_event_attr *attr, int pid, int cpu);
/* Attach @prog_fd to the event, enable it and pin the link for @a with target @t. */
int rex_perf_link(const struct attach *a, const struct rex_target *t, int prog_fd, int event_fd);
/* An attr of PMU "kprobe" or "uprobe". */
int rex_perf_probe(const char *pmu, bool ret, const char *name, uint64_t offset,
		   struct perf_event_attr *attr);

/* ---- elf_symbol.c */
/* Where in @path the function @symbol begins: the offset in the file. */
int rex_elf_symbol(const char *path, const char *symbol, uint64_t *offset);

#endif /* _LIBREX_INTERNAL_H */
