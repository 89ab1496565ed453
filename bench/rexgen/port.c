// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <xdp/libxdp.h>

#include "fail.h"
#include "port.h"
#include "xdppass.h"

#define MBUFS		8191
#define RING		1024
#define EAL_ARGS	64

static int start_eal(const struct port_options *o)
{
	/* --iface needs neither hugepages nor PCI devices nor files shared between processes */
	static const char *const bare[] = { "--no-huge", "-m", "128", "--no-shconf", "--no-pci",
					    "--no-telemetry", "--log-level=error" };
	char *argv[EAL_ARGS], cpu[16];
	int argc = 0;

	if (o->eal_argc > EAL_ARGS - 16)
		return bench_fail(E2BIG, "too many EAL arguments: %d", o->eal_argc);
	argv[argc++] = (char *)"rexgen";
	if (o->iface)
		for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++)
			argv[argc++] = (char *)bare[i];
	if (o->iface && o->cpu >= 0) {
		snprintf(cpu, sizeof(cpu), "%d", o->cpu);
		argv[argc++] = (char *)"-l";
		argv[argc++] = cpu;
	}
	for (int i = 0; i < o->eal_argc; i++)
		argv[argc++] = o->eal_argv[i];
	argv[argc] = NULL;
	if (rte_eal_init(argc, argv) < 0)
		return bench_fail(rte_errno ? rte_errno : EINVAL, "DPDK's EAL failed to start: %s",
			    rte_strerror(rte_errno));
	return 0;
}

static int choose_port(struct port *p, const struct port_options *o)
{
	uint16_t id, n = 0;

	if (o->port >= 0) {
		p->id = o->port;
		return rte_eth_dev_is_valid_port(p->id) ? 0 :
			bench_fail(ENODEV, "DPDK has no port %d", o->port);
	}
	RTE_ETH_FOREACH_DEV(id) {
		p->id = id;
		n++;
	}
	if (n == 1)
		return 0;
	return n ? bench_fail(EINVAL, "DPDK found %u ports; choose one with --port", n) :
		bench_fail(ENODEV, "DPDK found no port; name one in the EAL arguments (-a BDF, --vdev=...) or use --iface");
}

static int start_port(struct port *p)
{
	struct rte_eth_conf conf = { 0 };
	uint16_t rx = RING, tx = RING;
	struct rte_ether_addr mac;
	int err;

	err = rte_eth_dev_configure(p->id, 1, 1, &conf);
	if (!err)
		err = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &rx, &tx);
	if (!err)
		err = rte_eth_rx_queue_setup(p->id, 0, rx, SOCKET_ID_ANY, NULL, p->pool);
	if (!err)
		err = rte_eth_tx_queue_setup(p->id, 0, tx, SOCKET_ID_ANY, NULL);
	if (!err)
		err = rte_eth_dev_start(p->id);
	if (!err)
		err = rte_eth_macaddr_get(p->id, &mac);
	if (err)
		return bench_fail(-err, "%s does not start: %s", p->driver, rte_strerror(-err));
	if (!memcmp(p->path.src_mac, "\0\0\0\0\0\0", MAC_LEN))
		memcpy(p->path.src_mac, mac.addr_bytes, MAC_LEN);
	return 0;
}

static int open_port(struct port *p)
{
	struct rte_eth_dev_info info;

	if (!rte_eth_dev_info_get(p->id, &info))
		snprintf(p->driver, sizeof(p->driver), "%s", info.driver_name);
	return start_port(p);
}

static int quiet_bpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_WARN && getenv("REXGEN_DEBUG") ? vfprintf(stderr, fmt, ap) : 0;
}

static int quiet_xdp(enum libxdp_print_level level, const char *fmt, va_list ap)
{
	return level == LIBXDP_WARN && getenv("REXGEN_DEBUG") ? vfprintf(stderr, fmt, ap) : 0;
}

/* One driver on a kernel interface. Leaves nothing behind when it fails. */
static int open_vdev(struct port *p, const char *iface, const char *name)
{
	char args[IF_NAMESIZE + 16];
	int err;

	snprintf(args, sizeof(args), "iface=%s", iface);
	err = rte_vdev_init(name, args);
	if (err)
		return bench_fail(-err, "%s cannot open '%s': %s", name, iface, rte_strerror(-err));
	err = rte_eth_dev_get_port_by_name(name, &p->id);
	if (!err)
		err = open_port(p);
	if (err)
		rte_vdev_uninit(name);
	return err;
}

