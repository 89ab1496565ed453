/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the accelerator (bmc/rex) and "rexctl bmc" share: the maps bmc_meta and bmc_stats.
 * meta.rs and stats.rs say the same in Rust; tests/host/bmc-shared.t compares.
 */
#ifndef BMC_SHARED_H
#define BMC_SHARED_H

#include <linux/types.h>

#define BMC_LAYOUT	5		/* of everything here; the program's is in bmc_meta.layout */
#define BMC_SET_BYTES	4096		/* value of the map bmc_sets */
#define BMC_PAGE_BYTES	2048		/* value of the map bmc_pages */
#define BMC_BROADCASTS	64		/* entries of bmc_broadcasts */
#define BMC_NEVER	0xffffffffU	/* a time that does not come */

/* Coarse time: CLOCK_MONOTONIC in units of 2^27 ns (0.134 s), as ktime_get_coarse_ns() >> 27. */
#define BMC_TIME_SHIFT	27

enum bmc_state {
	BMC_OFF,		/* no hit, no fill, nothing tracked */
	BMC_TRACK,		/* mutations are tracked; no hit, no fill */
	BMC_RUN,
};

/*
 * Element 0 of the array map bmc_meta (BPF_F_MMAPABLE): both sides read and write single
 * fields, atomically. (c) written by rexctl only, before state is BMC_RUN; (p) by the program
 * only, but rexctl may set it to what it is at first while server is 0; (b) by both, with atomic
 * read-modify-write.
 */
struct bmc_meta {
	/* read for every packet */
	__u32	state;			/* b: rexctl raises it, the program lowers it to TRACK */
	__u32	epoch;			/* b: an entry of another epoch is dead; only ever added to */
	__u32	generation;		/* c: of the program (rex::program) that BMC_RUN was given to */
	__u32	quiet_from;		/* p: no hits and fills from then on (flush_all DELAY) */
	__u64	seed;			/* c: of the keyed hash, random, never 0 */
	__u32	udp_port;		/* c: host order */
	__u32	max_age;		/* c: coarse time that an entry of unknown expiry lives; 0: not at all */
	__u32	pending_all;		/* p: commands read and not yet known to be executed that concern all keys */
	__u32	quiet_to;		/* p */
	__u32	layout;			/* c: BMC_LAYOUT */
	__u32	vlans;			/* c: 1: look at bmc_vlans, 0: no tagged frame is answered */
	__u64	broadcasts;		/* c: bit N: an address with N in its lowest 6 bits is in bmc_broadcasts */
	__u32	pad0[2];
	/* read for every call of the server; a cache line of its own */
	__s32	server;			/* b: process of memcached, 0: none; the program clears it when that ends */
	__u32	rbuf_len;		/* p: how much memcached asks for at the start of a command; 0: not known yet */
	__u32	blind;			/* b: != 0: something was read that could not be tracked: no fills until rexctl clears it */
	__u32	hidden;			/* p: connections that may be executing what nobody knows; in pending_all, too */
	__u64	reads;			/* p: reads of the server seen, TCP and UDP (rexctl's self test) */
	__u32	tcp;			/* c: 1: GETs over TCP are answered, 0: only followed */
	__u32	server_deaths;		/* p */
	__u32	clock;			/* c: what memcached's clock says at coarse time 0, in s since 1970; 0: not known */
	__u32	era;			/* c: raised whenever the tables are emptied: records of connections are void */
	__u32	idle;			/* c: memcached closes connections that are idle for so long, in coarse time; 0: never */
	__u32	pad1[5];
};

/*
 * Indices of the per-CPU array bmc_stats (__u64 each). X(NAME, group, label, help): shown by
 * "rexctl bmc stats" as group_label, or in Prometheus as rex_bmc_GROUP_total{kind="LABEL"}.
 */
