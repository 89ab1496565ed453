/* SPDX-License-Identifier: GPL-2.0-only */
/* Memcached's time of day. */
#ifndef _REX_BMC_CLOCK_H
#define _REX_BMC_CLOCK_H

#include <stdint.h>

struct bmc_server;

/* What its clock says at 0 of CLOCK_MONOTONIC, in seconds since 1970. Waits for its tick; 0: not known. */
uint32_t clock_at_zero(const struct bmc_server *server);

#endif /* _REX_BMC_CLOCK_H */
