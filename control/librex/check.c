// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is this file a Rex program that we may hand to the kernel? The kernel's module loader trusts
 * what it is given, so what can be told without reading the code is looked at again here, without
 * trust in any number of the file: that all sections are such as rexc makes, and none that the
 * loader runs or patches into the kernel; the tables, their relocations, the imports. What the
 * instructions do, the init function's too, is rexc's promise, and a signature's. libelf finds the
 * sections; their contents are read with bounds of our own.
 */
#include <ctype.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct section {
	size_t index;
	GElf_Shdr sh;
	const char *name;
	const uint8_t *data;		/* NULL for SHT_NOBITS and empty sections */
	size_t size;			/* of data */
};

struct check {
	const char *what;		/* for error texts */
	Elf *elf;
	size_t n_sections, strndx;
	struct own_file *file;
	struct section entries, maps, lines, files, modinfo, symtab, strtab;
	uint64_t code;			/* bytes in sections that are executed */
};

/* What a module may import: kmod/program-imports. */
static const char *const imports[] = {
#define IMPORT(name) #name,
#define GLUE(name) #name,
#define OWN(name)
#include "imports.inc"
};

static bool may_import(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(imports); i++)
		if (!strcmp(name, imports[i]))
			return true;
	return false;
}

/* A text of the file as the user may see it: short, and nothing that upsets a terminal. */
static const char *show(const char *text, size_t len)
{
	static _Thread_local char buf[80];
	size_t n = 0;

	for (size_t i = 0; i < len && text[i] && n + 5 < sizeof(buf); i++) {
		unsigned char c = text[i];

		if (isprint(c))
			buf[n++] = c;
		else
			n += snprintf(buf + n, sizeof(buf) - n, "\\x%02x", c);
	}
	buf[n] = '\0';
	return buf;
}

/* Fills @s for section @index, or says why not. */
static int get_section(struct check *c, size_t index, struct section *s)
{
	Elf_Scn *scn = elf_getscn(c->elf, index);
	Elf_Data *data;

	memset(s, 0, sizeof(*s));
	if (!scn || !gelf_getshdr(scn, &s->sh))
		return rex_fail(-EINVAL, "%s: section header %zu cannot be read (%s); the file is "
				"damaged, build it again", c->what, index, elf_errmsg(-1));
	s->index = index;
	s->name = elf_strptr(c->elf, c->strndx, s->sh.sh_name);
	if (!s->name)
		return rex_fail(-EINVAL, "%s: section %zu has no readable name; the file is "
				"damaged, build it again", c->what, index);
	if (s->sh.sh_type == SHT_NOBITS || !s->sh.sh_size)
		return 0;
	data = elf_rawdata(scn, NULL);
	if (!data || !data->d_buf || data->d_size != s->sh.sh_size)
		return rex_fail(-EINVAL, "%s: section \"%s\" reaches beyond the end of the file; "
				"it is truncated, build it again", c->what,
				show(s->name, strlen(s->name)));
	s->data = data->d_buf;
	s->size = data->d_size;
	return 0;
}

static int check_header(struct check *c, const void *image, size_t size)
{
	const unsigned char *ident = image;
	GElf_Ehdr eh;

	if (size < EI_NIDENT || memcmp(ident, ELFMAG, SELFMAG))
		return rex_fail(-EINVAL, "%s: not an ELF file; a Rex program is NAME.ko as rexc "
				"makes it (not compressed)", c->what);
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB)
		return rex_fail(-EINVAL, "%s: not a 64-bit little-endian ELF file; Rex programs are "
				"for x86-64", c->what);
	c->elf = elf_memory((char *)image, size);
	if (!c->elf || elf_kind(c->elf) != ELF_K_ELF || !gelf_getehdr(c->elf, &eh))
		return rex_fail(-EINVAL, "%s: the ELF header cannot be read (%s)", c->what,
				elf_errmsg(-1));
	if (eh.e_machine != EM_X86_64)
		return rex_fail(-EINVAL, "%s: for ELF machine %u, not x86-64", c->what,
				eh.e_machine);
	if (eh.e_type != ET_REL)
		return rex_fail(-EINVAL, "%s: ELF type %u, not a kernel module (a relocatable "
				"file, NAME.ko)", c->what, eh.e_type);
	if (elf_getshdrnum(c->elf, &c->n_sections) || !c->n_sections ||
	    elf_getshdrstrndx(c->elf, &c->strndx))
		return rex_fail(-EINVAL, "%s: no readable section headers; the file is truncated "
				"or damaged, build it again", c->what);
	return 0;
}

