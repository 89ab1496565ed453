/* SPDX-License-Identifier: GPL-2.0-only */
/* The mutations, and the ways by which they reach the server. */
#ifndef CONSISTENCY_KINDS_H
#define CONSISTENCY_KINDS_H

#define KINDS(X)								\
	X(NONE, "(long ago)")								\
	X(SET, "set") X(ADD, "add") X(REPLACE, "replace") X(APPEND, "append")	\
	X(PREPEND, "prepend") X(CAS, "cas") X(INCR, "incr") X(DECR, "decr")	\
	X(DELETE, "delete") X(TOUCH, "touch") X(GAT, "gat") X(GATS, "gats")	\
	X(SET_TOO_LARGE, "set (too large)")					\
	X(MS, "ms") X(MS_ADD, "ms ME") X(MS_REPLACE, "ms MR")			\
	X(MS_APPEND, "ms MA") X(MS_PREPEND, "ms MP")				\
	X(MD, "md") X(MD_STALE, "md I") X(MA_INCR, "ma") X(MA_DECR, "ma MD")	\
	X(MG_TOUCH, "mg T") X(MG_VIVIFY, "mg N")				\
	X(BIN_SET, "binary set") X(BIN_ADD, "binary add")			\
	X(BIN_REPLACE, "binary replace") X(BIN_APPEND, "binary append")		\
	X(BIN_PREPEND, "binary prepend") X(BIN_INCR, "binary incr")		\
	X(BIN_DECR, "binary decr") X(BIN_DELETE, "binary delete")		\
	X(BIN_TOUCH, "binary touch") X(BIN_GAT, "binary gat")			\
	X(EXPIRY, "expiry") X(FLUSH, "flush_all") X(FLUSH_LATER, "flush_all DELAY") \
	X(RESTART, "restart of memcached")

enum kind {
#define KIND(name, text) KIND_##name,
	KINDS(KIND)
#undef KIND
	N_KINDS
};

#define VIAS(X)									\
	X(TCP, "TCP") X(TCP6, "TCP, IPv6") X(LOOP, "TCP, loopback")		\
	X(LOOP6, "TCP, IPv6 loopback") X(UDP, "UDP") X(UDP6, "UDP, IPv6")	\
	X(UDP_LOOP, "UDP, loopback") X(SELF, "nobody")

enum via {
#define VIA(name, text) VIA_##name,
	VIAS(VIA)
#undef VIA
	N_VIAS
};

extern const char *const kind_names[N_KINDS], *const via_names[N_VIAS];

#endif
