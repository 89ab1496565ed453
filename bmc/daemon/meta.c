// SPDX-License-Identifier: GPL-2.0-only
/* The map bmc_meta, where the program and rexctl meet. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <rex/librex.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../shared.h"
#include "counters.h"
#include "maps.h"
#include "meta.h"
#include "why.h"

int meta_map(const struct rex_program *p, struct bmc_meta **meta)
{
	const struct rex_map *m = find_map(p, "BMC_META");
	int fd = m ? map_fd(p, "BMC_META") : -1;
	void *at;

	if (fd < 0)
		return 1;
	if (m->value_size != sizeof(**meta)) {
		close(fd);
		return refuse("map \"BMC_META\" of program \"%s\" has %u bytes, this rexctl knows %zu: "
			      "they are of different builds", p->name, m->value_size, sizeof(**meta));
	}
	at = mmap(NULL, sizeof(**meta), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return refuse("cannot map \"BMC_META\": %s", strerror(errno));
	*meta = at;
	return 0;
}

void meta_unmap(struct bmc_meta *meta)
{
	if (meta)
		munmap(meta, sizeof(*meta));
}

int meta_port(const struct rex_program *p, struct bmc_meta *meta, uint16_t port)
{
	int fd = map_fd(p, "BMC_PORT"), err = 0;
	const uint16_t in_packets = htons(port);
	const uint32_t first = 0;

	if (fd < 0)
		return 1;
	if (bpf_map_update_elem(fd, &first, &in_packets, BPF_ANY))
		err = refuse("cannot write map \"BMC_PORT\": %s", strerror(errno));
	close(fd);
	meta_set(meta->udp_port, port);
	return err;
}

void meta_new_epoch(const struct rex_program *p, struct bmc_meta *meta)
{
	__atomic_fetch_add(&meta->epoch, 1, __ATOMIC_SEQ_CST);
	counter_add(p, BMC_EPOCH_USER);
}

bool meta_run(struct bmc_meta *meta, pid_t pid, uint32_t generation)
{
	uint32_t from = BMC_TRACK;

	meta_set(meta->generation, generation);
	if (!meta_exchange(meta->state, from, BMC_RUN))
		return false;
	/* Its death sets @server to 0 and then looks at @state; we do it the other way round. */
	if (meta_get(meta->server) == pid)
		return true;
	from = BMC_RUN;
	meta_exchange(meta->state, from, BMC_TRACK);
	return false;
}
