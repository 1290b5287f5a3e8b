#include "annotty/tally.h"

#include "annotty/alloc.h"

void ann_tally_deinit(struct ann_tally *tally)
{
	for (size_t i = 0; i < tally->count; i++) {
		ann_free(tally->at[i].family);
		ann_free(tally->at[i].name);
	}
	ann_free(tally->at);
	*tally = (struct ann_tally){0};
}

/* Few different codes come; the value tells most of them apart at once. */
static struct ann_tally_entry *find(
	struct ann_tally *tally, const struct ann_code *code)
{
	for (size_t i = 0; i < tally->count; i++) {
		struct ann_tally_entry *entry = &tally->at[i];

		if (entry->value == code->value &&
			ann_span_is(code->name, entry->name) &&
			ann_span_is(code->family->name, entry->family)) {
			return entry;
		}
	}
	return NULL;
}

static struct ann_tally_entry *add(struct ann_tally *tally, const struct ann_code *code)
{
	const struct ann_span *family = &code->family->name;
	struct ann_tally_entry made = {
		.family = ann_copy(family->ptr, family->len),
		.name = ann_copy(code->name.ptr, code->name.len),
		.value = code->value,
		.severity = code->severity,
	};

	if (made.family == NULL || made.name == NULL ||
		ann_grow((void **)&tally->at, &tally->room, tally->count,
			sizeof(made)) != 0) {
		ann_free(made.family);
		ann_free(made.name);
		return NULL;
	}
	tally->at[tally->count] = made;
	return &tally->at[tally->count++];
}

void ann_tally_add(struct ann_tally *tally, const struct ann_hit *hits, size_t count,
	uint64_t wall_ns)
{
	for (size_t i = 0; i < count; i++) {
		const struct ann_code *code = hits[i].codes[0];
		struct ann_tally_entry *entry = find(tally, code);

		if (entry == NULL) {
			entry = add(tally, code);
		}
		if (entry == NULL) {
			tally->lost++;
			continue;
		}
		entry->count++;
		entry->last_wall_ns = wall_ns;
	}
}
