// SPDX-License-Identifier: GPL-2.0-only
/*
 * The line table of a program (.rex.lines, .rex.files): which place in the source
 * an instruction comes from, for whoever reads the report of a fault. For inlined
 * code that is the user's own line when there is one, else the crate's.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linetable.h"
#include "object.h"

/* Whose code it is; the higher, the more useful to the reader. */
enum owner { OWNER_NONE, OWNER_CORE, OWNER_CRATE, OWNER_USER };

struct spot {
	enum owner owner;
	const char *file;
	unsigned int line;
};

/* A row of the compiler's table, holding until the next one's address. */
struct row {
	uint64_t address;
	size_t order;
	struct spot spot;
	bool end;			/* of a sequence: nothing is known from here on */
};

/* Code that was inlined, and where. */
struct inlined {
	uint64_t from, to;
	struct spot spot;
};

struct table {
	uint64_t base, size;		/* of the text section */
	struct row *rows;
	size_t nrows;
	struct inlined *calls;		/* inner ones first */
	size_t ncalls;
	int err;
};

/* One more element at the end of an array that grows by powers of two; NULL: no memory. */
static void *append(struct table *t, void *array, size_t *n, size_t element)
{
	void **a = array, *more;

	if (!(*n & (*n - 1))) {
		more = reallocarray(*a, *n ? *n * 2 : 1, element);
		if (!more) {
			t->err = -ENOMEM;
			return NULL;
		}
		*a = more;
	}
	return (char *)*a + element * (*n)++;
}

/* Files of libraries are named as in their source trees, wherever those are here. */
static struct spot spot(const char *path, unsigned int line)
{
	static const char crate[] = "dataplane/rex/src/", library[] = "/library/";
	struct spot s = { .line = line };
	const char *at;

	if (!path || !line)
		return (struct spot){ 0 };
	if ((s.file = lines_user_file(path)))
		s.owner = OWNER_USER;
	else if ((s.file = strstr(path, crate)))
		s.owner = OWNER_CRATE;
	else
		s.owner = OWNER_CORE;
	if (!s.file)
		s.file = (at = strstr(path, library)) ? at + strlen(library) : path;
	return s;
}

