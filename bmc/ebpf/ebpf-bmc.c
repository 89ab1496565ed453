// SPDX-License-Identifier: GPL-2.0-only
/*
 * ebpf-bmc: starts, stops and watches the eBPF accelerator on one interface.
 *
 * Nothing but the pins under /sys/fs/bpf/ebpf-bmc keeps it alive: both attachments are
 * links, so that removing the pins detaches. There is no daemon and no other state.
 */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "bmc.h"
#include "bmc.skel.h"

#define BPFFS		"/sys/fs/bpf"
#define BPFFS_MAGIC	0xcafe4a11
#define PINS		BPFFS "/ebpf-bmc"
#define TCX_EGRESS	47		/* BPF_TCX_EGRESS; Debian 12's headers lack it */

static const char *const stat_names[] = BMC_STAT_NAMES;

static struct {
	const char *command, *dev;
	__u32 entries;
	bool json;
} args = { .entries = 1 << 16 };

__attribute__((format(printf, 1, 2)))
static int complain(const char *format, ...)
{
	va_list ap;

	fputs("ebpf-bmc: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return 1;
}

/* The verifier's log can be long: only its last lines say what is wrong. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list ap)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, ap) : 0;
}

/* Unlinks what is in PINS, and PINS; that detaches. */
static int remove_pins(void)
{
	char path[sizeof(PINS) + 1 + NAME_MAX];
	struct dirent *entry;
	DIR *dir = opendir(PINS);

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), PINS "/%s", entry->d_name);
		unlink(path);
	}
	closedir(dir);
	return rmdir(PINS) ? -errno : 0;
}

/* A link of a program to an interface that lives as long as its pin. */
static int link_pinned(int prog, int ifindex, int type, __u32 flags, const char *pin)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int link, err = 0;

	link = bpf_link_create(prog, ifindex, type, flags ? &opts : NULL);
	if (link < 0)
		return link;
	if (bpf_obj_pin(link, pin))
		err = -errno;
	close(link);
	return err;
}

/* All of "start" after the folder of the pins was made. */
static int start_pinned(struct bmc *bmc, int ifindex)
{
	int err, xdp = bpf_program__fd(bmc->progs.bmc_ingress);

	err = bpf_obj_pin(bpf_map__fd(bmc->maps.bmc_stats), PINS "/stats") ? -errno : 0;
	if (!err && bpf_obj_pin(bpf_map__fd(bmc->maps.bmc_cache), PINS "/cache"))
		err = -errno;
	if (err)
		return complain("cannot pin maps under %s: %s", PINS, strerror(-err));

	/* egress first: a cache that is not filled yet answers nothing */
	err = link_pinned(bpf_program__fd(bmc->progs.bmc_egress), ifindex, TCX_EGRESS, 0,
			  PINS "/egress");
	if (err)
		return complain("cannot attach to tc egress of %s: %s%s", args.dev, strerror(-err),
				err == -EINVAL ? " (tcx needs Linux 6.6 or later)" : "");

	err = link_pinned(xdp, ifindex, BPF_XDP, XDP_FLAGS_DRV_MODE, PINS "/ingress");
	if (err == -EOPNOTSUPP) {
		err = link_pinned(xdp, ifindex, BPF_XDP, XDP_FLAGS_SKB_MODE, PINS "/ingress");
		if (!err)
			complain("%s has no native XDP: generic mode, which is slower", args.dev);
	}
	if (err == -EBUSY || err == -EEXIST)
		return complain("%s has an XDP program already; detach it first "
				"(see: bpftool net show dev %s)", args.dev, args.dev);
	if (err)
		return complain("cannot attach to XDP of %s: %s", args.dev, strerror(-err));
	return 0;
}

static int start(void)
{
	unsigned int ifindex;
	struct statfs fs;
	struct bmc *bmc;
	__u64 seed;
	int ret;

	if (!args.dev)
		return complain("start needs --dev INTERFACE");
	ifindex = if_nametoindex(args.dev);
	if (!ifindex)
		return complain("there is no interface \"%s\" in this network namespace", args.dev);
	if (statfs(BPFFS, &fs) || (unsigned long)fs.f_type != BPFFS_MAGIC)
		return complain("no BPF file system at " BPFFS "; try: mount -t bpf -o mode=700 bpf " BPFFS);
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return complain("no random numbers: %s", strerror(errno));
	if (mkdir(PINS, 0700))
		return errno == EEXIST ? complain("already running; first: ebpf-bmc stop")
				       : complain("cannot make " PINS ": %s", strerror(errno));

	ret = 1;
	bmc = bmc__open();
	if (!bmc) {
		complain("cannot open the BPF object: %s", strerror(errno));
		goto out;
	}
	bpf_map__set_max_entries(bmc->maps.bmc_cache, args.entries);
	bmc->rodata->bmc_config.mask = args.entries - 1;
	bmc->rodata->bmc_config.seed = seed;
	if (bmc__load(bmc)) {
		complain("cannot load the BPF programs: %s (a smaller --entries than %u needs less "
			 "memory)", strerror(errno), args.entries);
		goto out;
	}
	ret = start_pinned(bmc, ifindex);
out:
	bmc__destroy(bmc);
	if (ret)
		remove_pins();
	return ret;
}

