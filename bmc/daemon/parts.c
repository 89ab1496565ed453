// SPDX-License-Identifier: GPL-2.0-only
/* What a running accelerator is made of: the program, its trackers, XDP at the interfaces. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bmc.h"

/* Every way by which memcached's bytes come and go. */
static const struct tracker {
	const char *entry;
	enum rex_at at;
	const char *function;
} trackers[] = {
	{ "tcp_read", REX_AT_FEXIT, "tcp_recvmsg" },
	{ "udp_read", REX_AT_FEXIT, "udp_recvmsg" },
	{ "udp_read", REX_AT_FEXIT, "udpv6_recvmsg" },
	{ "tcp_write", REX_AT_FENTRY, "tcp_sendmsg" },
	{ "udp_write", REX_AT_FENTRY, "udp_sendmsg" },
	{ "udp_write", REX_AT_FENTRY, "udpv6_sendmsg" },
	{ "closed", REX_AT_FENTRY, "inet_release" },
	{ "exited", REX_AT_RAW_TRACEPOINT, "sched_process_exit" },
};

/* $REX_BMC_KO, or ../programs next to the executable: a build tree, or what was installed. */
const char *program_path(char *path, size_t size)
{
	const char *given = getenv("REX_BMC_KO");
	char exe[PATH_MAX];
	ssize_t n;

	if (given) {
		snprintf(path, size, "%s", given);
	} else {
		n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
		exe[n < 0 ? 0 : n] = '\0';
		snprintf(path, size, "%s/../programs/" BMC_PROGRAM ".ko", dirname(exe));
	}
	if (access(path, R_OK)) {
		refuse("cannot read the accelerator's program \"%s\": %s; \"make\" builds it for a kernel "
		       "(KDIR), \"make install\" installs it, REX_BMC_KO names another file", path,
		       strerror(errno));
		return NULL;
	}
	return path;
}

/* ---- load --------------------------------------------------------------------------------------- */

/* What does not change, in a map that is empty. */
static int write_meta(const struct rex_program *p, const struct bmc_config *c, struct bmc_meta *meta)
{
	meta->layout = BMC_LAYOUT;
	meta->quiet_from = BMC_NEVER;
	meta->max_age = coarse_time(c->max_age.us);
	while (!meta->seed)
		if (getrandom(&meta->seed, sizeof(meta->seed), 0) != sizeof(meta->seed))
			return refuse("no random numbers: %s", strerror(errno));
	return networks_write(p, c, meta);
}

int parts_load(struct bmc_parts *parts, const struct bmc_config *c, const struct bmc_server *server)
{
	struct rex_file *file = calloc(1, sizeof(*file));
	struct bmc_tables t;
	char path[PATH_MAX];
	int err = 1;

	if (!file)
		return refuse("out of memory");
	if (!program_path(path, sizeof(path)))
		goto out;
	if (rex_check_file(path, file)) {
		refuse_rex();
		goto out;
	}
	err = tables_size(file, c->memory, server->maxconns, &t);
	if (!err) {
		const struct rex_map_size sizes[] = {
			{ "BMC_SETS", t.sets },
			{ "BMC_CONNS", t.conns },
			{ "BMC_EXPIRY", t.expiry },
		};
		/*
		 * No part of it takes a hundredth of that. But a virtual CPU may stand still within
		 * one, and a program that is cut has to be started again.
		 */
		static const struct rex_settings settings = { .enabled = -1, .timing = -1,
							      .budget_us = 500000 };

		if (rex_program_load_sized(&parts->rex, path, sizes, ARRAY_SIZE(sizes),
					   &parts->program) ||
		    rex_program_set(parts->rex, BMC_PROGRAM, &settings))
			err = refuse_rex();
	}
	if (!err)
		err = meta_map(parts->program, &parts->meta) ||
		      write_meta(parts->program, c, parts->meta);
out:
	free(file);
	return err;
}

/* ---- trackers ------------------------------------------------------------------------------------- */

