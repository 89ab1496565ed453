// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs entries of a loaded program on frames: lines "ENTRY called|passed HEX" on the standard input.
 * Whether it was called must be what the line says, by the verdict (the program drops what it gets)
 * and by rex.ko's count.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rex/librex.h>

static _Noreturn void die(const char *why)
{
	fprintf(stderr, "frames: %s\n", why);
	exit(1);
}

static uint64_t runs(struct rex *rex, const char *name, const char *entry)
{
	const struct rex_entry *e;
	struct rex_program *p;
	uint64_t n;

	if (rex_program_get(rex, name, &p) || rex_program_entry(p, entry, -1, &e))
		die(rex_errmsg());
	n = e->runs;
	rex_program_free(p);
	return n;
}

static size_t from_hex(const char *hex, uint8_t *bytes, size_t max)
{
	size_t n = 0;

	for (; n < max && sscanf(hex + 2 * n, "%2hhx", &bytes[n]) == 1; n++)
		;
	return n;
}

/* The shim of that entry, loaded when it is first asked for. */
static int shim(struct rex *rex, const char *name, const char *entry, bool *is_tc)
{
	static struct {
		char entry[64];
		bool is_tc;
		int fd;
	} shims[16];
	const struct rex_entry *e;
	struct bpf_object *obj;
	struct rex_program *p;
	size_t i = 0;

	while (*shims[i].entry && strcmp(shims[i].entry, entry))
		if (++i == 15)
			die("too many entries");
	if (!*shims[i].entry) {
		if (rex_program_get(rex, name, &p) || rex_program_entry(p, entry, -1, &e) ||
		    rex_shim_load(e, &obj, &shims[i].fd))
			die(rex_errmsg());
		snprintf(shims[i].entry, sizeof(shims[i].entry), "%s", entry);
		shims[i].is_tc = e->hook == REX_HOOK_TC;
		rex_program_free(p);
	}
	*is_tc = shims[i].is_tc;
	return shims[i].fd;
}

static uint32_t run(int fd, const uint8_t *frame, size_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .repeat = 1);

	if (bpf_prog_test_run_opts(fd, &opts))
		die(strerror(errno));
	return opts.retval;
}

int main(int argc, char **argv)
{
	char entry[64], want[16], hex[1024];
	int bad = 0, n = 0;
	struct rex *rex;

	if (argc != 2 || rex_open(&rex))
		die(argc == 2 ? rex_errmsg() : "usage: frames PROGRAM");
	for (; scanf("%63s %15s %1023s", entry, want, hex) == 3; n++) {
		bool called = !strcmp(want, "called"), is_tc;
		uint8_t frame[512];
		size_t len = from_hex(hex, frame, sizeof(frame));
		int fd = shim(rex, argv[1], entry, &is_tc);
		uint64_t before = runs(rex, argv[1], entry), after;
		uint32_t got = run(fd, frame, len);
		uint32_t should = is_tc ? called ? TC_ACT_SHOT : TC_ACT_UNSPEC : called ? XDP_DROP : XDP_PASS;

		after = runs(rex, argv[1], entry);
		if (got == should && after - before == called)
			continue;
		fprintf(stderr, "frame %s: %s should be %s; verdict %d, ran %d times\n", hex, entry, want,
			(int)got, (int)(after - before));
		bad = 1;
	}
	rex_close(rex);
	return bad || !n;
}
