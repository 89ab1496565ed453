// SPDX-License-Identifier: GPL-2.0-only
/* Where in a file a function begins: uprobes want the offset in the file. */
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

struct search {
	Elf *elf;
	struct suggest near;
	GElf_Addr address;
	bool found;
};

static void look_in(struct search *s, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Sym sym;

	for (int i = 0; data && !s->found && gelf_getsym(data, i, &sym); i++) {
		const char *name = elf_strptr(s->elf, sh->sh_link, sym.st_name);

		if (!name || sym.st_shndx == SHN_UNDEF || GELF_ST_TYPE(sym.st_info) != STT_FUNC)
			continue;
		if (!strcmp(name, s->near.word)) {
			s->address = sym.st_value;
			s->found = true;
		} else {
			suggest_add(&s->near, name);
		}
	}
}

/* From an address of the program to the place in the file that is loaded there. */
static int to_offset(Elf *elf, GElf_Addr address, uint64_t *offset)
{
	size_t n = 0;
	GElf_Phdr ph;

	elf_getphdrnum(elf, &n);
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, i, &ph) || ph.p_type != PT_LOAD || !(ph.p_flags & PF_X) ||
		    address < ph.p_vaddr || address - ph.p_vaddr >= ph.p_filesz)
			continue;
		*offset = address - ph.p_vaddr + ph.p_offset;
		return 0;
	}
	return -EINVAL;
}

int rex_elf_symbol(const char *path, const char *symbol, uint64_t *offset)
{
	struct search s = { .near = { .word = symbol } };
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	bool any = false;
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return rex_fail(-errno, "cannot open \"%s\": %s", path, strerror(errno));
	elf_version(EV_CURRENT);
	s.elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!s.elf || elf_kind(s.elf) != ELF_K_ELF) {
		err = rex_fail(-EINVAL, "\"%s\" is not an ELF file, so it has no symbol \"%s\"; "
			       "PATH:0xOFFSET works with every file", path, symbol);
		goto out;
	}
	while (!s.found && (scn = elf_nextscn(s.elf, scn))) {
		if (!gelf_getshdr(scn, &sh) ||
		    (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM))
			continue;
		any = true;
		look_in(&s, scn, &sh);
	}
	if (!s.found)
		err = rex_fail(-ENOENT, "\"%s\" has no function \"%s\"%s%s", path, symbol,
			       any ? "" : ": it has no symbols at all (stripped), give PATH:0xOFFSET",
			       suggest_text(&s.near));
	else if ((err = to_offset(s.elf, s.address, offset)))
		rex_fail(err, "the code of \"%s\" is not in a part of \"%s\" that is loaded", symbol,
			 path);
out:
	elf_end(s.elf);
	close(fd);
	return err;
}
