/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of rex-bmc share. A daemon has nobody to print to: what refuses says
 * why with refuse() and returns 1, and who called it prints the text, logs it or keeps it.
 */
#ifndef _REX_BMC_H
#define _REX_BMC_H

#include <cli/cli.h>
#include <netinet/in.h>
#include <rex/librex.h>
#include <sys/types.h>

#include "../shared.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BMC_PROGRAM	"rex_bmc"
#define BMC_RUN_DIR	"/run/rex"
#define BMC_RUN_FILE	BMC_RUN_DIR "/bmc"
#define BMC_MAX_DEVS	16
#define BMC_DEV_LEN	128		/* of alternative names */
#define BMC_MAX_SOCKETS	64

/* ---- why.c */
/* Keep the text; returns 1. */
int refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same with librex's text. */
int refuse_rex(void);
/* Put text in front of the one that is kept; returns 1. */
int refuse_in(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *why(void);

/* ---- config.c: what the user wants */
struct bmc_config {
	uint32_t port;
	char devs[BMC_MAX_DEVS][BMC_DEV_LEN];
	size_t n_devs;
	uint64_t memory;		/* bytes */
	struct bmc_max_age {
		uint32_t us;		/* 0: entries of unknown expiry are not cached */
		bool given;
	} max_age;
	enum rex_xdp_mode mode;		/* REX_XDP_ANY: native where replies get through */
	bool foreground;
};
extern const struct cli_arg config_args[];
uint32_t coarse_time(uint32_t us);

/* ---- server.c: which process serves the port, and what else it listens on */
struct bmc_socket {
	struct in6_addr address;	/* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	bool udp, v6;
	unsigned long inode;
};

struct bmc_server {
	pid_t pid;
	int pidfd;			/* -1: none */
	struct bmc_socket sockets[BMC_MAX_SOCKETS];
	size_t n_sockets;
	uint16_t udp_port;
	/* settings.c */
	char version[32];
	uint32_t maxconns, threads;
};
/* Refuses when it cannot be told, or has sockets that cannot be watched. */
int server_find(uint32_t port, struct bmc_server *server);
/* Whether GETs come to it that can be answered. */
int server_check_udp(const struct bmc_server *server);
void server_forget(struct bmc_server *server);
/* "10.0.0.1:11211", "[::1]:11211" */
const char *socket_text(const struct bmc_socket *s, char *text, size_t size);

/* ---- sockets.c: the kernel's, in this network namespace */
struct bmc_sockets {
	struct bmc_socket *at;		/* by inode; malloc'ed */
	size_t n;
	bool failed;
};
/* All that wait for anybody: TCP that listens, UDP. */
int sockets_read(struct bmc_sockets *s);
const struct bmc_socket *sockets_find(const struct bmc_sockets *s, unsigned long inode);
/* Whether anybody listens on TCP port @port. */
bool sockets_listen(uint16_t port);

struct bmc_unsent {
	struct bmc_unsent_at {
		uint32_t ports;
		uint32_t bytes;
	} *at;				/* by ports; malloc'ed */
	size_t n;
	bool failed;
};
/* How much the TCP connections of @server have not sent yet. */
int sockets_unsent(const struct bmc_server *server, struct bmc_unsent *u);
/* Whether it is known that connections of port @local to port @remote have sent all. */
bool unsent_is_none(const struct bmc_unsent *u, uint16_t local, uint16_t remote);

/* ---- ask.c: memcached's own answers */
/* A connection to @s (TCP), or a bound and connected UDP socket. -1: refused. */
int ask_connect(const struct bmc_socket *s);
uint16_t ask_local_port(int fd);
/* To the first of @server's TCP sockets. -1: refused. */
int ask_server(const struct bmc_server *server);
bool ask_is_mptcp(const struct bmc_socket *s);
/* Send @command (without CRLF) and read until END or a line that is no STAT. malloc'ed. */
char *ask(int fd, const char *command);
/* How long to wait for something, and who is asked meanwhile whether to go on. */
struct patience {
	int64_t end;			/* of now_ms() */
	bool (*go_on)(void *arg);	/* may be NULL */
	void *arg;
};
/* false, refused: not any longer, by the clock or by whoever was asked. */
bool patience_left(const struct patience *p);
/* The same as ask(), while there is patience (NULL: until nothing has come for 2 s). */
char *ask_within(int fd, const char *command, const struct patience *p);
/* The value of "STAT @name value" in an answer. */
bool ask_stat(const char *answer, const char *name, char *value, size_t size);

/* ---- settings.c */
/* Ask the server what it is; refuses what cannot be accelerated safely. */
int settings_check(struct bmc_server *server);
/* Seconds until a flush_all with delay that it was given comes due; < 0: due, or none was given. */
int settings_flush(const struct bmc_server *server, int64_t *flush_in);

/* ---- machine.c: the kernel, the memory, the interfaces */
int machine_check(const struct bmc_config *config);
/* Whether processes have the numbers here that the kernel gives them. */
int machine_check_pidns(void);
/* Preemption that lets the kernel skip a tracker. */
int machine_check_preemption(struct rex *rex);

/* ---- dev.c: interfaces */
struct bmc_if {
	uint32_t index, below, master;	/* @below: the one that a VLAN is on, a veth's other end */
	int below_netns;		/* id, -1: this one */
	char name[IF_NAMESIZE], kind[16];
	int vlan;			/* id, -1: none */
	bool has_native;		/* an XDP program in native mode */
	uint32_t xdp[3];		/* BPF programs there: the only one; native; generic */
};
/* By @name, which may be an alternative one, or by @index (@name NULL). @i->index 0: there is none. */
int if_find(const char *name, uint32_t index, struct bmc_if *i);
/* Whether replies of a program in native mode would be lost. */
bool if_needs_generic(const struct bmc_if *i);
/* Whether VLANs above it can be told apart by XDP. */
int if_check_vlans(const struct bmc_if *i);
int devs_check(const struct bmc_config *config);
/* VLAN ids of the interfaces above @devs, 4096 bits. How many there are, or -1: refused. */
int devs_vlans(const struct bmc_config *config, uint64_t vlans[64]);

/* ---- devs.c: where GETs are answered */
struct bmc_dev {
	char wanted[BMC_DEV_LEN];	/* as it was given */
	enum rex_xdp_mode fixed;	/* by --mode, or REX_XDP_ANY */
	char name[IF_NAMESIZE];		/* as it is called */
	uint32_t index;			/* of the interface where XDP was attached; 0: there is none now */
	bool ours;			/* our program runs there */
	enum rex_xdp_mode mode;
	char note[512];			/* why not, behind "DEV, " */
	/* of the daemon */
	bool off;			/* to be attached */
	int64_t try_at, vlans_at;
	unsigned int errors;
	uint32_t seen;			/* of which interface the following were seen; 0: none */
	uint32_t xdp[3], link;
};
/* @d->wanted is there. A failure is for the caller to undo. */
int devs_attach(const struct rex_program *p, struct bmc_dev *devs, size_t n);
/* Look again, and attach where it is due. */
void dev_look(const struct rex_program *p, struct bmc_dev *d);
/* Only look, for others than the daemon; it may have left a note. */
void dev_see(const struct rex_program *p, struct bmc_dev *d);
bool devs_answer(const struct bmc_dev *devs, size_t n);
/* "native", "generic", "none" */
const char *dev_mode_name(const struct bmc_dev *d);
/* "eth0 (native)", "eth0, where ..." */
const char *dev_text(const struct bmc_dev *d, char *text, size_t size);

/* ---- meta.c: the map bmc_meta, shared with the program */
int meta_map(const struct rex_program *p, struct bmc_meta **meta);
void meta_unmap(struct bmc_meta *meta);
const struct rex_map *find_map(const struct rex_program *p, const char *name);
int map_fd(const struct rex_program *p, const char *name);
#define meta_get(field)		__atomic_load_n(&(field), __ATOMIC_SEQ_CST)
#define meta_set(field, v)	__atomic_store_n(&(field), v, __ATOMIC_SEQ_CST)
/* Whether it was @old, which is what it is otherwise, and is @new now. */
#define meta_exchange(field, old, new) \
	__atomic_compare_exchange_n(&(field), &(old), new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
void meta_new_epoch(const struct rex_program *p, struct bmc_meta *meta);
/* From TRACK to RUN, unless the server is another one than @pid or has died. */
bool meta_run(struct bmc_meta *meta, pid_t pid, uint32_t generation);

/* ---- networks.c: VLANs above the interfaces, and broadcast addresses, for the program */
int networks_write(const struct rex_program *p, const struct bmc_config *c, struct bmc_meta *meta);

/* ---- counters.c */
int counters_read(const struct rex_program *p, uint64_t values[__BMC_STATS]);
void counter_add(const struct rex_program *p, enum bmc_stat stat);

/* ---- tables.c: how large the maps are, and to make them empty */
struct bmc_tables {
	uint32_t sets, conns, expiry;
};
int tables_size(const struct rex_file *file, uint64_t memory, uint32_t maxconns,
		struct bmc_tables *t);
/* Memory for values. */
uint64_t tables_cache_bytes(const struct rex_program *p);
/* Nothing may be tracked. */
int tables_clear(const struct rex_program *p);

/* ---- parts.c: the program, the trackers, XDP */
struct bmc_parts {
	struct rex *rex;
	struct rex_program *program;
	struct bmc_meta *meta;
	int link_fds[16];		/* of the trackers: they stay attached as long as these are open */
	char pins[16][512];
	size_t n_links;
};
const char *program_path(char *path, size_t size);
int parts_load(struct bmc_parts *parts, const struct bmc_config *config,
	       const struct bmc_server *server);
/* Those of an earlier start; refuses when trackers are missing. */
int parts_adopt(struct bmc_parts *parts, const struct bmc_config *config);
int parts_attach_trackers(struct bmc_parts *parts);
int parts_hold_trackers(struct bmc_parts *parts);
/* false: one is not pinned any more. @which: its function. */
bool parts_tracked(const struct bmc_parts *parts, const char **which);
/* In a process of its own, of which nothing stays open. @fn returns 0, or 1 and refuses. */
int in_child(int (*fn)(void *arg), void *arg);
/* Look at the program again: state, generation. Refuses with -ENOENT: it has gone; -ESTALE: exchanged. */
int parts_refresh(struct bmc_parts *parts);
/* The program was exchanged: from now on, that one and its maps, which are as after a load. */
int parts_renew(struct bmc_parts *parts, const struct bmc_config *config);
void parts_release(struct bmc_parts *parts);
/* State OFF, then all that is attached in this network namespace, then the program. */
int parts_remove(struct rex *rex);

/* ---- clock.c */
/* CLOCK_MONOTONIC */
int64_t now_ms(void);
/* What its clock says at 0 of CLOCK_MONOTONIC, in seconds since 1970. Waits for its tick; 0: not known. */
uint32_t clock_at_zero(const struct bmc_server *server);

/* ---- selftest.c, quiesce.c */
int selftest(const struct bmc_server *server, const struct bmc_meta *meta);
int quiesce(const struct bmc_server *server, const struct patience *p);

/* ---- run.c */
bool server_lives(const struct bmc_server *server);
/* Tell the trackers which process to look at, and see that they do. State is TRACK. */
int run_test(struct bmc_parts *parts, const struct bmc_server *server);
/* When all is done that was read before: state RUN. */
int run_begin(struct bmc_parts *parts, const struct bmc_server *server,
	      const struct patience *p);

/* ---- runfile.c: what a start leaves for later commands, and the lock of the daemon */
struct bmc_runfile {
	struct bmc_config config;
	struct bmc_dev devs[BMC_MAX_DEVS];	/* of each: index, note */
	uint64_t netns;			/* inode */
	bool runtime;			/* rex.ko was loaded by this start */
	char reason[1024];		/* why hits are off, as far as the daemon knows */
};
/* An fd that holds the lock; -1, refused: another process has it. */
int runfile_lock(void);
/* The daemon's pid, 0: none. */
pid_t runfile_daemon(void);
int runfile_write(const struct bmc_runfile *r);
/* false: there is none. */
bool runfile_read(struct bmc_runfile *r);
void runfile_remove(void);
uint64_t netns_inode(void);
/* Into the network namespace where start worked: ours, the daemon's, that of @server, a named one. */
int runfile_enter_netns(const struct bmc_runfile *r, pid_t server);

/* ---- now.c */
struct bmc_now {
	struct bmc_parts parts;		/* of bmc_open() */
	struct bmc_runfile runfile;
	bool known;			/* there is a run file */
	pid_t daemon;			/* 0: none */
	uint32_t state;
	int32_t server;
	uint64_t memory, values[__BMC_STATS];
	char reason[1200];		/* "": hits are given */
	struct bmc_dev devs[BMC_MAX_DEVS];
	size_t n_devs;
};
/* All but the parts, which are there. Goes to the network namespace where it was started. */
int now_collect(struct bmc_now *now);
/* "running", ... */
const char *now_state(const struct bmc_now *now);

/* ---- watch.c */
/* Until SIGTERM, SIGINT or SIGHUP; then everything is undone. */
int watch(struct bmc_parts *parts, struct bmc_runfile *runfile, struct bmc_server *server);

/* ---- open.c */
/* 0, or an exit status. */
int need_root(void);
/* The loaded accelerator for a command that looks at it. Returns an exit status. */
int bmc_open(struct bmc_parts *parts);

#endif /* _REX_BMC_H */
