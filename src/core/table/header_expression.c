#include "table/header_expression.h"

#include "table/header_lexer.h"
#include "table/header_literal.h"

#include "annotty/macros.h"

/* Deeper than any header that people wrote, shallow for any stack. */
enum { MOST_NESTED = 64 };

struct operator
{
	const char *text;
	enum ann_op op;
	int level; /* binds tighter than lower ones */
};

static const struct operator operators[] = {
	{"||", ANN_OP_OR_ELSE, 1},
	{"&&", ANN_OP_AND_THEN, 2},
	{"|", ANN_OP_OR, 3},
	{"^", ANN_OP_XOR, 4},
	{"&", ANN_OP_AND, 5},
	{"==", ANN_OP_EQUAL, 6},
	{"!=", ANN_OP_UNEQUAL, 6},
	{"<", ANN_OP_LESS, 7},
	{">", ANN_OP_MORE, 7},
	{"<=", ANN_OP_AT_MOST, 7},
	{">=", ANN_OP_AT_LEAST, 7},
	{"<<", ANN_OP_LEFT, 8},
	{">>", ANN_OP_RIGHT, 8},
	{"+", ANN_OP_ADD, 9},
	{"-", ANN_OP_SUBTRACT, 9},
	{"*", ANN_OP_MULTIPLY, 10},
	{"/", ANN_OP_DIVIDE, 10},
	{"%", ANN_OP_REMAINDER, 10},
};

struct parser {
	struct ann_lexer lexer;
	struct ann_token token; /* the one at hand */
	ann_name_cb find;
	void *user;
	int nested;
	int skipped; /* > 0 in an operand that does not count */
	struct ann_fault fault;
};

static void advance(struct parser *p)
{
	do {
		p->token = ann_lexer_next(&p->lexer);
	} while (p->token.kind == ANN_TOKEN_COMMENT || p->token.kind == ANN_TOKEN_LINE);
}

/* The first fault counts. Nothing is left to read then, so everybody returns. */
static struct ann_integer fail(
	struct parser *p, enum ann_why why, struct ann_span culprit)
{
	if (p->fault.why == ANN_WHY_NONE) {
		p->fault = (struct ann_fault){why, culprit};
	}
	p->lexer.at = p->lexer.end;
	advance(p);
	return (struct ann_integer){0};
}

static struct ann_integer unexpected(struct parser *p)
{
	bool end = p->token.kind == ANN_TOKEN_END;

	return fail(p, end ? ANN_WHY_END : ANN_WHY_UNEXPECTED, p->token.text);
}

/* To be undone with `nested--`, unless it says no. */
static bool descend(struct parser *p)
{
	if (p->nested == MOST_NESTED) {
		fail(p, ANN_WHY_DEPTH, p->token.text);
		return false;
	}
	p->nested++;
	return true;
}

/* Nothing is reckoned in an operand that does not count. */
static struct ann_integer apply(struct parser *p, struct ann_span culprit,
	enum ann_op op, struct ann_integer a, struct ann_integer b)
{
	enum ann_why why = p->skipped > 0 ? ANN_WHY_NONE : ann_integer_apply(op, &a, b);

	return why == ANN_WHY_NONE ? a : fail(p, why, culprit);
}

static struct ann_integer conditional(struct parser *p);
static struct ann_integer unary(struct parser *p);

static struct ann_integer name(struct parser *p)
{
	struct ann_span text = p->token.text;
	struct ann_integer value = {0};

	advance(p);
	if (ann_token_is(&p->token, "(")) {
		return fail(p, ANN_WHY_CALL, text);
	}
	if (p->skipped > 0) {
		return value;
	}
	enum ann_why why = p->find(p->user, text, &value);

	return why == ANN_WHY_NONE ? value : fail(p, why, text);
}

static struct ann_integer literal(struct parser *p, enum ann_why why,
	bool (*read)(struct ann_span text, struct ann_integer *value))
{
	struct ann_span text = p->token.text;
	struct ann_integer value;

	if (!read(text, &value)) {
		return fail(p, why, text);
	}
	advance(p);
	return value;
}

/*
 * `(type)` before an operand. Nothing but a cast lets two operands meet; where a sign
 * follows, `(A) - 1`, only names that look like types make it one.
 */
