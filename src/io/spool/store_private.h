/*
 * store_private - what the two halves of a store share.
 */
#ifndef IO_STORE_PRIVATE_H
#define IO_STORE_PRIVATE_H

#include "io/spool/store.h"

/* How many records a chunk has, and record `at` of it. */
size_t ann_store_records(const struct ann_chunk *chunk);
struct ann_store_record ann_store_record_at(const struct ann_chunk *chunk, size_t at);

/* One more chunk leaves the queue. False: there is none, or no room for it. */
bool ann_store_stage(struct ann_store *store);

/* The first `count` of the staged chunks are through. */
void ann_store_unstage(struct ann_store *store, size_t count);

#endif
