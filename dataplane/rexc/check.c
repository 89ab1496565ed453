// SPDX-License-Identifier: GPL-2.0-only
/* What the object may contain and import. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <uapi/rex.h>

#include "diag.h"
#include "object.h"

/* What the program's own code may import: kmod/program-imports. */
static const char *const imports[] = {
#define IMPORT(name) #name,
#define GLUE(name)
#define OWN(name) #name,
#include "imports.inc"
	NULL
};

/* How the source marks the entry of each hook. */
static const char *const hook_attribute[__REX_HOOK_MAX] = {
#define ATTRIBUTE(number, ID, name, ...) [number] = "#[rex_" #name "]",
	REX_HOOKS(ATTRIBUTE)
#undef ATTRIBUTE
};

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static bool import_allowed(const char *name)
{
	for (const char *const *p = imports; *p; p++)
		if (!strcmp(name, *p))
			return true;
	return false;
}

/* The compiler's helpers for float arithmetic: __adddf3, __floatunsidf, __fixsfdi, fmod, ... */
static bool is_float_helper(const char *name)
{
	static const char *const parts[] = { "sf", "df", "tf", "hf", "xf", NULL };
	static const char *const maths[] = { "fma",   "fmaf",	"fmod", "fmodf", "sqrt",  "sqrtf",
					     "floor", "floorf", "ceil", "ceilf", "trunc", "truncf",
					     "round", "roundf", "rint", "rintf", "pow",	  "powf",
					     "exp",   "expf",	"log",	"logf",	 "sin",	  "sinf",
					     "cos",   "cosf",	"fmin", "fminf", "fmax",  "fmaxf",
					     NULL };

	for (const char *const *p = maths; *p; p++)
		if (!strcmp(name, *p))
			return true;
	if (!starts(name, "__"))
		return false;
	for (const char *const *p = parts; *p; p++)
		if (strstr(name + 2, *p))
			return true;
	return false;
}

static int check_imports(const struct object *o)
{
	struct place last = { 0 };
	int err = 0;

	for (size_t i = 1; i < o->nsymbols; i++) {
		const struct symbol *y = &o->symbols[i];
		struct place p;

		if (y->sym.st_shndx != SHN_UNDEF || !*y->name || import_allowed(y->name))
			continue;
		err = -EPERM;
		p = lines_use(o, i);
		if (is_float_helper(y->name)) {
			/* one calculation takes many helpers */
			if (p.file && p.file == last.file && p.line == last.line)
				continue;
			last = p;
			diag_error(p.file, p.line, p.column,
				   "floating point (`%s`) is not available in the kernel", y->name);
			diag_note("use integers, e.g. nanoseconds, per mille, or fixed point");
		} else {
			char *name = readable_name(y->name);

			diag_error(p.file, p.line, p.column,
				   "the program needs `%s`, which is not there "
				   "in the kernel for it",
				   name);
			if (starts(y->name, "__"))
				diag_note("the compiler calls it for an operation that has no "
					  "instruction, such "
					  "as a 128-bit division; use 64-bit integers");
			else
				diag_note("a program may call what the rex crate offers and "
					  "nothing else");
			free(name);
		}
	}
	return err;
}

static bool section_allowed(const char *name)
{
	static const char *const exact[] = { ".text",
					     ".rodata",
					     ".data",
					     ".bss",
					     ".rex.entries",
					     ".rex.maps",
					     ".note.gnu.property",
					     ".eh_frame",
					     NULL };

	for (const char *const *p = exact; *p; p++)
		if (!strcmp(name, *p))
			return true;
	return starts(name, ".text.") || starts(name, ".rodata.") || starts(name, ".data.") ||
	       starts(name, ".bss.");
}

/* What the kernel's module loader and `-mcmodel=kernel` can take; no GOT, no TLS. */
static bool reloc_allowed(uint32_t type)
{
	return type == R_X86_64_64 || type == R_X86_64_PC32 || type == R_X86_64_PLT32 ||
	       type == R_X86_64_32S || type == R_X86_64_32 || type == R_X86_64_PC64;
}

