// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_tokens DUMP.so FOLDER SEED SECONDS [PROGRAMS]: makes programs of what the
 * scan cares about and compares rexc with the compiler.
 *
 * The tokens of the source must be those that rustc has; and what is to be
 * refused among the tokens that rustc has after macro expansion must be what
 * rexc's scan of the expanded program refuses, and find in the source, too.
 * Ends with 1 at the first difference, which stays in FOLDER.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "diag.h"
#include "lexer.h"
#include "scan.h"

#define N(list) (sizeof(list) / sizeof(*(list)))

static const char *dump_so, *folder, *rustc;
static char path[4096];

/* ---- the grammar ---- */

static unsigned long long state;
static FILE *out;
static unsigned int serial;

static unsigned int any(unsigned int n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (state >> 33) % n;
}

#define PICK(list) ((list)[any(N(list))])

static const char *const starts[] = {
	"",
	"",
	"\xef\xbb\xbf",
	"#!/bin/sh\n",
	"#!\n",
	"#!/** x */[ r#\"\n",
	"#!/*! x */ [\n",
	"#!/* x */[allow(unused)]\n",
	"#! [allow(unused)]\n",
	"#!\n\n[allow(unused)]\n",
	"#!// x [\n[allow(unused)]\n",
	"#!/// [ \"\n",
	"#!//// [\n[allow(unused)]\n",
	"#!/***/[allow(unused)]\n",
	"#!/**/[allow(unused)]\n",
	"#!/*** \" */[allow(unused)]\n",
	"#![allow(unused)] ",
	"#!\xe2\x80\x8e[allow(unused)]\n",
	"\xef\xbb\xbf#!/*/**/*/x \"\n",
	"#!r\"\n",
	"/* \" */\n",
	"//! x\r\n",
	"#!x\r\n",
	"#!\"\n",
};
static const char *const blanks[] = {
	" ",	      "\n",	    "\t",	"\r\n",		"/**/", "/* /* \" */ */",
	"// ' \"\n",  "/* r#\" */", "\xc2\x85", "\xe2\x80\xa8", "\x0c", " /* extern { */ ",
	"/*//*/*/*/", "//\\\n",	    "/***/",	"////\n",
};
static const char *const words[] = {
	"extern",
	"crate",
	"unsafe",
	"forget",
	"ManuallyDrop",
	"include",
	"asm",
	"path",
	"f64",
	"f32",
	"fn",
	"r#extern",
	"r#unsafe",
	"r#f64",
	"macro_rules",
	"cfg",
	"test",
	"r",
	"b",
	"br",
	"c",
	"cr",
	"e1",
	"_",
	"self",
	"\xc3\xa9t\xc3\xa9",
	"naked",
	"feature",
	"link_section",
	"static",
	"const",
	"mod",
};
static const char *const literals[] = {
	"\"\"",
	"\"extern {\"",
	"\"\\\"\"",
	"\"\\\\\"",
	"\"\\\n unsafe\"",
	"\"'\"",
	"\"//\"",
	"\"/*\"",
	"\"\n\"",
	"r\"\"",
	"r\"\\\"",
	"r#\"\"\"#",
	"r##\"\"#\"##",
	"r#\"extern { f64 \"#",
	"b\"\"",
	"b\"\\\"\"",
	"br\"\\\"",
	"br#\"\"\"#",
	"c\"x\"",
	"c\"\\\"\"",
	"cr\"\\\"",
	"cr#\"\"\"#",
	"'a'",
	"'\"'",
	"'\\''",
	"'\\\\'",
	"'/'",
	"b'\"'",
	"b'\\''",
	"'\xc3\xa9'",
	"'\xe2\x82\xac'",
	"'\xf0\x9f\x98\x80'",
	"'{'",
	"'\\u{22}'",
	"'\\x41'",
	"0",
	"1_0",
	"0x1f32",
	"0xe5",
	"0b1",
	"0o7",
	"1.5",
	"1.",
	"1e3",
	"1E-3",
	"2e+3_",
	"1.5e3",
	"1f32",
	"1_f64",
	"1u8",
	"1.0f64",
	"0x_1_f64",
	"\"x\"r",
	"\"x\"forget",
	"'a'r",
	"b'a'r",
	"1r",
	"1.5r",
	"r\"x\"r",
	"br\"x\"b",
	"c\"x\"c",
	"r#\"x\"#r",
	"1e3r",
};
static const char *const marks[] = {
	".",   ":",  "::", "!",	 "#",	    ";",    ",",       "=",  "=>", "->", "<", ">",
	"&",   "*",  "/",  "%",	 "^",	    "|",    "+",       "-",  "?",  "@",	 "~", "..",
	"..=", "==", "&&", "'a", "'static", "'r#a", "'forget", "'_", "'r", "'b",
};
static const char *const open_close[] = { "()", "[]", "{}" };
static const char *const items[] = {
	"unsafe extern \"C\" { fn g%u(); }",
	"unsafe extern r\"C\" { }",
	"extern \"C\" fn g%u() {}",
	"extern fn g%u() {}",
	"extern crate core as g%u;",
	"extern crate self as r#g%u;",
	"const G%u: f64 = 1.5;",
	"const G%u: u8 = 1;",
	"fn forget%u() -> f32 { 0 as f32 }",
	"mod include%u { pub fn asm() {} }",
	"type G%u = extern \"C\" fn(u8);",
	"struct G%u { f64: u8, path: u8 }",
	"fn g%u(x: (u8, (u8, u8))) -> u8 { x.1.0 + 1.max(2) }",
	"fn g%u<'a, 'forget>(x: &'a u8, y: &'forget u8) { let _ = 0..1; let _ = 'a'; let _ = '\\\"'; }",
	"/// unsafe extern { \"\nconst G%u: &str = \"extern {\";",
	"/** f64 ' */ const G%u: &[u8] = b\"\\\"\";",
	"const G%u: char = '\\'';",
	"const G%u: &str = r#\"\"extern crate\"#;",
	"use core as g%u;",
	"#[cfg(test)] const G%u: f64 = 1.5;",
	"#[cfg(any())] extern crate nothing%u;",
	"macro_rules! g%u { () => { 1.5 extern } }",
	"#[cfg_attr(all(), cfg(test))] fn g%u() -> f64 { 2e3 }",
	"#[cfg(test)] mod g%u { extern crate std; }",
	"#[allow(unused)] const G%u: u64 = 0x1f32 + 0xe5 + 1_0u64;",
	"static G%u: [&str; 1] = [stringify!(extern { 1.5 f64 })];",
	"fn g%u() -> u8 { struct S { f32: u8 } let s = S { f32: 1 }; s.f32 + (0u8..3u8).len() as u8 }",
	"trait T%u { fn extern_(&self); }",
	"const G%u: &str = concat!(1.5, \"extern\");",
	"const G%u: bool = cfg!(test);",
};
static const char *const between[] = { ".", ":", "::",	 "in", "=>",   "#", "!", "=",
				       ";", "1", "\"\"", "'a", "r#in", "@", "$" };

