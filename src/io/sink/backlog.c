/*
 * A line can come in several chunks. When the front of it goes, the rest of it is of no
 * use: the first entry is then `torn`, and its first line is not counted as whole.
 */
#include "io/sink/backlog.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"

struct ann_backlog_entry {
	struct ann_backlog_entry *next; /* ann_backlog::first */
	struct ann_chunk *chunk;
	uint64_t lines; /* that end in it */
	bool open;      /* its last line does not */
};

static bool ends_open(struct ann_span bytes)
{
	char last = bytes.len == 0 ? '\n' : bytes.ptr[bytes.len - 1];

	return last != '\n' && last != '\r';
}

/* Where the line behind the first `count` ones begins. */
static size_t skip_lines(struct ann_span bytes, uint64_t count)
{
	size_t at = 0;

	for (uint64_t i = 0; i < count && at < bytes.len; i++) {
		at = ann_line_at(bytes, at).next;
	}
	return at;
}

static void remove_first(struct ann_backlog *backlog)
{
	struct ann_backlog_entry *first = backlog->first;

	backlog->torn = first->open;
	backlog->lines -= first->lines;
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

/* True when there is enough without the first entry, too much with it, or no use in it.
 */
static bool can_go(const struct ann_backlog *backlog)
{
	const struct ann_backlog_entry *first = backlog->first;

	return backlog->bytes > backlog->most_bytes ||
	       backlog->lines >= backlog->most_lines + first->lines + first->open ||
	       (backlog->torn && first->lines + first->open <= 1);
}

static struct ann_backlog_entry *new_entry(struct ann_chunk *chunk)
{
	struct ann_backlog_entry *entry = ann_alloc(sizeof(*entry));

	if (entry != NULL) {
		entry->chunk = ann_chunk_ref(chunk);
		entry->lines = ann_lines_count(chunk->bytes);
		entry->open = ends_open(chunk->bytes);
	}
	return entry;
}

static void append(struct ann_backlog *backlog, struct ann_backlog_entry *entry)
{
	if (backlog->first == NULL) {
		backlog->first = entry;
		backlog->torn = backlog->in_line;
	} else {
		backlog->last->next = entry;
	}
	backlog->last = entry;
	backlog->lines += entry->lines;
	backlog->bytes += entry->chunk->bytes.len;
}

void ann_backlog_add(struct ann_backlog *backlog, struct ann_chunk *chunk)
{
	struct ann_backlog_entry *entry =
		backlog->most_lines == 0 ? NULL : new_entry(chunk);

	if (entry == NULL) {
		ann_backlog_deinit(backlog);
	} else {
		append(backlog, entry);
	}
	while (backlog->first != NULL && can_go(backlog)) {
		remove_first(backlog);
	}
	backlog->in_line = ends_open(chunk->bytes);
}

bool ann_backlog_give(const struct ann_backlog *backlog,
	void (*take)(void *user, struct ann_chunk *chunk), void *user)
{
	uint64_t whole = backlog->lines - backlog->torn;
	uint64_t skip = backlog->torn;

	if (backlog->first == NULL) {
		return backlog->in_line;
	}
	if (whole > backlog->most_lines) {
		skip += whole - backlog->most_lines;
	}
	for (const struct ann_backlog_entry *entry = backlog->first; entry != NULL;
		entry = entry->next) {
		size_t start = skip_lines(entry->chunk->bytes, skip);
		struct ann_chunk *chunk = start == 0
						  ? ann_chunk_ref(entry->chunk)
						  : ann_chunk_tail(entry->chunk, start);

		if (chunk != NULL) {
			take(user, chunk);
		}
		ann_chunk_unref(chunk);
		skip = 0;
	}
	return false;
}
