// SPDX-License-Identifier: GPL-2.0-only
/* apply: bring the machine to what files of rex.conf(5) describe. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "conf_file.h"
#include "plan.h"

#define FILES "/etc/rex/*.conf"
#define LOCK "/run/rexctl.lock"
#define EXIT_DIFFERS 3			/* of --dry-run */

struct apply_args {
	struct apply_files {
		char **words;
		int n;
	} files;
	bool dry_run, json;
};

static int parse_files(const struct cli_arg *arg, char **words, int n, void *field)
{
	struct apply_files *files = field;

	(void)arg;
	files->words = words;
	files->n = n;
	return 0;
}

/* ---- files ------------------------------------------------------------------------------------ */

static int read_file(struct conf *conf, const char *path)
{
	char *text = conf_file_read(path);
	int err = text ? conf_parse(conf, path, text) : 1;

	free(text);
	return err;
}

static int read_files(struct conf *conf, char **paths, size_t n)
{
	int err = 0;

	for (size_t i = 0; !err && i < n; i++)
		err = read_file(conf, paths[i]);
	return err;
}

/* ---- output ----------------------------------------------------------------------------------- */

static void print_step(const struct step *step)
{
	if (step->sign)
		out("%c %s %s\n", step->sign, step->what, step->text);
}

static int tell(const struct plan *plan, bool json, bool applied)
{
	json_t *changes = json_array();
	char sign[2] = "";

	for (size_t i = 0; i < plan->n; i++) {
		const struct step *step = plan->steps[i];

		*sign = step->sign;
		if (json && step->sign)
			json_array_append_new(changes, json_pack("{s:s,s:s,s:o}", "change", sign, "what",
								 step->what, "text", json_text(step->text)));
		else if (!json)
			print_step(step);
	}
	if (json)
		return print_json(json_pack("{s:b,s:o}", "applied", applied, "changes", changes));
	json_decref(changes);
	if (!plan->n)
		out("nothing to change\n");
	return flush_output();
}

/* ---- apply ------------------------------------------------------------------------------------ */

/* What one apply compares with, another one must not change. Released with the process. */
static int lock(void)
{
	int fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && !flock(fd, LOCK_EX))
		return 0;
	return fail("cannot lock \"%s\", so that no other \"rexctl apply\" is at work: %s", LOCK, strerror(errno));
}

/* Text comes first, so that it is known what was under way; JSON says what was done. */
static int run(struct plan *plan, const struct apply_args *a)
{
	int err = 0;

	if (a->dry_run) {
		err = tell(plan, a->json, false);
		return err ? err : plan->n ? EXIT_DIFFERS : 0;
	}
	if (!a->json)
		err = tell(plan, false, false);
	if (!err)
		err = plan_run(plan);
	return err || !a->json ? err : tell(plan, true, true);
}

static int apply_conf(const struct conf *conf, const struct apply_args *a)
{
	struct plan plan = { .home = open(NETNS_HERE, O_RDONLY | O_CLOEXEC) };
	int err = rex_open(&plan.rex);

	/* Without rex.ko nothing is loaded. */
	err = err && err != -ENOENT ? fail_rex() : 0;
	if (!err)
		err = enter_netns();
	/* First: drivers change queues and rings only while they have no XDP program, or not many queues. */
	if (!err)
		err = plan_nics(&plan, conf);
	if (!err)
		err = plan_programs(&plan, conf);
	if (!err)
		err = plan_accelerator(&plan, conf);
	if (!err)
		err = run(&plan, a);
	if (plan.home >= 0)
		close(plan.home);
	plan_free(&plan);
	return err;
}

static int apply(const void *args)
{
	const struct apply_args *a = args;
	struct conf conf = {};
	glob_t found = {};
	int err = 0;

	if (!a->files.n && glob(FILES, 0, NULL, &found))
		return fail("there is no %s; specify FILE, see rex.conf(5)", FILES);
	err = read_files(&conf, a->files.n ? a->files.words : found.gl_pathv,
			 a->files.n ? (size_t)a->files.n : found.gl_pathc);
	if (!err)
		err = lock();
	if (!err)
		err = apply_conf(&conf, a);
	conf_free(&conf);
	globfree(&found);
	return err;
}

const struct cli_command cmd_apply = {
	.name = "apply", .help = "bring the machine to what files of rex.conf(5) describe",
	.args = (const struct cli_arg[]){
		CLI_JSON(apply_args, "the changes as one line of JSON"),
		{ .name = "--dry-run", .help = "only print what would change; exits with 3 if there is something",
		  .parse = cli_flag, .to = CLI_TO(apply_args, dry_run) },
		{ .name = "FILE...", .help = "otherwise " FILES, .parse = parse_files,
		  .to = CLI_TO(apply_args, files), .flags = CLI_REST },
		{}
	},
	.size = sizeof(struct apply_args), .run = apply,
};