/*
 * What rexc makes, and the kernel's build around it. Others are work for the module loader: it
 * runs some (.init_array), and lets some change the kernel (.altinstructions, __jump_table,
 * .static_call_sites) or its reaction to faults (__ex_table, __bug_table).
 */
static const char *const sections[] = {
	".text", ".rodata", ".data", ".bss", ".init.text", ".init.data", ".init.rodata", ".exit.text",
	".exit.data", ".modinfo", ".gnu.linkonce.this_module", ".rex.entries", ".rex.maps",
	".rex.lines", ".rex.files", "__versions", "__version_ext_crcs", "__version_ext_names",
	"__mcount_loc", "__patchable_function_entries", ".retpoline_sites", ".return_sites",
	".call_sites", ".ibt_endbr_seal", ".orc_unwind", ".orc_unwind_ip", ".orc_header",
};

static bool known_section(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (!strcmp(name, sections[i]))
			return true;
	return !strncmp(name, ".note.", strlen(".note."));
}

static int check_sections(struct check *c)
{
	struct section s;
	int err = 0;

	for (size_t i = 1; !err && i < c->n_sections; i++) {
		err = get_section(c, i, &s);
		if (!err && s.sh.sh_flags & (SHF_ALLOC | SHF_EXECINSTR) && !known_section(s.name))
			err = rex_fail(-EINVAL, "%s: section \"%s\" was not made by rexc; the kernel "
				       "might run it when it loads the file. Build it with rexc", c->what,
				       show(s.name, strlen(s.name)));
	}
	return err;
}

/* Keep @s as the one section of its name. */
static int keep(struct check *c, struct section *to, const struct section *s)
{
	if (to->index)
		return rex_fail(-EINVAL, "%s: two sections \"%s\"", c->what, s->name);
	*to = *s;
	return 0;
}

static int find_sections(struct check *c)
{
	struct section s;
	int err = 0;

	for (size_t i = 1; !err && i < c->n_sections; i++) {
		err = get_section(c, i, &s);
		if (err)
			break;
		if (s.sh.sh_type == SHT_SYMTAB)
			err = keep(c, &c->symtab, &s);
		else if (!strcmp(s.name, ".rex.entries"))
			err = keep(c, &c->entries, &s);
		else if (!strcmp(s.name, ".rex.maps"))
			err = keep(c, &c->maps, &s);
		else if (!strcmp(s.name, ".rex.lines"))
			err = keep(c, &c->lines, &s);
		else if (!strcmp(s.name, ".rex.files"))
			err = keep(c, &c->files, &s);
		else if (!strcmp(s.name, ".modinfo"))
			err = keep(c, &c->modinfo, &s);
		if (s.sh.sh_flags & SHF_EXECINSTR)
			c->code += s.size;
	}
	if (err)
		return err;
	if (!c->modinfo.index)
		return rex_fail(-EINVAL, "%s: not a kernel module (no section \".modinfo\"); a Rex "
				"program is NAME.ko as rexc makes it", c->what);
	if (!c->entries.index)
		return rex_fail(-EINVAL, "%s: not a Rex program (no section \".rex.entries\"); "
				"build it with rexc, and mark its functions, e.g. #[rex_xdp]",
				c->what);
	if (!c->symtab.index)
		return rex_fail(-EINVAL, "%s: no symbol table; do not strip it (\"strip "
				"--strip-debug\" is all right)", c->what);
	if (c->symtab.sh.sh_link >= c->n_sections)
		return rex_fail(-EINVAL, "%s: the symbol table names section %u of %zu as its "
				"strings", c->what, c->symtab.sh.sh_link, c->n_sections);
	return get_section(c, c->symtab.sh.sh_link, &c->strtab);
}

