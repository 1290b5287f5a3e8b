#include "io/crew.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS_MOST = 15 };

struct crew;

/* What a thread is given. */
struct member {
	struct crew *crew;
	void *worker;
};

struct crew {
	const struct ann_crew_ops *ops;
	void *user;
	void *const *workers;
	size_t count;
	pthread_t threads[THREADS_MOST];
	struct member members[THREADS_MOST];
	size_t started;      /* threads; guarded by `fetching` */
	atomic_bool stopped; /* nothing more is fetched or committed */

	pthread_mutex_t fetching;
	unsigned long fetched; /* pieces so far; guarded by `fetching` */

	pthread_mutex_t committing;
	pthread_cond_t turn;
	unsigned long committed; /* pieces so far; guarded by `committing` */
};

static void start_others(struct crew *crew);

/* False: the stream is over for this worker. `*piece` numbers the piece. */
static bool fetch(struct crew *crew, void *worker, unsigned long *piece)
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

static void commit(struct crew *crew, void *worker, unsigned long piece)
{
	pthread_mutex_lock(&crew->committing);
	while (crew->committed != piece) {
		pthread_cond_wait(&crew->turn, &crew->committing);
	}
	if (!atomic_load(&crew->stopped) && !crew->ops->commit(crew->user, worker)) {
		atomic_store(&crew->stopped, true);
		crew->ops->wake(crew->user);
	}
	crew->committed++;
	pthread_cond_broadcast(&crew->turn);
	pthread_mutex_unlock(&crew->committing);
}

static void serve(struct crew *crew, void *worker)
{
	unsigned long piece = 0;

	while (fetch(crew, worker, &piece)) {
		crew->ops->work(crew->user, worker);
		commit(crew, worker, piece);
	}
}

static void *serve_thread(void *argument)
{
	struct member *member = argument;

	serve(member->crew, member->worker);
	return NULL;
}

static void start_others(struct crew *crew)
{
	for (size_t i = 1; i < crew->count && i <= THREADS_MOST; i++) {
		crew->members[i - 1] = (struct member){crew, crew->workers[i]};
		if (pthread_create(&crew->threads[crew->started], NULL, serve_thread,
			    &crew->members[i - 1]) != 0) {
			return;
		}
		crew->started++;
	}
}

void ann_crew_run(
	const struct ann_crew_ops *ops, void *user, void *const *workers, size_t count)
{
	struct crew crew = {
		.ops = ops, .user = user, .workers = workers, .count = count};

	pthread_mutex_init(&crew.fetching, NULL);
	pthread_mutex_init(&crew.committing, NULL);
	pthread_cond_init(&crew.turn, NULL);
	serve(&crew, workers[0]);
	for (size_t i = 0; i < crew.started; i++) {
		pthread_join(crew.threads[i], NULL);
	}
	pthread_cond_destroy(&crew.turn);
	pthread_mutex_destroy(&crew.committing);
	pthread_mutex_destroy(&crew.fetching);
}
