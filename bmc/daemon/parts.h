/* SPDX-License-Identifier: GPL-2.0-only */
/* What a running accelerator is made of. */
#ifndef _REX_BMC_PARTS_H
#define _REX_BMC_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "server.h"

struct bmc_meta;
struct rex;
struct rex_program;

struct bmc_parts {
	struct rex *rex;
	struct rex_program *program;
	struct bmc_meta *meta;
	bool udp, tcp;			/* what GETs are answered over */
	/* whose sockets have the program, by port; pid 0: nobody's yet */
	pid_t stream_server;
	uint16_t stream_ports[BMC_MAX_SOCKETS];
	size_t n_streams;
};
/* Close all of it but ->rex; what is attached stays. */
void parts_release(struct bmc_parts *parts);

#endif /* _REX_BMC_PARTS_H */
