// SPDX-License-Identifier: GPL-2.0-only
/* A program's maps: create each as rex.ko describes it, and bind it. */
#include <bpf/bpf.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int bind_one(struct rex *rex, const struct rex_program *p, const struct rex_map *m, int fd)
{
	struct nlmsghdr *nlh;
	char buf[NL_BUF];

	nlh = genl_request(&rex->nl, buf, REX_CMD_MAP_BIND, 0);
	mnl_attr_put_strz(nlh, REX_A_PROG_NAME, p->name);
	mnl_attr_put_u32(nlh, REX_A_MAP_INDEX, m->index);
	mnl_attr_put_u32(nlh, REX_A_FD, fd);
	return nl_talk(&rex->nl, nlh, NULL, NULL);
}

int rex_maps_bind(struct rex *rex, const struct rex_program *p)
{
	for (uint32_t i = 0; i < p->n_maps; i++) {
		const struct rex_map *m = &p->maps[i];
		LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = m->flags);
		int fd, err;

		if (m->bpf_id)
			continue;
		fd = bpf_map_create(m->type, m->name, m->key_size, m->value_size, m->max_entries,
				    &opts);
		if (fd < 0)
			return rex_fail(-errno, "cannot create map \"%s\" (%s, key %u bytes, value "
					"%u bytes, %u entries, flags 0x%x): %s", m->name,
					rex_map_type_name(m->type), m->key_size, m->value_size,
					m->max_entries, m->flags, rex_strerror(errno));
		err = bind_one(rex, p, m, fd);
		close(fd);		/* rex.ko holds the map from here on */
		if (err)
			return rex_fail(err, "cannot bind map \"%s\" of program \"%s\": %s", m->name,
					p->name, nl_reason(&rex->nl, err));
	}
	return 0;
}
