// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an instruction to the user's source line, through DWARF: inlined library
 * code leads to the line that called it, a library function to its caller.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

/* Where sections pretend to be, so that addresses are unique. */
#define SECTION_STRIDE 0x10000000ull

struct lines {
	unsigned char *image; /* relocated copy of the object */
	Elf *elf;
	Dwarf *dwarf;
};

static char *const *sources;
static char **real_sources;
static size_t nsources;

void lines_set_sources(char *const *files, size_t n)
{
	while (nsources)
		free(real_sources[--nsources]);
	free(real_sources);
	sources = files;
	real_sources = calloc(n + 1, sizeof(*real_sources));
	for (nsources = 0; real_sources && nsources < n; nsources++)
		real_sources[nsources] = realpath(files[nsources], NULL);
}

char *readable_name(const char *symbol)
{
	char *name = rust_demangle(symbol, 0);

	return name ? name : strdup(symbol);
}

char *function_name(const struct function *f)
{
	return f->entry ? strdup(f->entry) : readable_name(f->name);
}

Dwarf *lines_dwarf(const struct lines *l)
{
	return l->dwarf;
}

uint64_t lines_address(size_t section, uint64_t offset)
{
	return section * SECTION_STRIDE + offset;
}

size_t lines_sources(char *const **files)
{
	*files = sources;
	return nsources;
}

const char *lines_user_file(const char *file)
{
	char *real = file ? realpath(file, NULL) : NULL;
	const char *name = NULL;

	for (size_t i = 0; real && i < nsources; i++)
		if (real_sources[i] && !strcmp(real, real_sources[i]))
			name = sources[i];
	free(real);
	return name;
}

/* Only what debug sections have; anything else is left alone, lines are then missing. */
static void relocate(const struct object *o, unsigned char *image)
{
	for (size_t i = 1; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];

		if (!s->data || strncmp(s->name, ".debug_", 7))
			continue;
		for (size_t k = 0; k < s->nrelocs; k++) {
			const struct reloc *r = &s->relocs[k];
			const GElf_Sym *sym = &o->symbols[r->symbol].sym;
			size_t width = r->type == R_X86_64_64 ? 8 : r->type == R_X86_64_32 ? 4 : 0;
			uint64_t value = sym->st_value + (uint64_t)r->addend;

			if (!width || width > s->size - r->offset)
				continue;
			if (sym->st_shndx < o->nsections &&
			    (o->sections[sym->st_shndx].header.sh_flags & SHF_EXECINSTR))
				value = lines_address(sym->st_shndx, value);
			memcpy(image + (s->data - o->image) + r->offset, &value, width);
		}
	}
}

struct lines *lines_open(const struct object *o)
{
	struct lines *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->image = malloc(o->image_size + 1);
	if (l->image) {
		memcpy(l->image, o->image, o->image_size);
		relocate(o, l->image);
		l->elf = elf_memory((char *)l->image, o->image_size);
		if (l->elf)
			l->dwarf = dwarf_begin_elf(l->elf, DWARF_C_READ, NULL);
	}
	if (!l->dwarf) {
		lines_close(l);
		return NULL;
	}
	return l;
}

void lines_close(struct lines *l)
{
	if (!l)
		return;
	dwarf_end(l->dwarf);
	elf_end(l->elf);
	free(l->image);
	free(l);
}

static bool take(struct place *p, const char *file, int line, int column)
{
	const char *name = lines_user_file(file);

	if (!p->file || name)
		*p = (struct place){ name ? name : file, line, column };
	return name;
}

/* Place of a call that was inlined into @die's parent. */
static bool call_site(Dwarf_Die *cu, Dwarf_Die *die, struct place *p)
{
	Dwarf_Word file = 0, line = 0, column = 0;
	Dwarf_Attribute attr;
	Dwarf_Files *files;
	size_t n;

	if (dwarf_tag(die) != DW_TAG_inlined_subroutine || dwarf_getsrcfiles(cu, &files, &n) ||
	    !dwarf_attr(die, DW_AT_call_file, &attr) || dwarf_formudata(&attr, &file))
		return false;
	if (dwarf_attr(die, DW_AT_call_line, &attr))
		dwarf_formudata(&attr, &line);
	if (dwarf_attr(die, DW_AT_call_column, &attr))
		dwarf_formudata(&attr, &column);
	return take(p, dwarf_filesrc(files, file, NULL, NULL), (int)line, (int)column);
}

/* True when it is a place in the user's files. */
static bool look_up(struct lines *l, uint64_t address, struct place *p)
{
	Dwarf_Off at = 0, next;
	size_t header;

	while (!dwarf_nextcu(l->dwarf, at, &next, &header, NULL, NULL, NULL)) {
		Dwarf_Die cu, *scopes = NULL;
		Dwarf_Line *line;
		bool found = false;
		int n, number = 0, column = 0;

		if (!dwarf_offdie(l->dwarf, at + header, &cu))
			return false;
		at = next;
		line = dwarf_getsrc_die(&cu, address);
		if (!line)
			continue;
		dwarf_lineno(line, &number);
		dwarf_linecol(line, &column);
		if (take(p, dwarf_linesrc(line, NULL, NULL), number, column))
			return true;
		n = dwarf_getscopes(&cu, address, &scopes);
		for (int i = 0; i < n && !found; i++)
			found = call_site(&cu, &scopes[i], p);
		free(scopes);
		return found;
	}
	return false;
}

struct place lines_find(const struct object *o, size_t section, uint64_t offset)
{
	struct place p = { 0 };
	size_t *queue, head = 0, tail = 0;
	bool *seen, found;
	long f;

	if (!o->lines)
		return p;
	found = look_up(o->lines, lines_address(section, offset), &p);
	f = object_function_at(o, section, offset);
	if (found || f < 0)
		return p;
	/* nearest callers first */
	queue = calloc(o->nfunctions, sizeof(*queue));
	seen = calloc(o->nfunctions, sizeof(*seen));
	if (queue && seen) {
		queue[tail++] = f;
		seen[f] = true;
	}
	while (!found && head < tail) {
		size_t callee = queue[head++];

		for (size_t i = 0; !found && i < o->nfunctions; i++) {
			const struct function *g = &o->functions[i];

			for (size_t k = 0; !found && k < g->ncalls; k++) {
				if (g->calls[k].callee != callee)
					continue;
				found = look_up(o->lines,
						lines_address(g->section, g->calls[k].at), &p);
				if (!seen[i]) {
					seen[i] = true;
					queue[tail++] = i;
				}
			}
		}
	}
	free(queue);
	free(seen);
	return p;
}

struct place lines_find_function(const struct object *o, size_t function)
{
	const struct function *f = &o->functions[function];
	struct place best = { 0 };

	/* the first line of the user's that got into it */
	for (uint64_t at = f->offset; o->lines && at < f->offset + f->size; at++) {
		struct place p = { 0 };

		if (look_up(o->lines, lines_address(f->section, at), &p) &&
		    (!best.file || (p.file == best.file && p.line < best.line)))
			best = p;
	}
	return best.file ? best : lines_find(o, f->section, f->offset);
}

struct place lines_use(const struct object *o, size_t symbol)
{
	for (size_t i = 1; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];

		if (!(s->header.sh_flags & SHF_EXECINSTR))
			continue;
		for (size_t k = 0; k < s->nrelocs; k++)
			if (s->relocs[k].symbol == symbol)
				return lines_find(o, i, s->relocs[k].offset);
	}
	return (struct place){ 0 };
}
