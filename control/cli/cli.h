/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Command lines from one table: it is parsed, its errors are told, and help, completion and the syntax
 * in the manual are made of it. And what command-line tools print: text from outside is escaped.
 */
#ifndef _CLI_H
#define _CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cli_flags {
	CLI_NEEDED	= 1 << 0,
	CLI_OR		= 1 << 1,	/* an alternative to the argument before */
	CLI_ALONE	= 1 << 2,	/* nothing else is allowed or needed beside it */
	CLI_REST	= 1 << 3,	/* takes all words that are left */
};

struct cli_arg;
/* Put @words (@n of them) into @field. Returns an exit status, having told what is wrong. */
typedef int cli_parse(const struct cli_arg *arg, char **words, int n, void *field);

struct cli_arg {
	/* "--count" is an option, "budget" a keyword in front of its value, "NAME" a word. */
	const char *name;
	const char *value;		/* of options and keywords: "N", "on|off"; NULL: none */
	const char *help;
	cli_parse *parse;
	size_t to;			/* offset of the field in the command's arguments */
	unsigned int flags;
	uint32_t min, max;		/* cli_number */
};
#define CLI_TO(type, field) offsetof(struct type, field)
/* --json, for a bool of that name; @what is "one line of JSON" or the like. */
#define CLI_JSON(type, what) \
	{ .name = "--json", .help = what, .parse = cli_flag, .to = CLI_TO(type, json) }

struct cli_command {
	const char *name;		/* one word or two: "load", "nic show" */
	const char *help;		/* one line */
	const struct cli_arg *args;	/* up to one without a name */
	size_t size;			/* of the struct that run() gets; all zero at first */
	int (*run)(const void *args);	/* returns an exit status */
	/* Instead: the command has a table of its own. It gets what is behind its name, too. */
	int (*pass)(int argc, char **argv);
};

/* Which words can be completed: those whose name begins with @noun. */
struct cli_noun {
	const char *noun;
	void (*complete)(const char *begin);	/* prints candidates, one a line */
	const char *files;		/* instead: files with this ending */
};

struct cli {
	const char *name;
	const char *error_name;		/* in front of errors; NULL: the same */
	const struct cli_command *const *commands;	/* up to NULL */
	const struct cli_arg *options;	/* in front of the command */
	void *globals;			/* where they go */
	const struct cli_noun *nouns;
	/* The words for the next of @n words that a CLI_REST argument has already, as "on|off"; "" */
	const char *(*rest)(char **words, int n, char *text, size_t size);
	void (*more_help)(FILE *to);/* behind the list of commands */
};

#define each_command(cli, c) \
	for (const struct cli_command *const *at_ = (cli)->commands, *c; (c = *at_); at_++)

/* ---- parse.c */
int cli_main(const struct cli *cli, int argc, char **argv);

/* ---- usage.c */
/* Which command the words are of from here on; NULL: none yet. */
void cli_now(const struct cli *cli, const struct cli_command *command);
/* What is wrong with the command line, and the usage of the command. Returns 2. */
int bad_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- types.c */
cli_parse cli_flag;			/* bool */
cli_parse cli_text;			/* const char * */
cli_parse cli_number;			/* uint32_t, from ->min to ->max */
cli_parse cli_time;			/* uint32_t, in microseconds */
cli_parse cli_choice;			/* int: 1 for the first word of ->value, and so on */
/* What is no number, or more than @max: -EINVAL. */
int parse_number(const char *text, uint32_t max, uint32_t *value);
/* "20ms", "500us", "1s" in microseconds; not 0. -ERANGE: more than fit. */
int parse_time(const char *text, uint32_t *us);

/* ---- abbrev.c */
/*
 * Make whole words of those of a command's name that are abbreviations which fit only one. An exit
 * status: an ambiguous one is an error, which is printed if @tell. What fits none stays as it is.
 */
int cli_expand(const struct cli *cli, char **words, int n, bool tell);

/* ---- help.c */
/* The command that these words begin with, and how many words its name is; or NULL. */
const struct cli_command *cli_find(const struct cli *cli, char **words, int n, int *used);
void cli_usage(FILE *to, const struct cli *cli, const struct cli_command *command);
void cli_help(FILE *to, const struct cli *cli);
void cli_help_command(const struct cli *cli, const struct cli_command *command);
/* A sed script that puts the syntax behind ".It Ic COMMAND" of the manual. */
int cli_mdoc(const struct cli *cli);

/* ---- complete.c */
/* The candidates for the last of these words, one a line; "@files ENDING" for files. */
int cli_complete(const struct cli *cli, int argc, char **argv);
void cli_candidate(const char *begin, const char *word);
void cli_complete_interface(const char *begin);

/* ---- netns.c */
/* --netns, or NULL */
extern const char *netns;
/* Enter that network namespace. An exit status. */
int enter_netns(void);

/* ---- print.c */
/*
 * printf() to standard output for text that may come from outside: control characters in it are
 * shown as \n, \t, \x1b. Those at the beginning and end of @fmt are ours.
 */
void out(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void out_to(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "rexctl: text" to stderr; returns 1, the exit status. */
int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* All that was printed must have arrived; an exit status. */
int flush_output(void);
/* Text from outside: JSON escapes control characters itself, and bytes that are not UTF-8 are \xNN. */
json_t *json_text(const char *text);
/* One line of JSON to stdout; takes @value. Returns an exit status. */
int print_json(json_t *value);
extern const char *cli_name;		/* of the tool, in front of errors */

#endif /* _CLI_H */
