// SPDX-License-Identifier: GPL-2.0-only
/* BPF side of the driver: shims, one-helper programs, test runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "drive.h"

#define SLOT	0x5e17c0deU

int shim_load(const struct entry *entry, __u64 wrong)
{
	const char *build = getenv("BUILD");
	struct bpf_program *prog;
	struct bpf_object *obj;
	struct bpf_insn *insn;
	__u64 cookie = entry->cookie ^ wrong;
	char path[512];
	int ret, found = 0;
	size_t i;

	snprintf(path, sizeof(path), "%s/shims/%s.bpf.o", build ? build : "build",
		 entry->hook == REX_HOOK_TC ? "tc" : "xdp");
	obj = bpf_object__open(path);
	if (!obj)
		return -errno;
	prog = bpf_object__next_program(obj, NULL);
	insn = (struct bpf_insn *)bpf_program__insns(prog);
	for (i = 0; i < bpf_program__insn_cnt(prog); i++) {
		if ((__u32)insn[i].imm != SLOT)
			continue;
		found++;
		if (insn[i].code == (BPF_LD | BPF_DW | BPF_IMM)) {
			insn[i].imm = cookie;
			insn[++i].imm = cookie >> 32;
		} else {
			insn[i].imm = entry->slot;
		}
	}
	ret = found == 2 ? bpf_object__load(obj) : -EINVAL;
	if (!ret)
		ret = dup(bpf_program__fd(prog));
	bpf_object__close(obj);
	return ret;
}

int helper_prog(__u32 id)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = id },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int skip = id ? 0 : 2;

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "helper", "GPL", insns + skip, 4 - skip, NULL);
}

int test_run(int fd, int size, int repeat, __u32 *verdict, __u32 *duration, __u32 *size_out)
{
	static unsigned char in[2048], out[4096];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in, .data_size_in = size,
		    .data_out = out, .data_size_out = sizeof(out), .repeat = repeat);
	int ret;

	memset(in, 0x11, sizeof(in));
	in[12] = 8;
	in[13] = 0;
	ret = bpf_prog_test_run_opts(fd, &opts);
	*verdict = opts.retval;
	*duration = opts.duration;
	*size_out = opts.data_size_out;
	return ret;
}
