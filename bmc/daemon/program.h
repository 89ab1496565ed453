/* SPDX-License-Identifier: GPL-2.0-only */
/* The program. */
#ifndef _REX_BMC_PROGRAM_H
#define _REX_BMC_PROGRAM_H

#include <rex/librex.h>
#include <stddef.h>

struct bmc_config;
struct bmc_parts;
struct bmc_server;

#define BMC_PROGRAM	"rex_bmc"

const char *program_path(char *path, size_t size);
int program_load(struct bmc_parts *parts, const struct bmc_config *config,
		 const struct bmc_server *server);
/* Its entry of that name which is attached to targets of that kind. */
int program_entry(const struct rex_program *p, const char *name, enum rex_at at,
		  const struct rex_entry **entry);
/* Those of an earlier start. */
int program_adopt(struct bmc_parts *parts, const struct bmc_config *config);
/* Look at the program again: state, generation. Refuses with -ENOENT: it has gone; -ESTALE: exchanged. */
int program_refresh(struct bmc_parts *parts);
/* The program was exchanged: from now on, that one and its maps, which are as after a load. */
int program_renew(struct bmc_parts *parts, const struct bmc_config *config);

#endif /* _REX_BMC_PROGRAM_H */
