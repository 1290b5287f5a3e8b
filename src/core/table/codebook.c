#include "annotty/codebook.h"

#include "annotty/alloc.h"
#include "table/code_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies of texts, in blocks that never move, so that spans into them stay valid. */
struct text_block {
	struct text_block *next; /* ann_family_draft::text */
	size_t used;
	size_t room;
	char bytes[];
};

struct ann_family_draft {
	struct ann_family family; /* first, so that a family leads back to its draft */
	struct ann_code *codes;   /* family.count of them */
	size_t room;              /* of `codes`, in codes */
	bool descends;            /* somewhere in `codes`, which are to be sorted */
	struct text_block *text;  /* newest first */
};

struct ann_codebook {
	struct ann_family_draft **families;
	size_t count;
	size_t room;
	void **kept; /* blocks that are freed with the book */
	size_t kept_count;
	size_t kept_room;
	struct ann_code_index *index; /* NULL: not made since something was added */
};

static const struct ann_span severity_names[] = {
	{"ok", 2},
	{"info", 4},
	{"warning", 7},
	{"error", 5},
};

const char *ann_severity_name(enum ann_severity severity)
{
	return severity_names[severity].ptr;
}

bool ann_severity_parse(struct ann_span name, enum ann_severity *severity)
{
	for (size_t i = 0; i < ANN_LEN(severity_names); i++) {
		if (ann_span_equal(name, severity_names[i])) {
			*severity = (enum ann_severity)i;
			return true;
		}
	}
	return false;
}

struct ann_hex ann_code_hex(uint64_t value)
{
	struct ann_hex hex;

	snprintf(hex.text, sizeof(hex.text), "0x%02llX", (unsigned long long)value);
	return hex;
}

struct ann_codebook *ann_codebook_new(void)
{
	return ann_alloc(sizeof(struct ann_codebook));
}

static void drop_index(struct ann_codebook *book)
{
	ann_code_index_free(book->index);
	book->index = NULL;
}

void ann_codebook_free(struct ann_codebook *book)
{
	if (book == NULL) {
		return;
	}
	for (size_t i = 0; i < book->count; i++) {
		ann_family_free(book->families[i]);
	}
	for (size_t i = 0; i < book->kept_count; i++) {
		ann_free(book->kept[i]);
	}
	drop_index(book);
	ann_free(book->kept);
	ann_free(book->families);
	ann_free(book);
}

enum ann_err ann_codebook_keep(struct ann_codebook *book, void *block)
{
	if (ann_grow((void **)&book->kept, &book->kept_room, book->kept_count,
		    sizeof(*book->kept)) != 0) {
		ann_free(block);
		return ANN_ENOMEM;
	}
	book->kept[book->kept_count++] = block;
	return ANN_OK;
}

enum ann_err ann_family_copy(struct ann_family_draft *draft, struct ann_span *span)
{
	enum { BLOCK_BYTES = 8192 };
	struct text_block *block = draft->text;
	size_t need = span->len + 1;

	if (block == NULL || block->room - block->used < need) {
		size_t room = need > BLOCK_BYTES ? need : BLOCK_BYTES;

		block = ann_resize_array(NULL, sizeof(*block) + room, 1);
		if (block == NULL) {
			return ANN_ENOMEM;
		}
		*block = (struct text_block){.next = draft->text, .room = room};
		draft->text = block;
	}
	char *copy = block->bytes + block->used;

	if (span->len > 0) {
		memcpy(copy, span->ptr, span->len);
	}
	copy[span->len] = '\0';
	block->used += need;
	span->ptr = copy;
	return ANN_OK;
}

enum ann_err ann_family_begin(
	struct ann_family_draft **draft, struct ann_span name, const char *origin)
{
	struct ann_family_draft *made = ann_alloc(sizeof(*made));
	struct ann_span from = ann_span(origin);

	if (made == NULL) {
		return ANN_ENOMEM;
	}
	made->family.name = name;
	if (ann_family_copy(made, &made->family.name) != ANN_OK ||
		ann_family_copy(made, &from) != ANN_OK) {
		ann_family_free(made);
		return ANN_ENOMEM;
	}
	made->family.origin = from.ptr;
	*draft = made;
	return ANN_OK;
}

void ann_family_free(struct ann_family_draft *draft)
{
	if (draft == NULL) {
		return;
	}
	while (draft->text != NULL) {
		struct text_block *next = draft->text->next;

		ann_free(draft->text);
		draft->text = next;
	}
	ann_free(draft->codes);
	ann_free(draft);
}

enum ann_err ann_family_head(
	struct ann_family_draft *draft, struct ann_family_head head)
{
	if (ann_family_copy(draft, &head.title) != ANN_OK ||
		ann_family_copy(draft, &head.source) != ANN_OK ||
		ann_family_copy(draft, &head.revision) != ANN_OK) {
		return ANN_ENOMEM;
	}
	draft->family.title = head.title;
	draft->family.source = head.source;
	draft->family.revision = head.revision;
	return ANN_OK;
}

enum ann_err ann_family_add(struct ann_family_draft *draft, const struct ann_code *code)
{
	size_t count = draft->family.count;

