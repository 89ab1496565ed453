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
	if (isatty(2) && output)
		args_add(&args, "--color=always");
	args_add(&args, "%s", job->source);
	ret = run_program(args.v, output);
out:
	args_free(&args);
	return ret;
}

/* Shows what the compiler said; returns whether it spoke of the unsafe_code lint. */
static bool show(const char *path)
{
	bool lint = false;
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	while (getline(&line, &room, f) > 0) {
		lint |= strstr(line, "unsafe-code") || strstr(line, "unsafe_code");
		fputs(line, stderr);
	}
	free(line);
	fclose(f);
	return lint;
}

static int failed(const struct job *job, int ret)
{
	if (ret == -EINTR)
		return ret;
	if (ret < 0 || ret == 127)
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
		show(said);
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
	if (show(said) && ret)
		diag_note("Rex programs are written in safe Rust only, that is what keeps the "
			  "kernel "
			  "safe from them; use the API of the rex crate");
	return ret ? failed(job, ret) : 0;
}