static void add_rows(struct table *t, Dwarf_Die *cu)
{
	Dwarf_Lines *lines;
	size_t n = 0;

	if (dwarf_getsrclines(cu, &lines, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		Dwarf_Line *line = dwarf_onesrcline(lines, i);
		Dwarf_Addr address;
		struct row *row;
		int number = 0;
		bool end = false;

		if (!line || dwarf_lineaddr(line, &address) || address < t->base ||
		    address - t->base > t->size)
			continue;
		dwarf_lineno(line, &number);
		dwarf_lineendsequence(line, &end);
		row = append(t, &t->rows, &t->nrows, sizeof(*row));
		if (!row)
			return;
		*row = (struct row){
			.address = address - t->base,
			.order = t->nrows,
			.end = end,
		};
		if (!end && number > 0)
			row->spot = spot(dwarf_linesrc(line, NULL, NULL), number);
	}
}

static struct spot call_site(Dwarf_Die *cu, Dwarf_Die *die)
{
	Dwarf_Word file = 0, line = 0;
	Dwarf_Attribute attr;
	Dwarf_Files *files;
	size_t n;

	if (dwarf_getsrcfiles(cu, &files, &n) || !dwarf_attr(die, DW_AT_call_file, &attr) ||
	    dwarf_formudata(&attr, &file) || !dwarf_attr(die, DW_AT_call_line, &attr) ||
	    dwarf_formudata(&attr, &line))
		return (struct spot){ 0 };
	return spot(dwarf_filesrc(files, file, NULL, NULL), (unsigned int)line);
}

static void add_calls(struct table *t, Dwarf_Die *cu, Dwarf_Die *die)
{
	Dwarf_Die child;
	Dwarf_Addr base, from, to;
	ptrdiff_t at = 0;
	struct spot s;

	if (!dwarf_child(die, &child))
		do
			add_calls(t, cu, &child);
		while (!t->err && !dwarf_siblingof(&child, &child));
	if (dwarf_tag(die) != DW_TAG_inlined_subroutine)
		return;
	s = call_site(cu, die);
	if (s.owner <= OWNER_CORE)
		return;
	while (!t->err && (at = dwarf_ranges(die, at, &base, &from, &to)) > 0) {
		struct inlined *call;

		if (from < t->base || to <= from || to - t->base > t->size)
			continue;
		call = append(t, &t->calls, &t->ncalls, sizeof(*call));
		if (call)
			*call = (struct inlined){ from - t->base, to - t->base, s };
	}
}

static int by_address(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->end != y->end)
		return x->end ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Index of the row that holds at @address, or of none before the first: 0. */
static size_t row_at(const struct row *rows, size_t n, uint64_t address)
{
	size_t low = 0, high = n;

	while (low + 1 < high) {
		size_t mid = low + (high - low) / 2;

		if (rows[mid].address <= address)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* Inlined code may begin or end between two rows: one more row there. */
static void split(struct table *t)
{
	size_t n = t->nrows;

	for (size_t i = 0; !t->err && i < 2 * t->ncalls; i++) {
		uint64_t address = i & 1 ? t->calls[i / 2].to : t->calls[i / 2].from;
		size_t at = row_at(t->rows, n, address);
		struct row copy = t->rows[at], *row;

		if (copy.address >= address)
			continue;
		row = append(t, &t->rows, &t->nrows, sizeof(*row));
		if (!row)
			return;
		copy.address = address;
		copy.order = 0;		/* before what the compiler says of this place */
		*row = copy;
	}
	qsort(t->rows, t->nrows, sizeof(*t->rows), by_address);
}

static void paint(struct table *t)
{
	for (size_t i = 0; i < t->ncalls; i++) {
		const struct inlined *call = &t->calls[i];

		for (size_t k = row_at(t->rows, t->nrows, call->from);
		     k < t->nrows && t->rows[k].address < call->to; k++)
			if (t->rows[k].address >= call->from && !t->rows[k].end &&
			    t->rows[k].spot.owner < call->spot.owner)
				t->rows[k].spot = call->spot;
	}
}

static bool same(const struct spot *a, const struct spot *b)
{
	return a->line == b->line && a->owner == b->owner &&
	       (a->file == b->file || (a->file && b->file && !strcmp(a->file, b->file)));
}

/* Leaves one row per change; code that the compiler gives no line has its neighbour's. */
static void compact(struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->nrows; i++) {
		struct row row = t->rows[i];

		if (row.address >= t->size ||
		    (i + 1 < t->nrows && t->rows[i + 1].address == row.address))
			continue;
		if (!row.end && !row.spot.owner && n && !t->rows[n - 1].end)
			continue;
		if (n && same(&t->rows[n - 1].spot, &row.spot))
			t->rows[n - 1].end = row.end;
		else
			t->rows[n++] = row;
	}
	t->nrows = n;
}

static void collect(struct table *t, Dwarf *dwarf)
{
	Dwarf_Off at = 0, next;
	size_t header;

	while (!t->err && !dwarf_nextcu(dwarf, at, &next, &header, NULL, NULL, NULL)) {
		Dwarf_Die cu;

		if (dwarf_offdie(dwarf, at + header, &cu)) {
			add_rows(t, &cu);
			add_calls(t, &cu, &cu);
		}
		at = next;
	}
	if (t->err || !t->nrows)
		return;
	qsort(t->rows, t->nrows, sizeof(*t->rows), by_address);
	split(t);
	paint(t);
	compact(t);
}

/* The offset of a file's name in .rex.files, written when it is new; 0 is the empty name. */
static unsigned int name_offset(FILE *out, const char **names, unsigned int *offsets, size_t *n,
				unsigned int *end, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(names[i], name))
			return offsets[i];
	names[*n] = name;
	offsets[(*n)++] = *end;
	for (const char *p = name; *p; p++)
		fprintf(out, "%d,", *p);
	fputs("0,\n", out);
	*end += strlen(name) + 1;
	return offsets[*n - 1];
}

static int write_header(const struct table *t, FILE *out)
{
	const char **names = calloc(t->nrows + 1, sizeof(*names));
	unsigned int *offsets = calloc(t->nrows + 1, sizeof(*offsets)), end = 1;
	size_t n = 0;

	if (names && offsets) {
		fputs("/* made by rexc */\n"
		      "static const char rex_files[] __section(\".rex.files\") = {\n0,\n", out);
		for (size_t i = 0; i < t->nrows; i++)
			if (t->rows[i].spot.owner)
				name_offset(out, names, offsets, &n, &end, t->rows[i].spot.file);
		fputs("};\nstatic const struct rex_line rex_lines[] __section(\".rex.lines\") = {\n",
		      out);
		for (size_t i = 0; i < t->nrows; i++) {
			const struct row *r = &t->rows[i];
			unsigned int file = !r->spot.owner ? 0 :
				name_offset(out, names, offsets, &n, &end, r->spot.file);

			fprintf(out, "{ %llu, %u, %u },\n", (unsigned long long)r->address, file,
				r->spot.line);
		}
		/* what lies behind in the module's text is not the program's */
		fprintf(out, "{ %llu, 0, 0 },\n};\n", (unsigned long long)t->size);
	}
	free(names);
	free(offsets);
	return names && offsets ? 0 : -ENOMEM;
}

int linetable_write(const struct object *o, const char *path)
{
	struct table t = { 0 };
	FILE *out;

	for (size_t i = 1; i < o->nsections; i++)
		if (!strcmp(o->sections[i].name, ".text")) {
			t.base = lines_address(i, 0);
			t.size = o->sections[i].size;
		}
	if (o->lines)
		collect(&t, lines_dwarf(o->lines));
	out = t.err ? NULL : fopen(path, "we");
	if (out) {
		t.err = write_header(&t, out);
		if (ferror(out) && !t.err)
			t.err = -EIO;
		if (fclose(out) && !t.err)
			t.err = -errno;
	} else if (!t.err) {
		t.err = -errno;
	}
	free(t.rows);
	free(t.calls);
	return t.err;
}