static bool take_cast(struct parser *p, struct ann_type *type)
{
	static const char *const starts[] = {"(", "~", "!"};
	struct parser ahead = *p;
	bool cast = false;

	*type = ann_type();
	for (advance(&ahead); ahead.token.kind == ANN_TOKEN_NAME; advance(&ahead)) {
		ann_type_add(type, ahead.token.text);
	}
	if (type->words == 0 || !ann_token_is(&ahead.token, ")")) {
		return false;
	}
	advance(&ahead);
	for (size_t i = 0; i < ANN_LEN(starts); i++) {
		cast = cast || ann_token_is(&ahead.token, starts[i]);
	}
	if (ann_token_is(&ahead.token, "-") || ann_token_is(&ahead.token, "+")) {
		cast = type->sure;
	}
	cast = cast || ahead.token.kind == ANN_TOKEN_NAME ||
	       ahead.token.kind == ANN_TOKEN_NUMBER ||
	       ahead.token.kind == ANN_TOKEN_CHARACTER;
	if (cast) {
		*p = ahead;
	}
	return cast;
}

static struct ann_integer parenthesised(struct parser *p)
{
	struct ann_type type;
	struct ann_integer value;

	if (take_cast(p, &type)) {
		return ann_type_cast(&type, unary(p));
	}
	advance(p);
	value = conditional(p);
	if (!ann_token_is(&p->token, ")")) {
		return unexpected(p);
	}
	advance(p);
	return value;
}

static struct ann_integer primary(struct parser *p)
{
	switch (p->token.kind) {
	case ANN_TOKEN_NAME:
		return name(p);
	case ANN_TOKEN_NUMBER:
		return literal(p, ANN_WHY_NUMBER, ann_integer_read_number);
	case ANN_TOKEN_CHARACTER:
		return literal(p, ANN_WHY_CHARACTER, ann_integer_read_character);
	default:
		return ann_token_is(&p->token, "(") ? parenthesised(p) : unexpected(p);
	}
}

static struct ann_integer signed_operand(struct parser *p)
{
	struct ann_token sign = p->token;
	struct ann_integer value;

	if (!ann_token_is(&sign, "-") && !ann_token_is(&sign, "+") &&
		!ann_token_is(&sign, "~") && !ann_token_is(&sign, "!")) {
		return primary(p);
	}
	advance(p);
	value = unary(p);
	switch (sign.text.ptr[0]) {
	case '-':
		return apply(p, sign.text, ANN_OP_SUBTRACT,
			(struct ann_integer){0, value.is_unsigned, value.wide}, value);
	case '~':
		return ann_integer_complement(value);
	case '!':
		return ann_integer_truth(value.bits == 0);
	default:
		return value;
	}
}

/* Parentheses, casts and signs nest through here. */
static struct ann_integer unary(struct parser *p)
{
	struct ann_integer value;

	if (!descend(p)) {
		return ann_integer_truth(false);
	}
	value = signed_operand(p);
	p->nested--;
	return value;
}

static const struct operator* operator_at(const struct parser *p)
{
	for (size_t i = 0; i < ANN_LEN(operators); i++) {
		if (ann_token_is(&p->token, operators[i].text)) {
			return &operators[i];
		}
	}
	return NULL;
}

/* Operators of `level` and tighter ones, by precedence climbing. */
static struct ann_integer binary(struct parser *p, int level)
{
	struct ann_integer left = unary(p);
	const struct operator* found = operator_at(p);

	for (; found != NULL && found->level >= level; found = operator_at(p)) {
		struct ann_span culprit = p->token.text;
		bool decided = (found->op == ANN_OP_OR_ELSE && left.bits != 0) ||
			       (found->op == ANN_OP_AND_THEN && left.bits == 0);

		advance(p);
		p->skipped += decided;

		struct ann_integer right = binary(p, found->level + 1);

		p->skipped -= decided;
		left = apply(p, culprit, found->op, left, right);
	}
	return left;
}

/* An operand of `?:`; these nest without parentheses. */
static struct ann_integer choice(struct parser *p, bool counts)
{
	struct ann_integer value;

	if (!descend(p)) {
		return ann_integer_truth(false);
	}
	p->skipped += !counts;
	value = conditional(p);
	p->skipped -= !counts;
	p->nested--;
	return value;
}

static struct ann_integer conditional(struct parser *p)
{
	struct ann_integer condition = binary(p, 1);
	struct ann_integer first;
	struct ann_integer second;

	if (!ann_token_is(&p->token, "?")) {
		return condition;
	}
	advance(p);
	first = choice(p, condition.bits != 0);
	if (!ann_token_is(&p->token, ":")) {
		return unexpected(p);
	}
	advance(p);
	second = choice(p, condition.bits == 0);
	return condition.bits != 0 ? first : second;
}

struct ann_fault ann_expression_value(
	struct ann_span text, ann_name_cb find, void *user, struct ann_integer *value)
{
	struct parser p = {.lexer = ann_lexer(text), .find = find, .user = user};

	advance(&p);
	*value = conditional(&p);
	if (p.token.kind != ANN_TOKEN_END) {
		unexpected(&p);
	}
	return p.fault;
}