/* ---- modinfo ------------------------------------------------------------------------- */

/* The first "key=value" of @s; the value is @len bytes, not NUL-terminated. */
static const char *modinfo(const struct section *s, const char *key, size_t *len)
{
	size_t key_len = strlen(key), pos = 0;

	while (pos < s->size) {
		const char *text = (const char *)s->data + pos;
		size_t n = strnlen(text, s->size - pos);

		if (n > key_len && !memcmp(text, key, key_len) && text[key_len] == '=') {
			*len = n - key_len - 1;
			return text + key_len + 1;
		}
		pos += n + 1;
	}
	return NULL;
}

static void modinfo_copy(const struct section *s, const char *key, char *to, size_t size)
{
	size_t len = 0;
	const char *text = modinfo(s, key, &len);

	if (!text)
		len = 0;
	snprintf(to, size, "%.*s", (int)(len < size ? len : size - 1), text ? text : "");
}

static int modinfo_number(struct check *c, const char *key, uint32_t *value)
{
	size_t len = 0;
	const char *text = modinfo(&c->modinfo, key, &len);
	uint64_t v = 0;

	if (!text)
		return rex_fail(-EINVAL, "%s: modinfo has no \"%s\"; build it with rexc", c->what,
				key);
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]) || (v = v * 10 + text[i] - '0') > UINT32_MAX)
			goto bad;
	}
	if (!len)
		goto bad;
	*value = v;
	return 0;
bad:
	return rex_fail(-EINVAL, "%s: modinfo %s=%s is not a number", c->what, key, show(text, len));
}

static int check_modinfo(struct check *c)
{
	struct own_file *own = c->file;
	struct rex_file *f = &own->pub;
	size_t len = 0;
	const char *name;
	int err;

	err = modinfo_number(c, "rex_abi", &f->abi);
	if (err)
		return err;
	if (f->abi != REX_ABI_VERSION)
		return rex_fail(-EINVAL, "%s: built for Rex ABI %u, this is ABI %u; build it again "
				"with this rexc", c->what, f->abi, REX_ABI_VERSION);
	err = modinfo_number(c, "rex_stack", &f->stack);
	if (err)
		return err;

	name = modinfo(&c->modinfo, "name", &len);
	if (!name || !len)
		return rex_fail(-EINVAL, "%s: modinfo has no \"name\"; build it with rexc",
				c->what);
	if (len >= REX_NAME_LEN)
		return rex_fail(-EINVAL, "%s: the module's name \"%s\" has %zu bytes, at most %d "
				"are possible", c->what, show(name, len), len, REX_NAME_LEN - 1);
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return rex_fail(-EINVAL, "%s: the module's name \"%s\" may have letters, "
					"digits and _ only", c->what, show(name, len));
	memcpy(own->name, name, len);
	modinfo_copy(&c->modinfo, "rexc", own->rexc, sizeof(own->rexc));
	modinfo_copy(&c->modinfo, "vermagic", own->vermagic, sizeof(own->vermagic));
	return 0;
}

/* ---- entries and maps ------------------------------------------------------------------ */

/* A fixed-size name of the file: terminated, not empty, printable, no : (NAME:ENTRY). */
static int check_name(struct check *c, const char *kind, size_t index, const char *name,
		      size_t size)
{
	size_t len = strnlen(name, size);

	if (!len || len == size)
		return rex_fail(-EINVAL, "%s: %s %zu has %s", c->what, kind, index,
				len ? "an unterminated name" : "no name");
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '.')
			return rex_fail(-EINVAL, "%s: %s %zu has a bad name: \"%s\"", c->what, kind,
					index, show(name, len));
	return 0;
}