	if (ann_grow((void **)&draft->codes, &draft->room, count,
		    sizeof(*draft->codes)) != 0) {
		return ANN_ENOMEM;
	}
	draft->descends |= count > 0 && code->value < draft->codes[count - 1].value;
	draft->codes[count] = *code;
	draft->codes[count].family = &draft->family;
	draft->family.count++;
	return ANN_OK;
}

/* Codes of one family by value; equal values keep their order, which is by address. */
static int compare_pointers(const void *a, const void *b)
{
	const struct ann_code *x = *(const struct ann_code *const *)a;
	const struct ann_code *y = *(const struct ann_code *const *)b;

	if (x->value != y->value) {
		return x->value < y->value ? -1 : 1;
	}
	if (x->family != y->family) {
		return x->family->order < y->family->order ? -1 : 1;
	}
	return x < y ? -1 : x > y;
}

static enum ann_err sort_codes(struct ann_family_draft *draft)
{
	size_t count = draft->family.count;

	if (!draft->descends) {
		return ANN_OK;
	}
	const struct ann_code **order =
		ann_resize_array(NULL, count, sizeof(const struct ann_code *));
	struct ann_code *sorted = ann_resize_array(NULL, count, sizeof(*sorted));

	if (order == NULL || sorted == NULL) {
		ann_free(order);
		ann_free(sorted);
		return ANN_ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		order[i] = &draft->codes[i];
	}
	qsort(order, count, sizeof(const struct ann_code *), compare_pointers);
	for (size_t i = 0; i < count; i++) {
		sorted[i] = *order[i];
	}
	ann_free(order);
	ann_free(draft->codes);
	draft->codes = sorted;
	draft->room = count;
	return ANN_OK;
}

static struct ann_family_draft **find_draft(
	const struct ann_codebook *book, struct ann_span name)
{
	for (size_t i = 0; i < book->count; i++) {
		if (ann_span_equal(book->families[i]->family.name, name)) {
			return &book->families[i];
		}
	}
	return NULL;
}

static void number_families(struct ann_codebook *book)
{
	for (size_t i = 0; i < book->count; i++) {
		book->families[i]->family.order = i;
	}
}

enum ann_err ann_family_end(struct ann_codebook *book, struct ann_family_draft *draft)
{
	struct ann_family_draft **same = find_draft(book, draft->family.name);

	if (sort_codes(draft) != ANN_OK ||
		(same == NULL &&
			ann_grow((void **)&book->families, &book->room, book->count,
				sizeof(struct ann_family_draft *)) != 0)) {
		ann_family_free(draft);
		return ANN_ENOMEM;
	}
	drop_index(book);
	if (same != NULL) {
		ann_family_free(*same);
		*same = draft;
	} else {
		book->families[book->count++] = draft;
	}
	number_families(book);
	return ANN_OK;
}

enum ann_err ann_codebook_index(struct ann_codebook *book)
{
	drop_index(book);
	book->index = ann_code_index_new(book);
	return book->index == NULL ? ANN_ENOMEM : ANN_OK;
}

size_t ann_codebook_families(const struct ann_codebook *book)
{
	return book->count;
}

const struct ann_family *ann_codebook_family(const struct ann_codebook *book, size_t at)
{
	return &book->families[at]->family;
}

const struct ann_family *ann_codebook_family_named(
	const struct ann_codebook *book, struct ann_span name)
{
	struct ann_family_draft **draft = find_draft(book, name);

	return draft == NULL ? NULL : &(*draft)->family;
}

static const struct ann_family *family_like(
	const struct ann_codebook *book, struct ann_span name)
{
	const struct ann_family *best = NULL;
	unsigned least = (unsigned)(name.len / 2 + 1);

	for (size_t i = 0; i < book->count; i++) {
		const struct ann_family *family = &book->families[i]->family;
		unsigned distance = ann_span_distance(name, family->name);

		if (distance < least) {
			least = distance;
			best = family;
		}
	}
	return best;
}

enum ann_err ann_codebook_need_family(const struct ann_codebook *book,
	struct ann_span name, const struct ann_family **family, struct ann_error *err)
{
	const struct ann_family *near = NULL;

	*family = ann_codebook_family_named(book, name);
	if (*family != NULL) {
		return ANN_OK;
	}
	near = family_like(book, name);
	if (near == NULL) {
		return ann_error_set(err, ANN_ECONFIG, "unknown family \"%.*s\"",
			ANN_SPAN_ARG(name));
	}
	return ann_error_set(err, ANN_ECONFIG,
		"unknown family \"%.*s\"; did you mean \"%.*s\"?", ANN_SPAN_ARG(name),
		ANN_SPAN_ARG(near->name));
}

const struct ann_code *ann_family_codes(const struct ann_family *family)
{
	return ((const struct ann_family_draft *)family)->codes;
}

size_t ann_codebook_find(const struct ann_codebook *book, uint64_t value,
	const struct ann_code *const **codes)
{
	return ann_code_index_find(book->index, value, codes);
}

const struct ann_code *ann_codebook_find_name(
	const struct ann_codebook *book, struct ann_span name)
{
	return ann_code_index_find_name(book->index, name);
}
