/* SPDX-License-Identifier: GPL-2.0-only */
/* What is loaded, and what is attached. */
#ifndef _REXCTL_ATTACHED_H
#define _REXCTL_ATTACHED_H

#include "rexctl.h"

struct attached {
	struct rex_program **programs;
	size_t n_programs;
	struct rex_link *links;
	size_t n_links;
};
/* An exit status. attached_free() in any case. */
int attached_read(struct rex *rex, struct attached *all);
void attached_free(struct attached *all);
/* The program that @link calls, and its entry into *@entry if that is not NULL; NULL: it is gone. */
const struct rex_program *attached_owner(const struct attached *all, const struct rex_link *link,
					 const struct rex_entry **entry);
/* The interface of --dev, by any of its names. An exit status. */
int attached_dev(const char *name, struct rex_target *dev);
json_t *json_link(const struct rex_link *link);

#endif /* _REXCTL_ATTACHED_H */
