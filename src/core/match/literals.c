#include "match/literals.h"

#include "annotty/alloc.h"
#include "match/literal_set.h"

#include <string.h>

/*
 * Every part of a pattern is summed up by what a match of it must hold. A set with an
 * empty string in it ann_set_promises nothing. Sums are put together on the way up:
 *
 *  - parts in a row: exact strings are joined, each with each, as long as that stays
 *    small; the first part that is not exact ends the string, the next begins one;
 *  - alternatives: the union, if every one of them has something to give.
 */
struct sum {
	bool exact;             /* matches are exactly the strings of `leading` */
	struct ann_set leading; /* every match begins with one of these */
	struct ann_set inner;   /* every match holds one of these; empty: not known */
};

struct parser {
	const char *at;
	const char *end;
	bool extended; /* (?x): blanks and comments do not count */
	bool caseless; /* (?i) */
	bool lost;     /* something that could make ann_set_promises false */
	bool no_memory;
	unsigned depth;
};

static void parse_alternatives(struct parser *p, struct sum *sum);

static void sum_deinit(struct sum *sum)
{
	ann_set_deinit(&sum->leading);
	ann_set_deinit(&sum->inner);
}

/* An all-zero literal is the empty string. */
static void sum_empty(struct parser *p, struct sum *sum)
{
	*sum = (struct sum){.exact = true};
	ann_set_add(&p->no_memory, &sum->leading, (struct ann_literal){0});
}

/* A part that can be anything. */
static void sum_unknown(struct parser *p, struct sum *sum)
{
	sum_empty(p, sum);
	sum->exact = false;
}

static void sum_char(struct parser *p, struct sum *sum, char c)
{
	struct ann_literal literal = {.len = 1};

	*sum = (struct sum){.exact = true};
	literal.text[0] = ann_lower(c);
	ann_set_add(&p->no_memory, &sum->leading, literal);
}

/* \b: a flag on the string that follows, which is still empty. */
static void sum_boundary(struct parser *p, struct sum *sum)
{
	struct ann_literal literal = {.word_start = true, .word_end = true};

	*sum = (struct sum){.exact = true};
	ann_set_add(&p->no_memory, &sum->leading, literal);
}

/* The string being put together while walking a row of parts. */
struct row {
	struct ann_set run;     /* exact strings so far */
	bool at_start;          /* the run began with the row */
	struct ann_set leading; /* the run that did */
	struct ann_set inner;   /* the best of the others */
};

/* The run cannot go on; a new one begins behind the part that ended it. */
static void end_run(struct parser *p, struct row *row)
{
	if (row->at_start) {
		row->leading = row->run;
		row->run = (struct ann_set){0};
	} else {
		ann_set_keep_better(&row->inner, &row->run);
	}
	row->at_start = false;
	ann_set_deinit(&row->run);
	ann_set_add(&p->no_memory, &row->run, (struct ann_literal){0});
}

static void row_add(struct parser *p, struct row *row, struct sum *part)
{
	bool joined = ann_set_multiply(&p->no_memory, &row->run, &part->leading);

	if (joined && part->exact) {
		sum_deinit(part);
		return;
	}
	end_run(p, row);
	if (!joined && part->exact) {
		/* Too much to join: the part begins the next run itself. */
		ann_set_deinit(&row->run);
		row->run = part->leading;
		part->leading = (struct ann_set){0};
	} else if (!joined) {
		ann_set_keep_better(&row->inner, &part->leading);
	}
	ann_set_keep_better(&row->inner, &part->inner);
	sum_deinit(part);
}

static void row_finish(struct parser *p, struct row *row, struct sum *sum)
{
	*sum = (struct sum){.exact = row->at_start};
	if (!row->at_start) {
		end_run(p, row);
	} else {
		row->leading = row->run;
		row->run = (struct ann_set){0};
	}
	sum->leading = row->leading;
	sum->inner = row->inner;
	ann_set_deinit(&row->run);
}

static bool next_is(const struct parser *p, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(p->end - p->at) >= len && memcmp(p->at, text, len) == 0;
}

static bool skip(struct parser *p, const char *text)
{
	if (!next_is(p, text)) {
		return false;
	}
	p->at += strlen(text);
	return true;
}

static void skip_to(struct parser *p, char c)
{
	while (p->at < p->end && *p->at != c) {
		p->at++;
	}
	p->at += p->at < p->end;
}

static void skip_digits(struct parser *p)
{
	while (p->at < p->end && *p->at >= '0' && *p->at <= '9') {
		p->at++;
	}
}

