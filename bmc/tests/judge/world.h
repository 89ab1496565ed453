/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the client share: the keys, an operation, its answer, the counters. */
#ifndef CONSISTENCY_WORLD_H
#define CONSISTENCY_WORLD_H

#include <stdio.h>

#include "judge.h"
#include "mc/conn.h"
#include "value.h"

#define SECOND	1000000000ULL
#define MS	1000000ULL
#define BASE64_MOST	187		/* what is sent may have 250 bytes */
#define CLOCK	3		/* seconds by which memcached's clock is coarse, and late */
_Static_assert(CLOCK * SECOND == GRACE, "the judge and the client must agree");
#define VALUE_MOST	1100		/* of the ordinary keys */
#define BIG_MOST	84000		/* of those whose reply takes many datagrams; more than Rex stores */

enum sort { BLOB, NUMBER, EXPIRING, BIG, CONTENDED };

struct item {
	struct name name;
	enum sort sort;
	uint32_t busy; /* who has a mutation under way (not: contended), 0: nobody */
	uint32_t under_way;		/* how many */
	bool known;			/* value is what the last slot holds */
	bool cold;			/* to be stored once, see keys_warm() */
	bool has_cas;
	uint32_t len, flags;
	uint64_t number, cas, not_before;
	uint8_t *value;
	struct ordered *ordered;	/* or */
	struct contended *contended;
};

enum form { TEXT, META, BINARY };
/* What a mutation does, as far as it matters to the key's state. */
enum does { STORE, STORE_IF_NONE, STORE_IF_ANY, EXTEND, COUNT, REMOVE, KEEP, MAKE };
enum read { READ_GET, READ_GETS, READ_META, N_READS };

struct op {
	uint8_t kind;			/* KIND_NONE: only reads */
	uint8_t read, form, via, does, expected;
	bool silent;			/* noreply, quiet */
	bool more;			/* the next read is of the same GET */
	bool base64, marker;		/* marker: mn, version, noop */
	int32_t exptime;		/* as it is sent */
	uint32_t seconds;		/* until then, 0: never */
	uint32_t owner, item, slot, opaque;
	uint64_t begun, gone_from;
	uint64_t number, cas;		/* number: what incr adds */
	uint64_t result;		/* what incr should answer */
	struct content is;
	struct reading reading;
};

enum said { SAID_NOTHING, SAID_STORED, SAID_NOT_STORED, SAID_EXISTS, SAID_NOT_FOUND, SAID_DONE,
	    SAID_NUMBER, SAID_VALUE, SAID_TOO_LARGE, SAID_OTHER };

struct answer {
	enum said said;
	bool won;			/* mg: the item was made by this */
	uint32_t flags, len;
	uint64_t number, cas;
	const uint8_t *value;
	char line[64];			/* how it began, for messages */
};

struct out {
	uint8_t *p;
	size_t n, size;
};

/* What a parser returns instead of the number of bytes it took. */
#define MORE	0
#define BAD	-1
#define SILENT	-2			/* no answer: what comes is for the next operation */
#define NONE	-3			/* the same, and this is the answer: the key is not there */

struct counters {
	uint64_t gets[3], mutations, silent_mutations;	/* gets by TCP, loopback UDP, UDP */
	uint64_t keys_read, missed;
	uint64_t fast_keys; /* keys in answered GETs that the accelerator could have answered */
	uint64_t stale, wrong, lost, unchecked, late_clock, early, late_expiry,
		lost_allowed, void_requests, late;
	uint64_t conns, restarts, stops, flushes, commands, half_commands;
	uint64_t stale_by[N_KINDS][N_VIAS], made[N_KINDS][N_VIAS];
};

extern struct world {
	struct item *items;
	uint32_t n_items, first_contended, first_big;
	uint64_t random;
	bool flushing;			/* a flush is under way: anything may vanish */
	uint64_t flushed;		/* when the last one ended */
	uint64_t jumped;		/* when the clock last made a leap, as that of a VM may */
	bool loss;			/* datagrams may be lost, doubled and reordered here */
	bool single; /* one mutation of a key at a time, also down one connection */
	bool verbose;
	bool over_udp, over_tcp;	/* what is accelerated */
	uint32_t shown;
	struct counters count;
} W;

