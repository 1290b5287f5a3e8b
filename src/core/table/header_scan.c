#include "table/header_scan.h"

#include "table/header_comment.h"
#include "table/header_remarks.h"

#include "annotty/alloc.h"
#include "annotty/macros.h"

#include <string.h>

enum counting {
	COUNTING_STARTS, /* the next enumerator is 0 */
	COUNTING_ON,     /* it is one more than the one before */
	COUNTING_LOST,   /* nobody knows */
};

struct scan {
	const struct ann_header *header;
	struct ann_definitions *definitions;
	struct ann_lexer lexer;
	struct ann_token token; /* the one at hand, neither comment nor directive */
	struct ann_remarks remarks;

	enum counting counting;
	size_t base;   /* the enumerator counted from */
	size_t offset; /* how far counting got */

	size_t directives;
	struct ann_span guard; /* name that the first directive tests */
	bool failed;           /* no memory */
};

static struct ann_definition *at(struct scan *s, size_t number)
{
	return &s->definitions->all[number];
}

static bool is(const struct scan *s, const char *text)
{
	return ann_token_is(&s->token, text);
}

/* Makes `*span`, which may be empty, reach to the end of `token`. */
static void reach(struct ann_span *span, const struct ann_token *token)
{
	if (span->len == 0) {
		span->ptr = token->text.ptr;
	}
	span->len = (size_t)(token->text.ptr + token->text.len - span->ptr);
}

/*
 * A definition named by `token`; comments are about it from now on. NULL when there is
 * no memory. A later one may move it, its number stays.
 */
static struct ann_definition *add_definition(
	struct scan *s, const struct ann_token *token)
{
	struct ann_definitions *all = s->definitions;

	if (ann_grow((void **)&all->all, &all->room, all->count, sizeof(*all->all)) !=
		0) {
		s->failed = true;
		return NULL;
	}
	struct ann_definition *d = &all->all[all->count];

	*d = (struct ann_definition){
		.header = s->header,
		.line = token->line,
		.last_line = token->last_line,
		.name = token->text,
		.comment = ann_remarks_before(&s->remarks, token->line),
		.wanted = true,
		.base = all->count,
	};
	all->count++;
	ann_remarks_turn_to(&s->remarks, &d->comment, token);
	return d;
}

/* The token at hand belongs to the definition. */
static void extend_definition(struct scan *s, size_t number)
{
	at(s, number)->last_line = s->token.last_line;
	ann_remarks_turn_to(&s->remarks, &at(s, number)->comment, &s->token);
}

/* What comes is no part of a definition. */
static void leave_definition(struct scan *s)
{
	ann_remarks_turn_to(&s->remarks, NULL, &s->token);
}

static bool ends_line(const struct ann_token *token)
{
	return token->kind == ANN_TOKEN_LINE || token->kind == ANN_TOKEN_END;
}

/* The next token of a directive, or its end. */
static struct ann_token next_in_line(struct scan *s)
{
	struct ann_token token = ann_lexer_next(&s->lexer);

	while (token.kind == ANN_TOKEN_COMMENT) {
		ann_remarks_add_behind(&s->remarks, &token);
		token = ann_lexer_next(&s->lexer);
	}
	return token;
}

/* Skips a directive. Returns the last name in it. */
static struct ann_span skip_line(struct scan *s, struct ann_token token)
{
	struct ann_span name = {NULL, 0};

	for (; !ends_line(&token); token = next_in_line(s)) {
		if (token.kind == ANN_TOKEN_NAME) {
			name = token.text;
		}
	}
	return name;
}

/* The first two directives test a name and define it, as nothing or as 1. */
static bool is_guard(const struct scan *s, const struct ann_definition *d)
{
	return s->directives == 2 && ann_span_equal(d->name, s->guard) &&
	       ann_span_is(d->expression, "1");
}

/* The end of what an #if chose, or of one choice. */
static bool is_branch(const struct ann_token *word)
{
	static const char *const names[] = {
		"else", "elif", "elifdef", "elifndef", "endif"};

	for (size_t i = 0; i < ANN_LEN(names); i++) {
		if (ann_token_is(word, names[i])) {
			return true;
		}
	}
	return false;
}

/* The line behind `#define`. */
static void read_macro(struct scan *s)
{
	struct ann_token token = next_in_line(s);
	struct ann_definition *d =
		token.kind == ANN_TOKEN_NAME ? add_definition(s, &token) : NULL;

	if (d == NULL) {
		skip_line(s, token);
		return;
	}
	token = next_in_line(s);
	if (ann_token_is(&token, "(") && token.text.ptr == d->name.ptr + d->name.len) {
		d->wanted = false; /* function-like */
	}
	for (; !ends_line(&token); token = next_in_line(s)) {
		if (token.kind == ANN_TOKEN_STRING) {
			d->wanted = false;
		}
		reach(&d->expression, &token);
		d->last_line = token.last_line;
		ann_remarks_turn_to(&s->remarks, &d->comment, &token);
	}
	if (d->expression.len == 0 || ann_span_equal(d->expression, d->name) ||
		is_guard(s, d)) {
		d->wanted = false;
	}
}

/* Behind the `#` that starts a line. */
static void read_directive(struct scan *s)
{
	leave_definition(s); /* comments in a directive are not about what was before */

	struct ann_token word = next_in_line(s);

	s->directives++;
	if (ann_token_is(&word, "define")) {
		read_macro(s);
	} else {
		bool tests = ann_token_is(&word, "if") || ann_token_is(&word, "ifndef");
		struct ann_span name = skip_line(s, word);

		if (s->directives == 1 && tests) {
			s->guard = name;
		}
		if (is_branch(&word)) {
			s->counting = COUNTING_LOST;
		}
	}
	ann_remarks_forget(&s->remarks);
}

