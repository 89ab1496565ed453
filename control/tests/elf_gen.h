/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes program modules for tests of the checker: good ones, and ones with one thing wrong. */
#ifndef _ELF_GEN_H
#define _ELF_GEN_H

#include <stddef.h>
#include <stdint.h>

#define REX_TEXT_OF(x) #x
#define REX_TEXT(x) REX_TEXT_OF(x)
#define REX_ABI_TEXT REX_TEXT(REX_ABI_VERSION)

/* What to make; elf_spec_good() fills in a program that is all right. */
struct elf_spec {
	uint16_t machine, type;
	const char *modinfo;		/* modinfo_len bytes, with NULs */
	size_t modinfo_len;
	const void *entries;
	size_t entries_len;
	const char *entries_name;	/* section name; NULL: no such section */
	uint64_t entries_flags;
	uint64_t reloc_offset, reloc_type, reloc_symbol;
	size_t n_relocs;		/* at reloc_offset, and every entry on */
	const void *maps;		/* NULL: no such section */
	size_t maps_len;
	uint64_t maps_flags;
	uint32_t maps_type;
	const void *lines;		/* NULL: no such section */
	size_t lines_len;
	uint64_t lines_flags;
	const char *files;		/* NULL: no such section */
	size_t files_len;
	const char *other;		/* name of one more section; NULL: none */
	const char *import;		/* name of the undefined symbol */
	int no_symtab, maps_reloc, lines_reloc;
};

/* Symbols of the made file: 1 is the entry function, 2 the import, 3 is in a data section. */
void elf_spec_good(struct elf_spec *spec);
/* The file in malloc'ed memory; aborts when libelf does not do it. */
void *elf_make(const struct elf_spec *spec, size_t *size);

#endif /* _ELF_GEN_H */