static int find_entry_at(const struct rex_program *p, const char *name, enum rex_at at,
			 const struct rex_entry **entry)
{
	return rex_program_entry(p, name, rex_at_hook(at), entry) ? refuse_rex() : 0;
}

int parts_attach_trackers(struct bmc_parts *parts)
{
	for (size_t i = 0; i < ARRAY_SIZE(trackers); i++) {
		struct rex_target target = { .at = trackers[i].at, .pid = -1, .cpu = -1 };
		const struct rex_entry *entry;

		strcpy(target.name, trackers[i].function);
		if (find_entry_at(parts->program, trackers[i].entry, trackers[i].at, &entry))
			return 1;
		if (rex_attach(parts->program, entry, &target))
			return refuse_rex();
	}
	return parts_hold_trackers(parts);
}

static const struct rex_link *find_link(const struct bmc_parts *parts, const struct tracker *t,
					const struct rex_link *links, size_t n)
{
	const struct rex_entry *entry;

	if (find_entry_at(parts->program, t->entry, t->at, &entry))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (rex_link_is(&links[i], entry) && !links[i].unknown && *links[i].pin &&
		    !strcmp(links[i].target.name, t->function))
			return &links[i];
	refuse("tracker %s of \"%s\" is not attached to %s; \"rexctl bmc stop\" and start it again",
	       t->entry, BMC_PROGRAM, t->function);
	return NULL;
}

/*
 * A tracker that goes while hits are given would make them lie. An fd keeps it: who removes the
 * pin is noticed, state is OFF, and only then the fd is closed.
 */
int parts_hold_trackers(struct bmc_parts *parts)
{
	struct rex_link *links = NULL;
	size_t n = 0;
	int err = 0;

	if (rex_link_list_here(&links, &n))
		return refuse_rex();
	for (size_t i = 0; !err && i < ARRAY_SIZE(trackers); i++) {
		const struct rex_link *link = find_link(parts, &trackers[i], links, n);
		int fd = link ? bpf_link_get_fd_by_id(link->link_id) : -1;

		if (fd < 0) {
			err = link ? refuse("cannot open BPF link %u: %s", link->link_id,
					    strerror(errno)) : 1;
			break;
		}
		strcpy(parts->pins[parts->n_links], link->pin);
		parts->link_fds[parts->n_links++] = fd;
	}
	free(links);
	return err;
}

bool parts_tracked(const struct bmc_parts *parts, const char **which)
{
	for (size_t i = 0; i < parts->n_links; i++) {
		*which = trackers[i].function;
		if (access(parts->pins[i], F_OK))
			return false;
	}
	*which = NULL;
	return parts->n_links;
}

/* ---- an accelerator that is there ------------------------------------------------------------------- */

/* "rexctl replace" gives a program new maps, of which we have none; in between it has none. */
static bool has_maps_of(const struct rex_program *p, const struct rex_program *old)
{
	const struct rex_map *its = find_map(p, "BMC_META"), *ours = find_map(old, "BMC_META");

	return its && ours && its->bpf_id == ours->bpf_id;
}

int parts_refresh(struct bmc_parts *parts)
{
	struct rex_program *p;
	int err = rex_program_get(parts->rex, BMC_PROGRAM, &p);

	if (err) {
		refuse_rex();
		return err;
	}
	if (parts->program && !has_maps_of(p, parts->program)) {
		rex_program_free(p);
		refuse("another one was put in its place, or is about to be");
		return -ESTALE;
	}
	rex_program_free(parts->program);
	parts->program = p;
	return 0;
}

int parts_renew(struct bmc_parts *parts, const struct bmc_config *c)
{
	struct bmc_meta *meta = NULL;
	struct rex_program *p;
	int err;

	if (rex_program_get(parts->rex, BMC_PROGRAM, &p))
		return refuse_rex();
	if (p->state == REX_STATE_PARKED || p->state == REX_STATE_UNBOUND)
		err = refuse("it is %s", rex_state_name(p->state));
	else
		err = meta_map(p, &meta) || write_meta(p, c, meta);
	if (err) {
		meta_unmap(meta);
		rex_program_free(p);
		return err;
	}
	meta_unmap(parts->meta);
	rex_program_free(parts->program);
	parts->meta = meta;
	parts->program = p;
	return 0;
}

