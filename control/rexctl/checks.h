/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks as text and JSON: of check and nic show. */
#ifndef _REXCTL_CHECKS_H
#define _REXCTL_CHECKS_H

#include "rexctl.h"

json_t *json_checks(const struct rex_check *list, size_t n);
void print_check(const struct rex_check *check, const char *indent);

#endif /* _REXCTL_CHECKS_H */
