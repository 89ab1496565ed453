/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of rexctl share. */
#ifndef _REXCTL_H
#define _REXCTL_H

#include <rex/librex.h>

#include "../cli/cli.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- connect.c */
/* fail() with librex's text. */
int fail_rex(void);
/* Connect to rex.ko, then enter the network namespace of --netns. 0 or an exit status. */
int connect_rex(struct rex **rex);

/* ---- extern.c */
/* Become the program rex-NAME, with the words behind @argv[0]. An exit status: that failed. */
int run_program(const char *name, int argc, char **argv);

/* ---- spec.c */
/* PROGRAM: NAME or NAME:ENTRY */
struct spec {
	const char *text;
	char name[REX_NAME_LEN];
	const char *entry;		/* NULL: none was said */
};
/* false: it is none. */
bool read_spec(const char *text, struct spec *spec);
cli_parse parse_spec;
/*
 * @hook -1 for any. On success the program (to be freed) and the entry in it. Returns an exit
 * status.
 */
int find_entry(struct rex *rex, const struct spec *spec, int hook, struct rex_program **program,
	       const struct rex_entry **entry);

/* ---- show.c */
/* ", leaf, filter udp, port 53", or as much of it as there is. */
const char *entry_text(const struct rex_entry *e, char *text, size_t size);
void json_filter(json_t *entry, const struct rex_entry *e);
void show_fault(const struct rex_fault_info *fault, const char *indent);
json_t *json_fault(const struct rex_fault_info *fault);
/* "file:line:column", or "an unknown place" */
const char *fault_place(const struct rex_fault_info *fault, char *text, size_t size);

/* ---- place.c */
/* The accelerator's, which "rexctl bmc" loads and attaches. */
bool is_accelerator(const char *program);
/* The words of a target, with those that rex_target_text() leaves out. */
const char *place_text(const struct rex_target *t, char *text, size_t size);

/* ---- wait.c: --count and --timeout */
struct timespec;
/* @seconds from now. */
void deadline_set(struct timespec *end, uint32_t seconds);
/* Milliseconds until then, not below 0. */
int deadline_left(const struct timespec *end);

#endif /* _REXCTL_H */