int parts_adopt(struct bmc_parts *parts, const struct bmc_config *c)
{
	if (parts_refresh(parts) || meta_map(parts->program, &parts->meta))
		return 1;
	/* It was exchanged while there was no daemon. */
	if (!meta_get(parts->meta->layout) && write_meta(parts->program, c, parts->meta))
		return 1;
	if (meta_get(parts->meta->layout) != BMC_LAYOUT)
		return refuse("program \"%s\" is of another build than this rexctl; \"rexctl bmc stop\" "
			      "removes it", BMC_PROGRAM);
	return parts_hold_trackers(parts);
}

void parts_release(struct bmc_parts *parts)
{
	while (parts->n_links)
		close(parts->link_fds[--parts->n_links]);
	meta_unmap(parts->meta);
	parts->meta = NULL;
	rex_program_free(parts->program);
	parts->program = NULL;
}

/* ---- and goes ------------------------------------------------------------------------------------------ */

static int detach_all(const struct rex_program *p)
{
	struct rex_link *links = NULL, *mine;
	size_t n = 0;
	int err;

	if (rex_link_list(&links, &n))
		return refuse_rex();
	mine = calloc(n ? n : 1, sizeof(*mine));
	err = mine ? 0 : refuse("out of memory");
	/* XDP first: hits without trackers would lie, trackers without hits do no harm. */
	for (int trackers_too = 0; trackers_too < 2 && !err; trackers_too++) {
		size_t k = 0;

		for (size_t i = 0; i < n; i++) {
			bool xdp = !links[i].unknown && links[i].target.at == REX_AT_XDP;

			if (rex_link_entry(&links[i], p) && !links[i].held && xdp != trackers_too)
				mine[k++] = links[i];
		}
		if (rex_detach_all(p, mine, k))
			err = refuse_rex();
	}
	free(mine);
	free(links);
	return err;
}

/*
 * libxdp keeps some of what it took apart open, and the program would be in use until the daemon has
 * ended.
 */
int in_child(int (*fn)(void *arg), void *arg)
{
	char text[2048];
	int fds[2], err = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return refuse("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		err = refuse("fork: %s", strerror(errno));
	if (!pid) {
		err = fn(arg);
		if (err && write(fds[1], why(), strlen(why())) < 0)
			_exit(2);
		_exit(err);
	}
	close(fds[1]);
	n = err ? 0 : read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	if (pid > 0 && (waitpid(pid, &err, 0) != pid || err)) {
		text[n < 0 ? 0 : n] = '\0';
		err = refuse("%s", *text ? text : "the process that does it died");
	}
	return err;
}

static int detach_ours(void *program)
{
	return detach_all(program);
}

static int detach_stale(void *rex)
{
	return rex_detach_stale(rex, netns) ? refuse_rex() : 0;
}

int parts_remove(struct rex *rex)
{
	struct rex_program *p;
	struct bmc_meta *meta;
	int err = rex_program_get(rex, BMC_PROGRAM, &p);

	if (err && err != -ENOENT)
		return refuse_rex();
	/* Taken away by rmmod: what it was attached to leads nowhere, but is in the way of a start. */
	if (err)
		return access("/sys/module/rex", F_OK) ? 0 : in_child(detach_stale, rex);
	/* A program without that map gives no hits of ours; it goes all the same. */
	if (!meta_map(p, &meta)) {
		meta_set(meta->state, BMC_OFF);
		meta_unmap(meta);
	}
	err = in_child(detach_ours, p);
	rex_program_free(p);
	if (!err && rex_program_unload(rex, BMC_PROGRAM, false))
		err = refuse_rex();
	return err;
}
