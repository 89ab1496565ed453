// SPDX-License-Identifier: GPL-2.0-only
/* The checker of program files: what it takes, what it refuses, and that nothing upsets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <elf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../librex/internal.h"
#include "elf_gen.h"

static int check(const struct elf_spec *spec, struct own_file *file)
{
	size_t size;
	void *image = elf_make(spec, &size);
	int err = rex_check_image(image, size, "test.ko", file);

	free(image);
	return err;
}

static void refused(const struct elf_spec *spec, const char *why)
{
	struct own_file file;

	assert_int_equal(check(spec, &file), -EINVAL);
	assert_non_null(strstr(rex_errmsg(), "test.ko"));
	if (!strstr(rex_errmsg(), why))
		fail_msg("expected \"%s\" in: %s", why, rex_errmsg());
}

static void test_good(void **state)
{
	struct elf_spec spec;
	struct own_file file;

	(void)state;
	elf_spec_good(&spec);
	if (check(&spec, &file))
		fail_msg("%s", rex_errmsg());
	assert_string_equal(file.pub.name, "sample");
	assert_int_equal(file.pub.stack, 128);
	assert_int_equal(file.pub.n_entries, 2);
	assert_string_equal(file.pub.entries[1]->name, "egress");
	assert_int_equal(file.pub.entries[1]->hook, REX_HOOK_TC);
	assert_int_equal(file.pub.n_maps, 2);
	assert_string_equal(file.pub.maps[1]->name, "FLOWS");
	assert_int_equal(file.pub.maps[1]->value_size, 64);
	assert_int_equal(file.pub.n_imports, 1);
	assert_false(file.pub.is_signed);
}

static void test_good_without_maps(void **state)
{
	struct elf_spec spec;
	struct own_file file;

	(void)state;
	elf_spec_good(&spec);
	spec.maps = NULL;
	if (check(&spec, &file))
		fail_msg("%s", rex_errmsg());
	assert_int_equal(file.pub.n_maps, 0);
}

static void test_kind_of_file(void **state)
{
	struct elf_spec spec;

	(void)state;
	elf_spec_good(&spec);
	spec.machine = EM_AARCH64;
	refused(&spec, "ELF machine 183");
	elf_spec_good(&spec);
	spec.type = ET_EXEC;
	refused(&spec, "not a kernel module");
	elf_spec_good(&spec);
	spec.modinfo = NULL;
	refused(&spec, ".modinfo");
	elf_spec_good(&spec);
	spec.entries_name = ".other";
	refused(&spec, "not a Rex program");
	elf_spec_good(&spec);
	spec.no_symtab = 1;
	refused(&spec, "strip");
}

static void test_imports(void **state)
{
	static const char *const good[] = {
		"rex_panic", "rex_runtime", "rex_map_lookup", "rex_program_register",
		"__x86_return_thunk", "__x86_indirect_thunk_r11", "__fentry__",
	};
	static const char *const bad[] = {
		"", "printk", "_printk", "rex_nosuch", "rex_pani", "rex_panicx", "kallsyms_lookup_name", "memcmp",
		"__x86_indirect_thunk_", "__x86_indirect_thunk_r11x", "__x86_indirect_thunk_rsp",
	};
	struct elf_spec spec;
	struct own_file file;

	(void)state;
	elf_spec_good(&spec);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		spec.import = good[i];
		if (check(&spec, &file))
			fail_msg("%s: %s", good[i], rex_errmsg());
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		spec.import = bad[i];
		refused(&spec, "not open to Rex programs");
		assert_non_null(strstr(rex_errmsg(), bad[i]));
	}
	spec.import = "bad\033[31m";
	refused(&spec, "bad\\x1b[31m");		/* not to the terminal */
}

#define MODINFO(text) (spec.modinfo = (text), spec.modinfo_len = sizeof(text) - 1)

