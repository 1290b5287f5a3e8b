/*
 * The happy path: a worker takes a piece from the intake (fetch), finds its hits and
 * renders it for every output (work), and, when it is its turn, counts the hits and
 * writes (commit). See io/bulk/crew.h.
 *
 * Failures: an output that fails, memory that runs out, and the last output's reader
 * going away end the run; an input that fails does not.
 */
#include "io/bulk/filter.h"

#include "annotty/alloc.h"
#include "annotty/select.h"
#include "io/bulk/crew.h"
#include "io/bulk/intake.h"
#include "io/bulk/progress.h"
#include "io/signals.h"
#include "io/tell_hits.h"

#include <pthread.h>
#include <unistd.h>

enum {
	THREADS_MOST = 4,
	WORKERS_PER_THREAD = 3,
	WORKERS_MOST = THREADS_MOST * WORKERS_PER_THREAD,
};

struct worker {
	struct filter *filter;
	struct ann_piece piece;
	bool quits;                     /* the batch ends with the line to quit on */
	struct ann_renderer *renderers; /* one for each output */
	struct ann_buf *rendered;       /* one for each output */
};

struct filter {
	const struct ann_filter_options *options;
	struct ann_filter_result *result;
	struct ann_error *err;
	enum ann_err failed;      /* of a commit; guarded by the crew's order */
	struct ann_intake intake; /* of whoever fetches */

	/* Committing. */
	struct ann_select *select; /* NULL: all lines are shown */
	bool shown_before;         /* lines of an earlier input have been shown */
	bool shown;                /* lines of this input have */
	struct ann_progress progress;
	uint64_t done_bytes;

	struct worker *workers[WORKERS_MOST];
	size_t worker_count;
	size_t threads;
	pthread_t accelerator;
	bool accelerating;
};

/* --- fetching -------------------------------------------------------------------- */

static bool fetch(void *user, void *worker)
{
	return ann_intake_fetch(
		&((struct filter *)user)->intake, &((struct worker *)worker)->piece);
}

static void *accelerate(void *matcher)
{
	ann_matcher_accelerate(matcher);
	return NULL;
}

/* A whole block at once is a file or a full pipe: worth all processors. */
static bool busy(void *user)
{
	struct filter *f = user;

	if (f->intake.full_block && !f->accelerating) {
		f->accelerating = pthread_create(&f->accelerator, NULL, accelerate,
					  f->options->matcher) == 0;
	}
	return f->intake.full_block;
}

/* --- work ------------------------------------------------------------------------ */

static void render(struct worker *w, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count)
{
	for (size_t i = 0; i < w->filter->options->output_count; i++) {
		w->renderers[i].options.source = w->piece.source;
		ann_render_batch(&w->renderers[i], batch, hits, count, &w->rendered[i]);
	}
}

static void show_run(void *user, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count, bool gap)
{
	struct worker *w = user;
	struct filter *f = w->filter;
	const struct ann_filter_options *options = f->options;

	gap |= f->shown_before && !f->shown;
	f->shown = true;
	for (size_t i = 0; gap && i < options->output_count; i++) {
		if (options->before + options->after > 0 &&
			options->renders[i].format != ANN_FORMAT_JSON) {
			ann_buf_str(&w->rendered[i], "--\n");
		}
	}
	render(w, batch, hits, count);
}

/* Only with one worker, so that the lines come in order. */
static enum ann_err select_lines(struct filter *f, struct worker *w)
{
	if (w->piece.first_of_source) {
		f->shown_before |= f->shown;
		f->shown = false;
		ann_select_free(f->select);
		f->select = ann_select_new(f->options->before, f->options->after);
	}
	if (f->select == NULL) {
		return ANN_ENOMEM;
	}
	return ann_select_batch(f->select, &w->piece.batch, w->piece.hits.at,
		w->piece.hits.count, show_run, w);
}

static void find_hits(struct worker *w)
{
	struct ann_piece *p = &w->piece;
	size_t stop = 0;

	p->failed = ann_scan_batch(p->scan, p->batch.bytes, &p->hits, &stop, &w->quits);
	p->batch.bytes.len = stop;
	if (p->batch.shown > 0) {
		ann_partial_tell(&p->ended, &p->hits);
	}
}

static void work(void *user, void *worker)
{
	struct filter *f = user;
	struct worker *w = worker;
	struct ann_piece *p = &w->piece;

	for (size_t i = 0; i < f->options->output_count; i++) {
		ann_buf_clear(&w->rendered[i]);
	}
	if (p->failed == ANN_OK && !p->batch.partial) {
		find_hits(w);
	}
	if (p->failed != ANN_OK) {
		return;
	}
	if (f->options->only_matching) {
		p->failed = select_lines(f, w);
	} else {
		render(w, &p->batch, p->hits.at, p->hits.count);
	}
	for (size_t i = 0; i < f->options->output_count; i++) {
		if (w->rendered[i].failed) {
			p->failed = ANN_ENOMEM;
		}
	}
}

/* --- committing ------------------------------------------------------------------ */

