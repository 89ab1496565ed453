// SPDX-License-Identifier: GPL-2.0-only
/* Streams: the sockets of a process are given to an entry, and taken back. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <linux/genetlink.h>
#include "drive.h"

static int id_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(a) == REX_A_STREAM_ID)
			*(__u32 *)data = mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

int stream_add(const struct entry *entry, int fd, __u32 *id)
{
	char buf[4096];
	struct nlmsghdr *nlh = nl_request(buf, REX_CMD_STREAM_ADD, NLM_F_ACK);

	mnl_attr_put_u32(nlh, REX_A_FD, fd);
	if (*id) {
		mnl_attr_put_u32(nlh, REX_A_STREAM_ID, *id);
	} else {
		mnl_attr_put_u32(nlh, REX_A_ENTRY_SLOT, entry->slot);
		mnl_attr_put_u64(nlh, REX_A_ENTRY_COOKIE, entry->cookie);
	}
	return nl_talk(nlh, id_cb, id);
}

int stream_del(__u32 id)
{
	char buf[4096];
	struct nlmsghdr *nlh = nl_request(buf, REX_CMD_STREAM_DEL, NLM_F_ACK);

	mnl_attr_put_u32(nlh, REX_A_STREAM_ID, id);
	return nl_talk(nlh, NULL, NULL);
}

/* Whether @fd is a socket at that local port. */
static bool is_at(int fd, int port)
{
	struct sockaddr_in6 at;
	socklen_t len = sizeof(at);

	return !getsockname(fd, (void *)&at, &len) &&
	       (at.sin6_family == AF_INET || at.sin6_family == AF_INET6) &&
	       ntohs(at.sin6_port) == port;
}

/* Gives how many sockets of @pid at @port joined the stream, or a negative errno. */
int stream_add_all(const struct entry *entry, int pid, int port, __u32 *id)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0), fd, ret = 0, n = 0;
	struct dirent *e;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (pidfd < 0 || !dir)
		return -errno;
	while (!ret && (e = readdir(dir))) {
		fd = e->d_name[0] == '.' ? -1 : syscall(SYS_pidfd_getfd, pidfd, atoi(e->d_name), 0);
		if (fd < 0)
			continue;
		if (is_at(fd, port)) {
			ret = stream_add(entry, fd, id);
			n += !ret;
			/* Closed by the other side, or there already. */
			if (ret == -EOPNOTSUPP || ret == -EEXIST || ret == -ENOTCONN)
				ret = 0;
		}
		close(fd);
	}
	closedir(dir);
	close(pidfd);
	return ret ? ret : n;
}

static __u32 u32_of(const struct nlattr *const *tb, int attr)
{
	return tb[attr] ? mnl_attr_get_u32(tb[attr]) : 0;
}

static unsigned long long u64_of(const struct nlattr *const *tb, int attr)
{
	return tb[attr] ? mnl_attr_get_u64(tb[attr]) : 0;
}

static int stream_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[REX_A_MAX + 1] = { 0 }, *a;
	char address[INET6_ADDRSTRLEN] = "?";

	(void)data;
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(a) <= REX_A_MAX)
			tb[mnl_attr_get_type(a)] = a;
	if (tb[REX_A_STREAM_ADDRESS])
		inet_ntop(AF_INET6, mnl_attr_get_payload(tb[REX_A_STREAM_ADDRESS]), address,
			  sizeof(address));
	printf("stream %u %s port %u protocol %u listeners=%u sockets=%u missed=%llu answered=%llu bytes=%llu short=%llu noroom=%llu\n",
	       u32_of(tb, REX_A_STREAM_ID), address,
	       tb[REX_A_STREAM_PORT] ? mnl_attr_get_u16(tb[REX_A_STREAM_PORT]) : 0,
	       u32_of(tb, REX_A_STREAM_PROTOCOL), u32_of(tb, REX_A_STREAM_LISTENERS),
	       u32_of(tb, REX_A_STREAM_SOCKETS), u64_of(tb, REX_A_STREAM_MISSED),
	       u64_of(tb, REX_A_STREAM_ANSWERED), u64_of(tb, REX_A_STREAM_BYTES),
	       u64_of(tb, REX_A_STREAM_SHORT), u64_of(tb, REX_A_STREAM_NO_ROOM));
	return MNL_CB_OK;
}

int stream_list(void)
{
	char buf[4096];

	return nl_talk(nl_request(buf, REX_CMD_STREAM_GET, NLM_F_DUMP), stream_cb, NULL);
}

/* ---- sockets that cannot join ----------------------------------------------------------------- */

static int tcp(int protocol, bool listens)
{
	int fd = socket(AF_INET, SOCK_STREAM, protocol);

	if (listens && listen(fd, 1))
		exit(1);
	return fd;
}

/* A connection to itself. */
static int connected(void)
{
	int fd = tcp(0, true), to = tcp(0, false);
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	if (getsockname(fd, (void *)&at, &len) || connect(to, (void *)&at, len))
		exit(1);
	return accept(fd, NULL, NULL);
}

/* As a proxy does with its connections. */
static int into_sockmap(int fd)
{
	int map = bpf_map_create(BPF_MAP_TYPE_SOCKMAP, "drive", 4, 4, 1, NULL), zero = 0;

	if (map < 0 || bpf_map_update_elem(map, &zero, &fd, BPF_ANY))
		return -errno;
	return 0;
}

/* Tries it with a socket of that kind, and prints what comes of it. */
int stream_refused(struct entry *entry, const char *kind)
{
	bool again = !strcmp(kind, "twice");
	int fd = -1, ret;
	__u32 id = 0;

	if (!strcmp(kind, "cookie"))
		entry->cookie ^= 1;
	if (!strcmp(kind, "file"))
		fd = open("/dev/null", O_RDONLY);
	else if (!strcmp(kind, "unix"))
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
	else if (!strcmp(kind, "raw"))
		fd = socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
	else if (!strcmp(kind, "new"))
		fd = tcp(0, false);
	else if (!strcmp(kind, "mptcp"))
		fd = tcp(IPPROTO_MPTCP, true);
	else if (!strcmp(kind, "ktls") || strstr(kind, "sockmap"))
		fd = connected();
	else if (strcmp(kind, "closed"))
		fd = tcp(0, true);
	if (!strcmp(kind, "ktls") && setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3))
		return -errno;
	if (!strcmp(kind, "sockmap") && into_sockmap(fd))
		return -errno;
	if (!strcmp(kind, "user") && setresuid(65534, 65534, 65534))
		return -errno;
	ret = again ? stream_add(entry, fd, &id) : 0;
	if (!ret && !strcmp(kind, "sockopt"))
		ret = setsockopt(fd, IPPROTO_TCP, TCP_ULP, "rex", 3) ? -errno : 0;
	else if (!ret)
		ret = stream_add(entry, fd, &id);
	if (!ret && !strcmp(kind, "sockmap after"))
		ret = into_sockmap(fd);
	printf("%s %s: %s%s%s\n", ret ? "refused" : "joined", kind, strerror(-ret),
	       nl_text[0] ? ": " : "", nl_text);
	return 0;
}
