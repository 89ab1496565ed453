// SPDX-License-Identifier: GPL-2.0-only
/* The accelerator is a program of its own: it is run, and what it says is read. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bmc_options.h"

#define MAX_WORDS 24

/* Runs "rex-bmc WORD..."; @output, if not NULL, is an fd that its output goes to. An exit status. */
static int run(char **words, int output)
{
	sigset_t none;
	int status, n = 0;
	pid_t pid = fork();

	if (pid < 0)
		return fail("fork: %s", strerror(errno));
	if (!pid) {
		while (words[n])
			n++;
		/* apply has blocked some. */
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		if (output >= 0)
			dup2(output, STDOUT_FILENO);
		_exit(run_program("bmc", n, words));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : fail("rex-bmc died of signal %d", WTERMSIG(status));
}

static int read_options(json_t *o, struct bmc_options *to)
{
	json_int_t port, memory, max_age;
	json_t *devices, *device;
	const char *mode, *name;
	int tcp, udp;
	size_t i, len = 0;

	if (json_unpack(o, "{s:I,s:I,s:I,s:o,s:{s:b,s:b,s:s}}", "port", &port, "memory", &memory, "max_age_us",
			&max_age, "devices", &devices, "asked", "tcp", &tcp, "udp", &udp, "mode", &mode))
		return -EINVAL;
	*to = (struct bmc_options){ .port = port, .bytes = memory, .max_age_us = max_age, .tcp = tcp, .udp = udp };
	snprintf(to->mode, sizeof(to->mode), "%s", mode);
	json_array_foreach(devices, i, device)
		if (!json_unpack(device, "{s:s}", "name", &name) && len < sizeof(to->dev))
			len += snprintf(to->dev + len, sizeof(to->dev) - len, "%s%s", len ? "," : "", name);
	return 0;
}

int bmc_now(struct rex *rex, struct bmc_options **options)
{
	char *words[] = { "bmc", "status", "--json", NULL };
	struct bmc_options *to;
	struct rex_program *p;
	json_t *o = NULL;
	FILE *f;
	int err;

	*options = NULL;
	if (!rex || rex_program_get(rex, "rex_bmc", &p))
		return 0;
	rex_program_free(p);
	f = tmpfile();
	to = calloc(1, sizeof(*to));
	err = f && to ? run(words, fileno(f)) : fail("out of memory, or no room for a temporary file");
	if (!err) {
		rewind(f);
		o = json_loadf(f, 0, NULL);
		err = o && !read_options(o, to) ? 0 :
		      fail("\"rexctl bmc status --json\" gave what rexctl does not know: are both of one version?");
	}
	json_decref(o);
	if (f)
		fclose(f);
	if (err)
		free(to);
	else
		*options = to;
	return err;
}

const char *bmc_max_age(const struct bmc_options *o, char text[32])
{
	snprintf(text, 32, o->max_age_us ? "%uus" : "%u", o->max_age_us);
	return text;
}

int bmc_start(const struct bmc_options *o)
{
	char port[16], memory[32], max_age[32];
	char *words[MAX_WORDS] = { "bmc", "start", "--port", port, "--memory", memory, "--max-age", max_age };
	int n = 8;

	snprintf(port, sizeof(port), "%u", o->port);
	snprintf(memory, sizeof(memory), "%lluM", (unsigned long long)(o->bytes >> 20));
	bmc_max_age(o, max_age);
	if (*o->dev) {
		words[n++] = "--dev";
		words[n++] = (char *)o->dev;
	}
	if (o->tcp)
		words[n++] = "--tcp";
	if (o->udp)
		words[n++] = "--udp";
	if (strcmp(o->mode, "any")) {
		words[n++] = "--mode";
		words[n++] = (char *)o->mode;
	}
	return run(words, -1);
}

int bmc_stop(void)
{
	char *words[] = { "bmc", "stop", NULL };

	return run(words, -1);
}