/* 0 when what runs is on args.dev, or args.dev was not given. */
static int check_dev(void)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	char name[IF_NAMESIZE];
	int link, err;

	if (access(PINS, F_OK))
		return complain("not running; start it with: ebpf-bmc start --dev INTERFACE");
	if (!args.dev)
		return 0;
	link = bpf_obj_get(PINS "/ingress");
	if (link < 0)
		return complain("cannot open " PINS "/ingress: %s", strerror(errno));
	err = bpf_obj_get_info_by_fd(link, &info, &size);
	close(link);
	if (err)
		return complain("cannot read the link's state: %s", strerror(errno));
	if (info.xdp.ifindex != if_nametoindex(args.dev))
		return complain("it does not run on \"%s\" but on %s", args.dev,
				if_indextoname(info.xdp.ifindex, name) ? name
				: "an interface that is not in this network namespace");
	return 0;
}

static int stop(void)
{
	int err;

	/* a stop must also work when the interface is gone */
	if (args.dev && if_nametoindex(args.dev) && check_dev())
		return 1;
	err = remove_pins();
	if (err == -ENOENT)
		return complain("not running");
	if (err)
		return complain("cannot remove " PINS ": %s", strerror(-err));
	return 0;
}

static int stats(void)
{
	int cpus = libbpf_num_possible_cpus(), map, cpu;
	__u64 sum, *values;
	__u32 which;

	if (cpus < 0)
		return complain("cannot tell the number of CPUs: %s", strerror(-cpus));
	if (check_dev())
		return 1;
	map = bpf_obj_get(PINS "/stats");
	if (map < 0)
		return complain("cannot open " PINS "/stats: %s", strerror(errno));
	values = calloc(cpus, sizeof(*values));
	if (!values) {
		close(map);
		return complain("out of memory");
	}
	for (which = 0; which < __BMC_STATS; which++) {
		if (bpf_map_lookup_elem(map, &which, values)) {
			complain("cannot read the statistics: %s", strerror(errno));
			break;
		}
		for (sum = 0, cpu = 0; cpu < cpus; cpu++)
			sum += values[cpu];
		if (args.json)
			printf("%s\"%s\":%llu", which ? "," : "{", stat_names[which], sum);
		else
			printf("%-14s %llu\n", stat_names[which], sum);
	}
	if (args.json && which == __BMC_STATS)
		puts("}");
	free(values);
	close(map);
	return which != __BMC_STATS;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	unsigned long n;
	char *end;

	switch (key) {
	case 'd':
		args.dev = arg;
		return 0;
	case 'n':
		n = strtoul(arg, &end, 0);
		if (*end || !n || n > 1 << 22)
			argp_error(state, "\"%s\": --entries takes 1 to %u", arg, 1 << 22);
		for (args.entries = 1; args.entries < n; args.entries *= 2)
			;
		return 0;
	case 'j':
		args.json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args.command)
			argp_error(state, "\"%s\": one command at a time", arg);
		args.command = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args.command)
			argp_error(state, "start, stop or stats?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "dev", 'd', "INTERFACE", 0, "The interface that clients come in by", 0 },
		{ "entries", 'n', "N", 0, "Buckets of about 1.4 KB, rounded up to a power of two "
		  "(default 65536)", 0 },
		{ "json", 'j', NULL, 0, "stats: print JSON", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		options, parse, "start|stop|stats",
		"The memcached accelerator in eBPF, for comparison with Rex: answers UDP GETs "
		"to port 11211 from a cache in XDP.", NULL, NULL, NULL,
	};

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	libbpf_set_print(print_libbpf);
	if (!strcmp(args.command, "start"))
		return start();
	if (!strcmp(args.command, "stop"))
		return stop();
	if (!strcmp(args.command, "stats"))
		return stats();
	complain("\"%s\" is no command; there are start, stop and stats", args.command);
	return 64;
}
