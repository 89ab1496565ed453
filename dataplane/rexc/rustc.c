// SPDX-License-Identifier: GPL-2.0-only
/* Drives the Rust compiler. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deps.h"
#include "diag.h"
#include "rexc.h"

/* One flag a line; # begins a comment line. */
static int target_flags(const struct job *job, struct args *args)
{
	char path[PATH_MAX + 32], *line = NULL;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/target-flags", job->support);
	f = fopen(path, "re");
	if (!f) {
		int err = -errno;

		diag_error(path, 0, 0, "%s", strerror(-err));
		diag_note("rexc's own files are incomplete: build it again with make, or set "
			  "REX_SUPPORT");
		return err;
	}
	while (getline(&line, &room, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#')
			args_add(args, "%s", line);
	}
	free(line);
	fclose(f);
	return 0;
}

static int compile(struct job *job, const char *emit, const char *output)
{
	struct args args = { 0 };
	int ret;

	args_add(&args, "%s", job->rustc);
	ret = target_flags(job, &args);
	if (ret)
		goto out;
	args_add(&args, "--edition=2024");
	args_add(&args, "--crate-type=staticlib");
	args_add(&args, "--crate-name=%s", job->name);
	args_add(&args, "-Clto=fat");
	args_add(&args, "-Zcrate-attr=no_std");
	args_add(&args, "-Aunused_attributes"); /* it may say no_std itself */
	args_add(&args, "-Zallow-features=");
	args_add(&args, "-Funsafe_code");
	args_add(&args, "--sysroot=%s", job->sysroot);
	/* also when it is not used: it has the panic handler */
	args_add(&args, "-Zunstable-options");
	args_add(&args, "--extern=force:rex");
	args_add(&args, "--emit=%s", emit);
	if (job->explain)
		args_add(&args, "-Zinline-mir=no");
	if (isatty(2) && output)
		args_add(&args, "--color=always");
	args_add(&args, "%s", job->source);
	ret = run_program(args.v, output);
out:
	args_free(&args);
	return ret;
}

/* What the compiler cannot know: the way out in a Rex program. */
static const char safe_only[] = "Rex programs are written in safe Rust only, that is what keeps the "
				"kernel safe from them; use the API of the rex crate";
static const char no_std[] = "a program has core and rex, but no std and no heap: keep data in maps, "
			     "in statics behind a SpinLock, and in arrays; print with rex::printk!";
static const struct {
	const char *said, *note;
} hints[] = {
	{ "unsafe-code", safe_only },
	{ "unsafe_code", safe_only },
	{ "requires unsafe block", safe_only },
	{ "unsafe_op_in_unsafe_fn", safe_only },
	{ "crate `std`", no_std },
	{ "can't find crate for `alloc`", no_std },
	{ "can't find crate for `std`", no_std },
	{ "cannot find macro `vec`", no_std },
	{ "cannot find macro `format`", no_std },
	{ "cannot find macro `println`", no_std },
	{ "`Box`", no_std },
	{ "`Vec`", no_std },
	{ "`String`", no_std },
	{ "can't find crate for `proc_macro`",
	  "a program is one crate for the kernel; macros can be written with macro_rules!" },
	{ "`panic_impl`", "the rex crate has the panic handler: a panic ends the invocation and "
			  "switches the program off; remove this one" },
	{ "tried to allocate more memory than available",
	  "statics and constants are computed in the compiler's memory, which is bounded: a program "
	  "has 64 MiB for its statics, or what --max-data says; large tables belong in maps" },
	{ "E0658", "unstable language features are not checked for soundness; stay with stable "
		   "Rust" },
};

/* Shows what the compiler said, and hints if it refused. */
static void show(const char *path, bool refused)
{
	bool given[sizeof(hints) / sizeof(*hints)] = { false };
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "re");

	if (!f)
		return;
	while (getline(&line, &room, f) > 0) {
		for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++)
			given[i] |= strstr(line, hints[i].said) != NULL;
		fputs(line, stderr);
	}
	free(line);
	fclose(f);
	for (size_t i = 0; refused && i < sizeof(hints) / sizeof(*hints); i++) {
		for (size_t k = 0; k < i; k++)
			given[i] &= !given[k] || hints[k].note != hints[i].note;
		if (given[i])
			diag_note("%s", hints[i].note);
	}
}

static bool has_line(const char *path, const char *text)
{
	bool found = false;
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "re");

	while (f && !found && getline(&line, &room, f) > 0)
		found = strstr(line, text);
	free(line);
	if (f)
		fclose(f);
	return found;
}

static int failed(const struct job *job, int ret)
{
	if (ret == -EINTR)
		return ret;
	if (ret == -ECHILD)
		diag_error(job->source, 0, 0, "the compiler did not finish this program (above)");
	else if (ret < 0 || ret == 127)
		diag_error(NULL, 0, 0, "cannot run the Rust compiler %s%s%s", job->rustc,
			   ret < 0 ? ": " : "", ret < 0 ? strerror(-ret) : "");
	else
		diag_error(NULL, 0, 0, "the compiler refused %s (above)", job->source);
	return ret < 0 ? ret : -EINVAL;
}

int rustc_list_files(struct job *job)
{
	char emit[PATH_MAX + 32], said[PATH_MAX + 32];
	int ret;

	snprintf(emit, sizeof(emit), "dep-info=%s/program.d", job->tmp);
	snprintf(said, sizeof(said), "%s/rustc.log", job->tmp);
	ret = compile(job, emit, said);
	if (ret) {
		show(said, true);
		return failed(job, ret);
	}
	/* its warnings come again from rustc_compile */
	ret = deps_read(emit + strlen("dep-info="), &job->files, &job->nfiles);
	if (ret)
		diag_error(NULL, 0, 0, "%s: %s", emit + strlen("dep-info="), strerror(-ret));
	return ret;
}

int rustc_compile(struct job *job)
{
	char emit[4 * PATH_MAX], said[PATH_MAX + 32];
	int ret;

	snprintf(emit, sizeof(emit), "asm=%s/program.s,obj=%s/program.o,link=%s/program.a",
		 job->tmp, job->tmp, job->tmp);
	snprintf(said, sizeof(said), "%s/rustc.log", job->tmp);
	ret = compile(job, emit, said);
	/* an assertion of the crate about a type: who asked for it is lost where code was inlined */
	job->explain = ret > 0 && has_line(said, "E0080");
	if (job->explain)
		ret = compile(job, emit, said);
	show(said, ret);
	return ret ? failed(job, ret) : 0;
}
