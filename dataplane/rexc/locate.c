// SPDX-License-Identifier: GPL-2.0-only
/* Finds the program's root source, its name, and what rexc needs to build it. */
#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <uapi/rex.h>

#include "diag.h"
#include "rexc.h"

/* A file that distinguishes our sysroot from any other. */
#define SYSROOT_PROOF "lib/rustlib/x86_64-unknown-none/lib/librex.rlib"

static bool exists(const char *dir, const char *file)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return !access(path, R_OK);
}

static int set(char to[PATH_MAX], const char *from)
{
	if (strlen(from) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(to, from);
	return 0;
}

/* The first of several directories that has @file; environment variables come first. */
static int find(char to[PATH_MAX], const char *what, const char *file, const char *variable,
		const char *const *places)
{
	const char *value = variable ? getenv(variable) : NULL;
	char real[PATH_MAX];

	if (value && *value) {
		if (realpath(value, real) && exists(real, file))
			return set(to, real);
		diag_error(NULL, 0, 0, "%s=%s has no %s", variable, value, file);
		return -ENOENT;
	}
	for (; *places; places++)
		if (realpath(*places, real) && exists(real, file))
			return set(to, real);
	diag_error(NULL, 0, 0, "cannot find %s (%s)", what, file);
	return -ENOENT;
}

/* A file, a folder with main.rs, lib.rs or FOLDER.rs. */
static int find_source(struct job *job)
{
	char real[PATH_MAX], path[2 * PATH_MAX], own[PATH_MAX];
	const char *names[] = { "main.rs", "lib.rs", own };
	struct stat st;
	size_t len;

	if (stat(job->input, &st) || !realpath(job->input, real)) {
		int err = -errno;

		diag_error(job->input, 0, 0, "%s", strerror(-err));
		return err;
	}
	if (!*job->name && set(job->name, basename(real)))
		return -ENAMETOOLONG;
	if (!S_ISDIR(st.st_mode)) {
		len = strlen(job->input);
		if (len < 4 || strcmp(job->input + len - 3, ".rs")) {
			diag_error(job->input, 0, 0, "not a Rust source file");
			diag_note("rexc builds a .rs file or a folder with main.rs, lib.rs or "
				  "FOLDER.rs");
			return -EINVAL;
		}
		len = strlen(job->name);
		if (len > 3 && !strcmp(job->name + len - 3, ".rs"))
			job->name[len - 3] = '\0';
		return set(job->source, job->input);
	}
	snprintf(own, sizeof(own), "%.*s.rs", PATH_MAX - 4, basename(real));
	for (size_t i = 0; i < 3; i++) {
		if (!exists(job->input, names[i]))
			continue;
		len = strlen(job->input);
		while (len > 1 && job->input[len - 1] == '/')
			len--;
		snprintf(path, sizeof(path), "%.*s/%s", (int)len, job->input, names[i]);
		return set(job->source, path);
	}
	diag_error(job->input, 0, 0, "the folder has none of main.rs, lib.rs and %s", own);
	diag_note("one of them must be the program's root source file");
	return -ENOENT;
}

static int check_name(struct job *job)
{
	static const char *const taken[] = {
		"rex", "rex_macros", "core", "compiler_builtins", "rexc_glue", "rexc_program",
	};
	const char *p = job->name;
	bool good = isalpha((unsigned char)*p) || *p == '_';

	for (; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			good = false;
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (!strcmp(job->name, taken[i])) {
			diag_error(NULL, 0, 0,
				   "`%s` cannot be the name of a program: it is a part of Rex",
				   job->name);
			diag_note("rename the file or give --name NAME");
			return -EINVAL;
		}
	if (good && strlen(job->name) < REX_NAME_LEN)
		return 0;
	diag_error(NULL, 0, 0, "`%s` cannot be the name of a program", job->name);
	diag_note("letters, digits and _ are allowed, at most %d, and the first must not be a digit; "
		  "rename the file or give --name NAME",
		  REX_NAME_LEN - 1);
	return -EINVAL;
}

static int find_headers(struct job *job, const char *bin)
{
	char near[PATH_MAX + 64], running[256];
	const char *places[] = { near, running, NULL };
	struct utsname u;

	if (job->kdir) {
		char real[PATH_MAX];

		if (realpath(job->kdir, real) && exists(real, "include/config/auto.conf"))
			return set(job->headers, real);
		diag_error(job->kdir, 0, 0, "no kernel headers here (include/config/auto.conf)");
		return -ENOENT;
	}
	uname(&u);
	snprintf(near, sizeof(near), "%s/../kernel/default/headers", bin);
	snprintf(running, sizeof(running), "/lib/modules/%s/build", u.release);
	if (!find(job->headers, "the kernel's headers", "include/config/auto.conf", "KDIR", places))
		return 0;
	diag_note("install linux-headers of the kernel that will run the program, or name them "
		  "with "
		  "--kdir DIR or KDIR");
	return -ENOENT;
}

int locate(struct job *job)
{
	char self[PATH_MAX], bin[PATH_MAX];
	char sysroot[PATH_MAX + 64], support[PATH_MAX + 64], installed[PATH_MAX + 64],
		symvers[PATH_MAX + 64];
	const char *sysroots[] = { sysroot, installed, NULL };
	const char *supports[] = { support, NULL };
	const char *symverses[] = { symvers, support, NULL };
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int err;

	if (len < 0)
		return -errno;
	self[len] = '\0';
	strcpy(bin, dirname(self));
	snprintf(sysroot, sizeof(sysroot), "%s/../sysroot", bin);
	snprintf(installed, sizeof(installed), "%s/../lib/rexc/sysroot", bin);
	snprintf(support, sizeof(support), "%s/../lib/rexc", bin);
	snprintf(symvers, sizeof(symvers), "%s/../kmod", bin);

	job->rustc = getenv("RUSTC");
	if (!job->rustc || !*job->rustc)
		job->rustc = "/usr/bin/rustc"; /* never PATH: a rustup toolchain may come first */
	err = find_source(job);
	if (!err)
		err = check_name(job);
	if (!err)
		err = find(job->sysroot, "the Rex sysroot", SYSROOT_PROOF, "REX_SYSROOT", sysroots);
	if (!err)
		err = find(job->support, "rexc's own files", "glue.c", "REX_SUPPORT", supports);
	if (err || job->check_only)
		return err;
	err = find(job->symvers, "rex.ko's symbol versions", "Module.symvers", "REX_SYMVERS",
		   symverses);
	if (!err && !exists(job->symvers, "Module.symvers"))
		err = -ENOENT;
	if (!err)
		strncat(job->symvers, "/Module.symvers", PATH_MAX - strlen(job->symvers) - 1);
	return err ? err : find_headers(job, bin);
}