#define BMC_STATS(X)										\
	X(HITS,			hits,	"",		"GETs answered")			\
	X(HIT_KEYS,		hit_keys, "",		"keys in those of several keys")	\
	X(MISSES,		misses,	"",		"GETs of the right form passed: a key is not cached") \
	X(PASS_FORM,		passes,	"form",		"requests in another form")		\
	X(PASS_ADDRESS,		passes,	"address",	"GETs to an address that is not the server's, or from a broadcast address") \
	X(PASS_CHECKSUM,	passes,	"checksum",	"wrong IP or UDP checksum")		\
	X(PASS_FRAGMENT,	passes,	"fragment",	"IP fragments and multi-buffer frames")	\
	X(PASS_VLAN,		passes,	"vlan",		"VLAN that is not configured here")	\
	X(PASS_ROOM,		passes,	"room",		"the reply does not fit the frame")	\
	X(PASS_BUSY,		passes,	"busy",		"the entry was being written")		\
	X(PASS_EXPIRED,		passes,	"expired",	"the entry was too old")		\
	X(PASS_OFF,		passes,	"off",		"the accelerator is not running, or flush_all is due") \
	X(FILLS,		fills,	"",		"values put into the cache")		\
	X(REFUSED_PENDING,	fills_refused, "pending", "a mutation was under way")		\
	X(REFUSED_CHANGED,	fills_refused, "changed", "a mutation came in between")		\
	X(REFUSED_FORM,		fills_refused, "form",	"no reply to remember")			\
	X(REFUSED_LENGTH,	fills_refused, "length", "too long")				\
	X(REFUSED_EXPIRY,	fills_refused, "expiry", "expires too soon, or nobody knows when") \
	X(REFUSED_BUSY,		fills_refused, "busy",	"another CPU was writing there")	\
	X(REFUSED_OFF,		fills_refused, "off",	"the accelerator is not running, or flush_all is due") \
	X(EVICTIONS,		evictions, "",		"values that made room for others")	\
	X(INVAL_SET,		invalidations, "set",	"")					\
	X(INVAL_ADD,		invalidations, "add",	"")					\
	X(INVAL_REPLACE,	invalidations, "replace", "")					\
	X(INVAL_APPEND,		invalidations, "append", "")					\
	X(INVAL_PREPEND,	invalidations, "prepend", "")					\
	X(INVAL_CAS,		invalidations, "cas",	"")					\
	X(INVAL_DELETE,		invalidations, "delete", "")					\
	X(INVAL_INCR,		invalidations, "incr",	"")					\
	X(INVAL_DECR,		invalidations, "decr",	"")					\
	X(INVAL_TOUCH,		invalidations, "touch",	"touch, gat and gats")			\
	X(INVAL_META_SET,	invalidations, "ms",	"")					\
	X(INVAL_META_DELETE,	invalidations, "md",	"")					\
	X(INVAL_META_ARITH,	invalidations, "ma",	"")					\
	X(INVAL_META_GET,	invalidations, "mg",	"mg that changes the item")		\
	X(INVAL_FLUSH,		invalidations, "flush_all", "of all keys")			\
	X(INVAL_OTHER,		invalidations, "other",	"of all keys: commands that may concern any") \
	X(EPOCH_UNSYNCED,	epochs,	"unsynced",	"a read of a connection of which the position is not known") \
	X(EPOCH_LAPSE,		epochs,	"lapse",	"a read was missed")			\
	X(EPOCH_OVERFLOW,	epochs,	"overflow",	"a tracking table was full")		\
	X(EPOCH_SERVER,		epochs,	"server",	"memcached ended")			\
	X(EPOCH_QUIET,		epochs,	"flush_delay",	"a flush_all with delay came due")	\
	X(EPOCH_USER,		epochs,	"flush",	"rexctl bmc flush and start")		\
	X(READS,		reads,	"",		"reads of the server observed")		\
	X(REPLIES,		replies, "",		"writes of the server observed")	\
	X(CONNS_NEW,		connections, "new",	"followed from their first byte")	\
	X(CONNS_UNSYNCED,	connections, "unsynced", "position not known")			\
	X(CONNS_SYNCED,		connections, "synced",	"position found again")			\
	X(PENDING_OVERFLOW,	pending_overflow, "",	"more keys at once than a connection has room for") \
	X(TCP_HITS,		tcp_hits, "",		"GETs answered over TCP")		\
	X(TCP_HIT_KEYS,		tcp_hit_keys, "",	"keys in them")				\
	X(TCP_PASSED,		tcp_passed, "",		"GETs that memcached was given over TCP after they were tried") \
	X(TCP_MISSES,		tcp_passes, "miss",	"a key is not cached, or not with what is asked for") \
	X(TCP_FORM,		tcp_passes, "form",	"GETs in another form")			\
	X(TCP_ROOM,		tcp_passes, "room",	"the reply does not fit the send buffer") \
	X(TCP_BYPASSED,		tcp_bypassed, "",	"GETs that memcached was given untried: hardly any of the connection is answered")

enum bmc_stat {
#define BMC_STAT(name, group, label, help) BMC_##name,
	BMC_STATS(BMC_STAT)
#undef BMC_STAT
	__BMC_STATS
};

#endif /* BMC_SHARED_H */
