// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <libelf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf_gen.h"
#include "rex.h"

static struct rex_entry_def good_entries[] = {
	{ .name = "count", .hook = REX_HOOK_XDP },
	{ .name = "egress", .hook = REX_HOOK_TC,
	  .filter = { .protocol = IPPROTO_UDP, .n_ports = 2, .ports = { 53, 11211 } } },
};

static struct rex_map_def good_maps[] = {
	{ .name = "COUNT", .type = 6, .key_size = 4, .value_size = 8, .max_entries = 16 },
	{ .name = "FLOWS", .type = 1, .key_size = 12, .value_size = 64, .max_entries = 100 },
};

static struct rex_line good_lines[] = {
	{ .offset = 0, .file = 1, .line = 7 },
	{ .offset = 4, .file = 10, .line = 3 },
	{ .offset = 4, .file = 1, .line = 8 },
	{ .offset = 16 },
};

static const char good_files[] = "\0src/a.rs\0src/b.rs";

static const char good_modinfo[] =
	"license=GPL\0rexc=1\0rex_abi=" REX_ABI_TEXT "\0rex_stack=128\0depends=rex\0name=sample\0"
	"vermagic=6.12.0-test SMP preempt mod_unload modversions \0";

void elf_spec_good(struct elf_spec *s)
{
	*s = (struct elf_spec){
		.machine = EM_X86_64, .type = ET_REL,
		.modinfo = good_modinfo, .modinfo_len = sizeof(good_modinfo) - 1,
		.entries = good_entries, .entries_len = sizeof(good_entries),
		.entries_name = ".rex.entries", .entries_flags = SHF_ALLOC,
		.reloc_offset = offsetof(struct rex_entry_def, fn), .reloc_type = R_X86_64_64,
		.reloc_symbol = 1, .n_relocs = 2,
		.maps = good_maps, .maps_len = sizeof(good_maps),
		.maps_flags = SHF_ALLOC | SHF_WRITE, .maps_type = SHT_PROGBITS,
		.lines = good_lines, .lines_len = sizeof(good_lines), .lines_flags = SHF_ALLOC,
		.files = good_files, .files_len = sizeof(good_files),
		.import = "rex_panic",
	};
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "elf_gen: %s: %s\n", what, elf_errmsg(-1));
	abort();
}

struct strings {
	char text[512];
	size_t len;
};

static uint32_t add_string(struct strings *s, const char *text)
{
	uint32_t at = s->len;

	if (s->len + strlen(text) + 1 > sizeof(s->text))
		die("too many strings");
	memcpy(s->text + s->len, text, strlen(text) + 1);
	s->len += strlen(text) + 1;
	return at;
}

static size_t add_section(Elf *elf, struct strings *names, const char *name, uint32_t type,
			  uint64_t flags, const void *data, size_t len)
{
	Elf_Scn *scn = elf_newscn(elf);
	Elf64_Shdr *sh = elf64_getshdr(scn);
	Elf_Data *d = elf_newdata(scn);

	if (!scn || !sh || !d)
		die(name);
	sh->sh_name = add_string(names, name);
	sh->sh_type = type;
	sh->sh_flags = flags;
	d->d_buf = (void *)data;
	d->d_size = len;
	d->d_align = 8;
	d->d_type = ELF_T_BYTE;
	return elf_ndxscn(scn);
}

static void link_to(Elf *elf, size_t index, size_t link, size_t info, size_t entsize)
{
	Elf64_Shdr *sh = elf64_getshdr(elf_getscn(elf, index));

	sh->sh_link = link;
	sh->sh_info = info;
	sh->sh_entsize = entsize;
}