static inline uint64_t draw(void) { return mix64(W.random++); }
static inline uint32_t below(uint32_t n) { return ((draw() >> 32) * n) >> 32; }

void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void out_add(struct out *o, const void *bytes, size_t n);
void out_text(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* keys.c */
void keys_make(uint32_t ordered, uint32_t contended, uint32_t big, uint64_t seed);
uint32_t keys_pick(void);		/* for a read; the hot ones more often */
void keys_chase(uint32_t item);		/* is of interest now: reads of it come next */
uint32_t keys_hot(void);		/* by zipf alone */
void keys_warm(void);			/* each is to be stored once, in their order */
uint32_t keys_cold(void);		/* the next one of these, round and round */

/* choose.c */
/* Chooses a mutation, if one is possible, for op->owner by op->via and op->form. Writes it to @o. */
bool mutate(struct op *op, struct out *o);

/* outcome.c: what has come of it */
void mutate_ended(struct op *op, const struct answer *a, uint64_t now);
/* No answer will come. @until: it may be executed until then. */
void mutate_unknown(struct op *op, uint64_t until);
void world_flush_begin(uint64_t now);
void world_flush_end(uint64_t begun, uint64_t now, enum kind kind);
void world_died(uint64_t now);

/* A read of op->item: begins and ends. */
void read_begin(struct op *op);
void read_ended(struct op *op, const struct answer *a, uint64_t now);
void violation(enum verdict v, const struct op *op, const struct finding *f);

/* say_text.c, say_binary.c */
/* One GET of so many keys: reads one after the other, each with "more" but the last. */
void text_get(const struct op *op, unsigned int keys, struct out *o);
void text_write(const struct op *op, const uint8_t *value, uint32_t len, struct out *o);
void text_marker(struct op *op, struct out *o);
ssize_t text_read(const struct op *op, const uint8_t *p, size_t n, struct answer *a);
/* A block "VALUE KEY FLAGS LEN [CAS]" and its data; *@key points into @p. */
ssize_t text_value(const uint8_t *p, size_t n, const uint8_t **key, uint32_t *key_len,
		   struct answer *a);
void binary_write(const struct op *op, const uint8_t *value, uint32_t len, struct out *o);
ssize_t binary_read(const struct op *op, const uint8_t *p, size_t n, struct answer *a);

/* sides.c: sockets in the namespaces of the two sides */
void net_init(const char *server_ns, const char *client_ns, const char *address,
	      const char *address6, int port);
void net_enter(bool server);
int net_socket(enum via via);		/* connected, or connecting; -1 with errno */
uint64_t net_drops(void);		/* datagrams that the kernel dropped so far, both sides */
void net_netem(bool on);

/* tcp.c, udp.c: the connections. @epoll data is a struct source *. */
struct source {
	void (*ready)(struct source *s, uint32_t events);
	int fd;
};
void source_add(struct source *s, uint32_t events);
void source_want(struct source *s, uint32_t events);

void tcp_open(void);
void tcp_close(void);			/* the server died */
void tcp_work(uint64_t now);		/* sends what is due, begins what there is time for */
bool tcp_idle(void);
bool tcp_usable(void);
void tcp_flush(int delay);		/* one of the connections sends flush_all next */
void tcp_half_command(void);		/* a connection that ends in the middle of a command */

void udp_open(void);
void udp_close(void);
void udp_forget(void);			/* the server died: nobody will answer what is under way */
void udp_work(uint64_t now);
bool udp_idle(void), udp_mutations_idle(void);

/* child.c: memcached, a child of ours */
void server_start(const char *command_line);
void server_kill(void);			/* -9, and all of it is gone */
void server_work(uint64_t now);		/* notices that a new one answers */
bool server_up(void);
void server_signal(int signal);
uint64_t server_stat(const char *name);
bool server_has(const struct name *key, uint32_t flags);	/* memcached itself, now */
void server_stop(void);

/* What the phase that runs does. */
extern struct load {
	uint32_t mutations;		/* of 1000 operations */
	bool udp_mutations, reads, many_keys, splits, paused;
	bool hot;			/* values fit into a veth's frame, and most live long */
	uint32_t to_warm;		/* keys to be stored before anything else is changed */
} L;
bool load_allows_mutation(void);
uint64_t operations(void);

#endif
