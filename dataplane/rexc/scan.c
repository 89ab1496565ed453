// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words that a program may not use. The compiler's lints refuse most of it
 * too, but not all of it (naked functions, code made by macros), and they cannot
 * say what to do instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "lexer.h"
#include "scan.h"

/* A hundred floating-point numbers are one mistake, not a hundred. */
#define MAX_REPORTS 5

enum rule {
	RULE_UNSAFE,
	RULE_UNSAFE_ATTR,
	RULE_EXTERN,
	RULE_ASM,
	RULE_SYMBOL_ATTR,
	RULE_FEATURE,
	RULE_INCLUDE,
	RULE_LEAK,
	RULE_FLOAT,
	__RULE_MAX,
};

static const char *const way_out[__RULE_MAX] = {
	[RULE_UNSAFE] = "Rex programs are written in safe Rust only, that is what keeps the kernel "
			"safe from them; use the API of the rex crate, and if it lacks something "
			"add it there",
	[RULE_UNSAFE_ATTR] = "the compiler cannot check such a function or symbol; write a normal "
			     "function, entry points are marked with #[rex_xdp], #[rex_kprobe], ...",
	[RULE_EXTERN] = "a program reaches the kernel only through the rex crate; use its "
			"functions, and if one is missing add it to the crate",
	[RULE_ASM] = "assembly cannot be checked; write it in Rust",
	[RULE_SYMBOL_ATTR] = "sections and symbol names belong to the loader; entry points are "
			     "marked with #[rex_xdp], #[rex_kprobe], ..., maps with #[rex_map]",
	[RULE_FEATURE] = "unstable language features are not checked for soundness; "
			 "remove the attribute and stay with stable Rust",
	[RULE_INCLUDE] = "rexc must see every source file: use `mod name;` for code, "
			 "include_bytes! or include_str! for data, and another name for anything "
			 "else",
	[RULE_LEAK] = "a value whose destructor never runs can keep a lock or a record of the "
		      "kernel; "
		      "let it go out of scope, or drop() it",
	[RULE_FLOAT] = "the floating-point registers belong to user space while a program runs; "
		       "use integers, e.g. nanoseconds, per mille, or fixed point",
};

struct scan {
	const char *path;
	const struct token *t; /* all tokens, TOK_END twice before and after */
	unsigned int reports[__RULE_MAX];
	bool refused;
};

static void refuse(struct scan *s, enum rule rule, size_t i, const char *what)
{
	const struct token *t = &s->t[i];

	s->refused = true;
	s->reports[rule]++;
	if (s->reports[rule] > MAX_REPORTS)
		return;
	diag_error(s->path, t->line, t->column, what, (int)t->len, t->text);
	if (s->reports[rule] == 1)
		diag_note("%s", way_out[rule]);
	if (s->reports[rule] == MAX_REPORTS)
		diag_note("%s: more of the same kind are not shown", s->path);
}

static bool punct(const struct token *t, char c)
{
	return t->kind == TOK_PUNCT && *t->text == c;
}

static bool word(const struct token *t, const char *name)
{
	return (t->kind == TOK_IDENT || t->kind == TOK_RAW_IDENT) && token_is(t, name);
}

static bool one_of(const struct token *t, const char *const *names)
{
	for (; *names; names++)
		if (token_is(t, *names))
			return true;
	return false;
}

static bool opens_extern_block(const struct token *t)
{
	if (t->kind != TOK_IDENT || !token_is(t, "extern"))
		return false;
	return punct(t + 1, '{') || (t[1].kind == TOK_STRING && punct(t + 2, '{'));
}

/* The words that are keywords only when they are not r#raw. */
static void keyword(struct scan *s, size_t i)
{
	const struct token *t = &s->t[i];

	if (token_is(t, "extern")) {
		if (opens_extern_block(t))
			refuse(s, RULE_EXTERN, i,
			       "`%.*s` block: a program declares no foreign functions");
		return;
	}
	if (!token_is(t, "unsafe") || opens_extern_block(t + 1))
		return;
	if (punct(t + 1, '(') && t[2].kind == TOK_IDENT)
		refuse(s, RULE_UNSAFE_ATTR, i + 2,
		       "attribute `unsafe(%.*s)` is not allowed in a program");
	else if (punct(t + 1, '{'))
		refuse(s, RULE_UNSAFE, i, "`%.*s` block in a program");
	else
		refuse(s, RULE_UNSAFE, i, "`%.*s` in a program");
}

/* A program may have a field, method or function of this name. */
static bool own_forget(const struct token *t)
{
	return word(t - 1, "fn") || (punct(t - 1, ':') && word(t - 3, "Self")) ||
	       (punct(t + 1, ':') && !punct(t + 2, ':'));
}

