#include "match/literals.h"

#include "annotty/alloc.h"
#include "match/literal_set.h"

/*
 * Every part of a pattern is summed up by what a match of it must hold. A set with an
 * empty string in it promises nothing. Sums are put together on the way up:
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

static struct sum sum_up(bool *no_memory, const struct ann_term *term);

static void sum_deinit(struct sum *sum)
{
	ann_set_deinit(&sum->leading);
	ann_set_deinit(&sum->inner);
}

/* Of what takes no text, but may say something of the string beside it. */
static struct sum sum_edge(bool *no_memory, struct ann_literal edge)
{
	struct sum sum = {.exact = true};

	ann_set_add(no_memory, &sum.leading, edge);
	return sum;
}

/* Of what can be anything. An all-zero literal is the empty string. */
static struct sum sum_unknown(bool *no_memory)
{
	struct sum sum = sum_edge(no_memory, (struct ann_literal){0});

	sum.exact = false;
	return sum;
}

/* Few bytes are expanded, many are anything. Line ends cannot be looked for. */
static struct sum sum_bytes(bool *no_memory, const struct ann_byteset *bytes)
{
	enum { FEW = 4, ALL = 256 };
	struct sum sum = {.exact = true};

	for (unsigned c = 0; (c = ann_byteset_next(bytes, c)) < ALL; c++) {
		struct ann_literal one = {.len = 1, .text = {ann_lower((char)c)}};

		ann_set_add(no_memory, &sum.leading, one);
		if (sum.leading.count > FEW || c == '\n' || c == '\r') {
			ann_set_deinit(&sum.leading);
			break;
		}
	}
	return sum.leading.count == 0 ? sum_unknown(no_memory) : sum;
}

/* `(?<![A-Za-z])` and its like keep the letters, or all of a word, away. */
static struct ann_literal edge_of_look(const struct ann_term *look)
{
	struct ann_literal edge = {0};
	struct ann_byteset letters = {0};
	struct ann_byteset away = {0};
	struct ann_byteset word;

	ann_byteset_put_range(&letters, 'a', 'z');
	ann_byteset_fold_case(&letters);
	ann_byteset_class('w', &word);
	ann_term_single_bytes(look->first, &away);
	if (look->negated && look->kind == ANN_TERM_BEHIND) {
		edge.letter_start = ann_byteset_within(&letters, &away);
		edge.word_start = ann_byteset_within(&word, &away);
	} else if (look->negated) {
		edge.letter_end = ann_byteset_within(&letters, &away);
		edge.word_end = ann_byteset_within(&word, &away);
	}
	return edge;
}

/* A row of terms while it is walked. */
struct row {
	struct sum sum;     /* it is exact as long as the first run goes on */
	struct ann_set run; /* the string being put together */
};

/* The run cannot go on. */
static void end_run(struct row *row)
{
	if (row->sum.exact) {
		row->sum.leading = ann_set_move(&row->run);
	} else {
		ann_set_keep_better(&row->sum.inner, &row->run);
	}
	row->sum.exact = false;
}

/* Takes `one`. */
static void row_add(bool *no_memory, struct row *row, struct sum *one)
{
	bool joined = ann_set_multiply(no_memory, &row->run, &one->leading);

	if (joined && one->exact) {
		sum_deinit(one);
		return;
	}
	end_run(row);
	if (one->exact) {
		/* Too much to join: the term begins the next run itself. */
		row->run = ann_set_move(&one->leading);
	} else {
		ann_set_add(no_memory, &row->run, (struct ann_literal){0});
	}
	if (!joined) {
		ann_set_keep_better(&row->sum.inner, &one->leading);
	}
	ann_set_keep_better(&row->sum.inner, &one->inner);
	sum_deinit(one);
}

static struct sum sum_row(bool *no_memory, const struct ann_term *term)
{
	struct row row = {.sum.exact = true};
	bool exact = false;

	ann_set_add(no_memory, &row.run, (struct ann_literal){0});
	for (; term != NULL; term = term->next) {
		struct sum one = sum_up(no_memory, term);

		row_add(no_memory, &row, &one);
	}
	exact = row.sum.exact;
	end_run(&row);
	row.sum.exact = exact;
	return row.sum;
}

static struct sum sum_repeat(bool *no_memory, const struct ann_term *repeat)
{
	struct sum sum = sum_up(no_memory, repeat->first);
	bool many = repeat->most != 1; /* or not even once */