static int check_sections(const struct object *o)
{
	for (size_t i = 1; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];

		if (!(s->header.sh_flags & SHF_ALLOC))
			continue;
		if (!section_allowed(s->name) || (s->header.sh_flags & SHF_TLS)) {
			diag_error(NULL, 0, 0, "section `%s` is not allowed in a program", s->name);
			diag_note("sections belong to the loader; remove #[link_section] and "
				  "thread locals");
			return -EPERM;
		}
		if ((s->header.sh_flags & SHF_EXECINSTR) && (s->header.sh_flags & SHF_WRITE)) {
			diag_error(NULL, 0, 0, "section `%s` is code and writable", s->name);
			return -EPERM;
		}
		for (size_t k = 0; k < s->nrelocs; k++)
			if (!reloc_allowed(s->relocs[k].type)) {
				diag_error(NULL, 0, 0, "relocation type %u in %s",
					   s->relocs[k].type, s->name);
				diag_note("the kernel's module loader does not know it; was the "
					  "sysroot built "
					  "with another target-flags file?");
				return -EPERM;
			}
	}
	return 0;
}

/* All code is in functions, which were looked at, and pointers to it are to where they begin. */
static int check_code(const struct object *o)
{
	for (size_t i = 1, f = 0; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];
		size_t end = 0;

		for (; f < o->nfunctions && o->functions[f].section == i; f++) {
			if (o->functions[f].offset != end)
				break;
			end += o->functions[f].size;
		}
		if ((s->header.sh_flags & SHF_EXECINSTR) && end != s->size) {
			diag_error(NULL, 0, 0, "section `%s` has code that belongs to no function",
				   s->name);
			diag_note("this is a bug of the compiler or of rexc");
			return -EPERM;
		}
		for (size_t k = 0; (s->header.sh_flags & SHF_ALLOC) && k < s->nrelocs; k++) {
			const struct reloc *r = &s->relocs[k];
			const GElf_Sym *y = &o->symbols[r->symbol].sym;
			long to = object_reloc_function(o, r, 0);

			if (r->type != R_X86_64_64 || to < 0 ||
			    o->functions[to].offset == y->st_value + (uint64_t)r->addend)
				continue;
			diag_error(NULL, 0, 0, "a pointer in %s leads into the middle of a function",
				   s->name);
			diag_note("this is a bug of the compiler or of rexc");
			return -EPERM;
		}
	}
	return 0;
}

/* Is this name in one of the sections @name before element @end of section @last? */
static bool used_before(const struct object *o, const char *name, size_t element, size_t last,
			const unsigned char *end)
{
	for (size_t i = 1; i <= last; i++) {
		const struct section *s = &o->sections[i];

		for (size_t k = 0; s->data && !strcmp(s->name, name) && k < s->size; k += element) {
			if (s->data + k == end)
				return false;
			if (!strcmp((const char *)s->data + k, (const char *)end))
				return true;
		}
	}
	return false;
}

/*
 * Entries and maps: an array each, maybe in several sections of the same name
 * that the linker joins. Every element begins with its name.
 */
static int check_table(const struct object *o, const char *name, const char *what, size_t element,
		       size_t room, size_t max)
{
	size_t n = 0;

	for (size_t i = 1; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];

		if (strcmp(s->name, name))
			continue;
		/* a gap between two sections would shift all that follow */
		if (!s->data || s->size % element ||
		    (s->header.sh_addralign && element % s->header.sh_addralign)) {
			diag_error(NULL, 0, 0, "%s is not made of %zu bytes each", name, element);
			return -EPERM;
		}
		for (size_t k = 0; k < s->size; k += element) {
			const unsigned char *e = s->data + k;

			if (!*e || !memchr(e, 0, room)) {
				diag_error(NULL, 0, 0,
					   "the name of %s is empty or longer than %zu bytes", what,
					   room - 1);
				return -EPERM;
			}
			if (used_before(o, name, element, i, e)) {
				diag_error(NULL, 0, 0, "duplicate %s `%s`", what, e);
				diag_note("names must be unique within a program");
				return -EPERM;
			}
			if (++n > max) {
				diag_error(NULL, 0, 0, "more than %zu of %s: `%s`", max, what, e);
				diag_note("split the program into several");
				return -EPERM;
			}
		}
	}
	return 0;
}

static bool has_known_context(const struct rex_entry_def *e)
{
	return e->hook == REX_HOOK_TRACEPOINT ? e->ctx_size :
	       e->hook == REX_HOOK_STREAM ? e->ctx_size <= REX_STREAM_RECORD : !e->ctx_size;
}

