/*
 * backlog - the last records of a stream, for readers who come late.
 *
 * Shares its chunks with the queues. Bounded in records and in bytes; always begins
 * with a whole record.
 */
#ifndef IO_BACKLOG_H
#define IO_BACKLOG_H

#include "annotty/record.h"

struct ann_backlog_entry;

/* With both limits set, and all else zero, it is empty. */
struct ann_backlog {
	uint64_t most_records; /* 0: it stays empty */
	uint64_t most_bytes;
	struct ann_backlog_entry *first, *last;
	uint64_t records; /* in all entries */
	uint64_t bytes;
	bool torn; /* the first record of the first entry is the end of a lost line */
	bool in_line; /* the stream is in the middle of a line */
};

void ann_backlog_deinit(struct ann_backlog *backlog);

/* Without memory the backlog begins anew. */
void ann_backlog_add(struct ann_backlog *backlog, struct ann_chunk *chunk);

/*
 * Gives the last records to a late reader: calls `take` with each chunk, which is
 * borrowed. Returns how many records of what follows the reader has to leave out,
 * because it has not seen how they began: 0 or 1.
 */
size_t ann_backlog_give(const struct ann_backlog *backlog,
	void (*take)(void *user, struct ann_chunk *chunk), void *user);

#endif