	if (repeat->least == 0 && (many || !sum.exact)) {
		sum_deinit(&sum);
		return sum_unknown(no_memory);
	}
	if (repeat->least == 0) {
		ann_set_deinit(&sum.inner);
		ann_set_add(no_memory, &sum.leading, (struct ann_literal){0});
	} else if (many) {
		/* The boundary behind the last of many is not behind the first. */
		for (size_t i = 0; i < sum.leading.count; i++) {
			sum.leading.at[i].word_end = false;
			sum.leading.at[i].letter_end = false;
		}
		sum.exact = false;
	}
	return sum;
}

static struct ann_set *better_of(struct sum *sum)
{
	return ann_set_worth(&sum->leading) > ann_set_worth(&sum->inner) ? &sum->leading
									 : &sum->inner;
}

/* sum = sum or other; takes `other`. */
static void unite(bool *no_memory, struct sum *sum, struct sum *other)
{
	struct ann_set *a = better_of(sum);
	struct ann_set *b = better_of(other);
	struct ann_set inner = {0};

	if (ann_set_promises(a) && ann_set_promises(b)) {
		inner = a == &sum->inner ? ann_set_move(a) : ann_set_copy(no_memory, a);
		ann_set_unite(no_memory, &inner, b);
	}
	ann_set_deinit(&sum->inner);
	sum->inner = inner;
	sum->exact = sum->exact && other->exact &&
		     sum->leading.count + other->leading.count <= ANN_LITERALS_MOST;
	ann_set_unite(no_memory, &sum->leading, &other->leading);
	sum_deinit(other);
}

static struct sum sum_choice(bool *no_memory, const struct ann_term *row)
{
	struct sum sum = sum_up(no_memory, row);

	while ((row = row->next) != NULL) {
		struct sum other = sum_up(no_memory, row);

		unite(no_memory, &sum, &other);
	}
	return sum;
}

static struct sum sum_up(bool *no_memory, const struct ann_term *term)
{
	struct ann_literal edge = {0};

	switch (term->kind) {
	case ANN_TERM_BYTE:
		return sum_bytes(no_memory, &term->set);
	case ANN_TERM_TEXT:
		return sum_unknown(no_memory);
	case ANN_TERM_REPEAT:
		return sum_repeat(no_memory, term);
	case ANN_TERM_ROW:
		return sum_row(no_memory, term->first);
	case ANN_TERM_CHOICE:
		return sum_choice(no_memory, term->first);
	case ANN_TERM_AHEAD:
	case ANN_TERM_BEHIND:
		edge = edge_of_look(term);
		break;
	case ANN_TERM_EDGE:
		edge.word_start = true;
		edge.word_end = true;
		break;
	case ANN_TERM_END:
	case ANN_TERM_PLACE:
	case ANN_TERM_SETTING:
		break;
	}
	return sum_edge(no_memory, edge);
}

/* Moves what is best of the whole pattern. */
static void choose(struct sum *sum, bool prefer_leading, struct ann_literals *literals)
{
	struct ann_set *chosen = &sum->leading;

	/* A single byte at the front is worth less than a word further in. */
	if (!(prefer_leading && ann_set_promises(chosen)) &&
		ann_set_worth(chosen) < ann_set_worth(&sum->inner) &&
		ann_set_worth(chosen) < (size_t)ANN_LITERALS_MOST * 2) {
		chosen = &sum->inner;
	}
	if (ann_set_promises(chosen)) {
		literals->at = chosen->at;
		literals->count = chosen->count;
		literals->leading = chosen == &sum->leading;
		*chosen = (struct ann_set){0};
	}
}

static enum ann_err find_literals(const struct ann_regex *regex,
	struct ann_literals *literals, bool prefer_leading)
{
	struct sum sum = {0};
	bool no_memory = false;

	*literals = (struct ann_literals){0};
	if (regex->whole != NULL) {
		sum = sum_up(&no_memory, regex->whole);
	}
	if (!no_memory) {
		choose(&sum, prefer_leading, literals);
	}
	sum_deinit(&sum);
	return no_memory ? ANN_ENOMEM : ANN_OK;
}

enum ann_err ann_literals_of(
	const struct ann_regex *regex, struct ann_literals *literals)
{
	return find_literals(regex, literals, false);
}

enum ann_err ann_literals_leading_of(
	const struct ann_regex *regex, struct ann_literals *literals)
{
	return find_literals(regex, literals, true);
}

void ann_literals_deinit(struct ann_literals *literals)
{
	ann_free(literals->at);
	*literals = (struct ann_literals){0};
}
