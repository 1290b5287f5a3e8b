/*
 * A line of text can come in several chunks: some that are `partial` and have no
 * record, and one whose first record is the line's end. When the front of such a line
 * goes, the rest of it is of no use.
 */
#include "io/backlog.h"

#include "annotty/alloc.h"

struct ann_backlog_entry {
	struct ann_backlog_entry *next; /* ann_backlog::first */
	struct ann_chunk *chunk;
};

static void remove_first(struct ann_backlog *backlog)
{
	struct ann_backlog_entry *first = backlog->first;

	backlog->torn = first->chunk->partial;
	backlog->records -= first->chunk->records;
	backlog->bytes -= first->chunk->bytes.len;
	backlog->first = first->next;
	if (backlog->first == NULL) {
		backlog->last = NULL;
		backlog->torn = false;
	}
	ann_chunk_unref(first->chunk);
	ann_free(first);
}

void ann_backlog_deinit(struct ann_backlog *backlog)
{
	while (backlog->first != NULL) {
		remove_first(backlog);
	}
}

/* True when there is enough without the first chunk, or too much with it. */
static bool can_go(const struct ann_backlog *backlog)
{
	const struct ann_chunk *first = backlog->first->chunk;
	/* The record that ends the line it begins would be of no use either. */
	uint64_t use = first->records + first->partial;

	return backlog->bytes > backlog->most_bytes ||
	       backlog->records >= backlog->most_records + use ||
	       (backlog->torn && first->records <= 1);
}

void ann_backlog_add(struct ann_backlog *backlog, struct ann_chunk *chunk)
{
	struct ann_backlog_entry *entry = NULL;
	bool torn = backlog->in_line && backlog->first == NULL;

	backlog->in_line = chunk->partial;
	if (backlog->most_records == 0 || (torn && chunk->records <= 1)) {
		return;
	}
	entry = ann_alloc(sizeof(*entry));
	if (entry == NULL) {
		ann_backlog_deinit(backlog);
		return;
	}
	entry->chunk = ann_chunk_ref(chunk);
	if (backlog->first == NULL) {
		backlog->first = entry;
		backlog->torn = torn;
	} else {
		backlog->last->next = entry;
	}
	backlog->last = entry;
	backlog->records += chunk->records;
	backlog->bytes += chunk->bytes.len;
	while (backlog->first != NULL && can_go(backlog)) {
		remove_first(backlog);
	}
}

size_t ann_backlog_give(const struct ann_backlog *backlog,
	void (*take)(void *user, struct ann_chunk *chunk), void *user)
{
	uint64_t whole = backlog->records - backlog->torn;
	uint64_t skip = backlog->torn;

	if (backlog->first == NULL) {
		return backlog->in_line;
	}
	if (whole > backlog->most_records) {
		skip += whole - backlog->most_records;
	}
	for (const struct ann_backlog_entry *entry = backlog->first; entry != NULL;
		entry = entry->next) {
		struct ann_chunk *chunk =
			skip == 0 ? ann_chunk_ref(entry->chunk)
				  : ann_chunk_tail(entry->chunk, (size_t)skip);

		if (chunk != NULL) {
			take(user, chunk);
		}
		ann_chunk_unref(chunk);
		skip = 0;
	}
	return 0;
}
