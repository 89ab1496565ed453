/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REX_BMC_REMOVE_H
#define _REX_BMC_REMOVE_H

struct rex;

/* State OFF, then all that is attached in this network namespace, then the program. */
int remove_all(struct rex *rex);

#endif /* _REX_BMC_REMOVE_H */
