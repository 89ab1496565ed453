/* SPDX-License-Identifier: GPL-2.0-only */
/* The settings that the user asked for. */
#ifndef _REX_BMC_CONFIG_H
#define _REX_BMC_CONFIG_H

#include <cli/cli.h>
#include <rex/librex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BMC_MAX_DEVS	16
#define BMC_DEV_LEN	128		/* of alternative names */

struct bmc_config {
	uint32_t port;
	char devs[BMC_MAX_DEVS][BMC_DEV_LEN];
	size_t n_devs;
	bool tcp, udp;			/* what is answered */
	uint64_t memory;		/* bytes */
	struct bmc_max_age {
		uint32_t us;		/* 0: entries of unknown expiry are not cached */
		bool given;
	} max_age;
	enum rex_xdp_mode mode;		/* REX_XDP_ANY: native where replies get through */
	bool foreground;
};
extern const struct cli_arg config_args[];
/* What is answered if that is not said; refuses what does not go together. */
int config_transports(struct bmc_config *config);
uint32_t coarse_time(uint32_t us);

#endif /* _REX_BMC_CONFIG_H */