static int check_table(struct check *c, const struct section *s, size_t size, size_t max,
		       uint64_t need, uint64_t refuse, uint32_t *n)
{
	if (s->sh.sh_type != SHT_PROGBITS || (s->sh.sh_flags & need) != need ||
	    (s->sh.sh_flags & refuse))
		return rex_fail(-EINVAL, "%s: section \"%s\" has type %u and flags 0x%llx, which "
				"rexc does not make", c->what, s->name, s->sh.sh_type,
				(unsigned long long)s->sh.sh_flags);
	if (s->size % size || s->size / size > max)
		return rex_fail(-EINVAL, "%s: section \"%s\" has %zu bytes; expected 1 to %zu "
				"times %zu", c->what, s->name, s->size, max, size);
	*n = s->size / size;
	return 0;
}

static int check_entries(struct check *c)
{
	struct rex_file *f = &c->file->pub;
	int err;

	err = check_table(c, &c->entries, sizeof(struct rex_entry_def), REX_MAX_ENTRIES,
			  SHF_ALLOC, SHF_EXECINSTR | SHF_COMPRESSED, &f->n_entries);
	if (err)
		return err;
	if (!f->n_entries)
		return rex_fail(-EINVAL, "%s: no entries; mark a function of the program, e.g. "
				"#[rex_xdp]", c->what);
	for (uint32_t i = 0; i < f->n_entries; i++) {
		struct own_entry *own = &c->file->tables.entries[i];
		struct rex_entry_def def;

		memcpy(&def, c->entries.data + i * sizeof(def), sizeof(def));
		err = check_name(c, "entry", i, def.name, sizeof(def.name));
		if (err)
			return err;
		if (def.hook >= __REX_HOOK_MAX)
			return rex_fail(-EINVAL, "%s: entry \"%s\" is for hook %u, which this "
					"version does not know", c->what, def.name, def.hook);
		if (def.flags & ~(def.hook == REX_HOOK_XDP ? REX_ENTRY_FRAGS | REX_ENTRY_LEAF : 0))
			return rex_fail(-EINVAL, "%s: entry \"%s\" has flags 0x%x, which this "
					"version does not know", c->what, def.name, def.flags);
		if (def.hook == REX_HOOK_STREAM && def.ctx_size > REX_STREAM_RECORD)
			return rex_fail(-EINVAL, "%s: entry \"%s\" has a record of %u bytes per socket; "
					"%u are the most", c->what, def.name, def.ctx_size,
					REX_STREAM_RECORD);
		for (uint32_t k = 0; k < i; k++)
			if (!strcmp(f->entries[k]->name, def.name))
				return rex_fail(-EINVAL, "%s: two entries \"%s\"", c->what,
						def.name);
		memcpy(own->name, def.name, sizeof(def.name));
		own->pub.hook = def.hook;
		own->pub.flags = def.flags;
		own->pub.ctx_size = def.ctx_size;
		own->pub.filter = def.filter;
		err = rex_filter_check(&own->pub);
		if (err)
			return rex_fail_in(err, "%s", c->what);
	}
	return 0;
}

