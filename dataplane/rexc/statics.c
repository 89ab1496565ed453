// SPDX-License-Identifier: GPL-2.0-only
/* How much memory a program's statics take, and where in its source the largest one is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "lexer.h"
#include "object.h"

/* The kernel's allocator of modules aligns to pages. */
#define ALIGN_LIMIT 4096

static bool is_data(const struct section *s)
{
	return (s->header.sh_flags & SHF_ALLOC) && !(s->header.sh_flags & SHF_EXECINSTR);
}

static char *read_text(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t got = f ? getdelim(&text, &room, '\0', f) : -1;

	if (f)
		fclose(f);
	*len = got > 0 ? got : 0;
	return text;
}

/* The line of `static NAME`. */
static bool find_static(const char *path, const char *name, struct place *p)
{
	struct token t = { 0 }, before;
	struct lexer lx;
	size_t len;
	char *text = read_text(path, &len);
	bool found = false;

	lexer_init(&lx, text, len);
	while (text && !found) {
		before = t;
		t = lexer_next(&lx);
		if (t.kind == TOK_END || t.kind == TOK_BROKEN)
			break;
		found = before.kind == TOK_IDENT && token_is(&before, "static") &&
			token_is(&t, name);
	}
	if (found)
		*p = (struct place){ .file = path, .line = t.line, .column = t.column };
	free(text);
	return found;
}

/* Where a static is declared; where a macro made its name, where code uses it. */
static struct place place_of(const struct object *o, size_t symbol)
{
	char *name = readable_name(o->symbols[symbol].name), *last = name, *colons;
	char *const *files;
	size_t n = lines_sources(&files);
	struct place p = { 0 };

	while (last && (colons = strstr(last, "::")))
		last = colons + 2;
	for (size_t i = 0; last && *last && i < n; i++)
		if (find_static(files[i], last, &p))
			break;
	free(name);
	return p.file ? p : lines_use(o, symbol);
}

/* The largest object in @section, or in any of data when that is 0; 0 when there is none. */
static size_t largest(const struct object *o, size_t section)
{
	size_t found = 0;

	for (size_t i = 1; i < o->nsymbols; i++) {
		const GElf_Sym *y = &o->symbols[i].sym;

		if (GELF_ST_TYPE(y->st_info) != STT_OBJECT || y->st_shndx >= o->nsections ||
		    (section ? y->st_shndx != section : !is_data(&o->sections[y->st_shndx])))
			continue;
		if (!found || y->st_size > o->symbols[found].sym.st_size)
			found = i;
	}
	return found;
}

static int refuse(const struct object *o, size_t symbol, const char *fmt, uint64_t bytes,
		  uint64_t limit)
{
	struct place p = symbol ? place_of(o, symbol) : (struct place){ 0 };
	char *name = readable_name(symbol ? o->symbols[symbol].name : "a constant");

	diag_error(p.file, p.line, p.column, fmt, name, (unsigned long long)bytes,
		   (unsigned long long)limit);
	free(name);
	return -EPERM;
}

int statics_check(const struct object *o, uint64_t max)
{
	uint64_t sum = 0;
	int err;

	for (size_t i = 1; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];

		if (!is_data(s))
			continue;
		if (s->header.sh_addralign > ALIGN_LIMIT) {
			err = refuse(o, largest(o, i),
				     "`%s` is aligned to %llu bytes, but a module only to %llu",
				     s->header.sh_addralign, ALIGN_LIMIT);
			diag_note("remove #[repr(align)], or make it smaller");
			return err;
		}
		/* not the sum first: a size may be any number */
		if (s->size > max || sum > max - s->size) {
			err = refuse(o, largest(o, 0),
				     "`%s` is the largest of the program's statics, which take %llu "
				     "bytes or more; %llu are available",
				     s->size > max ? s->size : sum + s->size, max);
			diag_note("keep large data in maps, which are made when the program is "
				  "loaded, or raise the limit with --max-data SIZE");
			return err;
		}
		sum += s->size;
	}
	return 0;
}
