// SPDX-License-Identifier: GPL-2.0-only
/* BPF side of the driver: shims, one-helper programs, test runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <linux/perf_event.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "drive.h"

#define PLACEHOLDER	0x5e17c0deU	/* of dataplane/shims/shim.h, as the next two */
#define LAST		0x1ead
#define ARGS_ROOM	112
#define SYS_ENTER_ARGS	2
#define DRIVE_ARGS	6	/* at most, of the functions here */

/* The room for the arguments, which get there one by one, whatever the function is. */
struct code {
	struct bpf_insn *at;
};

static void emit(struct code *c, __u8 code, __u8 dst, __u8 src, __s16 off, __s32 imm)
{
	*c->at++ = (struct bpf_insn){ code, dst, src, off, imm };
}

#define MOVE(c, dst, src) emit(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)

static void call(struct code *c, __u32 helper, __u8 to, __s32 i, size_t at)
{
	MOVE(c, 6, 1);
	MOVE(c, 7, 5);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, i);
	MOVE(c, to, 5);
	emit(c, BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, at);
	emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
	MOVE(c, 1, 6);
	MOVE(c, 5, 7);
}

/* At the end of @room, so twice: once to see how long it is. */
static int copy_args(const struct entry *entry, struct bpf_insn *from)
{
	struct code c = { from };
	size_t at;

	for (at = 0; at < sizeof(struct rex_args); at += 8)
		emit(&c, BPF_ST | BPF_MEM | BPF_DW, 5, 0, at, 0);
	if (entry->hook == REX_HOOK_RAW_TRACEPOINT) {
		emit(&c, BPF_ST | BPF_MEM | BPF_DW, 5, 0, 0, SYS_ENTER_ARGS);
		for (at = 0; at < SYS_ENTER_ARGS; at++) {
			emit(&c, BPF_LDX | BPF_MEM | BPF_DW, 2, 1, 8 * at, 0);
			emit(&c, BPF_STX | BPF_MEM | BPF_DW, 5, 2,
			     offsetof(struct rex_args, arg) + 8 * at, 0);
		}
		return c.at - from;
	}
	/* The trampoline keeps the number there. */
	for (at = 0; at < DRIVE_ARGS; at++)
		call(&c, BPF_FUNC_get_func_arg, 3, at, offsetof(struct rex_args, arg) + 8 * at);
	if (entry->hook == REX_HOOK_FEXIT)
		call(&c, BPF_FUNC_get_func_ret, 2, 0, offsetof(struct rex_args, ret));
	MOVE(&c, 6, 1);
	MOVE(&c, 7, 5);
	emit(&c, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_func_arg_cnt);
	MOVE(&c, 5, 7);
	emit(&c, BPF_STX | BPF_MEM | BPF_DW, 5, 0, 0, 0);
	MOVE(&c, 1, 6);
	return c.at - from;
}

static void fill_room(const struct entry *entry, struct bpf_insn *room)
{
	struct bpf_insn scratch[ARGS_ROOM];
	int n = copy_args(entry, scratch);

	copy_args(entry, room + ARGS_ROOM - n);
}

/* What librex does to a shim, as far as the tests here need it. */
static int patch(struct bpf_program *prog, const struct entry *entry, __u64 cookie)
{
	const struct bpf_insn zero = { .code = BPF_ALU64 | BPF_MOV | BPF_K };
	struct bpf_insn *insn = (struct bpf_insn *)bpf_program__insns(prog);
	size_t i, n = bpf_program__insn_cnt(prog);
	int found = 0, room = 0;

	for (i = 0; i < n; i++) {
		if (insn[i].code == (BPF_JMP | BPF_JA)) {
			if (++room == ARGS_ROOM)
				fill_room(entry, &insn[i + 1 - ARGS_ROOM]);
		} else if (insn[i].off == LAST) {
			insn[i] = zero;		/* the record is not looked at */
		} else if ((__u32)insn[i].imm != PLACEHOLDER) {
			continue;
		} else if (insn[i].code == (BPF_LD | BPF_DW | BPF_IMM)) {
			found++;
			insn[i].imm = cookie;
			insn[++i].imm = cookie >> 32;
		} else {
			found++;
			insn[i].imm = entry->slot;
		}
	}
	return found == 2 ? 0 : -EINVAL;
}

/* @where: the function or tracepoint, for the hooks whose shims are loaded for one. */
static struct bpf_object *shim_object(const struct entry *entry, __u64 cookie, const char *where)
{
	static const char *const names[__REX_HOOK_MAX] = {
#define NAME(number, ID, name, ...) [number] = #name,
		REX_HOOKS_SHIM(NAME)
#undef NAME
	};
	const char *build = getenv("BUILD");
	struct bpf_program *prog;
	struct bpf_object *obj;
	char path[512];
	int ret;

	snprintf(path, sizeof(path), "%s/shims/%s.bpf.o", build ? build : "build",
		 names[entry->hook]);
	obj = bpf_object__open(path);
	if (!obj)
		return NULL;
	prog = bpf_object__next_program(obj, NULL);
	ret = patch(prog, entry, cookie);
	if (!ret && (entry->hook == REX_HOOK_FENTRY || entry->hook == REX_HOOK_FEXIT ||
		     entry->hook == REX_HOOK_RAW_TRACEPOINT))
		ret = bpf_program__set_attach_target(prog, 0, where);
	if (!ret)
		ret = bpf_object__load(obj);
	if (!ret)
		return obj;
	bpf_object__close(obj);
	errno = -ret;
	return NULL;
}

int shim_load(const struct entry *entry, __u64 wrong)
{
	struct bpf_object *obj = shim_object(entry, entry->cookie ^ wrong, NULL);
	int fd;

	if (!obj)
		return -errno;
	fd = dup(bpf_program__fd(bpf_object__next_program(obj, NULL)));
	bpf_object__close(obj);
	return fd;
}

static struct bpf_link *attach_kprobe(struct bpf_program *prog, const char *where)
{
	LIBBPF_OPTS(bpf_kprobe_opts, opts);
	char function[128], *plus;

	snprintf(function, sizeof(function), "%s", where);
	plus = strchr(function, '+');
	if (plus) {
		*plus = 0;
		opts.offset = strtoul(plus + 1, NULL, 0);
	}
	return bpf_program__attach_kprobe_opts(prog, function, &opts);
}

/* Samples of the CPU's clock: in a hard interrupt. */
static struct bpf_link *attach_perf_event(struct bpf_program *prog)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? NULL : bpf_program__attach_perf_event(prog, fd);
}

/* NULL with errno set; the object comes along with the link. */
struct bpf_link *shim_attach(const struct entry *entry, char *where, struct bpf_object **obj)
{
	struct bpf_program *prog;
	struct bpf_link *link;
	char *name;

	*obj = shim_object(entry, entry->cookie, where);
	if (!*obj)
		return NULL;
	prog = bpf_object__next_program(*obj, NULL);
	switch (entry->hook) {
	case REX_HOOK_KPROBE:
		link = attach_kprobe(prog, where);
		break;
	case REX_HOOK_TRACEPOINT:
		name = strchr(where, ':');
		if (name)
			*name++ = 0;
		link = bpf_program__attach_tracepoint(prog, where, name);
		break;
	case REX_HOOK_PERF_EVENT:
		link = attach_perf_event(prog);
		break;
	default:
		link = bpf_program__attach(prog);
	}
	if (!link)
		bpf_object__close(*obj);
	return link;
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