static void test_modinfo(void **state)
{
	struct elf_spec spec;

	(void)state;
	elf_spec_good(&spec);
	MODINFO("rex_stack=1\0name=x\0");
	refused(&spec, "no \"rex_abi\"");
	MODINFO("rex_abi=1\0rex_stack=1\0name=x\0");
	refused(&spec, "built for Rex ABI 1");
	MODINFO("rex_abi=3x\0rex_stack=1\0name=x\0");
	refused(&spec, "rex_abi=3x is not a number");
	MODINFO("rex_abi=\0rex_stack=1\0name=x\0");
	refused(&spec, "is not a number");
	MODINFO("rex_abi=99999999999999999999999\0name=x\0");
	refused(&spec, "is not a number");
	MODINFO("rex_abi=" REX_ABI_TEXT "\0name=x\0");
	refused(&spec, "no \"rex_stack\"");
	MODINFO("rex_abi=" REX_ABI_TEXT "\0rex_stack=1\0");
	refused(&spec, "no \"name\"");
	MODINFO("rex_abi=" REX_ABI_TEXT "\0rex_stack=1\0name=");
	refused(&spec, "no \"name\"");
	MODINFO("rex_abi=" REX_ABI_TEXT "\0rex_stack=1\0name=../../x\0");
	refused(&spec, "../../x");
	MODINFO("rex_abi=" REX_ABI_TEXT "\0rex_stack=1\0name=abcdefghijklmnopqrstuvwxyzabcdef\0");
	refused(&spec, "32 bytes");
	MODINFO("");
	refused(&spec, "rex_abi");
}

static void test_modinfo_without_an_end(void **state)
{
	struct elf_spec spec;
	struct own_file file;

	(void)state;
	elf_spec_good(&spec);
	MODINFO("rex_abi=" REX_ABI_TEXT "\0rex_stack=1\0name=x");	/* no NUL behind x */
	if (check(&spec, &file))
		fail_msg("%s", rex_errmsg());
	assert_string_equal(file.pub.name, "x");
}

static void test_entries(void **state)
{
	struct rex_entry_def e[REX_MAX_ENTRIES + 1] = {};
	struct elf_spec spec;

	(void)state;
	elf_spec_good(&spec);
	spec.entries = e;
	spec.entries_len = sizeof(*e);
	spec.n_relocs = 1;
	refused(&spec, "entry 0 has no name");
	memset(e[0].name, 'a', sizeof(e[0].name));
	refused(&spec, "an unterminated name");
	strcpy(e[0].name, "a/b");
	refused(&spec, "\"a/b\"");
	strcpy(e[0].name, "ok");
	e[0].hook = __REX_HOOK_MAX;
	refused(&spec, "is for hook");
	e[0].hook = 0;
	e[0].flags = 2;
	refused(&spec, "flags 0x2");
	e[0].flags = 0;
	e[0].hook = REX_HOOK_STREAM;
	e[0].ctx_size = REX_STREAM_RECORD + 1;
	refused(&spec, "a record of 4097 bytes per socket");
	e[0].hook = e[0].ctx_size = 0;
	e[1] = e[0];
	spec.entries_len = 2 * sizeof(*e);
	refused(&spec, "two entries \"ok\"");
	spec.entries_len = sizeof(*e) - 1;
	refused(&spec, "63 bytes");
	spec.entries_len = sizeof(e);
	refused(&spec, "1 to 64 times 64");
	spec.entries_len = 0;
	refused(&spec, "no entries");
	elf_spec_good(&spec);
	spec.entries_flags = 0;
	refused(&spec, "flags 0x0");
	spec.entries_flags = SHF_ALLOC | SHF_EXECINSTR;
	refused(&spec, "flags 0x6");
}

