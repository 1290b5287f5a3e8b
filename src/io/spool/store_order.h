/*
 * store_order - what is done with a spool in one go, so that a thread can do it.
 *
 * The story: whoever gives orders clears the last one, says what there is to do, has
 * it carried out, and looks at what has come of it. While it is carried out, all of it
 * belongs to the thread, and so does the spool.
 */
#ifndef IO_STORE_ORDER_H
#define IO_STORE_ORDER_H

#include "io/spool/spool.h"
#include "io/spool/store.h"

enum { ANN_STORE_ORDER_BYTES = 128 * 1024 }; /* appended by one, and a record more */

struct ann_store_outcome {
	bool opened; /* at last */
	bool acknowledged;
	enum ann_spool_answer appended;
	bool read; /* into `batch` */
	struct ann_spool_batch batch;
	struct ann_spool_totals held;
	struct ann_spool_totals dropped;
	struct ann_spool_totals damaged; /* gone with a damaged file */
	struct ann_error err;            /* the last failure */
};

struct ann_store_order {
	/* For all orders. */
	struct ann_spool *spool; /* NULL: not open */
	char *path;
	struct ann_spool_options options;
	size_t group_bytes; /* records are put together up to so many */

	/* What to do, in this order. */
	uint64_t acknowledge; /* up to this id; 0: nothing */
	size_t ended;         /* so many records */
	uint64_t ended_bytes;
	struct ann_spool_record *rows; /* to be appended; into staged chunks */
	size_t row_count;
	size_t row_room;
	size_t chunks; /* that are through with these rows */
	size_t at;     /* and the records of the next one */
	bool drop;     /* if it is full, the oldest records behind `after` */
	bool read;     /* behind `after` */
	bool close;
	uint64_t after;

	struct ann_store_outcome outcome;
};

void ann_store_order_deinit(struct ann_store_order *order);

/* Opens the spool, which an order does as well if it is not open. As ann_spool_open().
 */
ANN_MUST_USE enum ann_err ann_store_order_open(
	struct ann_store_order *order, struct ann_error *err);

/* Nothing is to be done, and nothing has come of it. */
void ann_store_order_clear(struct ann_store_order *order);

/* Adds rows of what the store has staged, and can stage, as far as there is memory. */
void ann_store_order_fill(struct ann_store_order *order, struct ann_store *store);

/* Blocks. */
void ann_store_order_carry_out(struct ann_store_order *order);

#endif
