#include "match/shape_tree.h"

#include "annotty/alloc.h"

#include <string.h>

enum { COUNT_MOST = 16, DEPTH_MOST = 64, PARTS_MOST = 8192 };

struct reader {
	const char *at;
	const char *end;
	struct ann_graph *graph;
	struct tree *tree;
	unsigned depth;
	bool caseless;
	bool lost; /* not understood, too large, no memory */
};

static uint32_t read_choice(struct reader *r);

static uint32_t add_part(struct reader *r, struct part part)
{
	if (r->tree->count == PARTS_MOST ||
		ann_grow((void **)&r->tree->parts, &r->tree->room, r->tree->count,
			sizeof(part)) != 0) {
		r->lost = true;
		return NONE;
	}
	part.next = NONE;
	r->tree->parts[r->tree->count] = part;
	return (uint32_t)r->tree->count++;
}

static uint32_t add_empty(struct reader *r)
{
	return add_part(r, (struct part){.kind = EMPTY, .first = NONE});
}

static uint32_t keep_set(struct reader *r, struct ann_byteset set)
{
	struct ann_graph *g = r->graph;

	set.bits[0] &= ~(UINT64_C(1) << '\n' | UINT64_C(1) << '\r');
	for (size_t i = 0; i < g->set_count; i++) {
		if (memcmp(&g->sets[i], &set, sizeof(set)) == 0) {
			return (uint32_t)i;
		}
	}
	if (ann_grow((void **)&g->sets, &g->set_room, g->set_count, sizeof(set)) != 0) {
		r->lost = true;
		return 0;
	}
	g->sets[g->set_count] = set;
	return (uint32_t)g->set_count++;
}

static uint32_t add_set(struct reader *r, struct ann_byteset set)
{
	if (r->caseless) {
		ann_byteset_fold_case(&set);
	}
	return add_part(
		r, (struct part){.kind = BYTE, .first = NONE, .set = keep_set(r, set)});
}

static uint32_t add_byte(struct reader *r, char c)
{
	struct ann_byteset set = {0};

	ann_byteset_put(&set, (unsigned char)c);
	return add_set(r, set);
}

/* The byte that `\c` stands for, if it is a plain one. */
static bool plain_escape(char c, char *byte)
{
	static const char controls[] = "a\ae\033f\ft\tn\nr\r";
	const char *control = strchr(controls, c);

	if (!ann_is_word((unsigned char)c)) {
		*byte = c;
		return true;
	}
	if (control != NULL && ann_is_letter((unsigned char)c)) {
		*byte = control[1];
		return true;
	}
	return false;
}

/* --- reading ------------------------------------------------------------------------
 */

static bool skip(struct reader *r, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0) {
		return false;
	}
	r->at += len;
	return true;
}

static uint32_t give_up(struct reader *r)
{
	r->lost = true;
	r->at = r->end;
	return NONE;
}

/* What is taken for true. */
static uint32_t add_untold(struct reader *r)
{
	r->tree->exact = false;
	return add_empty(r);
}

/* Behind a backslash. */
static uint32_t read_escape(struct reader *r)
{
	struct ann_byteset set;
	char byte = 0;
	char c = 0;

	if (r->at == r->end) {
		return give_up(r);
	}
	c = *r->at++;
	if (ann_byteset_class(c, &set)) {
		return add_set(r, set);
	}
	if (plain_escape(c, &byte)) {
		return add_byte(r, byte);
	}
	return strchr("bBAzZ", c) != NULL ? add_untold(r) : give_up(r);
}

/* One byte of a class, or one end of a range; false: it was a set, now in `set`. */
static bool read_class_byte(struct reader *r, struct ann_byteset *set, char *byte)
{
	struct ann_byteset other;

	*byte = *r->at++;
	if (*byte == '[' && r->at < r->end && strchr(":.=", *r->at) != NULL) {
		give_up(r);
	}
	if (*byte != '\\' || r->at >= r->end) {
		return true;
	}
	*byte = *r->at++;
	if (ann_byteset_class(*byte, &other)) {
		ann_byteset_unite(set, &other);
		return false;
	}
	if (!plain_escape(*byte, byte)) {
		give_up(r);
	}
	return true;
}