static void blank(bool needed)
{
	if (needed || any(3))
		fputs(any(3) ? " " : PICK(blanks), out);
}

static void soup(unsigned int depth)
{
	for (unsigned int n = any(12); n; n--) {
		unsigned int kind = any(10);

		if (kind < 4) {
			fputs(PICK(words), out);
			blank(any(50));
		} else if (kind < 7) {
			fputs(PICK(literals), out);
			blank(!any(2));
		} else if (kind < 9 || !depth) {
			fputs(PICK(marks), out);
			blank(any(50));
		} else {
			const char *pair = PICK(open_close);

			fputc(pair[0], out);
			soup(depth - 1);
			fputc(pair[1], out);
		}
	}
	fputc(' ', out);
}

static void item(void)
{
	fprintf(out, PICK(items), ++serial);
}

static void element(void)
{
	unsigned int n = ++serial;
	const char *mark;

	switch (any(7)) {
	case 0: /* tokens that are thrown away */
		fprintf(out, "macro_rules! m%u { ($($t:tt)*) => {}; }\nm%u! { ", n, n);
		soup(3);
		fputs("}", out);
		break;
	case 1: /* passed through */
		fprintf(out, "macro_rules! m%u { ($($t:tt)*) => { $($t)* }; }\nm%u! { ", n, n);
		item();
		fputs(" }", out);
		break;
	case 2: /* as an item, without its first attribute */
		fprintf(out,
			"macro_rules! m%u { (#$a:tt $i:item) => { $i }; }\nm%u! { #[cfg(test)] ", n,
			n);
		item();
		fputs(" }", out);
		break;
	case 3: /* put together; the $ may not stand in a pattern */
		mark = between[any(N(between) - 1)];
		fprintf(out,
			"macro_rules! m%u { ($a:tt %s $b:tt) => { $a $b core as k%u; }; }\nm%u!(extern%s%s%scrate);",
			n, mark, n, n, PICK(blanks), mark, PICK(blanks));
		break;
	case 4:
		mark = between[any(N(between) - 1)];
		fprintf(out,
			"macro_rules! m%u { ($a:ident %s $b:literal %s $c:tt) => { unsafe $a $b $c }; }\nm%u!(%s%s%s \"C\" %s {});",
			n, mark, mark, n, "extern", PICK(blanks), mark, mark);
		break;
	case 5:
		mark = between[any(N(between) - 1)];
		fprintf(out,
			"macro_rules! m%u { (%s $t:ident) => { const M%u: $t = 1 as $t; }; }\nm%u!(%s%s%s);",
			n, mark, n, n, mark, PICK(blanks), any(2) ? "f64" : "u64");
		break;
	default:
		item();
	}
	fputs(any(4) ? "\n" : PICK(blanks), out);
	fputc('\n', out);
}

