/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NATIVE_REX_KO_H
#define NATIVE_REX_KO_H

#include <rex_prog.h>

#define REX_KO_SOCKET	0x1000UL	/* address of the server's UDP socket */

/* Gives the program its maps. Before any entry runs. */
void rex_ko_start(void);
/* By the name that the program gives it; dies when there is none. */
struct rex_map_def *rex_ko_map(const char *name);
int (*rex_ko_entry(const char *name))(void *ctx);

#endif
