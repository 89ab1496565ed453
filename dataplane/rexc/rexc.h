/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REXC_H
#define REXC_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define REXC_VERSION	"1"

/* A program's share of the 32 KiB that rex.ko gives it; the rest is for what it calls first. */
#define STACK_LIMIT	(28 * 1024)
/* The largest frame that the run-time check can catch: helpers have 24 KiB below the region. */
#define FRAME_LIMIT	(8 * 1024)

/* One run of rexc. */
struct job {
	/* from the command line */
	const char *input, *out, *kdir, *sign;
	const char *keep;		/* directory for intermediate files */
	bool check_only;

	char name[PATH_MAX];		/* module name */
	char source[PATH_MAX];		/* root source file */
	char sysroot[PATH_MAX];		/* core, rex, rex_macros */
	char support[PATH_MAX];		/* glue.c, program.lds, target-flags, include/ */
	char symvers[PATH_MAX];		/* Module.symvers of rex.ko */
	char headers[PATH_MAX];		/* kernel headers (kbuild) */
	char tmp[PATH_MAX];		/* private directory, removed at the end */
	const char *rustc;

	char **files;			/* sources, as the compiler names them */
	size_t nfiles;
	unsigned int stack;		/* worst case in bytes; 0: unbounded */
};

/* ---- run.c ---- */

/* Set by SIGINT and SIGTERM; everything winds up as after an error. */
extern volatile sig_atomic_t run_stopped;

void run_catch_signals(void);

/*
 * Runs a program and waits. Its output goes to the file @output, or to ours when
 * NULL. Returns its exit status, -EINTR when stopped, -ECHILD when it died of a
 * signal, or another negative errno when it could not be started.
 */
int run_program(char *const argv[], const char *output);

/* A growing argument vector. Running out of memory ends rexc. */
struct args {
	char **v;
	size_t n;
};
void args_add(struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void args_free(struct args *a);

/* ---- locate.c ---- */

/* Fills in where everything is; 0 or negative errno, reported. */
int locate(struct job *job);

/* ---- rustc.c ---- */

/* Lists the program's files in job->files. 0 or negative errno, reported. */
int rustc_list_files(struct job *job);
/* Scans what macros make of the program. 0 or negative errno, reported. */
int rustc_expand(struct job *job);
/* Compiles to tmp/program.o and tmp/program.s. 0 or negative errno, reported. */
int rustc_compile(struct job *job);

/* ---- instrument.c ---- */

/*
 * Copies post-LTO assembly and inserts the stack check at the start of every
 * function. 0 or negative errno.
 */
int instrument(const char *from, const char *to);

/* ---- module.c ---- */

/* Links tmp/program.o and the glue into a kernel module at @out. 0 or negative errno, reported. */
int module_build(struct job *job, const char *object, const char *out);

#endif
