/* SPDX-License-Identifier: GPL-2.0-only */
/* A bare driver of rex.ko for its own tests: no librex, no rexctl. */
#ifndef DRIVE_H
#define DRIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <libmnl/libmnl.h>
#include <uapi/rex.h>

#define MAX_ITEMS 64

struct bpf_link;
struct bpf_object;

struct entry {
	char name[REX_NAME_LEN];
	__u32 hook, slot;
	__u64 cookie, runs, ns, panics, overruns, overflows, refused;
};

struct map {
	char name[REX_MAP_NAME_LEN];
	__u32 type, key_size, value_size, max_entries, flags, bpf_id;
};

struct prog {
	char name[REX_NAME_LEN];
	__u32 state, budget, tainted, timing, fault_kind, fault_line, fault_column, frames;
	char fault_entry[REX_NAME_LEN], fault_file[256], fault_text[512], frame[16][256];
	bool has_fault;
	int entries, maps;
	struct entry entry[MAX_ITEMS];
	struct map map[MAX_ITEMS];
};

/* All return 0 or a negative errno; what the kernel said is in nl_text. */
extern char nl_text[256];
int nl_open(void);
int nl_subscribe(void);
struct nlmsghdr *nl_request(char *buf, int cmd, int flags);
int nl_talk(struct nlmsghdr *nlh, mnl_cb_t cb, void *data);
int nl_wait_event(int timeout_ms, mnl_cb_t cb, void *data);
int prog_get(const char *name, struct prog *prog);
int prog_list(mnl_cb_t cb, void *data);
int prog_parse(const struct nlmsghdr *nlh, void *prog);
int prog_set(const char *name, int attr, __u32 value);
int map_bind(const char *name, __u32 index, int fd);
int helper_bind(__u32 hook, __u32 id, int fd);
int stop_loops(const char *program, const struct entry *entry, int at, char *where);
int stream_add(const struct entry *entry, int fd, __u32 *id);
int stream_add_all(const struct entry *entry, int pid, int port, __u32 *id);
int stream_del(__u32 id);
int stream_list(void);
int stream_refused(struct entry *entry, const char *kind);
int nl_fuzz(unsigned int seed, int rounds);

/* A shim bound to @entry, its cookie xored with @wrong; a BPF program fd or a negative errno. */
int shim_load(const struct entry *entry, __u64 wrong);
struct bpf_link *shim_attach(const struct entry *entry, char *where, struct bpf_object **obj);
/* A one-helper program, or one that just returns XDP_DROP for helper 0. */
int helper_prog(__u32 id);
int test_run(int fd, int size, int repeat, __u32 *verdict, __u32 *duration, __u32 *size_out);

#endif
