// SPDX-License-Identifier: GPL-2.0-only
/*
 * A lexer for Rust of edition 2024, as exact as rustc's own, so that neither
 * takes for a comment or a string what is code for the other. Comments are
 * dropped. tests/rexc/fuzz_tokens.c compares the two.
 */
#include <string.h>

#include "lexer.h"

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex_digit(unsigned char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_ident_start(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool is_ident(unsigned char c)
{
	return is_ident_start(c) || is_digit(c);
}

static unsigned char at(const struct lexer *lx, size_t n)
{
	return (size_t)(lx->end - lx->p) > n ? (unsigned char)lx->p[n] : 0;
}

static void advance(struct lexer *lx, size_t n)
{
	while (n-- && lx->p < lx->end) {
		if (*lx->p++ == '\n') {
			lx->line++;
			lx->line_start = lx->p;
		}
	}
}

/* Bytes of white space here. Beyond ASCII Rust knows U+0085, 200E, 200F, 2028 and 2029. */
static size_t space(const struct lexer *lx)
{
	unsigned char c = at(lx, 0);

	if (c == ' ' || (c >= '\t' && c <= '\r'))
		return lx->p < lx->end;
	if (c == 0xc2 && at(lx, 1) == 0x85)
		return 2;
	if (c == 0xe2 && at(lx, 1) == 0x80) {
		c = at(lx, 2);
		if (c == 0x8e || c == 0x8f || c == 0xa8 || c == 0xa9)
			return 3;
	}
	return 0;
}

static void ident_run(struct lexer *lx)
{
	while (lx->p < lx->end && is_ident(at(lx, 0)) && !space(lx))
		lx->p++;
}

/* A comment that documents what follows or what it is in: for the compiler an attribute. */
static bool doc_comment(const struct lexer *lx)
{
	unsigned char c = at(lx, 2);

	if (c == '!')
		return true;
	if (at(lx, 1) == '/')
		return c == '/' && at(lx, 3) != '/';
	return c == '*' && at(lx, 3) != '*' && at(lx, 3) != '/';
}

/*
 * Skips white space and comments, but for doc comments if @plain; false, at its
 * start, when a comment does not end.
 */
static bool skip_blank(struct lexer *lx, bool plain)
{
	for (;;) {
		size_t n = space(lx);

		if (n) {
			advance(lx, n);
		} else if (plain && at(lx, 0) == '/' && doc_comment(lx)) {
			return true;
		} else if (at(lx, 0) == '/' && at(lx, 1) == '/') {
			while (lx->p < lx->end && *lx->p != '\n')
				lx->p++;
		} else if (at(lx, 0) == '/' && at(lx, 1) == '*') {
			struct lexer start = *lx;
			unsigned int depth = 1;

			advance(lx, 2);
			while (depth) {
				if (lx->p >= lx->end) {
					*lx = start;
					return false;
				}
				if (at(lx, 0) == '/' && at(lx, 1) == '*') {
					depth++;
					advance(lx, 2);
				} else if (at(lx, 0) == '*' && at(lx, 1) == '/') {
					depth--;
					advance(lx, 2);
				} else {
					advance(lx, 1);
				}
			}
		} else {
			return true;
		}
	}
}

/* Bytes of the UTF-8 character at @n; rustc reads no file that is not UTF-8. */
static size_t char_len(const struct lexer *lx, size_t n)
{
	unsigned char c = at(lx, n);

	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* Does a name begin @n bytes from here? */
static bool name_at(const struct lexer *lx, size_t n)
{
	struct lexer ahead = *lx;

	ahead.p = (size_t)(lx->end - lx->p) > n ? lx->p + n : lx->end;
	return is_ident_start(at(&ahead, 0)) && !space(&ahead);
}

/* A literal takes the name behind it, whatever that is: "x"r is one token. */
static void suffix(struct lexer *lx)
{
	if (name_at(lx, 0))
		ident_run(lx);
}

/* At the opening quote. */
static bool quoted(struct lexer *lx)
{
	advance(lx, 1);
	while (lx->p < lx->end) {
		if (*lx->p == '"') {
			advance(lx, 1);
			suffix(lx);
			return true;
		}
		advance(lx, *lx->p == '\\' && (at(lx, 1) == '\\' || at(lx, 1) == '"') ? 2 : 1);
	}
	return false;
}

/* At the opening quote of a character, which is none when it does not end on its line. */
static bool single_quoted(struct lexer *lx)
{
	size_t first = char_len(lx, 1);

	if (at(lx, 1 + first) == '\'' && at(lx, 1) != '\\') {
		advance(lx, 2 + first);
		suffix(lx);
		return true;
	}
	advance(lx, 1);
	while (lx->p < lx->end && *lx->p != '/' && !(*lx->p == '\n' && at(lx, 1) != '\'')) {
		if (*lx->p == '\'') {
			advance(lx, 1);
			suffix(lx);
			return true;
		}
		advance(lx, *lx->p == '\\' ? 2 : 1);
	}
	return false;
}

/* At the first # or the quote of a raw string with @hashes #s. */
static bool raw_string(struct lexer *lx, size_t hashes)
{
	advance(lx, hashes + 1);
	while (lx->p < lx->end) {
		if (*lx->p == '"') {
			size_t n = 0;

			while (n < hashes && at(lx, 1 + n) == '#')
				n++;
			if (n == hashes) {
				advance(lx, 1 + n);
				suffix(lx);
				return true;
			}
		}
		advance(lx, 1);
	}
	return false;
}

/*
 * A literal with a prefix (b"", r"", br#""#, c"", b'') at this identifier start?
 * Returns its kind and moves behind it; TOK_END when it is an identifier.
 */
static enum token_kind prefixed(struct lexer *lx)
{
	unsigned char c = at(lx, 0);
	size_t n = 0, hashes = 0;
	bool raw;

	if (c == 'b' && at(lx, 1) == '\'') {
		advance(lx, 1);
		return single_quoted(lx) ? TOK_CHAR : TOK_BROKEN;
	}
	if (c == 'b' || c == 'c')
		n++;
	raw = at(lx, n) == 'r';
	n += raw;
	if (!n)
		return TOK_END;
	while (raw && at(lx, n + hashes) == '#')
		hashes++;
	if (at(lx, n + hashes) != '"')
		return TOK_END;
	advance(lx, n);
	if (raw)
		return raw_string(lx, hashes) ? TOK_STRING : TOK_BROKEN;
	return quoted(lx) ? TOK_STRING : TOK_BROKEN;
}

static void digits(struct lexer *lx)
{
	while (is_digit(at(lx, 0)) || at(lx, 0) == '_')
		lx->p++;
}

static void exponent(struct lexer *lx)
{
	lx->p++;
	if (at(lx, 0) == '+' || at(lx, 0) == '-')
		lx->p++;
	digits(lx);
}

static bool at_exponent(const struct lexer *lx)
{
	return at(lx, 0) == 'e' || at(lx, 0) == 'E';
}

/* Behind the digits; true for a real number. */
static bool fraction(struct lexer *lx)
{
	if (at(lx, 0) == '.' && at(lx, 1) != '.' && !name_at(lx, 1)) {
		lx->p++;
		if (is_digit(at(lx, 0))) {
			digits(lx);
			if (at_exponent(lx))
				exponent(lx);
		}
		return true;
	}
	if (!at_exponent(lx))
		return false;
	exponent(lx);
	return true;
}

static enum token_kind number(struct lexer *lx, bool index)
{
	const char *behind;
	bool real = false;

	if (at(lx, 0) == '0' && at(lx, 1) == 'x') {
		lx->p += 2;
		while (is_hex_digit(at(lx, 0)) || at(lx, 0) == '_')
			lx->p++;
	} else if (at(lx, 0) == '0' && (at(lx, 1) == 'o' || at(lx, 1) == 'b')) {
		lx->p += 2;
		digits(lx);
	} else {
		digits(lx);
	}
	real = fraction(lx);
	behind = lx->p;
	suffix(lx);
	/* x.1.0: rustc has a number 1.0, too, and makes two indexes of it later */
	if (index && behind == lx->p)
		return TOK_INT;
	return real || (lx->p > behind && *behind == 'f') ? TOK_FLOAT : TOK_INT;
}

/* A lifetime, or a character. */
static enum token_kind tick(struct lexer *lx)
{
	if (at(lx, 1 + char_len(lx, 1)) == '\'' || !is_ident(at(lx, 1)))
		return single_quoted(lx) ? TOK_CHAR : TOK_BROKEN;
	advance(lx, 1);
	if (at(lx, 0) == 'r' && at(lx, 1) == '#' && name_at(lx, 2)) {
		advance(lx, 2);
		ident_run(lx);
		return TOK_LIFETIME;
	}
	ident_run(lx);
	if (at(lx, 0) != '\'')
		return TOK_LIFETIME;
	advance(lx, 1);
	return TOK_CHAR;
}

static unsigned int column(const char *from, const char *to)
{
	unsigned int n = 1;

	for (; from < to; from++)
		n += ((unsigned char)*from & 0xc0) != 0x80;
	return n;
}

void lexer_init(struct lexer *lx, const char *source, size_t len)
{
	*lx = (struct lexer) { .p = source, .end = source + len, .line_start = source, .line = 1 };
	if (len >= 3 && !memcmp(source, "\xef\xbb\xbf", 3))
		lx->p = lx->line_start = source + 3;
	/* "#!" begins a script's first line, but an attribute when the next token is "[" */
	if (at(lx, 0) == '#' && at(lx, 1) == '!') {
		struct lexer ahead = *lx;

		ahead.p += 2;
		if (!skip_blank(&ahead, true) || at(&ahead, 0) != '[')
			while (lx->p < lx->end && *lx->p != '\n')
				lx->p++;
	}
}

struct token lexer_next(struct lexer *lx)
{
	struct token t = { .kind = TOK_BROKEN };
	bool after_dot = lx->after_dot;
	const char *line_start;
	unsigned char c;

	if (!skip_blank(lx, false)) {
		t.text = lx->p;
		t.line = lx->line;
		t.column = column(lx->line_start, lx->p);
		return t;
	}
	t.text = lx->p;
	t.line = lx->line;
	line_start = lx->line_start;
	lx->after_dot = false;
	c = at(lx, 0);

	if (lx->p >= lx->end) {
		t.kind = TOK_END;
	} else if (is_ident_start(c)) {
		t.kind = prefixed(lx);
		if (t.kind == TOK_END) {
			t.kind = TOK_IDENT;
			if (c == 'r' && at(lx, 1) == '#' && is_ident_start(at(lx, 2))) {
				t.kind = TOK_RAW_IDENT;
				lx->p += 2;
				t.text = lx->p;
			}
			ident_run(lx);
		}
	} else if (is_digit(c)) {
		t.kind = number(lx, after_dot);
	} else if (c == '"') {
		t.kind = quoted(lx) ? TOK_STRING : TOK_BROKEN;
	} else if (c == '\'') {
		t.kind = tick(lx);
	} else {
		t.kind = TOK_PUNCT;
		lx->p++;
		/* a.0.1 is two indexes, 0..1.5 a range that ends in a real number */
		lx->after_dot = c == '.' && !after_dot;
	}
	t.len = lx->p - t.text;
	t.column = column(line_start, t.text);
	return t;
}

bool token_is(const struct token *t, const char *text)
{
	return t->len == strlen(text) && !memcmp(t->text, text, t->len);
}
