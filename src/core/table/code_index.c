#include "table/code_index.h"

#include "annotty/alloc.h"

#include <stdatomic.h>
#include <string.h>

/* All codes of one value stand side by side in ann_code_index::codes. */
struct value_slot {
	uint32_t first;
	uint32_t count; /* 0: the slot is free */
};

/* The hash is compared first, for names lie all over the memory. */
struct name_slot {
	uint32_t hash;
	uint32_t code; /* place in ann_code_index::codes, from 1; 0: the slot is free */
};

/* Both tables are open addressing, with the same number of slots, a power of two. */
struct ann_code_index {
	const struct ann_code **codes; /* sorted by value, then order of family */
	size_t count;
	size_t mask; /* slots less 1 */
	struct value_slot *values;
	_Atomic(struct name_slot *) names; /* NULL until it is made */
};

/* Finalizer of MurmurHash3 (public domain by Austin Appleby): spreads all bits. */
static size_t hash_value(uint64_t value)
{
	value ^= value >> 33;
	value *= 0xff51afd7ed558ccdULL;
	value ^= value >> 33;
	return (size_t)value;
}

/* Eight bytes at a time. */
static uint32_t hash_name(struct ann_span name)
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
	return (uint32_t)hash;
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

static struct value_slot *value_slot(const struct ann_code_index *index, uint64_t value)
{
	size_t at = value_at(value) & index->mask;

	while (index->values[at].count != 0 &&
		index->codes[index->values[at].first]->value != value) {
		at = (at + 1) & index->mask;
	}
	return &index->values[at];
}

/* NULL: the slot is free. */
static const struct ann_code *code_of(
	const struct ann_code_index *index, const struct name_slot *slot)
{
	return slot->code == 0 ? NULL : index->codes[slot->code - 1];
}

static struct name_slot *name_slot(const struct ann_code_index *index,
	struct name_slot *names, struct ann_span name, uint32_t hash)
{
	size_t at = hash & index->mask;

	while (names[at].code != 0 &&
		(names[at].hash != hash ||
			!ann_span_equal(code_of(index, &names[at])->name, name))) {
		at = (at + 1) & index->mask;
	}
	return &names[at];
}

/*
 * Merges the codes of a family, which ascend, into those that are there: from the end,
 * since there is room behind them. Equal values stay in the order of families.
 */
static void merge(struct ann_code_index *index, const struct ann_family *family)
{
	const struct ann_code *codes = ann_family_codes(family);
	const struct ann_code **all = index->codes;
	size_t count = index->count;
	size_t left = family->count;

	index->count += left;
	for (size_t to = index->count; left > 0; to--) {
		if (count > 0 && all[count - 1]->value > codes[left - 1].value) {
			all[to - 1] = all[--count];
		} else {
			all[to - 1] = &codes[--left];
		}
	}
}

static void index_values(struct ann_code_index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		uint64_t value = index->codes[i]->value;
		struct value_slot *slot = value_slot(index, value);

		if (slot->count++ == 0) {
			slot->first = (uint32_t)i;
		}
	}
}

struct ann_code_index *ann_code_index_new(const struct ann_codebook *book)
{
	struct ann_code_index *index = ann_alloc(sizeof(*index));
	size_t families = ann_codebook_families(book);
	size_t total = 0;

	for (size_t i = 0; i < families; i++) {
		total += ann_codebook_family(book, i)->count;
	}
	if (index == NULL) {
		return NULL;
	}
	index->mask = slots_for(total) - 1;
	index->codes = ann_resize_array(NULL, total, sizeof(const struct ann_code *));
	index->values = ann_alloc((index->mask + 1) * sizeof(*index->values));
	if (index->codes == NULL || index->values == NULL) {
		ann_code_index_free(index);
		return NULL;
	}
	for (size_t i = 0; i < families; i++) {
		merge(index, ann_codebook_family(book, i));
	}
	index_values(index);
	return index;
}

void ann_code_index_free(struct ann_code_index *index)
{
	if (index != NULL) {
		ann_free(index->codes);
		ann_free(index->values);
		ann_free(atomic_load(&index->names));
		ann_free(index);
	}
}

size_t ann_code_index_find(const struct ann_code_index *index, uint64_t value,
	const struct ann_code *const **codes)
{
	const struct value_slot *slot = value_slot(index, value);

	*codes = index->codes + slot->first;
	return slot->count;
}

/* One symbol in two families: the first family keeps it. */
static bool goes_first(const struct ann_code *code, const struct ann_code *other)
{
	return other == NULL || code->family->order < other->family->order;
}

static struct name_slot *make_names(const struct ann_code_index *index)
{
	struct name_slot *names = ann_alloc((index->mask + 1) * sizeof(*names));

	for (size_t i = 0; names != NULL && i < index->count; i++) {
		const struct ann_code *code = index->codes[i];
		uint32_t hash = hash_name(code->name);
		struct name_slot *slot = name_slot(index, names, code->name, hash);

		if (goes_first(code, code_of(index, slot))) {
			*slot = (struct name_slot){hash, (uint32_t)i + 1};
		}
	}
	return names;
}

/* NULL: no memory. When several threads make it at a time, one's is kept. */
static struct name_slot *need_names(struct ann_code_index *index)
{
	struct name_slot *there = atomic_load(&index->names);

	if (there == NULL) {
		struct name_slot *made = make_names(index);

		if (atomic_compare_exchange_strong(&index->names, &there, made)) {
			return made;
		}
		ann_free(made);
	}
	return there;
}

/* Without the table of names. */
static const struct ann_code *look_for_name(
	const struct ann_code_index *index, struct ann_span name)
{
	const struct ann_code *found = NULL;

	for (size_t i = 0; i < index->count; i++) {
		const struct ann_code *code = index->codes[i];

		if (ann_span_equal(code->name, name) && goes_first(code, found)) {
			found = code;
		}
	}
	return found;
}

const struct ann_code *ann_code_index_find_name(
	struct ann_code_index *index, struct ann_span name)
{
	struct name_slot *names = need_names(index);

	return names == NULL
		       ? look_for_name(index, name)
		       : code_of(index, name_slot(index, names, name, hash_name(name)));
}