static int check_maps(struct check *c)
{
	struct rex_file *f = &c->file->pub;
	int err;

	if (!c->maps.index)
		return 0;
	err = check_table(c, &c->maps, sizeof(struct rex_map_def), REX_MAX_MAPS,
			  SHF_ALLOC | SHF_WRITE, SHF_EXECINSTR | SHF_COMPRESSED, &f->n_maps);
	if (err)
		return err;
	for (uint32_t i = 0; i < f->n_maps; i++) {
		struct own_map *own = &c->file->tables.maps[i];
		struct rex_map *m = &own->pub;
		struct rex_map_def def;

		memcpy(&def, c->maps.data + i * sizeof(def), sizeof(def));
		err = check_name(c, "map", i, def.name, sizeof(def.name));
		if (err)
			return err;
		for (uint32_t k = 0; k < i; k++)
			if (!strcmp(f->maps[k]->name, def.name))
				return rex_fail(-EINVAL, "%s: two maps \"%s\"", c->what, def.name);
		if (def.__reserved || def.map || def.base || def.stride || def.index_mask)
			return rex_fail(-EINVAL, "%s: map \"%s\" has values where rex.ko writes at "
					"run time", c->what, def.name);
		memcpy(own->name, def.name, sizeof(def.name));
		m->index = i;
		m->type = def.type;
		m->key_size = def.key_size;
		m->value_size = def.value_size;
		m->max_entries = def.max_entries;
		m->flags = def.flags;
	}
	return 0;
}

/* With the maps: those that filters read. */
static int check_filters(struct check *c)
{
	const struct rex_file *f = &c->file->pub;
	int err = 0;

	for (uint32_t i = 0; !err && i < f->n_entries; i++)
		err = rex_filter_check_map(f->entries[i], f->maps, f->n_maps);
	return err ? rex_fail_in(err, "%s", c->what) : 0;
}

/* ---- the line table ----------------------------------------------------------------------- */

#define MAX_LINES (1u << 20)		/* as rex.ko's */

/* Which line of the source the code is from: sorted, and nothing in it points outside. */
static int check_lines(struct check *c)
{
	const struct section *files = &c->files;
	const uint64_t writable = SHF_WRITE | SHF_EXECINSTR | SHF_COMPRESSED;
	struct rex_line line, last = {};
	uint32_t n_lines, n_bytes;
	int err;

	if (!c->lines.index && !files->index)
		return 0;
	if (!c->lines.index || !files->index)
		return rex_fail(-EINVAL, "%s: only one of \".rex.lines\" and \".rex.files\" exists; "
				"strip removes neither; build it again", c->what);
	err = check_table(c, &c->lines, sizeof(line), MAX_LINES, SHF_ALLOC, writable, &n_lines);
	if (!err)
		err = check_table(c, files, 1, MAX_LINES, SHF_ALLOC, writable, &n_bytes);
	if (err)
		return err;
	if (n_lines && (!n_bytes || files->data[n_bytes - 1]))
		return rex_fail(-EINVAL, "%s: the last name in \".rex.files\" is not terminated", c->what);
	for (uint32_t i = 0; i < n_lines; i++, last = line) {
		memcpy(&line, c->lines.data + i * sizeof(line), sizeof(line));
		if (line.offset < last.offset)
			return rex_fail(-EINVAL, "%s: line %u of \".rex.lines\" is not sorted: 0x%x behind "
					"0x%x", c->what, i, line.offset, last.offset);
		if (line.offset > c->code)
			return rex_fail(-EINVAL, "%s: line %u of \".rex.lines\" is for code at 0x%x, behind "
					"the end of it", c->what, i, line.offset);
		if (line.file >= n_bytes || (line.file && files->data[line.file - 1]))
			return rex_fail(-EINVAL, "%s: line %u of \".rex.lines\" names a file at %u, where "
					"\".rex.files\" has none", c->what, i, line.file);
	}
	return 0;
}

/* ---- relocations and symbols -------------------------------------------------------------- */

