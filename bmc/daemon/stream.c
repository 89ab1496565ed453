// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program's entry at the server's sockets: attached for each port that the server has, of TCP or
 * UDP, since a change through a port without it would not be seen.
 */
#include <netinet/tcp.h>
#include <rex/librex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "program.h"
#include "server.h"
#include "sockets.h"
#include "stream.h"
#include "why.h"

#define ENTRY "sockets"

/* The links of the entry, at the front of *@links; malloc'ed. */
static int list_ours(const struct bmc_parts *parts, struct rex_link **links, size_t *n)
{
	const struct rex_entry *entry;
	size_t all = 0;

	*n = 0;
	if (program_entry(parts->program, ENTRY, REX_AT_STREAM, &entry))
		return 1;
	if (rex_link_list_here(links, &all))
		return refuse_rex();
	for (size_t i = 0; i < all; i++)
		if (rex_link_is(&(*links)[i], entry) && (*links)[i].target.at == REX_AT_STREAM)
			(*links)[(*n)++] = (*links)[i];
	return 0;
}

static int detach_ours(const struct bmc_parts *parts)
{
	struct rex_link *links = NULL;
	size_t n;
	int err = list_ours(parts, &links, &n);

	if (!err && n && rex_detach_all(parts->program, links, n))
		err = refuse_rex();
	free(links);
	return err;
}

/* Each port once: whether socket @i is the first at its port. */
static bool is_first(const struct bmc_server *server, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (server->sockets[k].port == server->sockets[i].port)
			return false;
	return true;
}

static void note_ports(struct bmc_parts *parts, const struct bmc_server *server)
{
	parts->stream_server = server->pid;
	parts->n_streams = 0;
	for (size_t i = 0; i < server->n_sockets; i++)
		if (is_first(server, i))
			parts->stream_ports[parts->n_streams++] = server->sockets[i].port;
}

int stream_prepare(struct bmc_parts *parts, const struct bmc_server *server)
{
	/* Its connections are followed, whatever became of the tables meanwhile. */
	if (parts->stream_server == server->pid && stream_attached(parts))
		return 0;
	parts->stream_server = 0;
	return detach_ours(parts);
}

int stream_attach(struct bmc_parts *parts, const struct bmc_server *server)
{
	const struct rex_entry *entry;

	if (parts->stream_server)
		return stream_attached(parts) ? 0 :
		       refuse("the program was detached from memcached's sockets");
	if (program_entry(parts->program, ENTRY, REX_AT_STREAM, &entry))
		return 1;
	note_ports(parts, server);
	for (size_t i = 0; i < parts->n_streams; i++) {
		struct rex_target target = { .at = REX_AT_STREAM, .pid = -1, .cpu = -1 };

		target.stream.pid = server->pid;
		target.stream.port = parts->stream_ports[i];
		snprintf(target.name, sizeof(target.name), "%d:%u", server->pid, target.stream.port);
		if (rex_attach(parts->program, entry, &target)) {
			parts->stream_server = 0;
			return refuse_rex();
		}
	}
	return 0;
}

int stream_rescan(const struct bmc_parts *parts, const struct bmc_server *server)
{
	struct rex_link *links = NULL;
	size_t n = 0;
	int err = list_ours(parts, &links, &n);

	for (size_t i = 0; !err && i < n; i++)
		if (rex_stream_rescan(&links[i], server->pid))
			err = refuse_rex();
	free(links);
	return err;
}

bool stream_attached(const struct bmc_parts *parts)
{
	struct rex_link *links = NULL;
	size_t n = 0;
	int err = list_ours(parts, &links, &n);

	free(links);
	return !err && parts->n_streams && n == parts->n_streams;
}

bool stream_hold(struct bmc_parts *parts, const struct bmc_server *server)
{
	note_ports(parts, server);
	return stream_attached(parts);
}

static int count_connection(const struct socket_line *l, void *arg)
{
	(void)l;
	++*(uint32_t *)arg;
	return 0;
}

int stream_connections(const struct bmc_parts *parts, uint32_t *ours, uint32_t *all)
{
	struct rex_link *links = NULL;
	size_t n = 0;
	int err = list_ours(parts, &links, &n);

	*ours = *all = 0;
	for (size_t i = 0; !err && i < n; i++) {
		*ours += links[i].stream.sockets;
		each_tcp(1u << TCP_ESTABLISHED, links[i].target.stream.port, count_connection, all);
	}
	free(links);
	return err;
}