/* Behind a backslash. */
static void parse_escape(struct parser *p, struct sum *sum)
{
	static const char anything[] = "dDwWsShHvVRXN";
	static const char nowhere[] = "BAzZG";
	static const char controls[] = "a\ae\033f\fn\nr\rt\t";
	char c = *p->at++;
	const char *control = strchr(controls, c);

	if (ann_is_word((unsigned char)c) && control != NULL) {
		sum_char(p, sum, control[1]);
	} else if (c == 'x' && p->end - p->at >= 2 && p->at[0] != '{') {
		uint64_t byte = 0;

		p->lost |= !ann_span_digits((struct ann_span){p->at, 2}, 16, &byte);
		sum_char(p, sum, (char)byte);
		p->at += 2;
	} else if (c == 'b') {
		sum_boundary(p, sum);
	} else if (!ann_is_word((unsigned char)c)) {
		sum_char(p, sum, c);
	} else if (strchr(nowhere, c) != NULL) {
		sum_empty(p, sum);
	} else {
		/* Simple classes are understood as "anything"; \Q, \K, \1 are not. */
		p->lost |= strchr(anything, c) == NULL;
		sum_unknown(p, sum);
	}
}

/* Behind `[:`. What is not closed as it should be is no name, but plain bytes. */
static void skip_class_name(struct parser *p)
{
	skip(p, "^");
	while (p->at < p->end && *p->at >= 'a' && *p->at <= 'z') {
		p->at++;
	}
	p->lost |= !skip(p, ":]");
}

/* Behind `[`. Small sets of plain bytes are expanded, the rest is anything. */
static void parse_class(struct parser *p, struct sum *sum)
{
	enum { SMALL = 4 };
	bool plain = !skip(p, "^");
	const char *first = p->at;
	struct ann_set set = {0};

	*sum = (struct sum){0};
	while (p->at < p->end && (*p->at != ']' || p->at == first)) {
		if (*p->at == '\\' && p->at + 1 < p->end) {
			p->at++;
			/* \Q hides the end of the class. */
			p->lost |= *p->at == 'Q' || *p->at == 'E';
			plain = plain && !ann_is_word((unsigned char)*p->at);
		} else if (*p->at == '[' || (*p->at == '-' && p->at > first)) {
			/* [:alpha:], ranges */
			plain = false;
			if (skip(p, "[:")) {
				skip_class_name(p);
				continue;
			}
		}
		struct ann_literal one = {.len = 1, .text = {ann_lower(*p->at)}};

		if (plain && set.count <= SMALL) {
			ann_set_add(&p->no_memory, &set, one);
		}
		p->at++;
	}
	p->at += p->at < p->end;
	if (!plain || set.count > SMALL || set.count == 0) {
		ann_set_deinit(&set);
		sum_unknown(p, sum);
		return;
	}
	sum->exact = true;
	sum->leading = set;
}

/* (?i) and its like, behind `(?`: to the end of the group if it is a `)`. */
static bool parse_flags(struct parser *p)
{
	bool on = true;

	for (; p->at < p->end && *p->at != ')' && *p->at != ':'; p->at++) {
		switch (*p->at) {
		case '-':
			on = false;
			break;
		case 'x':
			/* Twice, it also makes blanks in classes not count. */
			p->lost |= p->at + 1 < p->end && p->at[1] == 'x';
			p->extended = on;
			break;
		case 'i':
			p->caseless = on;
			break;
		case 's':
		case 'm':
		case 'n':
		case 'J':
		case 'U':
			break;
		default:
			p->lost = true;
			break;
		}
	}
	return p->at < p->end && *p->at++ == ')';
}

/* The rest of a group whose opening has been read. */
static void parse_group_body(struct parser *p, struct sum *sum)
{
	enum { DEEPEST = 100 };

	if (p->depth == DEEPEST) {
		p->lost = true;
		p->at = p->end;
		sum_unknown(p, sum);
		return;
	}
	p->depth++;
	parse_alternatives(p, sum);
	p->depth--;
	p->at += p->at < p->end; /* the closing one */
}

/*
 * What `(?<![A-Za-z])` and its like keep away, as an edge. A class that is not
 * understood keeps nothing away.
 */
static struct ann_literal edge_of(const struct parser *p)
{
	struct ann_literal edge = {0};
	const char *end = memchr(p->at, ')', (size_t)(p->end - p->at));
	size_t len = end == NULL ? 0 : (size_t)(end - p->at);
	bool lower = false;
	bool upper = false;
	bool digit = false;

