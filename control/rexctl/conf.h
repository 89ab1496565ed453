/* SPDX-License-Identifier: GPL-2.0-only */
/* What files of rex.conf(5) describe. Texts in it are libconfig's. */
#ifndef _REXCTL_CONF_H
#define _REXCTL_CONF_H

#include <libconfig.h>

#include "nic_words.h"

/* Where something was said; the first member of what follows. */
struct conf_at {
	const char *file;
	unsigned int line;
};

struct conf_program {
	struct conf_at at;
	const char *path;
	struct rex_settings settings;	/* what was not said: as it is */
};

struct conf_attachment {
	struct conf_at at;
	const char *program;
	const char *target;
	struct spec spec;		/* these two, taken apart */
	struct rex_target place;
};

struct conf_nic {
	struct conf_at at;
	const char *interface;
	struct nic_words words;
};

struct conf_accelerator {
	struct conf_at at;		/* no file: nothing is said of it */
	enum rex_switch enabled, tcp, udp;
	uint32_t port;
	const char *dev, *memory, *mode;
	const char *max_age;
	uint64_t bytes;			/* ->memory */
	uint32_t max_age_us;
};

struct conf_list {
	void *items;
	size_t n;
};

struct conf {
	struct conf_list programs, nics, attachments;
	struct conf_accelerator accelerator;
	config_t **texts;
	size_t n_texts;
};
#define conf_each(list, type, item) \
	for (struct type *item = (list)->items, *end_ = item ? item + (list)->n : item; item < end_; item++)

/* What @text, of the file @name, describes, in addition. An exit status, and the user was told. */
int conf_parse(struct conf *conf, const char *name, const char *text);
void conf_free(struct conf *conf);
/* "rexctl: FILE:LINE: text"; returns 1 */
int conf_fail(const struct conf_at *at, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif /* _REXCTL_CONF_H */
