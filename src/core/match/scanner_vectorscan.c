#include "match/scanner.h"

#include "annotty/alloc.h"

#include <hs/hs.h>

struct ann_vectorscan {
	hs_database_t *database;
	const struct ann_literal *literals;
};

/* One call to hs_scan(): what the callback needs. */
struct call {
	struct ann_triggers *triggers;
	const struct ann_literal *literals;
	struct ann_span batch;
};

static hs_database_t *compile(const struct ann_literal *literals, size_t count)
{
	const char **texts = ann_resize_array(NULL, count, sizeof(char *));
	size_t *lens = ann_resize_array(NULL, count, sizeof(*lens));
	unsigned *flags = ann_resize_array(NULL, count, sizeof(*flags));
	unsigned *ids = ann_resize_array(NULL, count, sizeof(*ids));
	hs_database_t *database = NULL;
	hs_compile_error_t *error = NULL;

	if (texts == NULL || lens == NULL || flags == NULL || ids == NULL) {
		goto free_arrays;
	}
	for (size_t i = 0; i < count; i++) {
		texts[i] = literals[i].text;
		lens[i] = literals[i].len;
		flags[i] = HS_FLAG_CASELESS;
		ids[i] = (unsigned)i;
	}
	if (hs_compile_lit_multi(texts, flags, ids, lens, (unsigned)count,
		    HS_MODE_BLOCK, NULL, &database, &error) != HS_SUCCESS) {
		hs_free_compile_error(error);
		database = NULL;
	}
free_arrays:
	ann_free(texts);
	ann_free(lens);
	ann_free(flags);
	ann_free(ids);
	return database;
}

struct ann_vectorscan *ann_vectorscan_new(
	const struct ann_literal *literals, size_t count)
{
	struct ann_vectorscan *made = NULL;

	if (count == 0 || hs_valid_platform() != HS_SUCCESS) {
		return NULL;
	}
	made = ann_alloc(sizeof(*made));
	if (made == NULL) {
		return NULL;
	}
	made->literals = literals;
	made->database = compile(literals, count);
	if (made->database == NULL) {
		ann_free(made);
		return NULL;
	}
	return made;
}

void ann_vectorscan_free(struct ann_vectorscan *database)
{
	if (database != NULL) {
		hs_free_database(database->database);
		ann_free(database);
	}
}

struct ann_vectorscan_space *ann_vectorscan_space_new(
	const struct ann_vectorscan *database)
{
	hs_scratch_t *scratch = NULL;

	if (hs_alloc_scratch(database->database, &scratch) != HS_SUCCESS) {
		return NULL;
	}
	return (struct ann_vectorscan_space *)scratch;
}

void ann_vectorscan_space_free(struct ann_vectorscan_space *space)
{
	hs_free_scratch((hs_scratch_t *)space);
}

static int on_literal(unsigned id, unsigned long long from, unsigned long long to,
	unsigned flags, void *context)
{
	struct call *call = context;

	(void)from; /* not reported without HS_FLAG_SOM_LEFTMOST; the length tells */
	(void)flags;
	ann_triggers_add(call->triggers, call->literals, call->batch, (size_t)to, id);
	return call->triggers->failed;
}

bool ann_vectorscan_scan(const struct ann_vectorscan *database,
	struct ann_vectorscan_space *space, struct ann_span batch,
	struct ann_triggers *triggers)
{
	struct call call = {triggers, database->literals, batch};

	triggers->count = 0;
	triggers->failed = false;
	return hs_scan(database->database, batch.ptr, (unsigned)batch.len, 0,
		       (hs_scratch_t *)space, on_literal, &call) == HS_SUCCESS;
}