	if (len < 5 || p->at[0] != '[' || p->at[1] == '^' || p->at[len - 1] != ']' ||
		memchr(p->at + 1, '[', len - 1) != NULL ||
		memchr(p->at, '\\', len) != NULL ||
		memchr(p->at, ']', len - 1) != NULL) {
		return edge;
	}
	for (size_t i = 1; i + 3 < len; i++) {
		lower |= memcmp(p->at + i, "a-z", 3) == 0;
		upper |= memcmp(p->at + i, "A-Z", 3) == 0;
		digit |= memcmp(p->at + i, "0-9", 3) == 0;
	}
	edge.letter_start = p->caseless ? lower || upper : lower && upper;
	edge.word_start = edge.letter_start && digit && memchr(p->at, '_', len) != NULL;
	edge.letter_end = edge.letter_start;
	edge.word_end = edge.word_start;
	return edge;
}

/* Lookarounds take no text, but one that keeps a class of bytes away makes an edge. */
static bool parse_look(struct parser *p, struct sum *sum)
{
	struct ann_literal edge = {0};

	if (skip(p, "?<!")) {
		edge = edge_of(p);
		edge.letter_end = false;
		edge.word_end = false;
	} else if (skip(p, "?!")) {
		edge = edge_of(p);
		edge.letter_start = false;
		edge.word_start = false;
	} else if (!skip(p, "?=") && !skip(p, "?<=")) {
		return false;
	}
	parse_group_body(p, sum);
	sum_deinit(sum);
	*sum = (struct sum){.exact = true};
	ann_set_add(&p->no_memory, &sum->leading, edge);
	return true;
}

/* Behind `(`. Returns false for settings such as (?i) that apply to what follows. */
static bool parse_group(struct parser *p, struct sum *sum)
{
	bool extended = p->extended;
	bool caseless = p->caseless;

	if (parse_look(p, sum)) {
		p->extended = extended;
		p->caseless = caseless;
		return true;
	}
	if (skip(p, "?<") || skip(p, "?P<")) {
		skip_to(p, '>');
	} else if (skip(p, "?'")) {
		skip_to(p, '\'');
	} else if (skip(p, "?>") || skip(p, "?:")) {
		/* nothing more to read */
	} else if (next_is(p, "*") || next_is(p, "?(") || next_is(p, "?P") ||
		   next_is(p, "?&") || next_is(p, "?R") || next_is(p, "?C") ||
		   next_is(p, "?|")) {
		p->lost = true;
	} else if (skip(p, "?") && parse_flags(p)) {
		sum_empty(p, sum);
		return false;
	}
	parse_group_body(p, sum);
	p->extended = extended;
	p->caseless = caseless;
	return true;
}

struct repeat {
	bool none; /* it may be left out */
	bool many; /* it may come more than once */
};

/* `{2,}` and its like; false, and nothing read, when the brace is a plain one. */
static bool parse_braces(struct parser *p, struct repeat *repeat)
{
	const char *from = p->at++;
	bool comma = false;
	const char *digits = p->at;

	skip_digits(p);
	repeat->none = p->at > digits && digits[0] == '0';
	repeat->many = p->at - digits != 1 || digits[0] != '1';
	comma = p->at > digits && skip(p, ",");
	repeat->many |= comma;
	skip_digits(p);
	if (p->at == digits || !skip(p, "}")) {
		/* From PCRE2 10.43 on, {,3} repeats, and so does { 1, 3 }. */
		p->lost |= next_is(p, ",") || next_is(p, " ") || next_is(p, "\t");
		p->at = from;
		*repeat = (struct repeat){0};
		return false;
	}
	return true;
}

/* Skips what stands between parts without meaning anything. */
static void skip_blanks(struct parser *p)
{
	while (p->at < p->end) {
		if (skip(p, "(?#")) {
			skip_to(p, ')');
		} else if (p->extended && *p->at == '#') {
			skip_to(p, '\n');
		} else if (p->extended && memchr(" \t\n\r\f\v", *p->at, 6) != NULL) {
			p->at++;
		} else {
			return;
		}
	}
}

static struct repeat parse_repeat(struct parser *p)
{
	struct repeat repeat = {0};
	bool found = true;

	skip_blanks(p);
	if (skip(p, "?")) {
		repeat.none = true;
	} else if (skip(p, "*")) {
		repeat = (struct repeat){true, true};
	} else if (skip(p, "+")) {
		repeat.many = true;
	} else {
		found = next_is(p, "{") && parse_braces(p, &repeat);
	}
	if (found) {
		skip_blanks(p);
		if (!skip(p, "?")) {
			skip(p, "+");
		}
	}
	return repeat;
}