static void program(void)
{
	out = fopen(path, "w");
	if (!out)
		abort();
	serial = 0;
	fputs(PICK(starts), out);
	fputs("token_dump::here! { const BEGIN: () = ();\n", out);
	for (unsigned int n = 1 + any(12); n; n--)
		element();
	fputs("const END: () = (); }\n", out);
	fclose(out);
}

/* ---- the compiler ---- */

static char *name(const char *file)
{
	static char names[4][4096];
	static unsigned int next;
	char *to = names[next++ % 4];

	snprintf(to, sizeof(names[0]), "%s/%s", folder, file);
	return to;
}

/* Prints the program after expansion to @to; on the way its tokens go to a file. 0: it did. */
static int compile(const char *from, const char *to)
{
	char so[4096];
	char *argv[] = { (char *)rustc,
			 "--edition=2024",
			 "--crate-type=lib",
			 "--crate-name=p",
			 "-Awarnings",
			 "-Zcrate-attr=no_std",
			 "-Zunpretty=expanded",
			 (char *)from,
			 "-o",
			 (char *)to,
			 so,
			 NULL };
	int status;
	pid_t pid;

	snprintf(so, sizeof(so), "--extern=token_dump=%s", dump_so);
	unlink(getenv("TOKEN_DUMP"));
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid) {
		int fd = open(name("rustc.log"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, 1);
		dup2(fd, 2);
		execv(rustc, argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		abort();
	return status;
}

static char *slurp(const char *file, size_t *len)
{
	FILE *f = fopen(file, "r");
	char *text = NULL;
	size_t room = 0, got;

	*len = 0;
	if (!f)
		return NULL;
	do {
		text = realloc(text, room += 1 << 16);
		got = fread(text + *len, 1, room - *len - 1, f);
		*len += got;
	} while (got);
	fclose(f);
	text[*len] = '\0';
	return text;
}

static void put(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

/* "#!" of a script is no token; the compiler knows it in files only. */
static void without_first_line(const char *from, const char *to)
{
	size_t len;
	char *text = slurp(from, &len);
	bool script = !strncmp(text, "#!", 2) && strncmp(text, "#![feature", 10);

	put(to, script ? text + strcspn(text, "\n") : text);
	free(text);
}

/* ---- the comparison ---- */

struct list {
	char **v;
	size_t n;
};

static void add(struct list *l, const char *text, size_t len)
{
	l->v = reallocarray(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = strndup(text, len);
}

static void empty(struct list *l)
{
	while (l->n)
		free(l->v[--l->n]);
	free(l->v);
	*l = (struct list){ 0 };
}

static bool is(const struct list *l, size_t i, const char *text)
{
	return i < l->n && !strcmp(l->v[i], text);
}

/* rustc's tokens; a doc comment is an attribute there. */
static void their_tokens(char *dump, struct list *l)
{
	for (char *p = dump, *end; *p; p = end + 1) {
		end = strchr(p, '\n');
		add(l, p, end - p);
		if (l->n < 5 || !is(l, l->n - 1, "]") || !is(l, l->n - 3, "=") ||
		    !is(l, l->n - 4, "doc") || !is(l, l->n - 5, "["))
			continue;
		for (size_t n = is(l, l->n - 6, "!") ? 7 : 6; n; n--)
			free(l->v[--l->n]);
	}
}

/* rexc's tokens, as rustc prints them. */
static void our_tokens(const char *text, size_t len, struct list *l)
{
	struct lexer lx;
	struct token t;

	lexer_init(&lx, text, len);
	for (t = lexer_next(&lx); t.kind != TOK_END && t.kind != TOK_BROKEN; t = lexer_next(&lx)) {
		size_t raw = t.kind == TOK_RAW_IDENT ? 2 : 0, end;
		char *line = strndup(t.text - raw, t.len + raw), *cr;

		while ((cr = strstr(line, "\r\n")))
			memmove(cr, cr + 1, strlen(cr));
		end = l->n;
		add(l, "", 0);
		free(l->v[end]);
		l->v[end] = calloc(1, 3 * strlen(line) + 1);
		for (char *p = line, *to = l->v[end]; *p; p++)
			to += sprintf(to, *p == '\n' ? "\xe2\x90\xa4" : "%c", *p);
		free(line);
	}
}

/* The first sentinel; rustc has its own in front, and the last one ends the list. */
static size_t begin(const struct list *l)
{
	size_t i = 0;

	while (i < l->n && !is(l, i, "BEGIN"))
		i++;
	return i;
}

static void cut(struct list *l)
{
	while (l->n && !is(l, l->n - 1, "END"))
		free(l->v[--l->n]);
}

static bool same(const struct list *a, const struct list *b)
{
	size_t i = begin(a), j = begin(b);

	for (; i < a->n && j < b->n; i++, j++)
		if (strcmp(a->v[i], b->v[j])) {
			fprintf(stderr, "token `%s` of rustc is `%s` for rexc\n", a->v[i], b->v[j]);
			return false;
		}
	if (i < a->n || j < b->n) {
		fprintf(stderr, "%s ends earlier\n", i < a->n ? "rexc" : "rustc");
		return false;
	}
	return true;
}

static bool is_float(const char *t)
{
	if (*t < '0' || *t > '9')
		return !strcmp(t, "f16") || !strcmp(t, "f32") || !strcmp(t, "f64") ||
		       !strcmp(t, "f128");
	if (t[0] == '0' && t[1] == 'x')
		return false;
	return strchr(t, '.') || strpbrk(t, "f") || (strpbrk(t, "eE") && !strpbrk(t, "ui"));
}

static size_t behind(const struct list *l, size_t i)
{
	size_t depth = 0;

	for (; i < l->n; i++) {
		if (strchr("([{", l->v[i][0]) && l->v[i][0])
			depth++;
		else if (strchr(")]}", l->v[i][0]) && l->v[i][0] && !--depth)
			return i;
	}
	return i;
}

/* Is there anything to refuse in what rustc has after expansion? By its own tokens, not by ours. */
static bool to_refuse(const struct list *l)
{
	for (size_t i = begin(l); i < l->n; i++) {
		if (is(l, i, "macro_rules") && is(l, i + 1, "!"))
			i = behind(l, i + 3);
		else if (is(l, i, "extern") && !is(l, i + 1, "fn") && !is(l, i + 2, "fn"))
			return true;
		else if (is_float(l->v[i]) && !(i && is(l, i - 1, ".") && !is(l, i - 2, ".")))
			return true;
	}
	return false;
}

static bool scans(const char *file, enum scan_mode mode)
{
	bool named_path = false;
	size_t len;
	char *text = slurp(file, &len);
	int err = scan_source(file, text, len, mode, &named_path);

	free(text);
	return !err;
}

/* 1: not a program for rustc, 0: the same, -1: a difference */
static int compare(void)
{
	struct list theirs = { 0 }, ours = { 0 }, expanded = { 0 };
	char *text, *dump;
	size_t len;
	int ret = 1;

	setenv("TOKEN_DUMP", name("tokens"), 1);
	if (compile(path, name("expanded.rs")))
		return 1;
	dump = slurp(name("tokens"), &len);
	if (!dump)
		return 1; /* all of it is for tests */
	their_tokens(dump, &theirs);
	cut(&theirs);
	free(dump);
	text = slurp(path, &len);
	our_tokens(text, len, &ours);
	cut(&ours);
	free(text);
	if (!same(&theirs, &ours)) {
		ret = -1;
	} else {
		without_first_line(name("expanded.rs"), name("expanded.txt"));
		setenv("TOKEN_TEXT", name("expanded.txt"), 1);
		setenv("TOKEN_DUMP", name("expanded.tokens"), 1);
		compile(name("of_file.rs"), name("nothing.rs"));
		dump = slurp(name("expanded.tokens"), &len);
		if (dump) {
			bool bad;

			their_tokens(dump, &expanded);
			bad = to_refuse(&expanded);
			ret = 0;
			if (bad == scans(name("expanded.rs"), SCAN_EXPANDED)) {
				fprintf(stderr, "after expansion %s\n",
					bad ? "something is to be refused"
					    : "nothing is to be refused");
				ret = -1;
			} else if (bad && scans(path, SCAN_ALL)) {
				fprintf(stderr, "nothing of it is found in the source\n");
				ret = -1;
			}
		}
		free(dump);
	}
	empty(&theirs);
	empty(&ours);
	empty(&expanded);
	return ret;
}

int main(int argc, char **argv)
{
	unsigned long programs = 0, valid = 0, most = argc > 5 ? strtoul(argv[5], NULL, 10) : ~0ul;
	time_t end;

	if (argc < 5)
		return 64;
	dump_so = argv[1];
	folder = argv[2];
	rustc = getenv("RUSTC") ? getenv("RUSTC") : "/usr/bin/rustc";
	setenv("RUSTC_BOOTSTRAP", "1", 1);
	snprintf(path, sizeof(path), "%s/program.rs", folder);
	state = strtoull(argv[3], NULL, 10);
	end = time(NULL) + atoi(argv[4]);
	put(name("of_file.rs"), "token_dump::of_file!();\n");
	diag_set_quiet(1);
	while (time(NULL) < end && programs < most) {
		unsigned long long seed = state;
		int ret;

		program();
		ret = compare();
		programs++;
		valid += !ret;
		if (ret < 0) {
			printf("a difference, see %s; seed %llu\n", path, seed);
			return 1;
		}
	}
	printf("%lu programs, %lu of them expanded, no difference\n", programs, valid);
	return !valid;
}
