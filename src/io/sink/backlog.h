/*
 * backlog - the last lines of a stream, for readers who come late.
 *
 * Shares its chunks with the queues. Bounded in lines and in bytes; what it gives
 * begins with a whole line.
 */
#ifndef IO_BACKLOG_H
#define IO_BACKLOG_H

#include "annotty/record.h"

struct ann_backlog_entry;

/* With both limits set, and all else zero, it is empty. */
struct ann_backlog {
	uint64_t most_lines; /* 0: it stays empty */
	uint64_t most_bytes;
	struct ann_backlog_entry *first, *last;
	uint64_t lines; /* that end in all entries */
	uint64_t bytes;
	bool torn;    /* the first entry begins in the middle of a line */
	bool in_line; /* the stream is in the middle of a line */
};

void ann_backlog_deinit(struct ann_backlog *backlog);

/* Without memory the backlog begins anew. */
void ann_backlog_add(struct ann_backlog *backlog, struct ann_chunk *chunk);

/*
 * Gives the last lines to a late reader: calls `take` with each chunk, which is
 * borrowed. Returns whether what follows begins in the middle of a line that the reader
 * has not seen the beginning of.
 */
bool ann_backlog_give(const struct ann_backlog *backlog,
	void (*take)(void *user, struct ann_chunk *chunk), void *user);

#endif
