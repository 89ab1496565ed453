// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a program is in a chain of libxdp: the dispatcher's read-only data say in which order and
 * after which verdicts it calls its functions prog0, prog1, ..., and the link of a program which of
 * these it takes the place of.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xdp/prog_dispatcher.h>

#include "internal.h"

/* The first map of the dispatcher: its configuration. False: of another version, or unreadable. */
static bool read_conf(const struct bpf_prog_info *prog, struct xdp_dispatcher_config *conf)
{
	struct bpf_map_info info = {};
	uint32_t id = prog->nr_map_ids ? *(const uint32_t *)(uintptr_t)prog->map_ids : 0;
	uint32_t len = sizeof(info), key = 0;
	int fd = id ? bpf_map_get_fd_by_id(id) : -1;
	char *value = NULL;
	bool ok;

	if (fd < 0)
		return false;
	ok = !bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == BPF_MAP_TYPE_ARRAY &&
	     info.value_size >= sizeof(*conf);
	value = ok ? malloc(info.value_size) : NULL;
	ok = value && !bpf_map_lookup_elem(fd, &key, value);
	if (ok)
		memcpy(conf, value, sizeof(*conf));
	free(value);
	close(fd);
	return ok && conf->magic == XDP_DISPATCHER_MAGIC &&
	       conf->dispatcher_version == XDP_DISPATCHER_VERSION;
}

/* N of the function "progN" with that id in the dispatcher's BTF; -1: it is not one. */
static int number_of(uint32_t btf_id, uint32_t func_id)
{
	struct btf *btf = btf__load_from_kernel_by_id(btf_id);
	const struct btf_type *type = btf ? btf__type_by_id(btf, func_id) : NULL;
	int number = -1, end = 0;

	if (type && sscanf(btf__name_by_offset(btf, type->name_off), "prog%d%n", &number, &end) == 1 &&
	    btf__name_by_offset(btf, type->name_off)[end])
		number = -1;
	btf__free(btf);
	return number;
}

void rex_chain_place(const struct chained *chained, struct rex_link *link)
{
	struct xdp_dispatcher_config conf;
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info), map = 0;
	int fd = bpf_prog_get_fd_by_id(chained->dispatcher), number = -1;

	if (fd < 0)
		return;
	info.nr_map_ids = 1;
	info.map_ids = (uintptr_t)&map;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len) && read_conf(&info, &conf))
		/* The link of one that is alone does not always say. */
		number = conf.num_progs_enabled == 1 ? 0 : number_of(info.btf_id, chained->btf_id);
	close(fd);
	if (number < 0 || number >= MAX_DISPATCHER_ACTIONS)
		return;
	link->position = number + 1;
	link->priority = conf.run_prios[number];
	link->actions = (conf.chain_call_actions[number] & ((1u << REX_N_ACTIONS) - 1)) |
			REX_ACTIONS_SAID;
}
