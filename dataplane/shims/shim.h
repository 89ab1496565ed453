/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shim is the eBPF program that stands in for one entry of a Rex program: it
 * calls rex.ko's kfunc of its hook with the entry's slot and cookie. The two
 * constants below are placeholders; librex looks for them in the instructions
 * and puts the real ones there before it loads the shim. They are immediates and
 * not a map, so that a shim has no map to leak and costs no load.
 */
#ifndef _REX_SHIM_H
#define _REX_SHIM_H

#define REX_SHIM_SLOT	0x5e17c0deU
#define REX_SHIM_COOKIE	0x5e17c0de5e17c0deULL
#define REX_SHIM_NAME	"rex_shim"

#endif /* _REX_SHIM_H */
