// SPDX-License-Identifier: GPL-2.0-only
/* Takes a relocatable object apart. Trusts nothing in it: every offset is checked. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uapi/rex.h>

#include "diag.h"
#include "frame.h"
#include "object.h"

static int broken(const char *what)
{
	diag_error(NULL, 0, 0, "the compiler's object file is broken: %s", what);
	return -EINVAL;
}

static int read_sections(struct object *o)
{
	size_t names;

	if (elf_getshdrnum(o->elf, &o->nsections) || elf_getshdrstrndx(o->elf, &names))
		return broken(elf_errmsg(-1));
	o->sections = calloc(o->nsections + 1, sizeof(*o->sections));
	if (!o->sections)
		return -ENOMEM;
	for (size_t i = 1; i < o->nsections; i++) {
		struct section *s = &o->sections[i];
		Elf_Scn *scn = elf_getscn(o->elf, i);
		Elf_Data *data;

		if (!scn || !gelf_getshdr(scn, &s->header))
			return broken(elf_errmsg(-1));
		s->name = elf_strptr(o->elf, names, s->header.sh_name);
		if (!s->name)
			return broken("a section without a name");
		s->size = s->header.sh_size;
		if (s->header.sh_type == SHT_NOBITS || !s->size)
			continue;
		data = elf_rawdata(scn, NULL);
		if (!data || !data->d_buf || data->d_size != s->size)
			return broken("a section that is not wholly in the file");
		s->data = data->d_buf;
	}
	o->sections[0].name = "";
	return 0;
}

static int read_symbols(struct object *o)
{
	for (size_t i = 1; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];
		Elf_Data *data;

		if (s->header.sh_type != SHT_SYMTAB)
			continue;
		if (o->symbols)
			return broken("two symbol tables");
		data = elf_getdata(elf_getscn(o->elf, i), NULL);
		if (!data || s->header.sh_entsize != sizeof(Elf64_Sym))
			return broken("its symbol table");
		o->nsymbols = data->d_size / sizeof(Elf64_Sym);
		o->symbols = calloc(o->nsymbols + 1, sizeof(*o->symbols));
		if (!o->symbols)
			return -ENOMEM;
		for (size_t k = 0; k < o->nsymbols; k++) {
			struct symbol *y = &o->symbols[k];

			if (!gelf_getsym(data, k, &y->sym))
				return broken("its symbol table");
			y->name = elf_strptr(o->elf, s->header.sh_link, y->sym.st_name);
			if (!y->name)
				return broken("a symbol without a name");
		}
	}
	return o->symbols ? 0 : broken("no symbol table");
}

static int by_offset(const void *a, const void *b)
{
	const struct reloc *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int read_relocs(struct object *o)
{
	for (size_t i = 1; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];
		struct section *to;
		Elf_Data *data;

		if (s->header.sh_type == SHT_REL)
			return broken("relocations without addend");
		if (s->header.sh_type != SHT_RELA || !s->size)
			continue;
		if (!s->header.sh_info || s->header.sh_info >= o->nsections)
			return broken("relocations of no section");
		to = &o->sections[s->header.sh_info];
		data = elf_getdata(elf_getscn(o->elf, i), NULL);
		if (!data || to->relocs || s->header.sh_entsize != sizeof(Elf64_Rela))
			return broken("its relocations");
		to->nrelocs = data->d_size / sizeof(Elf64_Rela);
		to->relocs = calloc(to->nrelocs + 1, sizeof(*to->relocs));
		if (!to->relocs)
			return -ENOMEM;
		for (size_t k = 0; k < to->nrelocs; k++) {
			GElf_Rela r;

			if (!gelf_getrela(data, k, &r) || GELF_R_SYM(r.r_info) >= o->nsymbols ||
			    r.r_offset >= to->size)
				return broken("its relocations");
			to->relocs[k] = (struct reloc){
				.offset = r.r_offset,
				.type = GELF_R_TYPE(r.r_info),
				.symbol = GELF_R_SYM(r.r_info),
				.addend = r.r_addend,
			};
		}
		qsort(to->relocs, to->nrelocs, sizeof(*to->relocs), by_offset);
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int read_functions(struct object *o)
{
	o->functions = calloc(o->nsymbols + 1, sizeof(*o->functions));
	if (!o->functions)
		return -ENOMEM;
	for (size_t i = 0; i < o->nsymbols; i++) {
		const GElf_Sym *sym = &o->symbols[i].sym;
		const struct section *s;

		if (GELF_ST_TYPE(sym->st_info) != STT_FUNC || !sym->st_shndx)
			continue;
		if (sym->st_shndx >= o->nsections)
			return broken("a function in no section");
		s = &o->sections[sym->st_shndx];
		if (!s->data || !(s->header.sh_flags & SHF_EXECINSTR) || !sym->st_size ||
		    sym->st_value >= s->size || sym->st_size > s->size - sym->st_value)
			return broken("a function outside of its section");
		o->functions[o->nfunctions++] = (struct function){
			.name = o->symbols[i].name,
			.section = sym->st_shndx,
			.offset = sym->st_value,
			.size = sym->st_size,
		};
	}
	qsort(o->functions, o->nfunctions, sizeof(*o->functions), by_place);
	for (size_t i = 1; i < o->nfunctions; i++) {
		const struct function *a = &o->functions[i - 1], *b = &o->functions[i];

		if (a->section == b->section && a->offset + a->size > b->offset)
			return broken("two functions at one place");
	}
	return 0;
}

long object_function_at(const struct object *o, size_t section, uint64_t offset)
{
	size_t low = 0, high = o->nfunctions;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct function *f = &o->functions[mid];

		if (f->section < section ||
		    (f->section == section && f->offset + f->size <= offset))
			low = mid + 1;
		else if (f->section > section || f->offset > offset)
			high = mid;
		else
			return (long)mid;
	}
	return -1;
}

const struct reloc *object_reloc(const struct section *s, uint64_t from, uint64_t to)
{
	size_t low = 0, high = s->nrelocs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->relocs[mid].offset < from)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->nrelocs && s->relocs[low].offset < to ? &s->relocs[low] : NULL;
}

long object_reloc_function(const struct object *o, const struct reloc *r, int64_t bias)
{
	const GElf_Sym *sym = &o->symbols[r->symbol].sym;

	if (!sym->st_shndx || sym->st_shndx >= o->nsections)
		return -1;
	return object_function_at(o, sym->st_shndx, sym->st_value + (uint64_t)r->addend + bias);
}

/* A ULEB128 at *@at, which is moved behind it; false when it does not end. */
static bool uleb128(const struct section *s, uint64_t *at, uint64_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; *at < s->size && shift <= 56; shift += 7) {
		unsigned char byte = s->data[(*at)++];

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* .stack_sizes: an address (relocated) and a ULEB128 per function, one behind the other. */
static int read_frames_of(struct object *o, const struct section *s)
{
	uint64_t at = 0, size;

	for (size_t k = 0; at < s->size; k++) {
		const struct reloc *r = k < s->nrelocs ? &s->relocs[k] : NULL;
		long f = r && r->offset == at ? object_reloc_function(o, r, 0) : -1;

		at += 8;
		if (!s->data || !uleb128(s, &at, &size))
			return broken("its stack sizes");
		if (f < 0 || o->functions[f].offset != o->symbols[r->symbol].sym.st_value +
							       (uint64_t)r->addend)
			return broken("the stack size of no function");
		if (o->functions[f].has_frame)
			return broken("two stack sizes of one function");
		/* sums of them must not wrap */
		if (size > FRAME_MAX)
			return broken("a stack size without reason");
		o->functions[f].frame = size;
		o->functions[f].has_frame = true;
	}
	return 0;
}

static int read_frames(struct object *o)
{
	int err = 0;

	for (size_t i = 1; !err && i < o->nsections; i++)
		if (!strcmp(o->sections[i].name, ".stack_sizes"))
			err = read_frames_of(o, &o->sections[i]);
	return err;
}

static int read_entries(struct object *o)
{
	for (size_t i = 1; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];
		size_t n = s->size / sizeof(struct rex_entry_def), *entries;

		/* before the link, rustc's object has a section for each entry */
		if (strcmp(s->name, ".rex.entries"))
			continue;
		if (!s->data || s->size % sizeof(struct rex_entry_def))
			return broken("its entry points");
		entries = reallocarray(o->entries, o->nentries + n + 1, sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		o->entries = entries;
		for (size_t k = 0; k < n; k++) {
			const char *name = (const char *)s->data + k * sizeof(struct rex_entry_def);
			uint64_t at = k * sizeof(struct rex_entry_def) +
				      offsetof(struct rex_entry_def, fn);
			const struct reloc *r = object_reloc(s, at, at + 8);
			long f = r && r->type == R_X86_64_64 ? object_reloc_function(o, r, 0) : -1;

			if (f < 0 || o->functions[f].offset != o->symbols[r->symbol].sym.st_value +
								       (uint64_t)r->addend)
				return broken("an entry point that is not a function");
			if (*name && memchr(name, 0, REX_NAME_LEN))
				o->functions[f].entry = name;
			o->entries[o->nentries++] = f;
		}
	}
	return 0;
}

int object_parse(struct object *o, unsigned char *image, size_t size)
{
	GElf_Ehdr header;
	int err;

	memset(o, 0, sizeof(*o));
	o->image = image;
	o->image_size = size;
	elf_version(EV_CURRENT);
	o->elf = elf_memory((char *)image, size);
	if (!o->elf || elf_kind(o->elf) != ELF_K_ELF || !gelf_getehdr(o->elf, &header) ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_type != ET_REL || header.e_machine != EM_X86_64)
		return broken("not a relocatable x86-64 ELF file");
	err = read_sections(o);
	if (!err)
		err = read_symbols(o);
	if (!err)
		err = read_relocs(o);
	if (!err)
		err = read_functions(o);
	if (!err)
		err = read_frames(o);
	return err ? err : read_entries(o);
}

int object_open(struct object *o, const char *path)
{
	unsigned char *image = NULL;
	struct stat st;
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;

	memset(o, 0, sizeof(*o));
	if (fd < 0 || fstat(fd, &st))
		err = -errno;
	else if (!(image = malloc(st.st_size + 1)))
		err = -ENOMEM;
	for (off_t have = 0; !err && have < st.st_size; have += got) {
		got = read(fd, image + have, st.st_size - have);
		if (got <= 0)
			err = got ? -errno : -EIO;
	}
	if (fd >= 0)
		close(fd);
	if (err) {
		free(image);
		diag_error(path, 0, 0, "%s", strerror(-err));
		return err;
	}
	return object_parse(o, image, st.st_size);
}

void object_close(struct object *o)
{
	for (size_t i = 0; i < o->nfunctions; i++)
		free(o->functions[i].calls);
	for (size_t i = 0; o->sections && i < o->nsections; i++)
		free(o->sections[i].relocs);
	free(o->functions);
	free(o->sections);
	free(o->symbols);
	free(o->entries);
	elf_end(o->elf);
	free(o->image);
	memset(o, 0, sizeof(*o));
}