static int check_reloc(struct check *c, const Elf64_Rela *rela, uint64_t *seen)
{
	const size_t size = sizeof(struct rex_entry_def);
	size_t at = offsetof(struct rex_entry_def, fn), n_symbols;
	uint64_t sym_index = ELF64_R_SYM(rela->r_info);
	struct section code;
	Elf64_Sym sym;
	int err;

	if (ELF64_R_TYPE(rela->r_info) != R_X86_64_64 || rela->r_offset % size != at ||
	    rela->r_offset / size >= c->file->pub.n_entries)
		return rex_fail(-EINVAL, "%s: \".rex.entries\" has a relocation of type %llu at "
				"0x%llx, which rexc does not make", c->what,
				(unsigned long long)ELF64_R_TYPE(rela->r_info),
				(unsigned long long)rela->r_offset);
	n_symbols = c->symtab.size / sizeof(sym);
	if (sym_index >= n_symbols)
		goto outside;
	memcpy(&sym, c->symtab.data + sym_index * sizeof(sym), sizeof(sym));
	if (sym.st_shndx == SHN_UNDEF || sym.st_shndx >= SHN_LORESERVE ||
	    sym.st_shndx >= c->n_sections)
		goto outside;
	err = get_section(c, sym.st_shndx, &code);
	if (err)
		return err;
	if (!(code.sh.sh_flags & SHF_EXECINSTR))
		goto outside;
	*seen |= 1ull << (rela->r_offset / size);
	return 0;
outside:
	return rex_fail(-EINVAL, "%s: entry \"%s\" is not a function of this file", c->what,
			c->file->pub.entries[rela->r_offset / size]->name);
}

/* Every entry's function comes from one relocation; nothing else in the tables does. */
static int check_relocs(struct check *c)
{
	const struct section *const plain[] = { &c->maps, &c->lines, &c->files };
	uint64_t seen = 0;
	struct section s;
	int err;

	for (size_t i = 1; i < c->n_sections; i++) {
		err = get_section(c, i, &s);
		if (err)
			return err;
		if (s.sh.sh_type != SHT_RELA && s.sh.sh_type != SHT_REL)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(plain); k++)
			if (plain[k]->index && s.sh.sh_info == plain[k]->index && s.size)
				return rex_fail(-EINVAL, "%s: \"%s\" has relocations, which rexc does "
						"not make", c->what, plain[k]->name);
		if (s.sh.sh_info != c->entries.index)
			continue;
		if (s.sh.sh_type != SHT_RELA || s.size % sizeof(Elf64_Rela) ||
		    s.sh.sh_link != c->symtab.index)
			return rex_fail(-EINVAL, "%s: the relocations of \".rex.entries\" are of a "
					"kind that rexc does not make", c->what);
		for (size_t k = 0; k < s.size / sizeof(Elf64_Rela); k++) {
			Elf64_Rela rela;

			memcpy(&rela, s.data + k * sizeof(rela), sizeof(rela));
			err = check_reloc(c, &rela, &seen);
			if (err)
				return err;
		}
	}
	for (uint32_t i = 0; i < c->file->pub.n_entries; i++)
		if (!(seen & (1ull << i)))
			return rex_fail(-EINVAL, "%s: entry \"%s\" has no function", c->what,
					c->file->pub.entries[i]->name);
	return 0;
}

static int check_symbols(struct check *c)
{
	const struct section *names = &c->strtab;
	Elf64_Sym sym;

	if (c->symtab.size % sizeof(sym))
		return rex_fail(-EINVAL, "%s: the symbol table has %zu bytes, no multiple of %zu",
				c->what, c->symtab.size, sizeof(sym));
	for (size_t i = 1; i < c->symtab.size / sizeof(sym); i++) {
		const char *name;
		size_t len;

		memcpy(&sym, c->symtab.data + i * sizeof(sym), sizeof(sym));
		if (sym.st_shndx != SHN_UNDEF)
			continue;
		if (sym.st_name >= names->size)
			return rex_fail(-EINVAL, "%s: symbol %zu has its name outside of the string "
					"table", c->what, i);
		name = (const char *)names->data + sym.st_name;
		len = strnlen(name, names->size - sym.st_name);
		if (len == names->size - sym.st_name)
			return rex_fail(-EINVAL, "%s: the string table is not terminated", c->what);
		if (!may_import(name))
			return rex_fail(-EINVAL, "%s: imports \"%s\", which is not open to Rex "
					"programs; build it with rexc, which says where it is used",
					c->what, show(name, len));
		c->file->pub.n_imports++;
		c->file->traces |= !strcmp(name, "rex_trace_printk");
	}
	return 0;
}

