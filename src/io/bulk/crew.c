#include "io/bulk/crew.h"

#include <pthread.h>
#include <stdatomic.h>

struct crew {
	const struct ann_crew_ops *ops;
	void *user;
	size_t count;        /* of workers */
	size_t threads_most; /* besides the calling one */
	atomic_bool stopped; /* nothing more is fetched or committed */

	pthread_mutex_t fetching;
	size_t fetched; /* pieces so far; guarded by `fetching`, as the next two */
	pthread_t threads[ANN_CREW_MOST];
	size_t started;

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t freed;
	void *idle[ANN_CREW_MOST]; /* workers without a piece */
	size_t idle_count;
	void *ready[ANN_CREW_MOST]; /* by the number of their piece: to be committed */
	size_t committed;           /* pieces so far */
	bool committing;            /* a thread is at it */
};

static void *serve(void *argument);

static void start_others(struct crew *crew)
{
	while (crew->started < crew->threads_most &&
		pthread_create(&crew->threads[crew->started], NULL, serve, crew) == 0) {
		crew->started++;
	}
}

/* False: the stream is over. `*piece` numbers the piece. */
static bool fetch(struct crew *crew, void *worker, size_t *piece)
{
	bool got = false;

	pthread_mutex_lock(&crew->fetching);
	if (!atomic_load(&crew->stopped)) {
		got = crew->ops->fetch(crew->user, worker);
		if (got) {
			*piece = crew->fetched++;
		}
		if (got && crew->started == 0 && crew->ops->busy(crew->user)) {
			start_others(crew);
		}
	}
	pthread_mutex_unlock(&crew->fetching);
	return got;
}

static void commit(struct crew *crew, void *worker)
{
	if (!atomic_load(&crew->stopped) && !crew->ops->commit(crew->user, worker)) {
		atomic_store(&crew->stopped, true);
		crew->ops->wake(crew->user);
	}
}

static void *take_idle(struct crew *crew)
{
	void *worker = NULL;

	pthread_mutex_lock(&crew->lock);
	while (crew->idle_count == 0) {
		pthread_cond_wait(&crew->freed, &crew->lock);
	}
	worker = crew->idle[--crew->idle_count];
	pthread_mutex_unlock(&crew->lock);
	return worker;
}

/* Commits what is ready, in order. Called and left with the lock held. */
static void commit_ready(struct crew *crew)
{
	for (;;) {
		size_t at = crew->committed % crew->count;
		void *worker = crew->ready[at];

		if (worker == NULL) {
			return;
		}
		pthread_mutex_unlock(&crew->lock);
		commit(crew, worker);
		pthread_mutex_lock(&crew->lock);
		crew->ready[at] = NULL;
		crew->committed++;
		crew->idle[crew->idle_count++] = worker;
		pthread_cond_signal(&crew->freed);
	}
}

/* The worker's piece can be committed, by this thread or by the one that is at it. */
static void hand_in(struct crew *crew, void *worker, size_t piece)
{
	pthread_mutex_lock(&crew->lock);
	crew->ready[piece % crew->count] = worker;
	if (!crew->committing) {
		crew->committing = true;
		commit_ready(crew);
		crew->committing = false;
	}
	pthread_mutex_unlock(&crew->lock);
}

static void *serve(void *argument)
{
	struct crew *crew = argument;
	size_t piece = 0;
	void *worker = take_idle(crew);

	while (fetch(crew, worker, &piece)) {
		crew->ops->work(crew->user, worker);
		hand_in(crew, worker, piece);
		worker = take_idle(crew);
	}
	pthread_mutex_lock(&crew->lock);
	crew->idle[crew->idle_count++] = worker;
	pthread_cond_signal(&crew->freed);
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

void ann_crew_run(const struct ann_crew_ops *ops, void *user, void *const *workers,
	size_t count, size_t threads)
{
	struct crew crew = {
		.ops = ops, .user = user, .count = count, .threads_most = threads - 1};

	while (crew.idle_count < count) {
		crew.idle[crew.idle_count] = workers[crew.idle_count];
		crew.idle_count++;
	}
	pthread_mutex_init(&crew.fetching, NULL);
	pthread_mutex_init(&crew.lock, NULL);
	pthread_cond_init(&crew.freed, NULL);
	(void)serve(&crew);
	for (size_t i = 0; i < crew.started; i++) {
		pthread_join(crew.threads[i], NULL);
	}
	pthread_cond_destroy(&crew.freed);
	pthread_mutex_destroy(&crew.lock);
	pthread_mutex_destroy(&crew.fetching);
}
