// SPDX-License-Identifier: GPL-2.0-only
/* The program's trackers: attached, held, and whether they still are. */
#include <bpf/bpf.h>
#include <errno.h>
#include <rex/librex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"
#include "program.h"
#include "trackers.h"
#include "why.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Every way by which memcached's bytes come and go. */
static const struct tracker {
	enum { OF_TCP, OF_UDP, OF_ALL } of;
	const char *entry;
	enum rex_at at;
	const char *function;
} trackers[] = {
	{ OF_TCP, "tcp_read", REX_AT_FEXIT, "tcp_recvmsg" },
	{ OF_UDP, "udp_read", REX_AT_FEXIT, "udp_recvmsg" },
	{ OF_UDP, "udp_read", REX_AT_FEXIT, "udpv6_recvmsg" },
	{ OF_TCP, "tcp_write", REX_AT_FENTRY, "tcp_sendmsg" },
	{ OF_UDP, "udp_write", REX_AT_FENTRY, "udp_sendmsg" },
	{ OF_UDP, "udp_write", REX_AT_FENTRY, "udpv6_sendmsg" },
	{ OF_ALL, "closed", REX_AT_FENTRY, "inet_release" },
	{ OF_ALL, "exited", REX_AT_RAW_TRACEPOINT, "sched_process_exit" },
};

/* Where the sockets themselves have the program, TCP needs none, and no UDP is followed without GETs. */
static bool is_wanted(const struct bmc_parts *parts, const struct tracker *t)
{
	return parts->udp && !(t->of == OF_TCP && parts->tcp);
}

int trackers_attach(struct bmc_parts *parts)
{
	for (size_t i = 0; i < ARRAY_SIZE(trackers); i++) {
		struct rex_target target = { .at = trackers[i].at, .pid = -1, .cpu = -1 };
		const struct rex_entry *entry;

		if (!is_wanted(parts, &trackers[i]))
			continue;
		strcpy(target.name, trackers[i].function);
		if (program_entry(parts->program, trackers[i].entry, trackers[i].at, &entry))
			return 1;
		if (rex_attach(parts->program, entry, &target))
			return refuse_rex();
	}
	return trackers_hold(parts);
}

static const struct rex_link *find_link(const struct bmc_parts *parts, const struct tracker *t,
					const struct rex_link *links, size_t n)
{
	const struct rex_entry *entry;

	if (program_entry(parts->program, t->entry, t->at, &entry))
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
int trackers_hold(struct bmc_parts *parts)
{
	struct rex_link *links = NULL;
	size_t n = 0;
	int err = 0;

	if (rex_link_list_here(&links, &n))
		return refuse_rex();
	for (size_t i = 0; !err && i < ARRAY_SIZE(trackers); i++) {
		const struct rex_link *link;
		int fd;

		if (!is_wanted(parts, &trackers[i]))
			continue;
		link = find_link(parts, &trackers[i], links, n);
		fd = link ? bpf_link_get_fd_by_id(link->link_id) : -1;
		if (fd < 0) {
			err = link ? refuse("cannot open BPF link %u: %s", link->link_id,
					    strerror(errno)) : 1;
			break;
		}
		parts->functions[parts->n_links] = trackers[i].function;
		strcpy(parts->pins[parts->n_links], link->pin);
		parts->link_fds[parts->n_links++] = fd;
	}
	free(links);
	return err;
}

bool trackers_attached(const struct bmc_parts *parts, const char **which)
{
	for (size_t i = 0; i < parts->n_links; i++) {
		*which = parts->functions[i];
		if (access(parts->pins[i], F_OK))
			return false;
	}
	*which = NULL;
	return parts->n_links || !parts->udp;
}
