// SPDX-License-Identifier: GPL-2.0-only
/* From the checked object to a kernel module: linker, glue and the kernel's own kbuild. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "linetable.h"
#include "object.h"
#include "rexc.h"

static int link_program(struct job *job, const char *object)
{
	struct args args = { 0 };
	int ret;

	args_add(&args, "ld");
	args_add(&args, "-r");
	args_add(&args, "-T");
	args_add(&args, "%s/program.lds", job->support);
	args_add(&args, "-o");
	args_add(&args, "%s/linked.o", job->tmp);
	args_add(&args, "%s/sections.o", job->support);
	args_add(&args, "%s", object);
	args_add(&args, "%s/mem.o", job->support);
	ret = run_program(args.v, NULL);
	args_free(&args);
	if (ret > 0) {
		diag_error(NULL, 0, 0, "ld could not link the program");
		ret = -EINVAL;
	}
	return ret;
}

/* The debug sections end here: the line table says what a module needs to know. */
static int make_line_table(struct job *job)
{
	char path[PATH_MAX + 64];
	struct args args = { 0 };
	struct object o;
	int ret;

	snprintf(path, sizeof(path), "%s/linked.o", job->tmp);
	ret = object_open(&o, path);
	if (!ret)
		ret = leaf_mark(job, &o, path);
	if (!ret) {
		o.lines = lines_open(&o);
		snprintf(path, sizeof(path), "%s/kbuild/rexc_lines.h", job->tmp);
		ret = linetable_write(&o, path);
		if (ret)
			diag_error(path, 0, 0, "%s", strerror(-ret));
	}
	lines_close(o.lines);
	object_close(&o);
	if (ret)
		return ret;
	args_add(&args, "strip");
	args_add(&args, "--strip-debug");
	args_add(&args, "-o");
	args_add(&args, "%s/kbuild/rexc_program.o", job->tmp);
	args_add(&args, "%s/linked.o", job->tmp);
	ret = run_program(args.v, NULL);
	args_free(&args);
	if (ret > 0)
		diag_error(NULL, 0, 0, "strip could not shorten the program");
	return ret > 0 ? -EINVAL : ret;
}

static int write_file(const char *dir, const char *name, const char *text)
{
	char path[2 * PATH_MAX];
	FILE *f;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f || fputs(text, f) < 0)
		err = -errno;
	if (f && fclose(f) && !err)
		err = -errno;
	if (err)
		diag_error(path, 0, 0, "%s", strerror(-err));
	return err;
}

/* kbuild's warnings are errors here, but for one that is about the machine. */
static bool has_warning(const char *log)
{
	bool found = false;
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(log, "re");

	while (f && getline(&line, &room, f) > 0)
		if (strcasestr(line, "warning") && !strstr(line, "the compiler differs from"))
			found = true;
	free(line);
	if (f)
		fclose(f);
	return found;
}

static void show(const char *log)
{
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(log, "re");

	while (f && getline(&line, &room, f) > 0)
		fputs(line, stderr);
	free(line);
	if (f)
		fclose(f);
}

static int kbuild(struct job *job)
{
	char log[PATH_MAX + 32];
	struct args args = { 0 };
	int ret;

	snprintf(log, sizeof(log), "%s/kbuild.log", job->tmp);
	args_add(&args, "make");
	args_add(&args, "--no-print-directory");
	args_add(&args, "-C");
	args_add(&args, "%s", job->headers);
	args_add(&args, "M=%s/kbuild", job->tmp);
	args_add(&args, "KBUILD_EXTRA_SYMBOLS=%s", job->symvers);
	/* a program has no kfuncs to describe, and pahole's threads make BTF of random order */
	args_add(&args, "CONFIG_DEBUG_INFO_BTF_MODULES=");
	/* our folder's random name would get into the build id */
	args_add(&args, "KCFLAGS=-ffile-prefix-map=%s/kbuild=.", job->tmp);
	args_add(&args, "modules");
	ret = run_program(args.v, log);
	args_free(&args);
	if (ret == -EINTR)
		return ret;
	if (ret || has_warning(log)) {
		show(log);
		diag_error(NULL, 0, 0, "the kernel's build system %s the module (above)",
			   ret ? "could not build" : "warned about");
		return -EINVAL;
	}
	return 0;
}

/* What kbuild's own C left; --keep's linked.o has all there is to know of the program. */
static int strip(const char *module)
{
	struct args args = { 0 };
	int ret;

	args_add(&args, "strip");
	args_add(&args, "--strip-debug");
	args_add(&args, "%s", module);
	ret = run_program(args.v, NULL);
	args_free(&args);
	if (ret > 0)
		diag_error(NULL, 0, 0, "strip could not shorten the module");
	return ret > 0 ? -EINVAL : ret;
}

/* @sign is KEY:CERT. */
static int sign(struct job *job, const char *module)
{
	const char *colon = strrchr(job->sign, ':');
	struct args args = { 0 };
	int ret;

	args_add(&args, "%s/scripts/sign-file", job->headers);
	args_add(&args, "sha256");
	args_add(&args, "%.*s", (int)(colon - job->sign), job->sign);
	args_add(&args, "%s", colon + 1);
	args_add(&args, "%s", module);
	ret = run_program(args.v, NULL);
	args_free(&args);
	if (ret > 0) {
		diag_error(NULL, 0, 0, "the module could not be signed with %s", job->sign);
		ret = -EINVAL;
	}
	return ret;
}

static int copy(const char *from, const char *to)
{
	char block[65536];
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	size_t n;
	int err = 0;

	if (!in || !out)
		err = -errno;
	while (!err && (n = fread(block, 1, sizeof(block), in)) > 0)
		if (fwrite(block, 1, n, out) != n)
			err = -errno;
	if (in)
		fclose(in);
	if (out && fclose(out) && !err)
		err = -errno;
	return err;
}

int module_build(struct job *job, const char *object, const char *out)
{
	char dir[PATH_MAX + 16], path[PATH_MAX + 128], text[2 * PATH_MAX];
	int err;

	snprintf(dir, sizeof(dir), "%s/kbuild", job->tmp);
	if (mkdir(dir, 0700))
		return -errno;
	snprintf(text, sizeof(text),
		 "obj-m := %.32s.o\n"
		 "%.32s-y := rexc_glue.o rexc_program.o\n"
		 "ccflags-y := -I%s/include -I$(src) -DREX_STACK=%u -DREXC_VERSION='\"%s\"'\n",
		 job->name, job->name, job->support, job->stack, REX_VERSION);
	err = write_file(dir, "Kbuild", text);
	snprintf(path, sizeof(path), "#include \"%s/glue.c\"\n", job->support);
	if (!err)
		err = write_file(dir, "rexc_glue.c", path);
	/* modpost wants to know how each object was made */
	snprintf(path, sizeof(path), "savedcmd_%s/rexc_program.o := rexc\n", dir);
	if (!err)
		err = write_file(dir, ".rexc_program.o.cmd", path);
	if (!err)
		err = link_program(job, object);
	if (!err)
		err = make_line_table(job);
	if (!err)
		err = kbuild(job);
	snprintf(path, sizeof(path), "%s/%.32s.ko", dir, job->name);
	if (!err)
		err = strip(path);
	if (!err && job->sign)
		err = sign(job, path);
	if (!err) {
		err = copy(path, out);
		if (err)
			diag_error(job->out, 0, 0, "%s", strerror(-err));
	}
	return err;
}
