/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REXC_OBJECT_H
#define REXC_OBJECT_H

#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lines;

struct reloc {
	uint64_t offset;
	uint32_t type;
	uint32_t symbol;
	int64_t addend;
};

struct section {
	const char *name;
	GElf_Shdr header;
	const unsigned char *data;	/* NULL when it has no bytes in the file */
	size_t size;
	struct reloc *relocs;		/* by offset */
	size_t nrelocs;
};

struct symbol {
	const char *name;
	GElf_Sym sym;
};

struct call {
	size_t callee;			/* index of a function */
	uint64_t at;			/* offset of the instruction in its section */
};

struct function {
	const char *name;		/* as in the symbol table */
	const char *entry;		/* name of the entry point that it is, or NULL */
	size_t section;
	uint64_t offset, size;
	uint64_t frame;			/* bytes below the return address */
	bool has_frame;			/* the compiler has recorded one */
	bool checked;			/* begins with the run-time stack check */
	bool not_leaf;			/* jumps back, or may not end by returning */
	bool indirect;			/* has an indirect call, ... */
	uint64_t indirect_at;		/* ... the first here */
	struct call *calls;
	size_t ncalls;
};

/* A relocatable object file. */
struct object {
	unsigned char *image;		/* our own copy of the file */
	size_t image_size;
	Elf *elf;
	struct section *sections;
	size_t nsections;
	struct symbol *symbols;
	size_t nsymbols;
	struct function *functions;	/* by section and offset */
	size_t nfunctions;
	size_t *entries;		/* functions that .rex.entries names */
	size_t nentries;
	struct lines *lines;
};

/* Opens and takes apart; insn_scan fills in the rest. 0 or negative errno, reported. */
int object_open(struct object *o, const char *path);
/* The same from memory; @image is taken over. */
int object_parse(struct object *o, unsigned char *image, size_t size);
/* After lines_close() of its lines, if those were opened. */
void object_close(struct object *o);

/* The function that contains this place; -1 when there is none. */
long object_function_at(const struct object *o, size_t section, uint64_t offset);
/* The relocation within [from, to) of a section; NULL when there is none. */
const struct reloc *object_reloc(const struct section *s, uint64_t from, uint64_t to);
/* The function that a relocation leads to, @bias added; -1 when it is none of this object. */
long object_reloc_function(const struct object *o, const struct reloc *r, int64_t bias);

/* Sections, imports, relocations, entries and maps are as rex.ko expects. */
int object_check(const struct object *o, uint64_t max_data);

/* ---- statics.c ---- */

/* The statics take no more than @max bytes, and no more alignment than modules have. */
int statics_check(const struct object *o, uint64_t max);

/* ---- insn.c ---- */

/* Decodes every function, refuses what may not run in the kernel, fills in calls and frames. */
int insn_scan(struct object *o);

/* ---- stack.c ---- */

struct stack_report {
	bool bounded;
	uint64_t worst;			/* bytes, when bounded */
	char *why;			/* why it is not bounded, or the path of the worst case */
	size_t function;		/* where @why comes from, or the path's largest frame */
};

int stack_compute(const struct object *o, struct stack_report *r);
void stack_free(struct stack_report *r);
/* Refuses a program that needs too much. @checked: after instrument(). */
int stack_check(const struct object *o, const struct stack_report *r, bool checked);

/* ---- lines.c ---- */

struct place {
	const char *file;		/* NULL: unknown */
	unsigned int line, column;
};

/* The user's files: a place in inlined library code becomes the user's line that called it. */
void lines_set_sources(char *const *files, size_t n);
struct lines *lines_open(const struct object *o);
void lines_close(struct lines *l);
/* The user's source line of an instruction, or of the nearest caller that has one. */
struct place lines_find(const struct object *o, size_t section, uint64_t offset);
/* Where code first uses a symbol. */
struct place lines_use(const struct object *o, size_t symbol);
/* The same for a function as a whole. */
struct place lines_find_function(const struct object *o, size_t function);

/* The user's files, as they were set. */
size_t lines_sources(char *const **files);
/* The user's name of a source file; NULL when it is not one of the user's. */
const char *lines_user_file(const char *file);
Dwarf *lines_dwarf(const struct lines *l);
/* Where a place in a section pretends to be in what lines_dwarf() gives. */
uint64_t lines_address(size_t section, uint64_t offset);

/* Names for people; free them. */
char *readable_name(const char *symbol);
char *function_name(const struct function *f);

#endif
