/*
 * queue - chunks that wait for a slow reader, bounded in bytes.
 *
 * The bound also holds for the number of chunks: as many as if each had 16 bytes, and
 * some more.
 *
 * Lines are dropped whole. Of a line that comes in several chunks (ann_chunk::partial)
 * the rest goes with the piece that is dropped; if its front has been written already,
 * a LF ends it there.
 */
#ifndef ANNOTTY_QUEUE_H
#define ANNOTTY_QUEUE_H

#include "annotty/record.h"

enum ann_queue_policy {
	ANN_QUEUE_BLOCK,       /* sources that can wait do, and none of their chunks is
				  dropped; for others, drop-oldest among themselves */
	ANN_QUEUE_DROP_OLDEST, /* what has waited longest goes */
	ANN_QUEUE_DROP_NEWEST, /* what comes goes */
};

/* For ANN_KEY_WORD: block, drop-oldest, drop-newest. */
extern const char *const ann_queue_policies[];

enum { ANN_QUEUE_BYTES = 1 << 20 }; /* the default limit */

struct ann_queue_options {
	enum ann_queue_policy policy;
	uint64_t limit_bytes;
	/* As ann_sink_events::announce; NULL: drops are only counted. */
	struct ann_chunk *(*announce)(void *user, uint64_t lines, uint64_t bytes);
	void *user;
};

struct ann_queue;

/* NULL: no memory. */
struct ann_queue *ann_queue_new(const struct ann_queue_options *options);
void ann_queue_free(struct ann_queue *queue);

/*
 * Takes a reference to the chunk, drops it, or drops older ones, as the policy says. A
 * chunk larger than the limit is taken by an empty queue. Returns false when the queue
 * is at its limit afterwards: sources that can wait should. Where something was
 * dropped, an announcement stands in its place once the queue goes on.
 */
bool ann_queue_put(struct ann_queue *queue, struct ann_chunk *chunk, bool can_wait);

/*
 * The chunk at the front, or NULL. It stays where it is, and is not dropped any more,
 * until ann_queue_pop(): some of it may have been written.
 */
struct ann_chunk *ann_queue_front(struct ann_queue *queue);

/*
 * Takes the front off and drops the queue's reference. True when the queue has just
 * become less than half full after a put that returned false: tell `room`.
 */
bool ann_queue_pop(struct ann_queue *queue);

/*
 * The front goes back to not having been begun (the peer was lost): it may be dropped
 * again, and is the next one to be written from its beginning. The rest of a line whose
 * front has been popped is dropped: the next peer would take it for a line.
 */
void ann_queue_rewind(struct ann_queue *queue);

uint64_t ann_queue_bytes(const struct ann_queue *queue);         /* waiting */
uint64_t ann_queue_dropped_lines(const struct ann_queue *queue); /* ever */
uint64_t ann_queue_dropped_bytes(const struct ann_queue *queue); /* ever */

#endif
