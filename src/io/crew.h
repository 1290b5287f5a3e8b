/*
 * crew - several workers share one stream and keep its order.
 *
 * Each piece of the stream is fetched by one worker (one at a time, in order), worked
 * on (side by side) and committed (one at a time, in the order of fetching). Reading,
 * scanning and writing so overlap, and no queue stands between them.
 *
 * The first worker is the calling thread. The others are started only when it finds
 * that there is enough to do: a short or slow stream never sees a second thread.
 */
#ifndef IO_CREW_H
#define IO_CREW_H

#include "annotty/error.h"

#include <stddef.h>

struct ann_crew_ops {
	/* Gets the next piece. False: there is none, and there will be none. */
	bool (*fetch)(void *user, void *worker);
	void (*work)(void *user, void *worker);
	/* False: stop; pieces fetched later are dropped. */
	bool (*commit)(void *user, void *worker);
	/* Asked after a fetch until it says yes: is the stream worth more workers? */
	bool (*busy)(void *user);
	/* Called once, by a committing worker, when others may be waiting in fetch. */
	void (*wake)(void *user);
};

/*
 * Runs to the end of the stream with up to `count` workers, `workers[0]` on this
 * thread. Threads that cannot be started are done without.
 */
void ann_crew_run(
	const struct ann_crew_ops *ops, void *user, void *const *workers, size_t count);

#endif