static void count_hits(struct filter *f, const struct ann_piece *p)
{
	const struct ann_filter_options *options = f->options;

	f->result->failed_on |=
		ann_fail_on_met(&options->fail_on, p->hits.at, p->hits.count);
	if (options->summary != NULL) {
		ann_summary_add(options->summary, p->source, &p->batch, p->hits.at,
			p->hits.count);
	}
	if (options->tell_rules) {
		ann_tell_hits(p->source, &p->batch, p->hits.at, p->hits.count);
	}
}

/* False: no output is open any more. */
static bool write_outputs(struct filter *f, struct worker *w)
{
	const struct ann_filter_options *options = f->options;
	bool reopen = ann_signals_take_reopen();
	size_t open = 0;

	for (size_t i = 0; i < options->output_count && f->failed == ANN_OK; i++) {
		struct ann_output *output = &options->outputs[i];
		struct ann_span bytes = ann_buf_all(&w->rendered[i]);

		if (reopen) {
			f->failed = ann_output_reopen(output, f->err);
		}
		if (f->failed == ANN_OK) {
			f->failed = ann_output_write(output, bytes, f->err);
		}
		if (output->path == NULL && bytes.len > 0) {
			f->result->half_line = bytes.ptr[bytes.len - 1] != '\n';
		}
		open += output->fd >= 0;
	}
	return open > 0;
}

static bool commit(void *user, void *worker)
{
	struct filter *f = user;
	struct worker *w = worker;
	bool heard = false;

	if (w->piece.failed != ANN_OK) {
		f->failed = ann_error_nomem(f->err);
		return false;
	}
	if (!w->piece.batch.partial) {
		count_hits(f, &w->piece);
		f->done_bytes += w->piece.batch.bytes.len;
	}
	heard = write_outputs(f, w);
	if (f->options->progress) {
		ann_progress_update(&f->progress, f->done_bytes);
	}
	f->result->quit = w->quits;
	return heard && !w->quits && f->failed == ANN_OK;
}

static void wake(void *user)
{
	(void)user;
	ann_signals_wake();
}

/* --- setting up ------------------------------------------------------------------ */

static void free_worker(struct worker *w)
{
	if (w == NULL) {
		return;
	}
	for (size_t i = 0; w->rendered != NULL && i < w->filter->options->output_count;
		i++) {
		ann_buf_deinit(&w->rendered[i]);
	}
	ann_piece_deinit(&w->piece);
	ann_free(w->renderers);
	ann_free(w->rendered);
	ann_free(w);
}

static struct worker *new_worker(struct filter *f)
{
	const struct ann_filter_options *options = f->options;
	struct worker *w = ann_alloc(sizeof(*w));

	if (w == NULL) {
		return NULL;
	}
	w->filter = f;
	w->renderers = ann_alloc(options->output_count * sizeof(*w->renderers));
	w->rendered = ann_alloc(options->output_count * sizeof(*w->rendered));
	if (ann_piece_init(&w->piece, &f->intake) != ANN_OK || w->renderers == NULL ||
		w->rendered == NULL) {
		free_worker(w);
		return NULL;
	}
	for (size_t i = 0; i < options->output_count; i++) {
		ann_renderer_init(&w->renderers[i], &options->renders[i]);
	}
	return w;
}

/* Two at least, so that one reads or writes while the other scans. */
static size_t threads_wanted(const struct ann_filter_options *options)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	bool single = options->single || options->only_matching;

	if (single || online < 2) {
		return single ? 1 : 2;
	}
	return online < THREADS_MOST ? (size_t)online : THREADS_MOST;
}

static enum ann_err set_up(struct filter *f)
{
	const struct ann_filter_options *options = f->options;
	size_t threads = threads_wanted(options);
	size_t wanted = threads == 1 ? 1 : threads * WORKERS_PER_THREAD;

	f->threads = threads;
	ann_progress_start(&f->progress, options->progress_bytes);
	while (f->worker_count < wanted) {
		struct worker *w = new_worker(f);

		if (w == NULL) {
			return ann_error_nomem(f->err);
		}
		f->workers[f->worker_count++] = w;
	}
	return ANN_OK;
}

static void tear_down(struct filter *f)
{
	if (f->accelerating) {
		pthread_join(f->accelerator, NULL);
	}
	if (f->options->progress) {
		ann_progress_end(&f->progress);
	}
	for (size_t i = 0; i < f->worker_count; i++) {
		f->result->given_up += ann_scan_given_up(f->workers[i]->piece.scan);
		free_worker(f->workers[i]);
	}
	ann_select_free(f->select);
	ann_intake_deinit(&f->intake);
}

enum ann_err ann_filter_run(const struct ann_filter_options *options,
	struct ann_filter_result *result, ann_error_cb warn, struct ann_error *err)
{
	static const struct ann_crew_ops ops = {
		.fetch = fetch,
		.work = work,
		.commit = commit,
		.busy = busy,
		.wake = wake,
	};
	struct filter f = {.options = options, .result = result, .err = err};

	*result = (struct ann_filter_result){0};
	ann_intake_init(&f.intake, options, result, warn);
	f.failed = set_up(&f);
	if (f.failed == ANN_OK) {
		ann_crew_run(
			&ops, &f, (void *const *)f.workers, f.worker_count, f.threads);
	}
	tear_down(&f);
	return f.failed;
}
