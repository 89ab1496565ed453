// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands in for rex.ko: what the machine code of rex_bmc.ko imports, as far as the packets and the
 * fills of this measurement need it. What is called for each packet (the clock, the end of
 * the frame) does what the kernel's function does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <asm/prctl.h>
#include <linux/bpf.h>
#include <rex_prog.h>

#include "native.h"
#include "rex_ko.h"

extern struct rex_map_def __rex_maps_start[], __rex_maps_end[];
extern struct rex_entry_def __rex_entries_start[], __rex_entries_end[];

/* A CPU's per-CPU offset is behind %gs, as in the kernel; ours is 0. */
static __u64 gs[2];
static volatile __u64 jiffies = 4300000000ULL;
const struct rex_runtime rex_runtime = { .this_cpu_off = sizeof(*gs), .jiffies = (__u64)&jiffies };

struct rex_map_def *rex_ko_map(const char *name)
{
	for (struct rex_map_def *m = __rex_maps_start; m < __rex_maps_end; m++)
		if (!strcasecmp(m->name, name))
			return m;
	die("rex_bmc has no map %s", name);
}

int (*rex_ko_entry(const char *name))(void *)
{
	for (struct rex_entry_def *e = __rex_entries_start; e < __rex_entries_end; e++)
		if (!strcmp(e->name, name))
			return (int (*)(void *))e->fn;
	die("rex_bmc has no entry %s", name);
}

static void *zeroes(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);

	if (p == MAP_FAILED)
		die("no memory for a map of %zu bytes", bytes);
	return p;
}

void rex_ko_start(void)
{
	rex_program_generation = 1;
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, gs))
		die("cannot set the base of %%gs");
	for (struct rex_map_def *m = __rex_maps_start; m < __rex_maps_end; m++) {
		size_t size = (m->value_size + 7) & ~7ULL;
		__u32 n = 1;

		while (n < m->max_entries)
			n *= 2;
		m->index_mask = n - 1;
		if (m->type == BPF_MAP_TYPE_ARRAY) {
			m->stride = size;
			m->base = (__u64)zeroes(size * n);
		} else if (m->type == BPF_MAP_TYPE_PERCPU_ARRAY) {
			__u64 *copies = zeroes(n * sizeof(*copies));
			char *values = zeroes(size * n);

			for (__u32 i = 0; i < n; i++)
				copies[i] = (__u64)(values + i * size);
			m->stride = sizeof(*copies);
			m->base = (__u64)copies;
		}
	}
}

/* ---- what is called for a packet */

__u64 rex_ktime_coarse_ns(void)
{
	return 1000000000000ULL;
}

long rex_xdp_adjust_tail(struct rex_ctx *ctx, __s32 delta)
{
	struct room *r = room();
	int err = room_adjust_tail(r, delta);

	ctx->data_end = (__u64)r->end;
	return err;
}

/* Not needed: there is always room behind the frame. */
long rex_xdp_adjust_head(struct rex_ctx *ctx __attribute__((unused)), __s32 delta __attribute__((unused)))
{
	return -1;
}

__u32 rex_xdp_frags(const struct rex_ctx *ctx __attribute__((unused)))
{
	return 0;
}

/* ---- what is called when an address is looked up, once */

struct sock *rex_sk_lookup(void *ctx __attribute__((unused)),
			   const struct bpf_sock_tuple *tuple __attribute__((unused)),
			   __u32 size __attribute__((unused)), __u32 protocol __attribute__((unused)))
{
	return (struct sock *)REX_KO_SOCKET;
}

long rex_sk_release(struct sock *sk __attribute__((unused)))
{
	return 0;
}

__s32 rex_xdp_local(const struct rex_ctx *ctx __attribute__((unused)), const void *address, __u32 size)
{
	static const __u32 ours = SERVER_ADDR;

	return size == sizeof(ours) && !memcmp(address, &ours, size) ? 0 : -EADDRNOTAVAIL;
}

void rex_xdp_mac(const struct rex_ctx *ctx __attribute__((unused)), __u8 *to)
{
	static const __u8 mac[6] = SERVER_MAC;

	memcpy(to, mac, sizeof(mac));
}

/* ---- what is called when a value is stored: one thread, which never waits */

long rex_spin_lock(__u32 *lock)
{
	*lock = 1;
	return 0;
}

long rex_spin_trylock(__u32 *lock)
{
	return rex_spin_lock(lock);
}

long rex_spin_unlock(__u32 *lock)
{
	*lock = 0;
	return 0;
}

/* ---- what is called when the server reads a datagram: so its socket is known */

struct task_struct *rex_task_current(void)
{
	return NULL;
}

__s32 rex_task_pid(const struct task_struct *task __attribute__((unused)))
{
	return getpid();
}

__s32 rex_task_tgid(const struct task_struct *task)
{
	return rex_task_pid(task);
}

long rex_message(__u64 message __attribute__((unused)), struct rex_message *to)
{
	*to = (struct rex_message){ .kind = REX_MESSAGE_OTHER, .named = 1 };
	return 0;
}

/* One element is enough. */
static char element[8192] __attribute__((aligned(64)));

void *rex_hash_lookup(const struct rex_map_def *map __attribute__((unused)),
		      const void *key __attribute__((unused)))
{
	return element;
}

__u64 rex_ktime_tai_ns(void)
{
	return 1700000000ULL * 1000000000;
}

void rex_panic(const char *file, __u64 file_len, __u32 line,
	       __u32 column __attribute__((unused)), const char *message __attribute__((unused)),
	       __u64 message_len __attribute__((unused)))
{
	die("rex_bmc panicked at %.*s:%u", (int)file_len, file, line);
}

/* ---- what the module has besides, and nothing here reaches */

asm(".globl __x86_return_thunk, __x86_indirect_thunk_r11\n"
    "__x86_return_thunk: ret\n"
    "__x86_indirect_thunk_r11: jmp *%r11\n");