static void test_filters(void **state)
{
	struct rex_map_def m = { .name = "PORTS", .type = 2, .key_size = 4, .value_size = 4,
				 .max_entries = 1 };
	struct rex_entry_def e = { .name = "ok" };
	struct rex_filter *f = &e.filter;
	struct elf_spec spec;
	struct own_file file;
	char text[100];

	(void)state;
	elf_spec_good(&spec);
	spec.entries = &e;
	spec.entries_len = sizeof(e);
	spec.n_relocs = 1;
	f->ports[4] = 53;
	refused(&spec, "the filter of entry \"ok\" has ports, but no protocol");
	f->protocol = IPPROTO_SCTP;
	refused(&spec, "a protocol that this version does not know");
	f->protocol = IPPROTO_UDP;
	refused(&spec, "a bad name of a map");
	f->n_ports = 1;
	refused(&spec, "ports that are 0, or more than it says");
	f->n_ports = 5;
	refused(&spec, "ports that are 0, or more than it says");
	f->n_ports = 6;
	refused(&spec, "more ports than it has room for");
	*f = (struct rex_filter){ .protocol = IPPROTO_TCP, .n_ports = 1, .ports = { 80 } };
	e.hook = REX_HOOK_KPROBE;
	refused(&spec, "is at a hook that has none");
	e.hook = REX_HOOK_XDP;
	assert_int_equal(check(&spec, &file), 0);
	assert_string_equal(rex_filter_text(&file.pub.entries[0]->filter, text, sizeof(text)),
			    "tcp, port 80");
	*f = (struct rex_filter){ .protocol = IPPROTO_UDP, .map = "PORTS" };
	refused(&spec, "in map \"PORTS\", which the program does not have");
	spec.maps = &m;
	spec.maps_len = sizeof(m);
	assert_int_equal(check(&spec, &file), 0);
	assert_string_equal(rex_filter_text(&file.pub.entries[0]->filter, text, sizeof(text)),
			    "udp, ports in map PORTS");
	m.max_entries = 2;
	refused(&spec, "an array of one element");
	m.max_entries = 1;
	m.value_size = 18;
	refused(&spec, "1 to 8 ports of 2 bytes");
	m.value_size = 3;
	refused(&spec, "1 to 8 ports of 2 bytes");
	m.value_size = 2;
	m.type = 1;
	refused(&spec, "an array of one element");
	memcpy(f->map, "a\nb", 3);
	refused(&spec, "a bad name of a map");
	memcpy(f->map, "AB\0CDEFGH", 9);
	refused(&spec, "a bad name of a map");
}

static void test_entry_functions(void **state)
{
	struct elf_spec spec;

	(void)state;
	elf_spec_good(&spec);
	spec.n_relocs = 1;
	refused(&spec, "entry \"egress\" has no function");
	elf_spec_good(&spec);
	spec.n_relocs = 3;
	refused(&spec, "relocation");
	elf_spec_good(&spec);
	spec.reloc_offset = 0;
	refused(&spec, "relocation");
	elf_spec_good(&spec);
	spec.reloc_type = R_X86_64_PC32;
	refused(&spec, "relocation");
	elf_spec_good(&spec);
	spec.reloc_symbol = 2;			/* imported */
	refused(&spec, "not a function of this file");
	spec.reloc_symbol = 3;			/* data */
	refused(&spec, "not a function of this file");
	spec.reloc_symbol = 4000;
	refused(&spec, "not a function of this file");
	spec.reloc_symbol = 0;
	refused(&spec, "not a function of this file");
}

static void test_maps(void **state)
{
	struct rex_map_def m[REX_MAX_MAPS + 1] = {};
	struct elf_spec spec;

	(void)state;
	elf_spec_good(&spec);
	spec.maps = m;
	spec.maps_len = sizeof(*m);
	refused(&spec, "map 0 has no name");
	memset(m[0].name, 'M', sizeof(m[0].name));
	refused(&spec, "an unterminated name");
	strcpy(m[0].name, "M");
	m[0].base = 1;
	refused(&spec, "rex.ko writes");
	m[0].base = 0;
	m[1] = m[0];
	spec.maps_len = 2 * sizeof(*m);
	refused(&spec, "two maps \"M\"");
	spec.maps_len = 63;
	refused(&spec, "63 bytes");
	spec.maps_len = sizeof(m);
	refused(&spec, "1 to 64 times 64");
	spec.maps_len = sizeof(*m);
	spec.maps_flags = SHF_ALLOC;
	refused(&spec, "flags");
	spec.maps_flags = SHF_ALLOC | SHF_WRITE;
	spec.maps_type = SHT_NOBITS;
	refused(&spec, "type 8");
	elf_spec_good(&spec);
	spec.maps_reloc = 1;
	refused(&spec, "has relocations");
}

