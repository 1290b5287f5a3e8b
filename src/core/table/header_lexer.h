/*
 * header_lexer - C source as tokens, comments and line ends included.
 *
 * Takes any bytes. A backslash at the end of a line counts as a blank, so a line ends
 * where the compiler thinks it does. Tokens point into the text.
 */
#ifndef CORE_HEADER_LEXER_H
#define CORE_HEADER_LEXER_H

#include "annotty/span.h"

enum ann_token_kind {
	ANN_TOKEN_END,         /* no more, for ever */
	ANN_TOKEN_LINE,        /* the end of a line that is not continued */
	ANN_TOKEN_COMMENT,     /* marks included; may lack its end */
	ANN_TOKEN_NAME,        /* keywords are names too */
	ANN_TOKEN_NUMBER,      /* whatever starts with a digit */
	ANN_TOKEN_CHARACTER,   /* in single quotes; the second may be missing */
	ANN_TOKEN_STRING,      /* in double quotes; the second may be missing */
	ANN_TOKEN_PUNCTUATION, /* an operator, or any one byte */
};

/* Columns from here on are not told apart. */
enum { ANN_TOKEN_FAR = 250 };

struct ann_token {
	enum ann_token_kind kind;
	struct ann_span text;
	size_t line;      /* where it starts, from 1 */
	size_t last_line; /* where it ends */
	size_t column; /* of a comment, from 0, tabs being 8; ANN_TOKEN_FAR at most */
	bool first;    /* nothing but blanks and comments before it on the line */
};

struct ann_lexer {
	const char *at;         /* what is next */
	const char *end;        /* of the text */
	const char *line_start; /* of the line at hand */
	size_t line;            /* its number */
	bool first;             /* no token but comments on it so far */
};

/* The text is borrowed. */
struct ann_lexer ann_lexer(struct ann_span text);

struct ann_token ann_lexer_next(struct ann_lexer *lexer);

/* True for a name or punctuation of exactly this text. */
bool ann_token_is(const struct ann_token *token, const char *text);

#endif
