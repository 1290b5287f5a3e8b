/*
 * First all headers are scanned, then the definitions get their values, each after what
 * it is made of, then those with a value become codes. No step recurses by the depth of
 * the input, and none looks at a definition more than a few times.
 */
#include "annotty/header.h"

#include "table/header_comment.h"
#include "table/header_lexer.h"
#include "table/header_scan.h"

#include "annotty/alloc.h"
#include "annotty/buf.h"

#include <stdlib.h>
#include <string.h>

/* A definition on the way to its value. */
struct pending {
	struct ann_definition *definition;
	struct ann_lexer ahead; /* what of it was not looked at for names yet */
};

struct reader {
	struct ann_definitions definitions;
	struct ann_definition **names; /* the first of each name, by name */
	size_t name_count;
	struct pending *stack;
	size_t depth;
	size_t stack_room;
	struct ann_span prefix;
	ann_header_note_cb note;
	void *user;
	struct ann_buf text; /* of the note at hand */
};

static void reader_deinit(struct reader *r)
{
	ann_free(r->definitions.all);
	ann_free(r->names);
	ann_free(r->stack);
	ann_buf_deinit(&r->text);
}

static int compare_spans(struct ann_span a, struct ann_span b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	if (order != 0 || a.len == b.len) {
		return order;
	}
	return a.len < b.len ? -1 : 1;
}

/* By name, then in the order of the headers, which is by address. */
static int compare_definitions(const void *a, const void *b)
{
	const struct ann_definition *x = *(struct ann_definition *const *)a;
	const struct ann_definition *y = *(struct ann_definition *const *)b;
	int order = compare_spans(x->name, y->name);

	return order != 0 ? order : (x > y) - (x < y);
}

/* Makes names findable, and leads every definition to the first of its name. */
static bool index_names(struct reader *r)
{
	size_t count = 0;

	r->names = ann_resize_array(
		NULL, r->definitions.count, sizeof(struct ann_definition *));
	if (r->names == NULL) {
		return false;
	}
	for (size_t i = 0; i < r->definitions.count; i++) {
		if (r->definitions.all[i].wanted) {
			r->names[count++] = &r->definitions.all[i];
		}
	}
	qsort(r->names, count, sizeof(struct ann_definition *), compare_definitions);
	for (size_t i = 0; i < count; i++) {
		struct ann_definition *d = r->names[i];
		size_t n = r->name_count;

		if (n == 0 || !ann_span_equal(r->names[n - 1]->name, d->name)) {
			r->names[r->name_count++] = d;
		}
		d->first = r->names[r->name_count - 1];
	}
	return true;
}

static struct ann_definition *find(const struct reader *r, struct ann_span name)
{
	size_t low = 0;
	size_t high = r->name_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_spans(name, r->names[middle]->name);

		if (order == 0) {
			return r->names[middle];
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return NULL;
}

static enum ann_why value_of(const struct ann_definition *d, struct ann_integer *value)
{
	*value = d->value;
	if (d->state != ANN_DEFINITION_DONE) {
		return ANN_WHY_CYCLE;
	}
	return d->fault.why == ANN_WHY_NONE ? ANN_WHY_NONE : ANN_WHY_VALUELESS;
}

/* ann_name_cb: everything that a definition is made of is done, unless it is a cycle.
 */
static enum ann_why value_of_name(
	void *user, struct ann_span name, struct ann_integer *value)
{
	const struct ann_definition *d = find(user, name);

	return d == NULL ? ANN_WHY_UNKNOWN : value_of(d, value);
}

/* An enumerator without an expression of its own. */
static struct ann_fault count_on(
	const struct ann_definition *base, size_t offset, struct ann_integer *value)
{
	struct ann_fault fault = {value_of(base, value), base->name};
	bool negative = ann_integer_is_negative(*value);

	value->bits += offset;
	if (fault.why == ANN_WHY_NONE && !negative && value->bits < offset) {
		fault.why = ANN_WHY_OVERFLOW;
	}
	value->wide = value->wide || value->bits > UINT32_MAX;
	return fault;
}

static void evaluate(struct reader *r, struct ann_definition *d)
{
	const struct ann_definition *base = &r->definitions.all[d->base];

	if (base != d) {
		d->fault = count_on(base, d->offset, &d->value);
	} else if (d->expression.ptr == NULL) {
		d->fault = (struct ann_fault){ANN_WHY_COUNT, d->expression};
	} else {
		d->fault = ann_expression_value(
			d->expression, value_of_name, r, &d->value);
	}
	d->state = ANN_DEFINITION_DONE;
}

static bool push(struct reader *r, struct ann_definition *d)
{
	if (ann_grow((void **)&r->stack, &r->stack_room, r->depth, sizeof(*r->stack)) !=
		0) {
		return false;
	}
	r->stack[r->depth++] = (struct pending){d, ann_lexer(d->expression)};
	d->state = ANN_DEFINITION_OPEN;
	return true;
}

/* Something that the pending definition is made of and nobody looked at, or NULL. */
static struct ann_definition *next_part(const struct reader *r, struct pending *pending)
{
	struct ann_definition *base = &r->definitions.all[pending->definition->base];
	struct ann_token token;

