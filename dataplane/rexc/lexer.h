/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REXC_LEXER_H
#define REXC_LEXER_H

#include <stdbool.h>
#include <stddef.h>

/* Tokens of Rust source, as fine as the rules of scan.c need them. */
enum token_kind {
	TOK_END,
	TOK_IDENT,		/* keywords too */
	TOK_RAW_IDENT,		/* r#name; the text is without r# */
	TOK_LIFETIME,
	TOK_INT,
	TOK_FLOAT,
	TOK_STRING,		/* any kind; the text is with quotes and prefix */
	TOK_CHAR,
	TOK_PUNCT,		/* one byte */
	TOK_BROKEN,		/* a string or comment that never ends */
};

struct token {
	enum token_kind kind;
	const char *text;	/* into the source */
	size_t len;
	unsigned int line, column;	/* from 1; columns count characters */
};

struct lexer {
	const char *p, *end, *line_start;
	unsigned int line;
	bool after_dot;		/* a number that follows is a tuple index */
};

void lexer_init(struct lexer *lx, const char *source, size_t len);
struct token lexer_next(struct lexer *lx);
bool token_is(const struct token *t, const char *text);

#endif
