/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REX_BMC_SELFTEST_H
#define _REX_BMC_SELFTEST_H

struct bmc_parts;
struct bmc_server;

int selftest(const struct bmc_parts *parts, const struct bmc_server *server);

#endif /* _REX_BMC_SELFTEST_H */
