/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REX_BMC_SELFTEST_H
#define _REX_BMC_SELFTEST_H

#include <stdbool.h>

struct bmc_meta;
struct bmc_server;

/*
 * @udp: UDP sockets are followed, too. @stream: TCP is followed at the sockets, where a read has no
 * port of the other end.
 */
int selftest(const struct bmc_server *server, const struct bmc_meta *meta, bool udp, bool stream);

#endif /* _REX_BMC_SELFTEST_H */
