// SPDX-License-Identifier: GPL-2.0-only
/* One shot: an entry on a packet of the caller, by BPF_PROG_TEST_RUN on its shim. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <string.h>

#include "internal.h"

const char *rex_verdict_name(uint32_t hook, uint32_t verdict)
{
	static const char *const xdp[] = {
		[XDP_ABORTED] = "XDP_ABORTED", [XDP_DROP] = "XDP_DROP", [XDP_PASS] = "XDP_PASS",
		[XDP_TX] = "XDP_TX", [XDP_REDIRECT] = "XDP_REDIRECT",
	};
	static const char *const tc[] = {
		[TC_ACT_OK] = "TC_ACT_OK", [TC_ACT_RECLASSIFY] = "TC_ACT_RECLASSIFY",
		[TC_ACT_SHOT] = "TC_ACT_SHOT", [TC_ACT_PIPE] = "TC_ACT_PIPE",
		[TC_ACT_STOLEN] = "TC_ACT_STOLEN", [TC_ACT_QUEUED] = "TC_ACT_QUEUED",
		[TC_ACT_REPEAT] = "TC_ACT_REPEAT", [TC_ACT_REDIRECT] = "TC_ACT_REDIRECT",
		[TC_ACT_TRAP] = "TC_ACT_TRAP",
	};

	if (hook == REX_HOOK_XDP)
		return verdict < ARRAY_SIZE(xdp) ? xdp[verdict] : NULL;
	if (hook == REX_HOOK_TC) {
		if (verdict == (uint32_t)TC_ACT_UNSPEC)
			return "TC_ACT_UNSPEC";
		return verdict < ARRAY_SIZE(tc) ? tc[verdict] : NULL;
	}
	return NULL;
}

static int run_once(const struct rex_entry *entry, struct rex_run *run)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		    .data_in = run->data_in,
		    .data_size_in = run->data_in_len,
		    .data_out = run->data_out,
		    .data_size_out = run->data_out ? run->data_out_len : 0,
		    .repeat = run->repeat ? : 1);
	struct bpf_object *obj;
	int fd, err;

	if (run->data_in_len < ETH_HLEN)
		return rex_fail(-EINVAL, "the packet has %zu bytes; an Ethernet header of %d bytes is "
				"the least", run->data_in_len, ETH_HLEN);
	err = rex_shim_load(entry, &obj, &fd);
	if (err)
		return err;
	err = bpf_prog_test_run_opts(fd, &opts);
	if (err == -ENOSPC)
		rex_fail(err, "the packet has %u bytes after the run, more than the %zu provided for",
			 opts.data_size_out, run->data_out_len);
	else if (err == -EINVAL)
		rex_fail(err, "the kernel does not run \"%s\" on a packet of %zu bytes; XDP takes "
			 "at most about one page", entry->name, run->data_in_len);
	else if (err)
		rex_fail(err, "cannot run \"%s\": %s", entry->name, rex_strerror(err));
	bpf_object__close(obj);
	if (err)
		return err;
	run->data_out_len = run->data_out ? opts.data_size_out : 0;
	run->retval = opts.retval;
	run->duration_ns = opts.duration;
	return 0;
}

int rex_run(const struct rex_entry *entry, struct rex_run *run)
{
	struct rex_run known;
	int err = rex_opts(&known, sizeof(known), run);

	if (!err)
		err = run_once(entry, &known);
	return err ? err : rex_opts_give(run, &known, sizeof(known));
}
