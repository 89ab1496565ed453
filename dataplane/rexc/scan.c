// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words that a program may not use. In the source they are found at their
 * place, with the way out. What counts is the program after macro expansion: it
 * is scanned again, because macros can put together what no file shows.
 *
 * The compiler refuses unsafe code (-Funsafe_code), and core does not have what
 * leaks, assembles or includes (dataplane/rex/core-gate).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "lexer.h"
#include "scan.h"

/* A hundred floating-point numbers are one mistake, not a hundred. */
#define MAX_REPORTS 5
/* Tokens of kind TOK_END in front and behind, so that every rule can look around. */
#define PAD 8

enum rule {
	RULE_UNSAFE,
	RULE_UNSAFE_ATTR,
	RULE_EXTERN,
	RULE_EXTERN_CRATE,
	RULE_SYMBOL_ATTR,
	RULE_FEATURE,
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
	[RULE_EXTERN_CRATE] = "a program has the crates core and rex, which need no declaration, and "
			      "no other ones: no std, no heap, no procedural macros; another "
			      "name for one of the two is `use core as c;`",
	[RULE_SYMBOL_ATTR] = "sections and symbol names belong to the loader; entry points are "
			     "marked with #[rex_xdp], #[rex_kprobe], ..., maps with #[rex_map]",
	[RULE_FEATURE] = "unstable language features are not checked for soundness; "
			 "remove the attribute and stay with stable Rust",
	[RULE_FLOAT] = "the floating-point registers belong to user space while a program runs; "
		       "use integers, e.g. nanoseconds, per mille, or fixed point",
};

struct scan {
	const char *path;
	const struct token *t; /* all tokens, TOK_END before and after */
	size_t n;
	enum scan_mode mode;
	size_t attribute; /* tokens before this one are within an attribute */
	unsigned int reports[__RULE_MAX];
	bool refused;
};