static void identifier(struct scan *s, size_t i)
{
	static const char *const floats[] = { "f16", "f32", "f64", "f128", NULL };
	static const char *const symbol_attrs[] = { "no_mangle", "link_section", "export_name",
						    NULL };
	static const char *const leaks[] = { "ManuallyDrop", "MaybeUninit", NULL };
	static const char *const assembly[] = { "global_asm", "naked_asm", NULL };
	const struct token *t = &s->t[i];
	bool member = punct(t - 1, '.') && !punct(t - 2, '.');

	if (member)
		return; /* a field or method: its type decides what it does */
	if (one_of(t, floats))
		refuse(s, RULE_FLOAT, i, "floating point (`%.*s`) is not available in the kernel");
	else if (one_of(t, leaks))
		refuse(s, RULE_LEAK, i, "`%.*s` can leak a kernel resource");
	else if (token_is(t, "forget") && !own_forget(t))
		refuse(s, RULE_LEAK, i, "`%.*s` can leak a kernel resource");
	else if (one_of(t, assembly) || (token_is(t, "asm") && punct(t + 1, '!')))
		refuse(s, RULE_ASM, i, "`%.*s!` is not allowed in a program");
	else if (one_of(t, symbol_attrs) && !(punct(t - 1, '(') && word(t - 2, "unsafe")))
		refuse(s, RULE_SYMBOL_ATTR, i, "`%.*s` is not allowed in a program");
	else if (token_is(t, "feature") && punct(t + 1, '(') &&
		 (punct(t - 1, '[') || punct(t - 1, ',')))
		refuse(s, RULE_FEATURE, i, "unstable `%.*s` in a program");
	else if (token_is(t, "include"))
		refuse(s, RULE_INCLUDE, i, "`%.*s!` is not allowed in a program");
}

static int tokenize(const char *source, size_t len, struct token **tokens, size_t *n)
{
	size_t room = 1024, used = 3;
	struct lexer lx;

	*tokens = calloc(room, sizeof(**tokens));
	if (!*tokens)
		return -ENOMEM;
	lexer_init(&lx, source, len);
	do {
		if (used + 4 > room) {
			struct token *more = reallocarray(*tokens, room *= 2, sizeof(**tokens));

			if (!more) {
				free(*tokens);
				return -ENOMEM;
			}
			*tokens = more;
		}
		(*tokens)[used] = lexer_next(&lx);
	} while ((*tokens)[used].kind != TOK_END && (*tokens)[used++].kind != TOK_BROKEN);
	*n = used;
	memset(&(*tokens)[used], 0, 3 * sizeof(**tokens));
	return 0;
}

int scan_source(const char *path, const char *source, size_t len, bool *named_path)
{
	struct scan s = { .path = path };
	struct token *tokens;
	size_t n;
	int err = tokenize(source, len, &tokens, &n);

	if (err)
		return err;
	s.t = tokens;
	for (size_t i = 3; i < n; i++) {
		const struct token *t = &tokens[i];

		switch (t->kind) {
		case TOK_IDENT:
			keyword(&s, i);
			/* fall through */
		case TOK_RAW_IDENT:
			identifier(&s, i);
			if (token_is(t, "path") && punct(t + 1, '='))
				*named_path = true;
			break;
		case TOK_FLOAT:
			refuse(&s, RULE_FLOAT, i,
			       "floating point (`%.*s`) is not available in the kernel");
			break;
		case TOK_BROKEN:
			s.refused = true;
			diag_error(path, t->line, t->column, "a comment or string that never ends");
			diag_note("close it with */ or the quote that it began with");
			break;
		default:
			break;
		}
	}
	free(tokens);
	return s.refused ? -EPERM : 0;
}

int scan_file(const char *path, bool *named_path)
{
	char *text = NULL;
	struct stat st;
	ssize_t got = 0;
	int err = 0, fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else if (!(text = malloc(st.st_size + 1)))
		err = -ENOMEM;
	for (off_t have = 0; !err && have < st.st_size; have += got) {
		got = read(fd, text + have, st.st_size - have);
		if (got <= 0)
			err = got ? -errno : -EIO;
	}
	close(fd);
	if (!err)
		err = scan_source(path, text, st.st_size, named_path);
	free(text);
	return err;
}

static bool is_rust(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && !strcmp(dot, ".rs");
}

int scan_files(char *const *paths, size_t n)
{
	bool named_path = false;
	int refused = 0;

	for (int data = 0; data <= 1; data++) {
		for (size_t i = 0; i < n; i++) {
			int err;

			if (is_rust(paths[i]) == data || (data && !named_path))
				continue;
			err = scan_file(paths[i], &named_path);
			if (err && err != -EPERM)
				diag_error(paths[i], 0, 0, "%s", strerror(-err));
			if (err)
				refused = -EPERM;
		}
	}
	return refused;
}
