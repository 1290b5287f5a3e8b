#include "match/regex.h"

#include "annotty/alloc.h"
#include "match/regex_private.h"

enum { LENGTH_MOST = 1 << 16, DEPTH_MOST = 100 };

static struct ann_term *read_choice(struct reader *r);

static bool skip(struct reader *r, const char *text)
{
	return ann_reader_skips(r, text);
}

static struct ann_term *add_term(struct reader *r, enum ann_term_kind kind)
{
	struct ann_term *term = &r->terms[r->count++];

	*term = (struct ann_term){.kind = kind};
	return term;
}

/* Instead of a term; all of the tree is of no use then. */
static struct ann_term *give_up(struct reader *r)
{
	ann_reader_give_up(r);
	return r->terms;
}

/* The rest of a group, behind which it is read as `outside` again. */
static struct ann_term *read_body(struct reader *r, struct settings outside)
{
	struct ann_term *choice = NULL;

	if (r->depth == DEPTH_MOST) {
		return give_up(r);
	}
	r->depth++;
	choice = read_choice(r);
	r->depth--;
	r->settings = outside;
	if (!skip(r, ")")) {
		return give_up(r);
	}
	return choice;
}

static struct ann_term *read_atomic(struct reader *r)
{
	struct ann_term *group = read_body(r, r->settings);

	group->atomic = true;
	return group;
}

/* Behind `(?=` and its like. */
static struct ann_term *read_look(struct reader *r, enum ann_term_kind kind)
{
	bool negated = r->at[-1] == '!';
	struct ann_term *body = read_body(r, r->settings);
	struct ann_term *look = add_term(r, kind);

	look->negated = negated;
	look->first = body;
	return look;
}

/* Behind `(?<` and its like, to the end of the group. */
static struct ann_term *read_named(struct reader *r, const char *end)
{
	struct ann_span name = {r->at, 0};
	struct ann_term *group = NULL;

	while (r->at < r->end && ann_is_word((unsigned char)*r->at)) {
		r->at++;
	}
	name.len = (size_t)(r->at - name.ptr);
	if (!skip(r, end)) {
		return give_up(r); /* (?<* looks behind in its own way */
	}
	group = read_body(r, r->settings);
	group->name = name;
	return group;
}

/* Settings up to `:` or `)`; false: one of them is not understood. */
static bool read_letters(struct reader *r)
{
	bool on = true;

	for (; r->at < r->end && *r->at != ':' && *r->at != ')'; r->at++) {
		switch (*r->at) {
		case '-':
			on = false;
			break;
		case 'i':
			r->settings.caseless = on;
			break;
		case 'x':
			r->settings.extended = on;
			if (r->end - r->at > 1 && r->at[1] == 'x') {
				return false; /* blanks do not count in classes */
			}
			break;
		case 's': /* nothing changes where there are no line ends, */
		case 'm':
		case 'n': /* or in what is matched */
		case 'J':
		case 'U':
			break;
		default:
			return false;
		}
	}
	return true;
}

/* Behind `(?`: settings for what follows, or for the group that they begin. */
static struct ann_term *read_settings(struct reader *r)
{
	struct settings outside = r->settings;

	if (!read_letters(r)) {
		return give_up(r);
	}
	return skip(r, ":")   ? read_body(r, outside)
	       : skip(r, ")") ? add_term(r, ANN_TERM_SETTING)
			      : give_up(r);
}

/* Behind `(`. */
static struct ann_term *read_group(struct reader *r)
{
	if (ann_reader_sees(r, "*")) {
		return give_up(r); /* a verb */
	}
	if (!skip(r, "?")) {
		return read_body(r, r->settings);
	}
	if (skip(r, "=") || skip(r, "!")) {
		return read_look(r, ANN_TERM_AHEAD);
	}
	if (skip(r, "<=") || skip(r, "<!")) {
		return read_look(r, ANN_TERM_BEHIND);
	}
	if (skip(r, "<") || skip(r, "P<")) {
		return read_named(r, ">");
	}
	if (skip(r, "'")) {
		return read_named(r, "'");
	}
	if (skip(r, ">")) {
		return read_atomic(r);
	}
	return read_settings(r);
}

