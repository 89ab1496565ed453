/* SPDX-License-Identifier: GPL-2.0-only */
/* How large the maps are, and to make them empty. */
#ifndef _REX_BMC_TABLES_H
#define _REX_BMC_TABLES_H

#include <stdbool.h>
#include <stdint.h>

struct rex_file;
struct rex_program;

struct bmc_tables {
	uint32_t sets, pages, expiry;
};
int tables_size(const struct rex_file *file, uint64_t memory, bool tcp, uint32_t maxconns,
		struct bmc_tables *t);
/* Memory for values. */
uint64_t tables_cache_bytes(const struct rex_program *p);
/* Nothing may be tracked. */
int tables_clear(const struct rex_program *p);

#endif /* _REX_BMC_TABLES_H */