static void fill(Elf *elf, const struct elf_spec *s, struct strings *names, struct strings *strings,
		 Elf64_Sym *syms, Elf64_Rela *relas, Elf64_Rela *map_rela)
{
	static const uint8_t code[16] = { 0xf3, 0x0f, 0x1e, 0xfa, 0xc3 }, data[16];
	size_t text, rodata, entries = 0, maps = 0, lines = 0, symtab = 0, strtab, rela;

	text = add_section(elf, names, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, code,
			   sizeof(code));
	rodata = add_section(elf, names, ".rodata", SHT_PROGBITS, SHF_ALLOC, data, sizeof(data));
	if (s->modinfo)
		add_section(elf, names, ".modinfo", SHT_PROGBITS, SHF_ALLOC, s->modinfo,
			    s->modinfo_len);
	if (s->entries_name)
		entries = add_section(elf, names, s->entries_name, SHT_PROGBITS, s->entries_flags,
				      s->entries, s->entries_len);
	if (s->maps)
		maps = add_section(elf, names, ".rex.maps", s->maps_type, s->maps_flags, s->maps,
				   s->maps_len);
	if (s->lines)
		lines = add_section(elf, names, ".rex.lines", SHT_PROGBITS, s->lines_flags, s->lines,
				    s->lines_len);
	if (s->files)
		add_section(elf, names, ".rex.files", SHT_PROGBITS, SHF_ALLOC, s->files, s->files_len);
	syms[1].st_name = add_string(strings, "entry");
	syms[1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
	syms[1].st_shndx = text;
	syms[2].st_name = add_string(strings, s->import);
	syms[2].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE);
	syms[3].st_name = add_string(strings, "data");
	syms[3].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
	syms[3].st_shndx = rodata;
	if (s->other)
		add_section(elf, names, s->other, SHT_PROGBITS, SHF_ALLOC, data, sizeof(data));
	strtab = add_section(elf, names, ".strtab", SHT_STRTAB, 0, strings->text, strings->len);
	if (!s->no_symtab) {
		symtab = add_section(elf, names, ".symtab", SHT_SYMTAB, 0, syms, 4 * sizeof(*syms));
		link_to(elf, symtab, strtab, 1, sizeof(*syms));
	}
	for (size_t i = 0; i < s->n_relocs; i++) {
		relas[i].r_offset = s->reloc_offset + i * sizeof(struct rex_entry_def);
		relas[i].r_info = ELF64_R_INFO(s->reloc_symbol, s->reloc_type);
	}
	if (entries) {
		rela = add_section(elf, names, ".rela.rex.entries", SHT_RELA, SHF_INFO_LINK, relas,
				   s->n_relocs * sizeof(*relas));
		link_to(elf, rela, symtab, entries, sizeof(*relas));
	}
	if (s->maps_reloc || s->lines_reloc) {
		map_rela->r_info = ELF64_R_INFO(1, R_X86_64_64);
		rela = add_section(elf, names, s->maps_reloc ? ".rela.rex.maps" : ".rela.rex.lines",
				   SHT_RELA, SHF_INFO_LINK, map_rela, sizeof(*map_rela));
		link_to(elf, rela, symtab, s->maps_reloc ? maps : lines, sizeof(*map_rela));
	}
}

void *elf_make(const struct elf_spec *s, size_t *size)
{
	struct strings names = { .len = 1 }, strings = { .len = 1 };
	Elf64_Rela relas[4] = {}, map_rela = {};
	Elf64_Sym syms[4] = {};
	Elf64_Ehdr *eh;
	size_t shstrtab;
	void *image;
	off_t len;
	Elf *elf;
	int fd = memfd_create("elf", 0);

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_WRITE, NULL);
	if (fd < 0 || !elf || !(eh = elf64_newehdr(elf)))
		die("begin");
	eh->e_ident[EI_DATA] = ELFDATA2LSB;
	eh->e_machine = s->machine;
	eh->e_type = s->type;
	eh->e_version = EV_CURRENT;
	fill(elf, s, &names, &strings, syms, relas, &map_rela);
	/* Its own name has to be in it before its size is fixed. */
	shstrtab = add_section(elf, &names, ".shstrtab", SHT_STRTAB, 0, names.text, 0);
	elf_getdata(elf_getscn(elf, shstrtab), NULL)->d_size = names.len;
	eh->e_shstrndx = shstrtab;
	len = elf_update(elf, ELF_C_WRITE);
	if (len < 0)
		die("write");
	elf_end(elf);
	image = malloc(len);
	if (!image || pread(fd, image, len, 0) != len)
		die("read back");
	close(fd);
	*size = len;
	return image;
}