	if (base->state == ANN_DEFINITION_NEW) {
		return base;
	}
	do {
		struct ann_definition *part;

		token = ann_lexer_next(&pending->ahead);
		part = token.kind == ANN_TOKEN_NAME ? find(r, token.text) : NULL;
		if (part != NULL && part->state == ANN_DEFINITION_NEW) {
			return part;
		}
	} while (token.kind != ANN_TOKEN_END);
	return NULL;
}

/*
 * Parts first, depth first, with a stack of our own: a chain may be as long as the
 * header. Nothing is scanned or evaluated twice.
 */
static bool resolve(struct reader *r, struct ann_definition *d)
{
	if (!push(r, d)) {
		return false;
	}
	while (r->depth > 0) {
		struct pending *top = &r->stack[r->depth - 1];
		struct ann_definition *part = next_part(r, top);

		if (part == NULL) {
			evaluate(r, top->definition);
			r->depth--;
		} else if (!push(r, part)) {
			return false;
		}
	}
	return true;
}

static bool resolve_all(struct reader *r)
{
	for (size_t i = 0; i < r->definitions.count; i++) {
		struct ann_definition *d = &r->definitions.all[i];

		if (d->wanted && d->state == ANN_DEFINITION_NEW && !resolve(r, d)) {
			return false;
		}
	}
	return true;
}

/* Bytes of a header may be anything; those of a note may go to a terminal. */
static void add_quoted(struct ann_buf *text, struct ann_span span)
{
	enum { MOST_BYTES = 40 };

	ann_buf_str(text, " \"");
	for (size_t i = 0; i < span.len && i < MOST_BYTES; i++) {
		bool plain = span.ptr[i] >= ' ' && span.ptr[i] <= '~';

		ann_buf_char(text, plain ? span.ptr[i] : '?');
	}
	ann_buf_str(text, span.len > MOST_BYTES ? "...\"" : "\"");
}

static void begin_note(struct reader *r, const struct ann_definition *d)
{
	ann_buf_clear(&r->text);
	ann_buf_str(&r->text, d->header->origin);
	ann_buf_printf(&r->text, ":%zu: ", d->line);
	ann_buf_span(&r->text, d->name);
	ann_buf_str(&r->text, ": ");
}

static bool end_note(struct reader *r)
{
	ann_buf_char(&r->text, '\0');
	if (r->text.failed) {
		return false;
	}
	if (r->note != NULL) {
		r->note(r->user, r->text.ptr);
	}
	return true;
}

static bool note_fault(struct reader *r, const struct ann_definition *d)
{
	begin_note(r, d);
	ann_buf_str(&r->text, ann_why_text(d->fault.why));
	if (d->fault.culprit.len > 0) {
		add_quoted(&r->text, d->fault.culprit);
	}
	return end_note(r);
}

static bool note_negative(struct reader *r, const struct ann_definition *d)
{
	begin_note(r, d);
	ann_buf_str(&r->text, "negative value -");
	ann_buf_u64(&r->text, -d->value.bits);
	return end_note(r);
}

/* A second definition is told only if it says something else than the first. */
static bool note_repeated(struct reader *r, const struct ann_definition *d)
{
	bool known = d->fault.why == ANN_WHY_NONE;
	bool first_known = d->first->fault.why == ANN_WHY_NONE;

	if (known == first_known && (!known || d->value.bits == d->first->value.bits)) {
		return true;
	}
	begin_note(r, d);
	ann_buf_str(&r->text, "defined otherwise in ");
	ann_buf_str(&r->text, d->first->header->origin);
	ann_buf_printf(&r->text, ":%zu, which counts", d->first->line);
	return end_note(r);
}

static bool add_code(struct ann_family_draft *draft, const struct ann_definition *d)
{
	char room[ANN_COMMENT_BYTES];
	struct ann_code code = {
		.value = d->value.bits,
		.name = d->name,
		.description = ann_comment_words(d->comment, room),
		.severity = d->value.bits == 0 ? ANN_SEVERITY_OK : ANN_SEVERITY_ERROR,
	};

	return ann_family_copy(draft, &code.name) == ANN_OK &&
	       ann_family_copy(draft, &code.description) == ANN_OK &&
	       ann_family_add(draft, &code) == ANN_OK;
}

/* Makes a code of the definition, or a note, or nothing. */
static bool tell(struct reader *r, struct ann_family_draft *draft,
	const struct ann_definition *d)
{
	if (!d->wanted || d->name.len < r->prefix.len ||
		(r->prefix.len > 0 &&
			memcmp(d->name.ptr, r->prefix.ptr, r->prefix.len) != 0)) {
		return true;
	}
	if (d->first != d) {
		return note_repeated(r, d);
	}
	if (d->fault.why != ANN_WHY_NONE) {
		return note_fault(r, d);
	}
	return ann_integer_is_negative(d->value) ? note_negative(r, d)
						 : add_code(draft, d);
}

/* The file names of the headers, as the source of the family. */
static bool add_head(
	struct ann_family_draft *draft, const struct ann_header *headers, size_t count)
{
	struct ann_buf names = {0};
	bool added;