static void test_lines(void **state)
{
	struct rex_line l[3] = { { 0, 1, 1 }, { 4, 1, 2 }, { 8, 0, 0 } };
	struct elf_spec spec;
	struct own_file file;

	(void)state;
	elf_spec_good(&spec);
	spec.lines = spec.files = NULL;
	if (check(&spec, &file))
		fail_msg("%s", rex_errmsg());
	elf_spec_good(&spec);
	spec.files = NULL;
	refused(&spec, "only one");
	elf_spec_good(&spec);
	spec.lines = NULL;
	refused(&spec, "only one");
	elf_spec_good(&spec);
	spec.lines = l;
	spec.lines_len = sizeof(l);
	if (check(&spec, &file))
		fail_msg("%s", rex_errmsg());
	l[1].offset = 9;
	refused(&spec, "line 2 of \".rex.lines\" is not sorted");
	l[1].offset = 4;
	l[2].offset = 17;
	refused(&spec, "line 2 of \".rex.lines\" is for code at 0x11");
	l[2].offset = 16;
	l[2].file = spec.files_len;
	refused(&spec, "names a file at 19");
	l[2].file = UINT32_MAX;
	refused(&spec, "names a file at 4294967295");
	l[2].file = 2;				/* in the middle of a name */
	refused(&spec, "names a file at 2");
	l[2].file = 0;
	spec.files_len--;
	refused(&spec, "is not terminated");
	spec.files_len = 0;
	refused(&spec, "is not terminated");
	elf_spec_good(&spec);
	spec.lines_len--;
	refused(&spec, "47 bytes");
	spec.lines_len++;
	spec.lines_flags = SHF_ALLOC | SHF_WRITE;
	refused(&spec, "flags 0x3");
	elf_spec_good(&spec);
	spec.lines_reloc = 1;
	refused(&spec, "\".rex.lines\" has relocations");
}

/* ---- nothing may upset it: run with AddressSanitizer ---------------------------------------- */

/* A copy of exactly @size bytes, so that one byte too far is seen. */
static int check_copy(const uint8_t *image, size_t size)
{
	static struct own_file file;
	uint8_t *copy = malloc(size ? size : 1);
	int err;

	memcpy(copy, image, size);
	err = rex_check_image(copy, size, "test.ko", &file);
	free(copy);
	assert_true(err == 0 || err == -EINVAL);
	if (!err) {
		assert_in_range(file.pub.n_entries, 1, REX_MAX_ENTRIES);
		assert_in_range(file.pub.n_maps, 0, REX_MAX_MAPS);
		assert_true(strlen(file.pub.name) < REX_NAME_LEN);
	} else {
		assert_true(strlen(rex_errmsg()) > 0);
	}
	return err;
}

/* Run, or patched into the kernel, when the module is loaded; or not known at all. */
static void test_sections(void **state)
{
	static const char *const bad[] = {
		".init_array", ".init_array.00100", ".ctors", ".fini_array", "__ex_table",
		".altinstructions", ".altinstr_replacement", ".static_call_sites", ".static_call.text",
		"__jump_table", "__bug_table", "__param", "__ksymtab_gpl", ".data..percpu",
		"__tracepoints_ptrs", "_kprobe_blacklist", ".text.unlikely", ".BTF_ids", "",
	};
	struct elf_spec spec;
	struct own_file file;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		elf_spec_good(&spec);
		spec.other = bad[i];
		refused(&spec, "was not made by rexc");
	}
	spec.other = ".orc_unwind";
	if (check(&spec, &file))
		fail_msg("%s", rex_errmsg());
}

static void test_truncated(void **state)
{
	struct elf_spec spec;
	size_t size;
	uint8_t *image;

	(void)state;
	elf_spec_good(&spec);
	image = elf_make(&spec, &size);
	for (size_t len = 0; len < size; len++)
		assert_int_equal(check_copy(image, len), -EINVAL);
	free(image);
}

/* Every byte of the file to each of these, one at a time; most are refused. */
static void test_flipped_bytes(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };
	size_t size, refusals = 0;
	struct elf_spec spec;
	uint8_t *image;

	(void)state;
	elf_spec_good(&spec);
	image = elf_make(&spec, &size);
	for (size_t at = 0; at < size; at++) {
		for (size_t m = 0; m < sizeof(masks); m++) {
			image[at] ^= masks[m];
			refusals += !!check_copy(image, size);
			image[at] ^= masks[m];
		}
	}
	assert_int_equal(check_copy(image, size), 0);
	assert_true(refusals > 100);
	free(image);
}

static const uint64_t extremes[] = {
	0, 1, 2, 7, 0x3f, 0x40, 0x41, 0x7f, 0xff, 0xfff, 0xff00, 0xfff1, 0xffff, 0x10000,
	0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff, 0x100000000, 0x7fffffffffffffff,
	0x8000000000000000, 0xffffffffffffff00, 0xfffffffffffffff8, 0xffffffffffffffff,
};