static void apply_repeat(struct parser *p, struct sum *sum, struct repeat repeat)
{
	if (repeat.none && (repeat.many || !sum->exact)) {
		sum_deinit(sum);
		sum_unknown(p, sum);
	} else if (repeat.none) {
		ann_set_deinit(&sum->inner);
		ann_set_add(&p->no_memory, &sum->leading, (struct ann_literal){0});
	} else if (repeat.many) {
		/* The boundary behind the last of many is not behind the first. */
		for (size_t i = 0; i < sum->leading.count; i++) {
			sum->leading.at[i].word_end = false;
			sum->leading.at[i].letter_end = false;
		}
		sum->exact = false;
	}
}

/* One part without what repeats it. False: it was only a setting. */
static bool parse_part(struct parser *p, struct sum *sum)
{
	char c = *p->at++;

	switch (c) {
	case '(':
		return parse_group(p, sum);
	case '[':
		parse_class(p, sum);
		return true;
	case '\\':
		if (p->at < p->end) {
			parse_escape(p, sum);
			return true;
		}
		break;
	case '.':
		sum_unknown(p, sum);
		return true;
	case '^':
	case '$':
		break;
	default:
		sum_char(p, sum, c);
		return true;
	}
	sum_empty(p, sum);
	return true;
}

static void parse_row(struct parser *p, struct sum *sum)
{
	struct row row = {.at_start = true};

	ann_set_add(&p->no_memory, &row.run, (struct ann_literal){0});
	skip_blanks(p);
	while (p->at < p->end && *p->at != '|' && *p->at != ')') {
		struct sum part = {0};

		if (parse_part(p, &part)) {
			apply_repeat(p, &part, parse_repeat(p));
		}
		row_add(p, &row, &part);
		skip_blanks(p);
	}
	row_finish(p, &row, sum);
}

/* sum = sum or other; takes `other`. */
static void unite(struct parser *p, struct sum *sum, struct sum *other)
{
	struct ann_set *a = ann_set_worth(&sum->leading) > ann_set_worth(&sum->inner)
				    ? &sum->leading
				    : &sum->inner;
	struct ann_set *b =
		ann_set_worth(&other->leading) > ann_set_worth(&other->inner)
			? &other->leading
			: &other->inner;
	struct ann_set inner = {0};

	if (ann_set_promises(a) && ann_set_promises(b)) {
		ann_set_unite(&p->no_memory, &inner, a);
		ann_set_unite(&p->no_memory, &inner, b);
	}
	ann_set_deinit(&sum->inner);
	sum->inner = inner;
	sum->exact = sum->exact && other->exact &&
		     sum->leading.count + other->leading.count <= ANN_LITERALS_MOST;
	ann_set_unite(&p->no_memory, &sum->leading, &other->leading);
	sum_deinit(other);
}

static void parse_alternatives(struct parser *p, struct sum *sum)
{
	parse_row(p, sum);
	while (p->at < p->end && *p->at == '|') {
		struct sum other;

		p->at++;
		parse_row(p, &other);
		unite(p, sum, &other);
	}
}

static enum ann_err find_literals(
	struct ann_span pattern, struct ann_literals *literals, bool prefer_leading)
{
	const char *text = pattern.len == 0 ? "" : pattern.ptr;
	struct parser p = {.at = text, .end = text + pattern.len};
	struct sum sum;
	struct ann_set *chosen = &sum.leading;

	parse_alternatives(&p, &sum);
	/* A single byte at the front is ann_set_worth less than a word further in. */
	if (!(prefer_leading && ann_set_promises(&sum.leading)) &&
		ann_set_worth(&sum.leading) < ann_set_worth(&sum.inner) &&
		ann_set_worth(&sum.leading) < (size_t)ANN_LITERALS_MOST * 2) {
		chosen = &sum.inner;
	}
	*literals = (struct ann_literals){.leading = chosen == &sum.leading};
	if (!p.lost && p.at == p.end && ann_set_promises(chosen) &&
		!ann_set_has_line_end(chosen)) {
		literals->at = chosen->at;
		literals->count = chosen->count;
		*chosen = (struct ann_set){0};
	}
	sum_deinit(&sum);
	if (p.no_memory) {
		ann_literals_deinit(literals);
		return ANN_ENOMEM;
	}
	return ANN_OK;
}

enum ann_err ann_literals_of(struct ann_span pattern, struct ann_literals *literals)
{
	return find_literals(pattern, literals, false);
}

enum ann_err ann_literals_leading_of(
	struct ann_span pattern, struct ann_literals *literals)
{
	return find_literals(pattern, literals, true);
}

void ann_literals_deinit(struct ann_literals *literals)
{
	ann_free(literals->at);
	*literals = (struct ann_literals){0};
}
