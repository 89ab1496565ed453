/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REX_BMC_SELFTEST_H
#define _REX_BMC_SELFTEST_H

struct bmc_meta;
struct bmc_server;

int selftest(const struct bmc_server *server, const struct bmc_meta *meta);

#endif /* _REX_BMC_SELFTEST_H */
