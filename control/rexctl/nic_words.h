/* SPDX-License-Identifier: GPL-2.0-only */
/* Settings of a network interface as they are written: "rx=512,tx=512" behind the name of a group. */
#ifndef _REXCTL_NIC_WORDS_H
#define _REXCTL_NIC_WORDS_H

#include "rexctl.h"

struct nic_words {
	size_t n;
	struct rex_nic_setting settings[64];
};
/* One setting more; @group is not copied. False: there is no room. */
bool nic_words_add(struct nic_words *w, const char *group, const char *key, const char *value);
/* All of KEY=VALUE,...; NULL, or "" or a text with what else is wrong. */
const char *nic_words_read(struct nic_words *w, const char *group, const char *text);
void nic_words_free(const struct nic_words *w);

#endif /* _REXCTL_NIC_WORDS_H */