/* Behind `[`. */
static uint32_t read_class(struct reader *r)
{
	struct ann_byteset set = {0};
	bool negated = skip(r, "^");
	const char *first = r->at;

	while (r->at < r->end && (*r->at != ']' || r->at == first)) {
		char from = 0;
		char to = 0;

		if (!read_class_byte(r, &set, &from)) {
			continue;
		}
		to = from;
		if (r->end - r->at > 1 && r->at[0] == '-' && r->at[1] != ']') {
			r->at++;
			if (!read_class_byte(r, &set, &to)) {
				return give_up(r);
			}
		}
		ann_byteset_put_range(&set, (unsigned char)from, (unsigned char)to);
	}
	if (!skip(r, "]")) {
		return give_up(r);
	}
	if (r->caseless) {
		ann_byteset_fold_case(&set); /* before it is turned */
	}
	if (negated) {
		ann_byteset_turn(&set);
	}
	return add_part(
		r, (struct part){.kind = BYTE, .first = NONE, .set = keep_set(r, set)});
}

/* To the end of a group. */
static uint32_t read_body(struct reader *r)
{
	bool caseless = r->caseless;
	uint32_t part = NONE;

	if (r->depth == DEPTH_MOST) {
		return give_up(r);
	}
	r->depth++;
	part = read_choice(r);
	r->depth--;
	r->caseless = caseless;
	return skip(r, ")") ? part : give_up(r);
}

/* The single bytes among the alternatives, united; false: there are others as well. */
static bool single_bytes(const struct reader *r, uint32_t part, struct ann_byteset *set)
{
	const struct part *p = &r->tree->parts[part];
	bool all = true;

	if (p->kind == BYTE) {
		ann_byteset_unite(set, &r->graph->sets[p->set]);
		return true;
	}
	if (p->kind == ROW && p->first != NONE &&
		r->tree->parts[p->first].next == NONE) {
		return single_bytes(r, p->first, set);
	}
	if (p->kind != CHOICE) {
		return false;
	}
	for (uint32_t i = p->first; i != NONE; i = r->tree->parts[i].next) {
		all = single_bytes(r, i, set) && all;
	}
	return all;
}

static uint32_t read_look(struct reader *r, enum kind kind, bool negated)
{
	struct ann_byteset set = {0};
	uint32_t body = read_body(r);

	if (r->lost || body == NONE) {
		return give_up(r);
	}
	if (!single_bytes(r, body, &set)) {
		r->tree->exact = false;
		if (!negated) {
			return add_empty(r); /* a part of it would promise too much */
		}
	}
	return add_part(r, (struct part){.kind = kind,
				   .negated = negated,
				   .first = NONE,
				   .set = keep_set(r, set)});
}

static uint32_t read_named(struct reader *r, char end)
{
	const char *close = memchr(r->at, end, (size_t)(r->end - r->at));

	if (close == NULL) {
		return give_up(r);
	}
	r->at = close + 1;
	return read_body(r);
}

static uint32_t read_caseless(struct reader *r, bool on)
{
	bool before = r->caseless;
	uint32_t part = NONE;

	r->caseless = on;
	part = read_body(r);
	r->caseless = before;
	return part;
}

/* Behind `(`. */
static uint32_t read_group(struct reader *r)
{
	if (skip(r, "?:")) {
		return read_body(r);
	}
	if (skip(r, "?=") || skip(r, "?!")) {
		return read_look(r, AHEAD, r->at[-1] == '!');
	}
	if (skip(r, "?<=") || skip(r, "?<!")) {
		return read_look(r, BEHIND, r->at[-1] == '!');
	}
	if (skip(r, "?i)")) {
		r->caseless = true; /* to the end of the group around it */
		return add_empty(r);
	}
	if (skip(r, "?i:")) {
		return read_caseless(r, true);
	}
	if (skip(r, "?-i:")) {
		return read_caseless(r, false);
	}
	if (skip(r, "?>")) {
		r->tree->exact = false;
		return read_body(r);
	}
	if (skip(r, "?<") || skip(r, "?P<")) {
		return read_named(r, '>');
	}
	if (skip(r, "?") || skip(r, "*")) {
		return give_up(r);
	}
	return read_body(r);
}