static void advance(struct scan *s)
{
	ann_remarks_forget(&s->remarks);
	for (;;) {
		s->token = ann_lexer_next(&s->lexer);
		if (s->token.kind == ANN_TOKEN_COMMENT) {
			ann_remarks_add(&s->remarks, &s->token);
		} else if (is(s, "#") && s->token.first) {
			read_directive(s);
		} else if (s->token.kind != ANN_TOKEN_LINE) {
			return;
		}
	}
}

/* True where an enumerator, or what it is defined as, cannot go on. */
static bool ends_enumerator(const struct scan *s)
{
	return s->failed || s->token.kind == ANN_TOKEN_END || is(s, "}") || is(s, ";");
}

/* Tokens of an enumerator up to a `stop` outside of parentheses. */
static struct ann_span collect(struct scan *s, size_t number, const char *stop)
{
	struct ann_span text = {s->token.text.ptr, 0};
	size_t depth = 0;

	while (!ends_enumerator(s) && (depth > 0 || (!is(s, ",") && !is(s, stop)))) {
		if (is(s, "(")) {
			depth++;
		} else if (is(s, ")") && depth > 0) {
			depth--;
		}
		reach(&text, &s->token);
		extend_definition(s, number);
		advance(s);
	}
	return text;
}

static void count_on(struct scan *s, struct ann_definition *d)
{
	switch (s->counting) {
	case COUNTING_STARTS:
		d->expression = ann_span("0");
		break;
	case COUNTING_ON:
		d->base = s->base;
		d->offset = ++s->offset;
		break;
	case COUNTING_LOST:
		d->expression = ann_span(NULL);
		break;
	}
}

/* A name followed by `(` is a macro that makes enumerators, who knows how many. */
static bool is_call(const struct scan *s)
{
	struct ann_lexer ahead = s->lexer;
	struct ann_token token = ann_lexer_next(&ahead);

	return ann_token_is(&token, "(");
}

static void skip_call(struct scan *s)
{
	s->counting = COUNTING_LOST;
	leave_definition(s);
	while (!ends_enumerator(s) && !is(s, ")")) {
		advance(s);
	}
}

/* NAME, attributes perhaps, `= value` perhaps, and the comma. */
static void read_enumerator(struct scan *s)
{
	if (is_call(s)) {
		skip_call(s);
		return;
	}
	size_t number = s->definitions->count;

	if (add_definition(s, &s->token) == NULL) {
		return;
	}
	advance(s);
	collect(s, number, "=");
	if (is(s, "=")) {
		extend_definition(s, number);
		advance(s);

		struct ann_span value = collect(s, number, ",");

		at(s, number)->expression = value;
	} else {
		count_on(s, at(s, number));
	}
	if (at(s, number)->base == number) {
		s->base = number;
		s->offset = 0;
	}
	s->counting = COUNTING_ON;
	if (is(s, ",")) {
		advance(s); /* a comment behind the comma is one behind the enumerator
			     */
	}
}

static void read_enumerators(struct scan *s)
{
	s->counting = COUNTING_STARTS;
	advance(s);
	while (!ends_enumerator(s)) {
		if (s->token.kind == ANN_TOKEN_NAME) {
			read_enumerator(s);
		} else {
			leave_definition(s);
			advance(s);
		}
	}
}

/* Over `(…)`, or to the end of the text. */
static void skip_parentheses(struct scan *s)
{
	size_t depth = 0;

	do {
		depth += is(s, "(");
		depth -= is(s, ")");
		advance(s);
	} while (depth > 0 && s->token.kind != ANN_TOKEN_END);
}

/* Behind `enum`: a tag, attributes or a type perhaps, and `{`. */
static bool enters_enumeration(struct scan *s)
{
	advance(s);
	while (s->token.kind == ANN_TOKEN_NAME || is(s, ":")) {
		bool attribute = s->token.text.len > 2 &&
				 memcmp(s->token.text.ptr, "__", 2) == 0;

		advance(s);
		if (attribute && is(s, "(")) {
			skip_parentheses(s);
		}
	}
	return is(s, "{");
}

/*
 * A plain comment over several definitions without a blank line is the heading of them
 * all if the second has no comment of its own, and says nothing about the first.
 */
static void drop_headings(struct ann_definition *d, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++) {
		bool before = d[i].comment.len > 0 && d[i].comment.ptr < d[i].name.ptr;

		if (before && d[i + 1].comment.len == 0 &&
			!ann_comment_documents(d[i].comment) &&
			d[i + 1].line <= d[i].last_line + 1) {
			d[i].comment.len = 0;
		}
	}
}

bool ann_definitions_scan(
	struct ann_definitions *definitions, const struct ann_header *header)
{
	struct scan s = {
		.header = header,
		.definitions = definitions,
		.lexer = ann_lexer(header->text),
	};

	size_t first = definitions->count;

	advance(&s);
	while (s.token.kind != ANN_TOKEN_END && !s.failed) {
		leave_definition(&s);
		if (!is(&s, "enum")) {
			advance(&s);
		} else if (enters_enumeration(&s)) {
			read_enumerators(&s);
		}
	}
	if (definitions->count > first) {
		drop_headings(definitions->all + first, definitions->count - first);
	}
	return !s.failed;
}
