// SPDX-License-Identifier: GPL-2.0-only
/* What tests make fail in the hook "stream", to see that no connection hangs and no byte is lost. */
#include <linux/module.h>

#include "stream.h"

uint rex_stream_every[REX_STREAM_FAULTS];

module_param_named(stream_short_every, rex_stream_every[REX_STREAM_FAULT_SHORT], uint, 0600);
MODULE_PARM_DESC(stream_short_every, "test: cut every Nth reply when it is sent (0: none)");
module_param_named(stream_nomem_every, rex_stream_every[REX_STREAM_FAULT_MEMORY], uint, 0600);
MODULE_PARM_DESC(stream_nomem_every, "test: let every Nth allocation of a stream fail (0: none)");
module_param_named(stream_noroom_every, rex_stream_every[REX_STREAM_FAULT_ROOM], uint, 0600);
MODULE_PARM_DESC(stream_noroom_every, "test: find no room for every Nth reply (0: none)");

bool rex_stream_fails_now(enum rex_stream_fault what)
{
	static atomic_t calls[REX_STREAM_FAULTS];
	uint every = READ_ONCE(rex_stream_every[what]);

	return every && (uint)atomic_inc_return(&calls[what]) % every == 0;
}
