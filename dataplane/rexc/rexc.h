/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REXC_H
#define REXC_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <rex_version.h>
#include <uapi/rex.h>

/* A program's share of the 32 KiB that rex.ko gives it; the rest is for what it calls first. */
#define STACK_LIMIT	(28 * 1024)
/* The largest frame that the run-time check can catch: helpers have 24 KiB below the region. */
#define FRAME_LIMIT	(8 * 1024)

/* What the statics of a program may take together, unless --max-data says otherwise... */
#define DATA_LIMIT	(64ull << 20)
/* ... and at most: the kernel has 1 GiB for all modules. */
#define DATA_LIMIT_MAX	(1ull << 30)
/* The CPU time of each program that rexc runs, in seconds; --max-cpu. */
#define CPU_LIMIT	120
/* The memory of each: the compiler copies a static 6 times before it is an object file. */
#define MEMORY_LIMIT(data) ((1536ull << 20) + 8 * (data))

/* One run of rexc. */
struct job {
	/* from the command line */
	const char *input, *out, *kdir, *sign;
	const char *keep;		/* directory for intermediate files */
	const char *depfile;		/* where to write the list of files for make */
	bool check_only;
	unsigned long long max_data;	/* bytes */
	unsigned int max_cpu;		/* seconds */

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
	bool wrap;			/* arithmetic without overflow checks */
	bool explain;			/* compile for the errors' sake, not for the code's */
	unsigned int stack;		/* worst case in bytes; 0: unbounded */
	char leaves[REX_MAX_ENTRIES][REX_NAME_LEN]; /* entries */
	size_t nleaves;
};

/* ---- run.c ---- */

/* Set by SIGINT and SIGTERM; everything winds up as after an error. */
extern volatile sig_atomic_t run_stopped;

void run_catch_signals(void);

/* Of the programs that are run from now on. 0: none. */
struct run_limits {
	unsigned long long memory;	/* bytes; and of each file */
	unsigned int cpu;		/* seconds */
};
void run_set_limits(const struct run_limits *l);

/*
 * Runs a program and waits. Its output goes to the file @output, or to ours when
 * NULL. Returns its exit status, -EINTR when stopped, -ECHILD when it died of a
 * signal, which is reported, or another negative errno when it could not be started.
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

/* ---- leaf.c ---- */

struct object;
/* Names the leaves in @job. */
void leaf_find(const struct object *o, struct job *job);
/* Says so in the entries of the file @path, of which @o is a copy. 0 or negative errno, reported. */
int leaf_mark(const struct job *job, const struct object *o, const char *path);

/* ---- module.c ---- */

/* Links tmp/program.o and the glue into a kernel module at @out. 0 or negative errno, reported. */
int module_build(struct job *job, const char *object, const char *out);

#endif
