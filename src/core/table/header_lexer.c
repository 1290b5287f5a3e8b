#include "table/header_lexer.h"

#include "annotty/macros.h"
#include "base/utf8.h"

#include <string.h>

struct ann_lexer ann_lexer(struct ann_span text)
{
	text = ann_utf8_unmarked(text);
	return (struct ann_lexer){
		.at = text.ptr,
		.end = text.len == 0 ? text.ptr : text.ptr + text.len,
		.line_start = text.ptr,
		.line = 1,
		.first = true,
	};
}

bool ann_token_is(const struct ann_token *token, const char *text)
{
	return (token->kind == ANN_TOKEN_NAME ||
		       token->kind == ANN_TOKEN_PUNCTUATION) &&
	       ann_span_is(token->text, text);
}

/* The byte `ahead` of the next one, or NUL where there is none. */
static char peek(const struct ann_lexer *l, size_t ahead)
{
	return (size_t)(l->end - l->at) > ahead ? l->at[ahead] : '\0';
}

static bool at_end(const struct ann_lexer *l)
{
	return l->at == l->end;
}

/* One byte on, or over the end of a line. */
static void step(struct ann_lexer *l)
{
	if (*l->at++ == '\n') {
		l->line++;
		l->line_start = l->at;
	}
}

/* Over a backslash and its line end; compilers forgive blanks between the two. */
static bool skip_continuation(struct ann_lexer *l)
{
	const char *p = l->at + 1;

	if (*l->at != '\\') {
		return false;
	}
	while (p < l->end && (*p == ' ' || *p == '\t' || *p == '\r')) {
		p++;
	}
	if (p == l->end || *p != '\n') {
		return false;
	}
	l->at = p;
	step(l);
	return true;
}

/* A NUL is a blank as well. */
static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\n') || c == '\0';
}

static void skip_blanks(struct ann_lexer *l)
{
	while (!at_end(l)) {
		if (is_blank(*l->at)) {
			l->at++;
		} else if (!skip_continuation(l)) {
			return;
		}
	}
}

static void read_line_comment(struct ann_lexer *l)
{
	while (!at_end(l) && *l->at != '\n') {
		if (!skip_continuation(l)) {
			l->at++;
		}
	}
}

static void read_block_comment(struct ann_lexer *l)
{
	l->at += 2;
	while (!at_end(l)) {
		if (peek(l, 0) == '*' && peek(l, 1) == '/') {
			l->at += 2;
			return;
		}
		step(l);
	}
}

/* An unfinished one ends with its line: an apostrophe in prose is no disaster. */
static void read_quoted(struct ann_lexer *l)
{
	char quote = *l->at++;

	while (!at_end(l) && *l->at != '\n') {
		if (skip_continuation(l)) {
			continue;
		}
		if (*l->at == quote) {
			l->at++;
			return;
		}
		l->at += *l->at == '\\' && l->end - l->at > 1 ? 2 : 1;
	}
}

static void read_word(struct ann_lexer *l, char also)
{
	while (!at_end(l) && (ann_is_word((unsigned char)*l->at) || *l->at == also)) {
		l->at++;
	}
}

static void read_punctuation(struct ann_lexer *l)
{
	static const char *const pairs[] = {
		"<<", ">>", "<=", ">=", "==", "!=", "&&", "||"};

	for (size_t i = 0; i < ANN_LEN(pairs); i++) {
		if (peek(l, 0) == pairs[i][0] && peek(l, 1) == pairs[i][1]) {
			l->at++;
			break;
		}
	}
	l->at++;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static enum ann_token_kind read_token(struct ann_lexer *l)
{
	char c = *l->at;

	if (c == '\n') {
		step(l);
		return ANN_TOKEN_LINE;
	}
	if (c == '/' && peek(l, 1) == '/') {
		read_line_comment(l);
		return ANN_TOKEN_COMMENT;
	}
	if (c == '/' && peek(l, 1) == '*') {
		read_block_comment(l);
		return ANN_TOKEN_COMMENT;
	}
	if (c == '"' || c == '\'') {
		read_quoted(l);
		return c == '"' ? ANN_TOKEN_STRING : ANN_TOKEN_CHARACTER;
	}
	if (is_digit(c) || (c == '.' && is_digit(peek(l, 1)))) {
		read_word(l, '.');
		return ANN_TOKEN_NUMBER;
	}
	if (ann_is_word((unsigned char)c)) {
		read_word(l, '_');
		return ANN_TOKEN_NAME;
	}
	read_punctuation(l);
	return ANN_TOKEN_PUNCTUATION;
}

static size_t column_of(const struct ann_lexer *l)
{
	size_t column = 0;

	for (const char *p = l->line_start; p < l->at && column < ANN_TOKEN_FAR; p++) {
		column = *p == '\t' ? (column | 7) + 1 : column + 1;
	}
	return column < ANN_TOKEN_FAR ? column : ANN_TOKEN_FAR;
}

struct ann_token ann_lexer_next(struct ann_lexer *l)
{
	struct ann_token token = {.kind = ANN_TOKEN_END};

	skip_blanks(l);
	token.text.ptr = l->at;
	token.line = l->line;
	token.first = l->first;
	if (!at_end(l)) {
		token.column = peek(l, 0) == '/' ? column_of(l) : 0;
		token.kind = read_token(l);
		token.text.len = (size_t)(l->at - token.text.ptr);
	}
	token.last_line = token.kind == ANN_TOKEN_LINE ? token.line : l->line;
	if (token.kind != ANN_TOKEN_COMMENT) {
		l->first = token.kind == ANN_TOKEN_LINE;
	}
	return token;
}
