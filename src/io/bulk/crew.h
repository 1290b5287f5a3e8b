/*
 * crew - several threads share one stream and keep its order.
 *
 * Each piece of the stream is fetched into a worker (one at a time, in order), worked
 * on (side by side) and committed (one at a time, in the order of fetching). Reading,
 * scanning and writing so overlap. There are more workers than threads: a thread whose
 * piece has to wait for an earlier one leaves it to whoever commits that, and goes on
 * with another worker.
 *
 * The first thread is the calling one. The others are started only when it finds that
 * there is enough to do: a short or slow stream never sees a second thread.
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
	/* Asked after a fetch until it says yes: is the stream worth more threads? */
	bool (*busy)(void *user);
	/* Called once, by a committing thread, when others may be waiting in fetch. */
	void (*wake)(void *user);
};

/*
 * Runs to the end of the stream with up to `threads` threads, this one among them, and
 * `count` workers, at least one for each of them and ANN_CREW_MOST at most. Threads
 * that cannot be started are done without.
 */
enum { ANN_CREW_MOST = 16 };
void ann_crew_run(const struct ann_crew_ops *ops, void *user, void *const *workers,
	size_t count, size_t threads);

#endif