	for (size_t i = 0; i < count; i++) {
		const char *slash = strrchr(headers[i].origin, '/');

		ann_buf_str(&names, i == 0 ? "" : ", ");
		ann_buf_str(&names, slash == NULL ? headers[i].origin : slash + 1);
	}
	added = !names.failed &&
		ann_family_head(draft,
			(struct ann_family_head){.source = ann_buf_all(&names)}) ==
			ANN_OK;
	ann_buf_deinit(&names);
	return added;
}

static bool fill(struct reader *r, struct ann_family_draft *draft)
{
	for (size_t i = 0; i < r->definitions.count; i++) {
		if (!tell(r, draft, &r->definitions.all[i])) {
			return false;
		}
	}
	return true;
}

enum ann_err ann_header_add(struct ann_codebook *book, struct ann_span family,
	const struct ann_header *headers, size_t count, struct ann_span prefix,
	ann_header_note_cb note, void *user, struct ann_error *err)
{
	struct reader r = {.prefix = prefix, .note = note, .user = user};
	struct ann_family_draft *draft = NULL;
	const char *origin = count == 0 ? "" : headers[0].origin;
	bool done = true;

	for (size_t i = 0; i < count && done; i++) {
		done = ann_definitions_scan(&r.definitions, &headers[i]);
	}
	done = done && index_names(&r) && resolve_all(&r) &&
	       ann_family_begin(&draft, family, origin) == ANN_OK &&
	       add_head(draft, headers, count) && fill(&r, draft);
	reader_deinit(&r);
	if (!done) {
		ann_family_free(draft);
		return ann_error_nomem(err);
	}
	return ann_family_end(book, draft) == ANN_OK ? ANN_OK : ann_error_nomem(err);
}