static bool has_known_filter(const struct rex_entry_def *e)
{
	static const struct rex_filter none;

	if (!e->filter.protocol)
		return !memcmp(&e->filter, &none, sizeof(none));
	return (e->hook == REX_HOOK_XDP || e->hook == REX_HOOK_TC) &&
	       (e->filter.protocol == IPPROTO_TCP || e->filter.protocol == IPPROTO_UDP) &&
	       e->filter.n_ports <= REX_FILTER_PORTS;
}

/* The map of the program by that name, which is not always terminated. */
static bool find_map(const struct object *o, const char *name, struct rex_map_def *m)
{
	for (size_t i = 1; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];

		for (size_t k = 0; s->data && !strcmp(s->name, ".rex.maps") && k + sizeof(*m) <= s->size;
		     k += sizeof(*m)) {
			memcpy(m, s->data + k, sizeof(*m));
			if (!strncmp(m->name, name, REX_FILTER_MAP) &&
			    strnlen(m->name, REX_MAP_NAME_LEN) <= REX_FILTER_MAP)
				return true;
		}
	}
	return false;
}

/* That of its filter, if it has one, which the shim can read. */
static bool has_filter_map(const struct object *o, const struct rex_entry_def *e)
{
	const struct rex_filter *f = &e->filter;
	struct rex_map_def m;

	if (!f->protocol || f->n_ports || !*f->map)
		return true;
	if (!find_map(o, f->map, &m)) {
		diag_error(NULL, 0, 0, "the filter of entry `%s` has its ports in `%.*s`, which is not a map",
			   e->name, REX_FILTER_MAP, f->map);
		diag_note("mark the static with #[rex_map]");
		return false;
	}
	if (m.max_entries != 1) {
		diag_error(NULL, 0, 0, "the filter of entry `%s` has its ports in map `%s` of %u elements",
			   e->name, m.name, m.max_entries);
		diag_note("the ports are the value of the only element: RexArray::new(1, 0)");
		return false;
	}
	return true;
}

/* The crate's macros make them; a sysroot of another version would be noticed here. */
static int check_entries(const struct object *o)
{
	for (size_t i = 1; i < o->nsections; i++) {
		const struct section *s = &o->sections[i];
		struct rex_entry_def e;

		if (strcmp(s->name, ".rex.entries"))
			continue;
		for (size_t k = 0; k < s->size; k += sizeof(e)) {
			memcpy(&e, s->data + k, sizeof(e));
			if (e.hook < __REX_HOOK_MAX &&
			    !(e.flags & ~(e.hook == REX_HOOK_XDP ? REX_ENTRY_FRAGS : 0)) &&
			    has_known_filter(&e) && has_known_context(&e)) {
				if (!has_filter_map(o, &e))
					return -EPERM;
				diag_step("entry %s, %s", e.name, hook_attribute[e.hook]);
				continue;
			}
			diag_error(NULL, 0, 0, "entry `%s` is of a kind that rexc does not know",
				   e.name);
			diag_note("hook %u, flags %#x, context of %u bytes: was the sysroot built "
				  "with another rex.h? Build both again with make",
				  e.hook, e.flags, e.ctx_size);
			return -EPERM;
		}
	}
	return 0;
}

static int no_entry(void)
{
	char list[512] = "";

	for (size_t i = 0; i < __REX_HOOK_MAX; i++) {
		strcat(list, i ? ", " : "");
		strcat(list, hook_attribute[i]);
	}
	diag_error(NULL, 0, 0, "the program has no entry point");
	diag_note("mark the function that a hook shall call with one of %s", list);
	return -EINVAL;
}

int object_check(const struct object *o, uint64_t max_data)
{
	int err = check_sections(o);

	if (!err)
		err = check_code(o);
	if (!err)
		err = statics_check(o, max_data);
	if (!err && !o->nentries)
		return no_entry();
	if (!err)
		err = check_table(o, ".rex.entries", "entry", sizeof(struct rex_entry_def),
				  REX_NAME_LEN, REX_MAX_ENTRIES);
	if (!err)
		err = check_entries(o);
	if (!err)
		err = check_table(o, ".rex.maps", "map", sizeof(struct rex_map_def),
				  REX_MAP_NAME_LEN, REX_MAX_MAPS);
	return err ? err : check_imports(o);
}
