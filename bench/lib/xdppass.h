/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_XDPPASS_H
#define BENCH_XDPPASS_H

/*
 * Attach a program that returns XDP_PASS to @iface. A veth only delivers the frames
 * that its peer sends with XDP_TX when it has an XDP program itself; GRO is not enough.
 * The attachment is a BPF link: it ends with this process, however that dies.
 * Returns the link's fd, or -errno.
 */
int xdp_pass_attach(const char *iface);

#endif
