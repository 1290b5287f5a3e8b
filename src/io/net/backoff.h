/*
 * backoff - how long to wait before the next try.
 *
 * The wait doubles with every try, up to a limit, and the half of it is left to chance,
 * so that many who lost the same server do not come back all at once.
 */
#ifndef IO_BACKOFF_H
#define IO_BACKOFF_H

#include <stdint.h>

enum {
	ANN_BACKOFF_LEAST_MS = 100,  /* the usual first wait */
	ANN_BACKOFF_MOST_MS = 30000, /* the usual longest one */
	ANN_BACKOFF_LASTED_MS = 5000 /* a connection that held for so long was good */
};

struct ann_backoff {
	uint64_t least_ms;
	uint64_t most_ms;
	uint64_t now_ms; /* the next wait at its longest */
	uint64_t chance; /* of the generator */
};

/*
 * Waits from `least_ms` to `most_ms`, each at least 1; the larger of them is the limit.
 * Two with the same `seed` wait alike.
 */
void ann_backoff_init(struct ann_backoff *backoff, uint64_t least_ms, uint64_t most_ms,
	uint64_t seed);

/* The next wait: between the half of what it is at most, and that. Never 0. */
uint64_t ann_backoff_next(struct ann_backoff *backoff);

/*
 * A connection was lost after `lasted_ms`. After a good one the waits begin anew; one
 * that is lost at once is not better than none.
 */
void ann_backoff_lost(struct ann_backoff *backoff, uint64_t lasted_ms);

#endif