static void put(uint8_t *to, size_t bytes, uint64_t value)
{
	memcpy(to, &value, bytes);		/* little-endian */
}

/* Each field of the ELF header and of all section headers to each extreme value. */
static void test_hostile_headers(void **state)
{
	static const uint8_t eh_fields[][2] = {
		{ 16, 2 }, { 18, 2 }, { 20, 4 }, { 24, 8 }, { 32, 8 }, { 40, 8 }, { 48, 4 },
		{ 52, 2 }, { 54, 2 }, { 56, 2 }, { 58, 2 }, { 60, 2 }, { 62, 2 },
	};
	static const uint8_t sh_fields[][2] = {
		{ 0, 4 }, { 4, 4 }, { 8, 8 }, { 16, 8 }, { 24, 8 }, { 32, 8 }, { 40, 4 }, { 44, 4 },
		{ 48, 8 }, { 56, 8 },
	};
	struct elf_spec spec;
	Elf64_Ehdr eh;
	uint8_t *image, *fresh;
	size_t size;

	(void)state;
	elf_spec_good(&spec);
	image = elf_make(&spec, &size);
	fresh = malloc(size);
	memcpy(fresh, image, size);
	memcpy(&eh, image, sizeof(eh));
	for (size_t v = 0; v < sizeof(extremes) / sizeof(*extremes); v++) {
		for (size_t f = 0; f < sizeof(eh_fields) / sizeof(*eh_fields); f++) {
			put(image + eh_fields[f][0], eh_fields[f][1], extremes[v]);
			check_copy(image, size);
			memcpy(image, fresh, size);
		}
		for (size_t i = 0; i < eh.e_shnum; i++) {
			for (size_t f = 0; f < sizeof(sh_fields) / sizeof(*sh_fields); f++) {
				put(image + eh.e_shoff + i * sizeof(Elf64_Shdr) + sh_fields[f][0],
				    sh_fields[f][1], extremes[v]);
				check_copy(image, size);
				memcpy(image, fresh, size);
			}
		}
	}
	free(fresh);
	free(image);
}

/* Several bytes at once, anywhere; a fixed seed, so that a failure can be repeated. */
static void test_random_damage(void **state)
{
	uint64_t seed = 0x5eed;
	struct elf_spec spec;
	uint8_t *image, *fresh;
	size_t size;

	(void)state;
	elf_spec_good(&spec);
	image = elf_make(&spec, &size);
	fresh = malloc(size);
	memcpy(fresh, image, size);
	for (int round = 0; round < 20000; round++) {
		for (int i = 0; i <= round % 8; i++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			image[(seed >> 33) % size] = seed >> 24;
		}
		check_copy(image, size);
		memcpy(image, fresh, size);
	}
	free(fresh);
	free(image);
}

/* A program that rexc made, whole and cut at every 64th byte. $REX_SAMPLE: its path. */
static void test_a_real_program(void **state)
{
	const char *path = getenv("REX_SAMPLE");
	static uint8_t image[1 << 20];
	size_t size;
	FILE *f;

	(void)state;
	if (!path || !(f = fopen(path, "re"))) {
		print_message("no program of rexc in $REX_SAMPLE\n");
		skip();
		return;
	}
	size = fread(image, 1, sizeof(image), f);
	fclose(f);
	if (check_copy(image, size))
		fail_msg("%s", rex_errmsg());
	for (size_t len = 0; len < size; len += 64)
		assert_int_equal(check_copy(image, len), -EINVAL);
	for (size_t at = 0; at < size; at += 7) {
		image[at] ^= 0xff;
		check_copy(image, size);
		image[at] ^= 0xff;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_good_without_maps),
		cmocka_unit_test(test_kind_of_file),
		cmocka_unit_test(test_imports),
		cmocka_unit_test(test_modinfo),
		cmocka_unit_test(test_modinfo_without_an_end),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_entry_functions),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped_bytes),
		cmocka_unit_test(test_hostile_headers),
		cmocka_unit_test(test_random_damage),
		cmocka_unit_test(test_a_real_program),
	};

	return cmocka_run_group_tests_name("control-elf", tests, NULL, NULL);
}
