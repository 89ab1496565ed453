// SPDX-License-Identifier: GPL-2.0-only
/* Says what bmc/shared.h defines, for tests/host/bmc-shared.t to compare with the program. */
#include <stddef.h>
#include <stdio.h>

#include "../shared.h"

#define FIELD(name) \
	printf(#name " %zu %zu\n", offsetof(struct bmc_meta, name), \
	       sizeof(((struct bmc_meta *)0)->name))

int main(void)
{
	FIELD(state);
	FIELD(epoch);
	FIELD(generation);
	FIELD(quiet_from);
	FIELD(seed);
	FIELD(udp_port);
	FIELD(max_age);
	FIELD(pending_all);
	FIELD(quiet_to);
	FIELD(layout);
	FIELD(vlans);
	FIELD(broadcasts);
	FIELD(pad0);
	FIELD(server);
	FIELD(rbuf_len);
	FIELD(blind);
	FIELD(hidden);
	FIELD(reads);
	FIELD(tcp);
	FIELD(server_deaths);
	FIELD(clock);
	FIELD(era);
	FIELD(idle);
	FIELD(pad1);
	printf("size %zu\n", sizeof(struct bmc_meta));
	printf("constants %u %u %u\n", BMC_LAYOUT, BMC_NEVER, BMC_TIME_SHIFT);
	printf("states %u %u %u\n", BMC_OFF, BMC_TRACK, BMC_RUN);
#define BMC_STAT(name, group, label, help) printf("counter %u " #name "\n", BMC_##name);
	BMC_STATS(BMC_STAT)
	printf("counters %u\n", __BMC_STATS);
	return 0;
}
