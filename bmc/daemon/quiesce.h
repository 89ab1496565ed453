/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REX_BMC_QUIESCE_H
#define _REX_BMC_QUIESCE_H

struct bmc_server;
struct patience;

int quiesce(const struct bmc_server *server, const struct patience *p);

#endif /* _REX_BMC_QUIESCE_H */