static int open_iface(struct port *p, const struct port_options *o)
{
	int err = -ENODEV;

	if (!if_nametoindex(o->iface))
		return bench_fail(ENODEV, "no interface '%s' here", o->iface);
	/* the PMD tries a dispatcher first and complains at length when it takes the plain way */
	libbpf_set_print(quiet_bpf);
	libxdp_set_print(quiet_xdp);
	if (o->driver != DRIVER_AF_PACKET) {
		err = open_vdev(p, o->iface, "net_af_xdp0");
		if (!err || o->driver == DRIVER_AF_XDP)
			return err;
		fprintf(stderr, "rexgen: %s; using net_af_packet\n", bench_errmsg());
	}
	p->pass_link = xdp_pass_attach(o->iface);
	if (p->pass_link < 0)
		return p->pass_link;
	return open_vdev(p, o->iface, "net_af_packet0");
}

static int transmit(struct port *p, struct rte_mbuf **m, unsigned int n)
{
	unsigned int sent = rte_eth_tx_burst(p->id, 0, m, n);

	for (unsigned int i = sent; i < n; i++)
		rte_pktmbuf_free(m[i]);
	return sent;
}

static int port_send(struct wire *w, const struct request *r, unsigned int n)
{
	struct port *p = w->ctx;
	struct rte_mbuf *m[BURST];

	if (n > BURST)
		n = BURST;
	if (rte_pktmbuf_alloc_bulk(p->pool, m, n))
		return 0;	/* all in flight: try again after the next receive */
	for (unsigned int i = 0; i < n; i++) {
		m[i]->data_len = path_request(rte_pktmbuf_mtod(m[i], uint8_t *), &p->path, w->keys,
					      &r[i]);
		m[i]->pkt_len = m[i]->data_len;
	}
	return transmit(p, m, n);
}

static void send_arp(struct port *p, const uint8_t *request)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(p->pool);
	uint8_t *out;

	if (!m)
		return;
	out = rte_pktmbuf_mtod(m, uint8_t *);
	m->data_len = request ? path_arp_reply(out, &p->path, request) :
				path_arp_request(out, &p->path);
	m->pkt_len = m->data_len;
	transmit(p, &m, 1);
}

static int port_recv(struct wire *w, struct datagram *d, unsigned int max, bool idle)
{
	struct port *p = w->ctx;
	unsigned int n = 0;

	(void)idle;	/* a poll loop that sleeps loses half of the rate */
	for (unsigned int i = 0; i < p->n_held; i++)
		rte_pktmbuf_free(p->held[i]);
	p->n_held = rte_eth_rx_burst(p->id, 0, p->held, max);
	w->more = p->n_held == max;
	for (unsigned int i = 0; i < p->n_held; i++) {
		struct rte_mbuf *m = p->held[i];
		const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

		switch (path_parse(&p->path, frame, m->data_len, &d[n])) {
		case FRAME_REPLY:
			n++;
			break;
		case FRAME_ARP_REQUEST:
			send_arp(p, frame);
			break;
		case FRAME_ARP_REPLY:
		case FRAME_OTHER:
			break;
		}
	}
	return n;
}

/* For one that does not count, all are 0. */
static void port_drops(struct wire *w, struct drops *d)
{
	struct port *p = w->ctx;
	struct rte_eth_stats s = { 0 };

	rte_eth_stats_get(p->id, &s);
	*d = (struct drops){ .missed = s.imissed, .errors = s.ierrors, .no_buffer = s.rx_nombuf };
}

int port_open(struct port *p, const struct port_options *o)
{
	int err = start_eal(o);

	p->pass_link = -1;
	if (err)
		return err;
	p->pool = rte_pktmbuf_pool_create("rexgen", MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					  SOCKET_ID_ANY);
	if (!p->pool)
		return bench_fail(rte_errno, "no memory for packet buffers: %s; raise -m",
			    rte_strerror(rte_errno));
	if (o->iface) {
		err = open_iface(p, o);
	} else {
		err = choose_port(p, o);
		if (!err)
			err = open_port(p);
	}
	p->wire = (struct wire){ .client = p->driver, .ctx = p, .send = port_send,
				 .recv = port_recv, .drops = port_drops };
	if (err)
		port_close(p);
	return err;
}

void port_close(struct port *p)
{
	for (unsigned int i = 0; i < p->n_held; i++)
		rte_pktmbuf_free(p->held[i]);
	p->n_held = 0;
	if (p->wire.client && rte_eth_dev_is_valid_port(p->id)) {
		rte_eth_dev_stop(p->id);
		rte_eth_dev_close(p->id);
	}
	if (p->pass_link >= 0)
		close(p->pass_link);
	p->pass_link = -1;
	rte_eal_cleanup();
}

int port_resolve(struct port *p)
{
	uint64_t now = now_ns(), end = now + 3000000000, next = 0;
	struct datagram d[BURST];

	for (; !p->path.resolved && now < end && !drive_stop; now = now_ns()) {
		if (now >= next) {
			send_arp(p, NULL);
			next = now + 200000000;
		}
		port_recv(&p->wire, d, BURST, true);
	}
	if (p->path.resolved)
		return 0;
	return bench_fail(EHOSTUNREACH, "the server does not answer ARP on this link; check --server and --src-ip or give --dst-mac");
}