/* Behind a backslash, what is no byte. */
static struct ann_term *read_escape(struct reader *r)
{
	switch (r->at < r->end ? *r->at++ : '\0') {
	case 'b':
		return add_term(r, ANN_TERM_EDGE);
	case 'z':
	case 'Z':
		return add_term(r, ANN_TERM_END);
	case 'A':
	case 'B':
	case 'G':
		return add_term(r, ANN_TERM_PLACE);
	case 'R':
	case 'X':
		return add_term(r, ANN_TERM_TEXT);
	default:
		return give_up(r);
	}
}

/* One term without what repeats it. */
static struct ann_term *read_one(struct reader *r)
{
	struct ann_byteset set;

	if (ann_reader_bytes(r, &set)) {
		struct ann_term *byte = add_term(r, ANN_TERM_BYTE);

		byte->set = set;
		return byte;
	}
	switch (*r->at++) {
	case '(':
		return read_group(r);
	case '\\':
		return read_escape(r);
	case '$':
		return add_term(r, ANN_TERM_END);
	default:
		return add_term(r, ANN_TERM_PLACE); /* ^ */
	}
}

/* What repeats a term, if anything does; settings are not repeated. */
static struct ann_term *read_repeat(struct reader *r, struct ann_term *term)
{
	struct ann_term repeat = {.kind = ANN_TERM_REPEAT, .first = term};

	if (term->kind == ANN_TERM_SETTING) {
		return term;
	}
	ann_reader_blanks(r);
	if (ann_reader_counts(r, &repeat)) {
		term = add_term(r, ANN_TERM_REPEAT);
		*term = repeat;
	}
	return term;
}

static struct ann_term *read_row(struct reader *r)
{
	struct ann_term *row = add_term(r, ANN_TERM_ROW);
	struct ann_term **end = &row->first;

	ann_reader_blanks(r);
	while (r->at < r->end && *r->at != '|' && *r->at != ')') {
		const char *from = r->at;
		struct ann_term *term = read_repeat(r, read_one(r));

		term->text = (struct ann_span){from, (size_t)(r->at - from)};
		*end = term;
		end = &term->next;
		ann_reader_blanks(r);
	}
	return row;
}

static struct ann_term *read_choice(struct reader *r)
{
	struct ann_term *choice = add_term(r, ANN_TERM_CHOICE);
	struct ann_term **end = &choice->first;

	do {
		*end = read_row(r);
		end = &(*end)->next;
	} while (skip(r, "|"));
	return choice;
}

enum ann_err ann_regex_read(struct ann_regex *regex, struct ann_span pattern)
{
	const char *text = pattern.len == 0 ? "" : pattern.ptr;
	struct reader r = {.at = text, .end = text + pattern.len};

	*regex = (struct ann_regex){0};
	if (pattern.len > LENGTH_MOST) {
		return ANN_OK;
	}
	/* A choice and a row for each bracket and for the whole; else one for a byte.
	 */
	r.terms = ann_resize_array(NULL, 2 * pattern.len + 2, sizeof(*r.terms));
	if (r.terms == NULL) {
		return ANN_ENOMEM;
	}
	regex->whole = read_choice(&r);
	regex->count = r.count;
	if (r.lost || r.at < r.end) {
		ann_regex_deinit(regex);
	}
	return ANN_OK;
}

void ann_regex_deinit(struct ann_regex *regex)
{
	ann_free(regex->whole); /* the first of all terms */
	*regex = (struct ann_regex){0};
}

bool ann_term_single_bytes(const struct ann_term *term, struct ann_byteset *set)
{
	bool all = true;

	switch (term->kind) {
	case ANN_TERM_BYTE:
		ann_byteset_unite(set, &term->set);
		return true;
	case ANN_TERM_ROW:
		return term->first != NULL && term->first->next == NULL &&
		       ann_term_single_bytes(term->first, set);
	case ANN_TERM_CHOICE:
		for (term = term->first; term != NULL; term = term->next) {
			all = ann_term_single_bytes(term, set) && all;
		}
		return all;
	default:
		return false;
	}
}