static uint32_t read_one(struct reader *r)
{
	struct ann_byteset set = {0};
	char c = *r->at++;

	switch (c) {
	case '(':
		return read_group(r);
	case '[':
		return read_class(r);
	case '\\':
		return read_escape(r);
	case '.':
		ann_byteset_turn(&set);
		return add_set(r, set);
	case '^':
		return add_untold(r);
	case '$':
		return add_part(r, (struct part){.kind = END, .first = NONE});
	default:
		return add_byte(r, c);
	}
}

static unsigned read_number(struct reader *r)
{
	unsigned number = 0;

	while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && number < 100000) {
		number = number * 10 + (unsigned)(*r->at++ - '0');
	}
	return number;
}

/* `{2,}` and its like, behind the brace. */
static bool read_braces(struct reader *r, unsigned *least, unsigned *most)
{
	const char *digits = r->at;

	*least = read_number(r);
	*most = *least;
	if (r->at == digits) {
		return false; /* a plain brace, or {,3}, on which versions differ */
	}
	if (skip(r, ",")) {
		digits = r->at;
		*most = read_number(r);
		*most = r->at == digits ? UINT32_MAX : *most;
	}
	return skip(r, "}");
}

/* False: nothing repeats. */
static bool read_counts(struct reader *r, unsigned *least, unsigned *most)
{
	*least = 0;
	*most = UINT32_MAX;
	if (skip(r, "?")) {
		*most = 1;
	} else if (skip(r, "+")) {
		*least = 1;
	} else if (skip(r, "{")) {
		if (!read_braces(r, least, most)) {
			give_up(r);
		}
	} else if (!skip(r, "*")) {
		return false;
	}
	if (skip(r, "+")) {
		r->tree->exact = false;
	} else {
		skip(r, "?");
	}
	return true;
}

/* Counts too large to be laid out are taken for smaller and unlimited ones. */
static uint32_t repeat(struct reader *r, uint32_t what, unsigned least, unsigned most)
{
	struct part part = {.kind = REPEAT, .first = what, .most = UNLIMITED};

	if (least > COUNT_MOST) {
		r->tree->exact = false;
		least = COUNT_MOST;
		most = UINT32_MAX;
	}
	part.least = (uint8_t)least;
	if (most <= COUNT_MOST) {
		part.most = (uint8_t)most;
	} else if (most != UINT32_MAX) {
		r->tree->exact = false;
	}
	return add_part(r, part);
}

/* Puts parts one behind the other. */
static void append(struct reader *r, uint32_t list, uint32_t *last, uint32_t part)
{
	if (r->lost) {
		return;
	}
	if (*last == NONE) {
		r->tree->parts[list].first = part;
	} else {
		r->tree->parts[*last].next = part;
	}
	*last = part;
}

static uint32_t read_row(struct reader *r)
{
	uint32_t row = add_part(r, (struct part){.kind = ROW, .first = NONE});
	uint32_t last = NONE;

	while (!r->lost && r->at < r->end && *r->at != '|' && *r->at != ')') {
		unsigned least = 0;
		unsigned most = 0;
		uint32_t one = read_one(r);

		if (!r->lost && read_counts(r, &least, &most)) {
			one = repeat(r, one, least, most);
		}
		append(r, row, &last, one);
	}
	return row;
}

static uint32_t read_choice(struct reader *r)
{
	uint32_t choice = add_part(r, (struct part){.kind = CHOICE, .first = NONE});
	uint32_t last = NONE;

	do {
		append(r, choice, &last, read_row(r));
	} while (!r->lost && skip(r, "|"));
	return choice;
}

bool ann_tree_read(struct tree *tree, struct ann_graph *graph, struct ann_span regex)
{
	struct reader r = {
		.at = regex.ptr,
		.end = regex.ptr + regex.len,
		.graph = graph,
		.tree = tree,
	};

	tree->exact = true;
	tree->whole = read_choice(&r);
	return !r.lost && r.at == r.end;
}
