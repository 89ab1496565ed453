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
#include "scan.h"

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

/* Runs the compiler with @what to make, and where to if that does not say it. */
static int compile(struct job *job, const char *what, const char *to, const char *output)
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
	args_add(&args, "-Coverflow-checks=%s", job->wrap ? "off" : "on");
	args_add(&args, "--sysroot=%s", job->sysroot);
	/* also when it is not used: it has the panic handler */
	args_add(&args, "-Zunstable-options");
	args_add(&args, "--extern=force:rex");
	args_add(&args, "%s", what);
	/* nothing in the user's folder, where another rexc may make files of the same names */
	args_add(&args, to ? "-o" : "--out-dir");
	args_add(&args, "%s", to ? to : job->tmp);
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
static const char leak[] = "a value whose destructor never runs can keep a lock or a record of the "
			   "kernel; let it go out of scope, or drop() it";
static const char assembly[] = "assembly cannot be checked; write it in Rust";
static const struct {
	const char *said, *note;
} hints[] = {
	{ "unsafe-code", safe_only },
	{ "unsafe_code", safe_only },
	{ "requires unsafe block", safe_only },
	{ "unsafe_op_in_unsafe_fn", safe_only },
	{ "crate `std`", no_std },
	{ "cannot find macro `vec`", no_std },
	{ "cannot find macro `format`", no_std },
	{ "cannot find macro `println`", no_std },
	{ "`Box`", no_std },
	{ "`Vec`", no_std },
	{ "`String`", no_std },
	{ "`panic_impl`", "the rex crate has the panic handler: a panic ends the invocation and "
			  "switches the program off; remove this one" },
	{ "tried to allocate more memory than available",
	  "statics and constants are computed in the compiler's memory, which is bounded: a program "
	  "has 64 MiB for its statics, or what --max-data says; large tables belong in maps" },
	{ "aligned to more than 8 bytes", "the kernel aligns keys and values to 8 bytes: keep a u128 "
					  "as [u64; 2] or as its bytes (to_ne_bytes)" },
	{ "`forget` can leak", leak },
	{ "`ManuallyDrop` can leak", leak },
	{ "`MaybeUninit` can leak", leak },
	{ "`asm!` is not allowed", assembly },
	{ "`naked_asm!` is not allowed", assembly },
	{ "`global_asm!` is not allowed", assembly },
	{ "`include!` is not allowed", "rexc must see every source file: use `mod name;` for code, "
				       "include_bytes! or include_str! for data" },
	{ "error[E0658]", "unstable language features are not checked for soundness; stay with stable "
		   "Rust" },
};

/* Advice of the compiler that rexc does not take: unstable features. */
static bool no_help(const char *line)
{
	return strstr(line, " to the crate attributes to enable") ||
	       strstr(line, "this compiler was built on");
}

static bool says(const char *line, const char *what)
{
	/* what core does not have for programs (core-gate) has hints of its own */
	return strstr(line, what) && (strcmp(what, "error[E0658]") || !strstr(line, "rex_refuses"));
}

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
		if (no_help(line))
			continue;
		for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++)
			given[i] |= says(line, hints[i].said);
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
	const char *list = emit + strlen("--emit=dep-info=");
	int ret;

	snprintf(emit, sizeof(emit), "--emit=dep-info=%s/program.d", job->tmp);
	snprintf(said, sizeof(said), "%s/rustc.log", job->tmp);
	ret = compile(job, emit, NULL, said);
	if (ret) {
		show(said, true);
		return failed(job, ret);
	}
	/* its warnings come again from rustc_compile */
	ret = deps_read(list, &job->files, &job->nfiles);
	if (ret == -EILSEQ) {
		diag_error(job->source, 0, 0, "a source file has a backslash before a blank or a "
					      "line break in its name");
		diag_note("the compiler cannot tell such a name to others; rename the file");
	} else if (ret) {
		diag_error(NULL, 0, 0, "%s: %s", list, strerror(-ret));
	}
	return ret;
}

int rustc_expand(struct job *job)
{
	char expanded[PATH_MAX + 32], said[PATH_MAX + 32];
	int ret;

	snprintf(expanded, sizeof(expanded), "%s/expanded.rs", job->tmp);
	snprintf(said, sizeof(said), "%s/rustc.log", job->tmp);
	ret = compile(job, "-Zunpretty=expanded", expanded, said);
	if (ret) {
		show(said, true);
		return failed(job, ret);
	}
	return scan_expanded(expanded, job->source, job->files, job->nfiles);
}

int rustc_compile(struct job *job)
{
	char emit[4 * PATH_MAX], said[PATH_MAX + 32];
	int ret;

	snprintf(emit, sizeof(emit), "--emit=asm=%s/program.s,obj=%s/program.o,link=%s/program.a",
		 job->tmp, job->tmp, job->tmp);
	snprintf(said, sizeof(said), "%s/rustc.log", job->tmp);
	ret = compile(job, emit, NULL, said);
	/* an assertion of the crate about a type: who asked for it is lost where code was inlined */
	job->explain = ret > 0 && has_line(said, "E0080");
	if (job->explain)
		ret = compile(job, emit, NULL, said);
	show(said, ret);
	return ret ? failed(job, ret) : 0;
}