static void refuse(struct scan *s, enum rule rule, size_t i, const char *what)
{
	const struct token *t = &s->t[i];

	s->refused = true;
	s->reports[rule]++;
	if (s->reports[rule] > MAX_REPORTS || s->mode == SCAN_EXPANDED)
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

/* The one that the compiler puts in front of every program. */
static bool extern_core(const struct token *t)
{
	return word(t + 2, "core") && punct(t + 3, ';') && punct(t + 4, '#') &&
	       punct(t + 5, '[') && word(t + 6, "prelude_import");
}

static void extern_keyword(struct scan *s, size_t i)
{
	const struct token *t = &s->t[i];

	if (word(t + 1, "crate")) {
		if (s->mode != SCAN_EXPANDED || !extern_core(t))
			refuse(s, RULE_EXTERN_CRATE, i, "`%.*s crate` in a program");
	} else if (opens_extern_block(t)) {
		refuse(s, RULE_EXTERN, i, "`%.*s` block: a program declares no foreign functions");
	} else if (s->mode != SCAN_SOURCE && !word(t + 1, "fn") &&
		   !(t[1].kind == TOK_STRING && word(t + 2, "fn"))) {
		refuse(s, RULE_EXTERN, i, "`%.*s` put together by a macro");
	}
}

/* The words that are keywords only when they are not r#raw. */
static void keyword(struct scan *s, size_t i)
{
	const struct token *t = &s->t[i];

	if (token_is(t, "extern"))
		extern_keyword(s, i);
	/* the compiler's lint tells unsafe code of the program from that of our macros */
	if (!token_is(t, "unsafe") || s->mode == SCAN_EXPANDED || opens_extern_block(t + 1))
		return;
	if (punct(t + 1, '(') && t[2].kind == TOK_IDENT)
		refuse(s, RULE_UNSAFE_ATTR, i + 2,
		       "attribute `unsafe(%.*s)` is not allowed in a program");
	else if (punct(t + 1, '{'))
		refuse(s, RULE_UNSAFE, i, "`%.*s` block in a program");
	else
		refuse(s, RULE_UNSAFE, i, "`%.*s` in a program");
}

static void in_attribute(struct scan *s, size_t i)
{
	static const char *const symbol_attrs[] = { "no_mangle", "link_section", "export_name",
						    NULL };
	const struct token *t = &s->t[i];

	if (s->mode == SCAN_EXPANDED)
		return; /* ours are there, and lints see those of the program */
	if (one_of(t, symbol_attrs) && !(punct(t - 1, '(') && word(t - 2, "unsafe")))
		refuse(s, RULE_SYMBOL_ATTR, i, "`%.*s` is not allowed in a program");
	else if (token_is(t, "feature") && punct(t + 1, '('))
		refuse(s, RULE_FEATURE, i, "unstable `%.*s` in a program");
}

static void identifier(struct scan *s, size_t i)
{
	static const char *const floats[] = { "f16", "f32", "f64", "f128", NULL };
	const struct token *t = &s->t[i];
	bool member = s->mode != SCAN_ALL && punct(t - 1, '.') && !punct(t - 2, '.');

	if (i < s->attribute)
		in_attribute(s, i);
	/* a field or method of this name has another type; what a macro gets may be neither */
	if (!member && one_of(t, floats))
		refuse(s, RULE_FLOAT, i, "floating point (`%.*s`) is not available in the kernel");
}

static bool opens(const struct token *t)
{
	return punct(t, '(') || punct(t, '[') || punct(t, '{');
}

static bool closes(const struct token *t)
{
	return punct(t, ')') || punct(t, ']') || punct(t, '}');
}

/* The token behind the group that opens here. */
static size_t behind_group(const struct scan *s, size_t i)
{
	size_t depth = 0;

	for (; i < s->n; i++) {
		if (opens(&s->t[i]))
			depth++;
		else if (closes(&s->t[i]) && !--depth)
			return i + 1;
	}
	return i;
}

/* Has the item that begins here no body in braces, but an end at a `;`? */
static bool ends_in_semicolon(const struct token *t)
{
	static const char *const words[] = { "static", "use", "type", "let", NULL };
	static const char *const functions[] = { "fn", "unsafe", "async", "extern", NULL };

	return one_of(t, words) || (word(t, "const") && !one_of(t + 1, functions));
}

/* Has it a body in braces? If not it is a field, an arm or the like, which ends at a `,` too. */
static bool is_item(const struct token *t)
{
	static const char *const words[] = { "fn",    "mod",   "struct", "enum",   "impl",
					     "trait", "union", "const",	 "unsafe", "async",
					     "extern", "macro_rules", NULL };

	return one_of(t, words);
}

/* Behind what stands here with an attribute in front of it. */
static size_t behind_item(const struct scan *s, size_t i)
{
	bool semicolon, item;

	while (punct(&s->t[i], '#') && punct(&s->t[i + 1], '['))
		i = behind_group(s, i + 1);
	if (word(&s->t[i], "pub"))
		i = punct(&s->t[i + 1], '(') ? behind_group(s, i + 1) : i + 1;
	semicolon = ends_in_semicolon(&s->t[i]);
	item = semicolon || is_item(&s->t[i]);
	while (i < s->n && !closes(&s->t[i])) {
		bool body = punct(&s->t[i], '{') && !semicolon;

		if (punct(&s->t[i], ';') || (punct(&s->t[i], ',') && !item))
			return i + 1;
		i = opens(&s->t[i]) ? behind_group(s, i) : i + 1;
		if (body)
			return i;
	}
	return i;
}

/* #[cfg(test)], #[cfg(all(test, ...))]: tests are for the host, rexc builds without them. */
static bool cfg_test(const struct token *t)
{
	if (!punct(t, '[') || !word(t + 1, "cfg") || !punct(t + 2, '('))
		return false;
	if (word(t + 3, "all") && punct(t + 4, '('))
		return word(t + 5, "test") && (punct(t + 6, ',') || punct(t + 6, ')'));
	return word(t + 3, "test") && punct(t + 4, ')');
}

/* The definition of a macro; what its uses make stands there already. */
static bool macro_definition(const struct token *t)
{
	return word(t, "macro_rules") && punct(t + 1, '!') && t[2].kind == TOK_IDENT &&
	       opens(t + 3);
}

/* What is to be left out at token @i; returns the token behind it. */
static size_t skip_one(struct scan *s, size_t i)
{
	const struct token *t = &s->t[i];

	if (s->mode == SCAN_EXPANDED && macro_definition(t))
		return behind_group(s, i + 3);
	if (!punct(t, '#'))
		return i;
	if (punct(t + 1, '['))
		s->attribute = behind_group(s, i + 1);
	else if (punct(t + 1, '!') && punct(t + 2, '['))
		s->attribute = behind_group(s, i + 2);
	if (s->mode == SCAN_SOURCE && cfg_test(t + 1))
		return behind_item(s, s->attribute);
	return i;
}

static size_t skip(struct scan *s, size_t i)
{
	for (size_t to; i < s->n && (to = skip_one(s, i)) != i; i = to)
		;
	return i;
}

static int tokenize(const char *source, size_t len, struct token **tokens, size_t *n)
{
	size_t room = 1024, used = PAD;
	struct lexer lx;

	*tokens = calloc(room, sizeof(**tokens));
	if (!*tokens)
		return -ENOMEM;
	lexer_init(&lx, source, len);
	do {
		if (used + PAD + 1 > room) {
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
	memset(&(*tokens)[used], 0, PAD * sizeof(**tokens));
	return 0;
}

int scan_source(const char *path, const char *source, size_t len, enum scan_mode mode,
		bool *named_path)
{
	struct scan s = { .path = path, .mode = mode };
	struct token *tokens;
	int err = tokenize(source, len, &tokens, &s.n);

	if (err)
		return err;
	s.t = tokens;
	for (size_t i = skip(&s, PAD); i < s.n; i = skip(&s, i + 1)) {
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
			if (mode == SCAN_EXPANDED)
				break;
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

/* All that @fd has: what is no plain file has no size. */
static int read_all(int fd, char **text, size_t *len)
{
	size_t room = 0;
	ssize_t got;

	*text = NULL;
	*len = 0;
	do {
		if (room - *len < 4096) {
			char *more = realloc(*text, room = 2 * room + 65536);

			if (!more)
				return -ENOMEM;
			*text = more;
		}
		got = read(fd, *text + *len, room - *len);
		if (got < 0 && errno != EINTR)
			return -errno;
		*len += got > 0 ? got : 0;
	} while (got);
	return 0;
}

static int scan_file(const char *path, enum scan_mode mode, bool *named_path)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len;
	char *text;

	if (fd < 0)
		return -errno;
	err = read_all(fd, &text, &len);
	close(fd);
	if (!err)
		err = scan_source(path, text, len, mode, named_path);
	free(text);
	return err;
}

static bool is_rust(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && !strcmp(dot, ".rs");
}

static int scan_each(char *const *paths, size_t n, enum scan_mode mode)
{
	bool named_path = false;
	int refused = 0;

	for (int data = 0; data <= 1; data++) {
		for (size_t i = 0; i < n; i++) {
			int err;

			if (is_rust(paths[i]) == data || (data && !named_path))
				continue;
			err = scan_file(paths[i], mode, &named_path);
			if (err && err != -EPERM)
				diag_error(paths[i], 0, 0, "%s", strerror(-err));
			if (err)
				refused = -EPERM;
		}
	}
	return refused;
}

int scan_files(char *const *paths, size_t n)
{
	return scan_each(paths, n, SCAN_SOURCE);
}

int scan_expanded(const char *expanded, const char *root, char *const *paths, size_t n)
{
	bool named_path = false;
	int err = scan_file(expanded, SCAN_EXPANDED, &named_path);

	if (err != -EPERM)
		return err;
	/* the words are somewhere in the source, where the first scan saw no harm in them */
	if (!scan_each(paths, n, SCAN_ALL)) {
		diag_error(root, 1, 1, "macros make foreign functions, another crate or floating "
				       "point of it");
		diag_note("%s", way_out[RULE_EXTERN]);
	}
	return -EPERM;
}
