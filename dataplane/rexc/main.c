// SPDX-License-Identifier: GPL-2.0-only
/* rexc: checks a Rex program and builds it into a kernel module. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deps.h"
#include "diag.h"
#include "object.h"
#include "rexc.h"
#include "scan.h"

const char *argp_program_version = "rexc " REX_VERSION;

static const char doc[] = "Check a Rex program and build it into a kernel module.\v"
			  "A folder must have main.rs, lib.rs or FOLDER.rs. The program gets the "
			  "name of the file or "
			  "folder; the module is written to NAME.ko in the current directory "
			  "unless -o is given.\n"
			  "\n"
			  "rexc refuses what is not safe in the kernel, with the place and the way "
			  "out: unsafe code, "
			  "foreign functions, assembly, values that are never dropped, floating "
			  "point, more than "
			  "28 KiB of stack, and more than 64 MiB of statics. Programs with recursion or calls through pointers get "
			  "a stack check in "
			  "every function.\n"
			  "\n"
			  "Environment: RUSTC (the compiler, default /usr/bin/rustc), KDIR (the "
			  "kernel's headers), "
			  "CLANG (the assembler of stack checks), "
			  "REX_SYSROOT, REX_SUPPORT, REX_SYMVERS (folders of what comes with Rex), "
			  "TMPDIR.\n"
			  "\n"
			  "Exit status: 0 built (or accepted, --check), 1 refused or failed, 64 "
			  "wrong usage.";

enum { OPT_KDIR = 256, OPT_KEEP, OPT_DEPFILE, OPT_CHECK, OPT_SIGN, OPT_NAME, OPT_MAX_DATA, OPT_MAX_CPU, OPT_WRAP };

static const struct argp_option options[] = {
	{ "output", 'o', "OUT.ko", 0, "Write the module here", 0 },
	{ "name", OPT_NAME, "NAME", 0, "Name of the program and module", 0 },
	{ "kdir", OPT_KDIR, "DIR", 0, "Headers of the kernel to build for", 0 },
	{ "check", OPT_CHECK, NULL, 0, "Only check, build no module", 0 },
	{ "sign", OPT_SIGN, "KEY:CERT", 0, "Sign the module (files as for the kernel's sign-file)",
	  0 },
	{ "max-data", OPT_MAX_DATA, "SIZE", 0,
	  "What the program's statics may take together (64M; 1G at most)", 0 },
	{ "max-cpu", OPT_MAX_CPU, "SECONDS", 0,
	  "CPU time of the compiler and of each other program that rexc runs (120)", 0 },
	{ "no-overflow-checks", OPT_WRAP, NULL, 0,
	  "Let arithmetic of the program wrap around instead of ending the invocation by a panic",
	  0 },
	{ "depfile", OPT_DEPFILE, "FILE", 0,
	  "Write the program's source files here, as a rule for make", 0 },
	{ "keep", OPT_KEEP, "DIR", 0, "Keep intermediate files in this new folder", 0 },
	{ "verbose", 'v', NULL, 0, "Say what is done", 0 },
	{ 0 },
};

/* "64M"; 0 when it is no such size. */
static unsigned long long size_of(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	unsigned int shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;

	if (*text < '0' || *text > '9' || (*end && (!shift || end[1])) || n > ULLONG_MAX >> shift)
		return 0;
	return n << shift;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct job *job = state->input;

	switch (key) {
	case 'o':
		job->out = arg;
		break;
	case 'v':
		diag_set_verbose(1);
		break;
	case OPT_NAME:
		snprintf(job->name, sizeof(job->name), "%s", arg);
		if (!*arg)
			argp_error(state, "--name is empty");
		break;
	case OPT_KDIR:
		job->kdir = arg;
		break;
	case OPT_WRAP:
		job->wrap = true;
		break;
	case OPT_DEPFILE:
		job->depfile = arg;
		break;
	case OPT_KEEP:
		job->keep = arg;
		break;
	case OPT_CHECK:
		job->check_only = true;
		break;
	case OPT_MAX_DATA:
		job->max_data = size_of(arg);
		if (!job->max_data || job->max_data > DATA_LIMIT_MAX)
			argp_error(state, "--max-data requires a size from 1 to 1G, such as 256M, not `%s`",
				   arg);
		break;
	case OPT_MAX_CPU:
		job->max_cpu = size_of(arg) < 1000000 ? size_of(arg) : 0;
		if (!job->max_cpu)
			argp_error(state, "--max-cpu requires a number of seconds from 1 to 999999, not `%s`", arg);
		break;
	case OPT_SIGN:
		job->sign = arg;
		if (!strchr(arg, ':'))
			argp_error(state, "--sign requires two files, KEY:CERT, not `%s`", arg);
		break;
	case ARGP_KEY_ARG:
		if (job->input)
			argp_error(state, "one program at a time: `%s` and `%s`", job->input, arg);
		job->input = arg;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which program? Name a .rs file or a folder");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int make_work_folder(struct job *job)
{
	const char *base = getenv("TMPDIR");
	char path[PATH_MAX];
	int err;

	if (job->keep) {
		if (mkdir(job->keep, 0777) || !realpath(job->keep, job->tmp)) {
			err = -errno;
			diag_error(job->keep, 0, 0, "%s", strerror(-err));
			diag_note("--keep requires the name of a folder that does not exist yet");
			return err;
		}
		return 0;
	}
	snprintf(path, sizeof(path), "%s/rexc.XXXXXX", base && *base ? base : "/tmp");
	if (!mkdtemp(path)) {
		err = -errno;
		diag_error(path, 0, 0, "%s", strerror(-err));
		diag_note("rexc needs a folder for intermediate files; set TMPDIR");
		return err;
	}
	if (!realpath(path, job->tmp))
		return -errno;
	return 0;
}

/* The module appears under its name only when it is complete. */
static int open_output(struct job *job, char temporary[PATH_MAX])
{
	int err, fd;

	if ((size_t)snprintf(temporary, PATH_MAX, "%s.XXXXXX", job->out) >= PATH_MAX)
		return -ENAMETOOLONG;
	fd = mkstemp(temporary);
	if (fd < 0) {
		err = -errno;
		*temporary = '\0';
		diag_error(job->out, 0, 0, "cannot write the module here: %s", strerror(-err));
		return err;
	}
	fchmod(fd, 0644);
	close(fd);
	return 0;
}

static int examine(const struct job *job, struct object *o, const char *path,
		   struct stack_report *r)
{
	int err = object_open(o, path);

	if (err)
		return err;
	o->lines = lines_open(o);
	err = insn_scan(o);
	/* one report is enough, but imports often name the line where instructions do not */
	if (!err)
		err = object_check(o, job->max_data);
	return err ? err : stack_compute(o, r);
}

/* Inserts the run-time check; @object becomes the new object file's name. */
static int add_checks(struct job *job, char object[])
{
	char *clang = getenv("CLANG");
	char *argv[] = { clang && *clang ? clang : "clang",
			 "--target=x86_64-linux-gnu",
			 "-c",
			 "-x",
			 "assembler",
			 "-o",
			 NULL,
			 NULL,
			 NULL };
	char from[PATH_MAX + 32], to[PATH_MAX + 32];
	int ret;

	snprintf(from, sizeof(from), "%s/program.s", job->tmp);
	snprintf(to, sizeof(to), "%s/checked.s", job->tmp);
	sprintf(object, "%s/checked.o", job->tmp);
	ret = instrument(from, to);
	if (ret) {
		diag_error(to, 0, 0, "%s", strerror(-ret));
		return ret;
	}
	argv[6] = object;
	argv[7] = to;
	ret = run_program(argv, NULL);
	if (ret > 0) {
		diag_error(NULL, 0, 0, "clang could not assemble the program");
		ret = -EINVAL;
	}
	return ret;
}

static int check_object(struct job *job, char object[])
{
	struct stack_report r = { 0 };
	struct object o;
	int err;

	sprintf(object, "%s/program.o", job->tmp);
	err = examine(job, &o, object, &r);
	if (!err)
		err = stack_check(&o, &r, false);
	if (!err && !r.bounded) {
		diag_step("stack unbounded (%s): checked at run time", r.why);
		stack_free(&r);
		lines_close(o.lines);
		object_close(&o);
		err = add_checks(job, object);
		if (err)
			return err;
		err = examine(job, &o, object, &r);
		if (!err)
			err = stack_check(&o, &r, true);
	} else if (!err) {
		diag_step("stack at most %lu bytes: %s", (unsigned long)r.worst, r.why);
		job->stack = r.worst ? r.worst : 1;
	}
	if (!err)
		leaf_find(&o, job);
	stack_free(&r);
	lines_close(o.lines);
	object_close(&o);
	return err;
}

/* Written last: a module without it is at most built once more. */
static int write_depfile(const struct job *job)
{
	int err = deps_write(job->depfile, job->out, job->files, job->nfiles);

	if (err)
		diag_error(job->depfile, 0, 0, "cannot write the dependencies here: %s",
			   strerror(-err));
	return err;
}

static int build(struct job *job)
{
	char temporary[PATH_MAX] = "", object[PATH_MAX + 32], standard[PATH_MAX];
	int err = locate(job);

	if (err)
		return err;
	if (!job->out) {
		snprintf(standard, sizeof(standard), "%.32s.ko", job->name);
		job->out = standard;
	}
	err = make_work_folder(job);
	if (!err && !job->check_only)
		err = open_output(job, temporary);
	/* also what a compiler that is ended leaves behind */
	if (!err)
		setenv("TMPDIR", job->tmp, 1);
	/* first the root source alone: our words before the compiler's */
	if (!err)
		err = scan_files((char *[]){ job->source }, 1);
	if (!err)
		err = rustc_list_files(job);
	if (!err)
		err = scan_files(job->files, job->nfiles);
	if (!err)
		err = rustc_expand(job);
	if (!err)
		err = rustc_compile(job);
	if (!err) {
		lines_set_sources(job->files, job->nfiles);
		err = check_object(job, object);
	}
	if (!err && !job->check_only)
		err = module_build(job, object, temporary);
	if (!err && run_stopped)
		err = -EINTR;
	if (!err && !job->check_only && rename(temporary, job->out)) {
		err = -errno;
		diag_error(job->out, 0, 0, "%s", strerror(-err));
	}
	if (!err && job->depfile)
		err = write_depfile(job);
	if (err && *temporary)
		unlink(temporary);
	if (*job->tmp && !job->keep)
		nftw(job->tmp, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	lines_set_sources(NULL, 0);
	deps_free(job->files, job->nfiles);
	return err;
}

/*
 * A make that runs rexc is not talked to: its jobserver is closed to recipes like ours, and its
 * flags are not for the kernel's build.
 */
static void forget_make(void)
{
	static const char *const variables[] = { "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEFILES",
						 "CARGO_MAKEFLAGS" };

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		unsetenv(variables[i]);
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "FILE.rs|FOLDER", doc, NULL, NULL, NULL };
	static struct job job = { .max_data = DATA_LIMIT, .max_cpu = CPU_LIMIT };
	struct run_limits limits;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &job);
	forget_make();
	setenv("RUSTC_BOOTSTRAP", "1", 1); /* the code generation flags are unstable ones */
	setenv("RUSTC_ICE", "0", 1); /* no report files in the user's folder */
	limits.memory = MEMORY_LIMIT(job.max_data);
	limits.cpu = job.max_cpu;
	run_set_limits(&limits);
	run_catch_signals();
	err = build(&job);
	if (err && !diag_errors() && err != -EINTR)
		diag_error(NULL, 0, 0, "%s", strerror(-err));
	if (run_stopped) {
		fputs("rexc: stopped\n", stderr);
		return 128 + run_stopped;
	}
	return err ? 1 : 0;
}