int rex_check_image(const void *image, size_t size, const char *what, struct own_file *file)
{
	struct check c = { .what = what, .file = file };
	int err;

	memset(file, 0, sizeof(*file));
	tables_init(&file->tables);
	file->pub.name = file->name;
	file->pub.rexc = file->rexc;
	file->pub.vermagic = file->vermagic;
	file->pub.entries = file->tables.entry;
	file->pub.maps = file->tables.map;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return rex_fail(-ENOSYS, "libelf is too old for this ELF version");
	err = check_header(&c, image, size);
	if (!err)
		err = find_sections(&c);
	if (!err)
		err = check_sections(&c);
	if (!err)
		err = check_modinfo(&c);
	if (!err)
		err = check_entries(&c);
	if (!err)
		err = check_maps(&c);
	if (!err)
		err = check_filters(&c);
	if (!err)
		err = check_lines(&c);
	if (!err)
		err = check_relocs(&c);
	if (!err)
		err = check_symbols(&c);
	file->pub.is_signed = rex_image_signed(&(struct image){ (void *)image, size });
	elf_end(c.elf);
	return err;
}

int rex_check_file(const char *path, struct rex_file **out)
{
	struct own_file *file = malloc(sizeof(*file));
	struct image image;
	int err;

	if (!file)
		return rex_fail(-ENOMEM, "out of memory");
	err = rex_image_read(path, &image);
	if (!err)
		err = rex_check_image(image.data, image.size, path, file);
	rex_image_free(&image);
	if (err)
		free(file);
	else
		*out = &file->pub;
	return err;
}

void rex_file_free(struct rex_file *file)
{
	free(file);
}

static void each_symbol(struct check *c, int (*fn)(const char *name, bool defined, void *data), void *data)
{
	Elf64_Sym sym;

	for (size_t i = 1; i < c->symtab.size / sizeof(sym); i++) {
		const char *name;

		memcpy(&sym, c->symtab.data + i * sizeof(sym), sizeof(sym));
		if (sym.st_name >= c->strtab.size)
			continue;
		name = (const char *)c->strtab.data + sym.st_name;
		if (strnlen(name, c->strtab.size - sym.st_name) < c->strtab.size - sym.st_name &&
		    fn(name, sym.st_shndx != SHN_UNDEF, data))
			return;
	}
}

void rex_image_symbols(const struct image *image, int (*fn)(const char *name, bool defined, void *data),
		       void *data)
{
	struct check c = { .what = "module" };
	int err;

	elf_version(EV_CURRENT);
	err = check_header(&c, image->data, image->size);
	for (size_t i = 1; !err && !c.symtab.index && i < c.n_sections; i++) {
		struct section s;

		err = get_section(&c, i, &s);
		if (!err && s.sh.sh_type == SHT_SYMTAB)
			c.symtab = s;
	}
	if (!err && c.symtab.index && !get_section(&c, c.symtab.sh.sh_link, &c.strtab))
		each_symbol(&c, fn, data);
	elf_end(c.elf);
}

int rex_image_modinfo(const void *data, size_t size, const char *key, char *value, size_t max)
{
	struct check c = { .what = "module" };
	size_t len = 0;
	const char *text = NULL;
	int err;

	elf_version(EV_CURRENT);
	err = check_header(&c, data, size);
	for (size_t i = 1; !err && !text && i < c.n_sections; i++) {
		struct section s;

		err = get_section(&c, i, &s);
		if (!err && !strcmp(s.name, ".modinfo"))
			text = modinfo(&s, key, &len);
	}
	if (text)
		snprintf(value, max, "%.*s", (int)(len < max ? len : max - 1), text);
	elf_end(c.elf);
	return err ? err : text ? 0 : -ENOENT;
}
