/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REX_BMC_COUNTERS_H
#define _REX_BMC_COUNTERS_H

#include <stdint.h>

#include "../shared.h"

struct rex_program;

int counters_read(const struct rex_program *p, uint64_t values[__BMC_STATS]);
void counter_add(const struct rex_program *p, enum bmc_stat stat);

#endif /* _REX_BMC_COUNTERS_H */
