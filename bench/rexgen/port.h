/* SPDX-License-Identifier: GPL-2.0-only */
/* The DPDK side: EAL, the port, bursts. */
#ifndef REXGEN_PORT_H
#define REXGEN_PORT_H

#include <rte_mbuf.h>

#include "loadloop.h"
#include "path.h"

enum driver { DRIVER_ANY, DRIVER_AF_XDP, DRIVER_AF_PACKET };

struct port_options {
	int eal_argc;		/* the user's EAL arguments, verbatim (may be 0) */
	char **eal_argv;
	const char *iface;	/* kernel interface to drive, or NULL: ports come from the EAL arguments */
	enum driver driver;	/* for @iface; ANY: af_xdp, else af_packet */
	int cpu;		/* for @iface: CPU to run on, -1 = leave it to the EAL */
	int port;		/* DPDK port number when there is more than one, -1 = the only one */
};

struct port {
	struct wire wire;
	struct path path;
	uint16_t id;
	char driver[32];
	struct rte_mempool *pool;
	struct rte_mbuf *held[BURST];	/* received, in use until the next recv */
	unsigned int n_held;
	int pass_link;			/* our XDP_PASS, or -1 */
};

/*
 * Start the EAL and the port; fills @p->wire and the MAC address in @p->path.src_mac
 * unless one is set there. Call once per process. Returns 0 or -errno.
 */
int port_open(struct port *p, const struct port_options *o);
void port_close(struct port *p);

/* Find dst_mac with ARP (3 s at most). */
int port_resolve(struct port *p);

#endif
