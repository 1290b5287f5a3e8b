/*
 * store - what waits for a collector that gets one record after the other.
 *
 * Chunks are put into it, records come out of it in the same order. A record that was
 * taken is under way until the collector has it: they end in the order in which they
 * were taken. With a spool all records go to disk before they are handed out, and leave
 * it when they have ended (io/spool/store_disk.h); without one they wait in memory.
 *
 * What is lost is counted in the base, and a record that says so is handed out.
 */
#ifndef IO_STORE_H
#define IO_STORE_H

#include "io/sink/collector.h"

enum { ANN_STORE_STAGED = 256 }; /* chunks that have left the queue */

struct ann_store_record {
	struct ann_span bytes; /* until the next call that is not const */
	uint64_t lines;        /* of sources: 0 or 1, but groups on disk have more */
	uint64_t id;           /* in the spool; 0: it is in memory */
};

struct ann_store_disk;

struct ann_store {
	struct ann_sink_base *base;
	void (*changed)(struct ann_sink_base *base);
	struct ann_queue *queue;
	/* What is on its way from the queue to disk, or handed out from memory. */
	struct ann_chunk *staged[ANN_STORE_STAGED];
	size_t staged_count;
	size_t at;                 /* records of the first one that are through */
	struct ann_chunk *apology; /* to be handed out */
	bool room;                 /* there is room in the queue again */
	/* Under way, oldest first; without their bytes, whose length is kept. */
	struct ann_store_record *sent;
	size_t window;
	size_t front;
	size_t count;
	struct ann_store_record next; /* what ann_store_next() has given */
	struct ann_store_disk *disk;  /* NULL: no spool */
};

struct ann_store_options {
	const struct ann_sink_context *context;
	const struct ann_endpoint *endpoint;
	const struct ann_collector_settings *settings;
	size_t window;      /* records under way at most */
	size_t group_bytes; /* on disk, records are put together up to so many */
	/* There may be a record again, or room: from the loop. */
	void (*changed)(struct ann_sink_base *base);
};

/* Before ann_sink_base_init(); to be deinitialised in any case. ANN_ENOMEM. */
ANN_MUST_USE enum ann_err ann_store_init(struct ann_store *store,
	struct ann_sink_base *base, const struct ann_store_options *options);
void ann_store_deinit(struct ann_store *store);

/* After ann_sink_base_init(); from now on it has to be closed. */
void ann_store_begin(struct ann_store *store);

/* Opens the spool, if there is one: ANN_ECONFIG, ANN_ESYS, ANN_ENOMEM. */
ANN_MUST_USE enum ann_err ann_store_open(
	struct ann_store *store, struct ann_error *err);

/* As ann_queue_put(). */
bool ann_store_put(struct ann_store *store, struct ann_chunk *chunk, bool can_wait);

/*
 * The record to be sent next; the same one until it is taken. False: there is none at
 * present, or too many are under way.
 */
bool ann_store_next(struct ann_store *store, struct ann_store_record *record);

/* The record of ann_store_next() is under way. */
void ann_store_taken(struct ann_store *store);

/* The oldest one under way, with the length of its bytes but without them, or NULL. */
const struct ann_store_record *ann_store_oldest(const struct ann_store *store);

/* The oldest one has ended: the collector has it, or it is lost. */
void ann_store_done(struct ann_store *store, bool delivered);

/*
 * The connection is lost, and those under way will be handed out again: from disk.
 * Those that are not there may be lost.
 */
void ann_store_rewind(struct ann_store *store);

/* True once when there is room after a put that was answered with false. */
bool ann_store_room(struct ann_store *store);

/* Nothing waits: all is under way or has ended. */
bool ann_store_is_handed_out(const struct ann_store *store);

/* Nothing waits and nothing is under way. */
bool ann_store_is_empty(const struct ann_store *store);

/* There is a spool, and what waits is there: the collector need not be waited for. */
bool ann_store_is_safe(const struct ann_store *store);

void ann_store_stats(const struct ann_store *store, struct ann_sink_stats *stats);

/*
 * Puts what is in memory into the spool and closes that; the base is held until it is
 * done. What cannot be put there is undelivered.
 */
void ann_store_close(struct ann_store *store);

/* Gives up what is in memory. Returns how many records that were, those under way
 * included. */
uint64_t ann_store_give_up(struct ann_store *store);

#endif
