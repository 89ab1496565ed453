// SPDX-License-Identifier: GPL-2.0-only
/* The eBPF accelerator in this machine's kernel, by BPF_PROG_TEST_RUN. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "baseline.h"
#include "insn.h"
#include "native.h"
#include "wrap.skel.h"

struct ebpf {
	struct wrap *wrap;
	int ingress, egress;
};

static double run_prog(int prog, const struct frame *in, unsigned int n, __u32 want,
		       struct frame *out)
{
	static struct frame scratch;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->bytes, .data_size_in = in->len,
		    .repeat = n);

	if (!out)
		out = &scratch;
	opts.data_out = out->bytes;
	opts.data_size_out = sizeof(out->bytes);
	if (bpf_prog_test_run_opts(prog, &opts))
		die("cannot run a program: %s", strerror(errno));
	if (opts.retval != want)
		die("verdict %d, expected %d", (int)opts.retval, (int)want);
	out->len = opts.data_size_out;
	/* The kernel's own clock, which gives whole nanoseconds: the system call takes far longer. */
	return (double)opts.duration * n;
}

static double run(const struct runner *r, const struct packet *p, bool stub, unsigned int n,
		  struct frame *out)
{
	struct ebpf *e = r->self;
	struct insn_packet packet = { .len = p->request.len, .reply_len = p->reply.len };
	__u32 first = 0;
	int prog;

	if (!p->hit) {
		prog = stub ? bpf_program__fd(e->wrap->progs.empty) : e->ingress;
		return run_prog(prog, &p->request, n, XDP_PASS, out);
	}
	memcpy(packet.bytes, p->request.bytes, p->request.len);
	prog = stub ? bpf_program__fd(e->wrap->progs.stub) : e->ingress;
	if (bpf_map_update_elem(bpf_map__fd(e->wrap->maps.packets), &first, &packet, 0) ||
	    bpf_map_update_elem(bpf_map__fd(e->wrap->maps.programs), &first, &prog, 0))
		die("cannot set up the wrapper: %s", strerror(errno));
	return run_prog(bpf_program__fd(e->wrap->progs.wrap), &p->request, n, XDP_TX, out);
}

static void fill(const struct runner *r, const struct packet *p)
{
	struct ebpf *e = r->self;

	run_prog(e->egress, &p->reply, 1, (__u32)-1 /* TC_ACT_UNSPEC */, NULL);
}

struct runner ebpf_runner(const char *name, const char *path)
{
	struct ebpf *e = calloc(1, sizeof(*e));
	struct bpf_object *obj = bpf_object__open_file(path, NULL);

	if (!e)
		die("no memory");
	baseline_load(obj, path, NATIVE_ENTRIES);
	e->wrap = wrap__open_and_load();
	if (!e->wrap)
		die("cannot load the wrapper: %s", strerror(errno));
	e->ingress = baseline_prog(obj, "bmc_ingress");
	e->egress = baseline_prog(obj, "bmc_egress");
	return (struct runner){ .name = name, .fill = fill, .run = run, .self = e };
}
