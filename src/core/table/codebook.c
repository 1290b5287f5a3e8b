#include "annotty/codebook.h"

#include "annotty/alloc.h"

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

/* All codes of one value stand side by side in ann_codebook::by_value. */
struct value_slot {
	uint64_t value;
	uint32_t first;
	uint32_t count; /* 0: the slot is free */
};

/* The hash is compared first, for names lie all over the memory. */
struct name_slot {
	uint32_t hash;
	uint32_t
		code; /* place in ann_codebook::by_value, from 1; 0: the slot is free */
};

struct ann_codebook {
	struct ann_family_draft **families;
	size_t count;
	size_t room;
	void **kept; /* blocks that are freed with the book */
	size_t kept_count;
	size_t kept_room;
	const struct ann_code **by_value; /* sorted by value, then order of family */
	struct value_slot *values;        /* open addressing, a power of two of slots */
	struct name_slot *names;          /* the same */
	size_t mask;                      /* of both: slots less 1 */
};

static const char *const severity_names[] = {"ok", "info", "warning", "error"};

const char *ann_severity_name(enum ann_severity severity)
{
	return severity_names[severity];
}

bool ann_severity_parse(struct ann_span name, enum ann_severity *severity)
{
	for (size_t i = 0; i < ANN_LEN(severity_names); i++) {
		if (ann_span_is(name, severity_names[i])) {
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
	ann_free(book->by_value);
	ann_free(book->values);
	ann_free(book->names);
	book->by_value = NULL;
	book->values = NULL;
	book->names = NULL;
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

/* Finalizer of MurmurHash3 (public domain by Austin Appleby): spreads all bits. */
static size_t hash_value(uint64_t value)
{
	value ^= value >> 33;
	value *= 0xff51afd7ed558ccdULL;
	value ^= value >> 33;
	return (size_t)value;
}

/* Eight bytes at a time. */
static size_t hash_name(struct ann_span name)
{
	uint64_t hash = name.len;

	while (name.len > 0) {
		uint64_t bytes = 0;
		size_t len = name.len < sizeof(bytes) ? name.len : sizeof(bytes);

		memcpy(&bytes, name.ptr, len);
		hash = hash_value(hash ^ bytes);
		name.ptr += len;
		name.len -= len;
	}
	return hash;
}

/* Values that are near each other, as codes are, stand near each other. */
static size_t value_at(uint64_t value)
{
	return hash_value(value / 8) * 8 + value % 8;
}

/* Slots for `count` entries at a load of at most one half. */
static size_t slots_for(size_t count)
{
	size_t slots = 16;

	while (slots < count * 2) {
		slots *= 2;
	}
	return slots;
}

static struct value_slot *value_slot(const struct ann_codebook *book, uint64_t value)
{
	size_t at = value_at(value) & book->mask;

	while (book->values[at].count != 0 && book->values[at].value != value) {
		at = (at + 1) & book->mask;
	}
	return &book->values[at];
}

static struct name_slot *name_slot(
	const struct ann_codebook *book, struct ann_span name, uint32_t hash)
{
	size_t at = hash & book->mask;

	while (book->names[at].code != 0 &&
		(book->names[at].hash != hash ||
			!ann_span_equal(book->by_value[book->names[at].code - 1]->name,
				name))) {
		at = (at + 1) & book->mask;
	}
	return &book->names[at];
}

/*
 * Merges the codes of a family, which ascend, into the `count` that are there: from the
 * end, since there is room behind them. Equal values stay in the order of families.
 */
static void merge(
	struct ann_codebook *book, size_t count, const struct ann_family *family)
{
	const struct ann_code *codes = ann_family_codes(family);
	const struct ann_code **all = book->by_value;
	size_t left = family->count;

	for (size_t to = count + left; left > 0; to--) {
		if (count > 0 && all[count - 1]->value > codes[left - 1].value) {
			all[to - 1] = all[--count];
		} else {
			all[to - 1] = &codes[--left];
		}
	}
}

static void collect(struct ann_codebook *book)
{
	size_t total = 0;

	for (size_t f = 0; f < book->count; f++) {
		const struct ann_family *family = &book->families[f]->family;

		merge(book, total, family);
		total += family->count;
	}
}

static void index_value(struct ann_codebook *book, size_t at)
{
	struct value_slot *slot = value_slot(book, book->by_value[at]->value);

	if (slot->count++ == 0) {
		slot->value = book->by_value[at]->value;
		slot->first = (uint32_t)at;
	}
}

/* One symbol in two families: the first family keeps it. */
static void index_name(struct ann_codebook *book, size_t at)
{
	const struct ann_code *code = book->by_value[at];
	uint32_t hash = (uint32_t)hash_name(code->name);
	struct name_slot *slot = name_slot(book, code->name, hash);

	if (slot->code == 0 ||
		book->by_value[slot->code - 1]->family->order > code->family->order) {
		*slot = (struct name_slot){hash, (uint32_t)at + 1};
	}
}

enum ann_err ann_codebook_index(struct ann_codebook *book)
{
	size_t total = 0;

	for (size_t f = 0; f < book->count; f++) {
		total += book->families[f]->family.count;
	}
	drop_index(book);

	size_t slots = slots_for(total);

	book->by_value = ann_resize_array(NULL, total, sizeof(const struct ann_code *));
	book->values = ann_alloc(slots * sizeof(*book->values));
	book->names = ann_alloc(slots * sizeof(*book->names));
	if (book->by_value == NULL || book->values == NULL || book->names == NULL) {
		drop_index(book);
		return ANN_ENOMEM;
	}
	book->mask = slots - 1;
	collect(book);
	for (size_t i = 0; i < total; i++) {
		index_value(book, i);
		index_name(book, i);
	}
	return ANN_OK;
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
	const struct value_slot *slot = value_slot(book, value);

	*codes = book->by_value + slot->first;
	return slot->count;
}

const struct ann_code *ann_codebook_find_name(
	const struct ann_codebook *book, struct ann_span name)
{
	uint32_t code = name_slot(book, name, (uint32_t)hash_name(name))->code;

	return code == 0 ? NULL : book->by_value[code - 1];
}
