/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of rexctl share. A command gets argv from its own name on. */
#ifndef _REXCTL_H
#define _REXCTL_H

#include <jansson.h>
#include <rex/librex.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct command {
	const char *name;
	const char *args;		/* for the usage line */
	const char *help;		/* one line */
	int (*run)(int argc, char **argv);
};

/* ---- main.c */
extern const struct command *this_command;
/* "rexctl: text" to stderr; returns 1, the exit status. */
int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same with librex's text. */
int fail_rex(void);
/* The usage line of the command, after what was wrong with it. Returns 2. */
int usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Connect to rex.ko, then enter the network namespace of --netns. 0 or an exit status. */
int connect_rex(struct rex **rex);
/* Enter the network namespace of --netns without rex.ko. */
int enter_netns(void);
bool netns_given(void);
/* One line of JSON to stdout; takes @value. Returns an exit status. */
int print_json(json_t *value);
/*
 * NAME or NAME:ENTRY; @hook -1 for any. On success the program (to be freed) and the
 * entry in it. Returns an exit status.
 */
int find_entry(struct rex *rex, const char *spec, int hook, struct rex_program **program,
	       const struct rex_entry **entry);
/* NAME of NAME:ENTRY into @name (REX_NAME_LEN); @entry: behind the colon, or NULL. */
int split_spec(const char *spec, char *name, const char **entry);
int parse_number(const char *text, uint32_t max, uint32_t *value);
/* "20ms", "500us", "1s" in microseconds; not 0. */
int parse_time(const char *text, uint32_t *us);

/* ---- show.c */
void show_fault(const struct rex_fault_info *fault, const char *indent);
json_t *json_fault(const struct rex_fault_info *fault);
/* "file:line:column", or "an unknown place" */
const char *fault_place(const struct rex_fault_info *fault, char *text, size_t size);

/* ---- attach.c */
/* What is attached for programs that are no longer there. Returns an exit status. */
int detach_stale(void);

/* ---- the commands */
int cmd_load(int argc, char **argv);
int cmd_replace(int argc, char **argv);
int cmd_unload(int argc, char **argv);
int cmd_enable(int argc, char **argv);
int cmd_disable(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_nic(int argc, char **argv);
int cmd_bmc(int argc, char **argv);

#endif /* _REXCTL_H */
