/*
 * The happy path: a worker reads a block behind what the framer has kept, takes the
 * first batch of it (fetch), finds its hits and renders it for every output (work),
 * and, when it is its turn, counts the hits and writes (commit). See io/crew.h.
 *
 * Failures: an input that fails is told and ends like an ordinary one; an output that
 * fails, memory that runs out, and the last output's reader going away end the run.
 */
#include "io/filter.h"

#include "annotty/alloc.h"
#include "annotty/framer.h"
#include "annotty/lines.h"
#include "annotty/select.h"
#include "io/clock.h"
#include "io/crew.h"
#include "io/input.h"
#include "io/progress.h"
#include "io/signals.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	THREADS_MOST = 4,
	WORKERS_PER_THREAD = 3,
	WORKERS_MOST = THREADS_MOST * WORKERS_PER_THREAD,
	ALIGNED_BYTES = 64, /* where the kernel copies several times as fast to */
};

struct worker {
	struct filter *filter;
	char *memory; /* the block, and room to move its beginning */
	char *block;
	struct ann_scan *scan;
	struct ann_hits hits;
	struct ann_batch batch;         /* in `block` */
	const char *source;             /* of the batch */
	bool first_of_source;           /* its stream begins with this batch */
	bool quits;                     /* the batch ends with the line to quit on */
	struct ann_renderer *renderers; /* one for each output */
	struct ann_buf *rendered;       /* one for each output */
	enum ann_err failed;
};

struct filter {
	const struct ann_filter_options *options;
	struct ann_filter_result *result;
	ann_error_cb warn;
	struct ann_error *err;
	enum ann_err failed; /* of a commit; guarded by the crew's order */

	/* Fetching. */
	struct ann_framer framer;
	struct ann_input input;
	size_t next_input;
	bool counts; /* line numbers are needed */
	bool full_block;

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

/* `annotty log >> log` would never end. */
static enum ann_err check_no_output(const struct filter *f, struct ann_error *err)
{
	struct stat input;
	struct stat output;

	if (fstat(f->input.fd, &input) != 0 || !S_ISREG(input.st_mode)) {
		return ANN_OK;
	}
	for (size_t i = 0; i < f->options->output_count; i++) {
		if (fstat(f->options->outputs[i].fd, &output) == 0 &&
			output.st_dev == input.st_dev &&
			output.st_ino == input.st_ino) {
			return ann_error_set(err, ANN_ECONFIG,
				"%s: input file is also an output", f->input.name);
		}
	}
	return ANN_OK;
}

static enum ann_err open_input(
	struct filter *f, const char *spec, struct ann_error *err)
{
	enum ann_err failed = ann_input_open(&f->input, spec, err);

	if (failed == ANN_OK) {
		failed = check_no_output(f, err);
	}
	if (failed != ANN_OK) {
		ann_input_close(&f->input);
	}
	return failed;
}

/* False: there are no more inputs. */
static bool open_next_input(struct filter *f)
{
	struct ann_error story = {0};

	while (f->next_input < f->options->input_count) {
		const char *spec = f->options->inputs[f->next_input++];

		if (open_input(f, spec, &story) == ANN_OK) {
			ann_framer_deinit(&f->framer);
			ann_framer_init(&f->framer, f->options->line_limit, f->counts);
			return true;
		}
		f->result->input_failed = true;
		f->warn(NULL, &story);
	}
	return false;
}

/* More bytes behind the `*len` in the block. False: the input is over. */
static bool read_more(struct filter *f, struct worker *w, size_t *len)
{
	size_t room = ann_framer_block_bytes(&f->framer) - *len;
	struct ann_error story = {0};
	size_t got = 0;

	switch (ann_input_read(&f->input, w->block + *len, room,
		f->options->deadline_mono_ns, &got, &story)) {
	case ANN_INPUT_BYTES:
		f->full_block = got == room;
		*len += got;
		return true;
	case ANN_INPUT_STOPPED:
		f->result->timed_out |=
			f->options->deadline_mono_ns != 0 &&
			ann_clock_mono_ns() >= f->options->deadline_mono_ns;
		f->next_input = f->options->input_count;
		return false;
	case ANN_INPUT_FAILED:
		f->result->input_failed = true;
		f->warn(NULL, &story);
		return false;
	case ANN_INPUT_END:
		break;
	}
	return false;
}

/* Places the block so that what is read behind the `kept` bytes is aligned. */
static void align_block(struct worker *w, size_t kept)
{
	uintptr_t start = (uintptr_t)w->memory + kept;

	w->block = w->memory + (ALIGNED_BYTES - start % ALIGNED_BYTES);
}

/* The next batch of the input that is open. False: it had no more and is closed. */
static bool fetch_batch(struct filter *f, struct worker *w)
{
	size_t len = 0;
	bool final = false;

	align_block(w, f->framer.rest.len);
	len = ann_framer_begin(&f->framer, w->block);

	while (!ann_framer_next(
		&f->framer, (struct ann_span){w->block, len}, final, &w->batch)) {
		if (final) {
			ann_input_close(&f->input);
			return false;
		}
		final = !read_more(f, w, &len);
	}
	size_t taken = w->batch.bytes.len;

	w->failed = ann_framer_end(
		&f->framer, (struct ann_span){w->block + taken, len - taken});
	return true;
}

static bool fetch(void *user, void *worker)
{
	struct filter *f = user;
	struct worker *w = worker;

	w->first_of_source = false;
	while (f->input.fd < 0 || !fetch_batch(f, w)) {
		if (!open_next_input(f)) {
			return false;
		}
		w->first_of_source = true;
	}
	w->source = f->input.name;
	w->batch.wall_ns = ann_clock_wall_ns();
	w->batch.mono_ns = ann_clock_mono_ns();
	return true;
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

	if (f->full_block && !f->accelerating) {
		f->accelerating = pthread_create(&f->accelerator, NULL, accelerate,
					  f->options->matcher) == 0;
	}
	return f->full_block;
}

/* --- work ------------------------------------------------------------------------ */

static void render(struct worker *w, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count)
{
	for (size_t i = 0; i < w->filter->options->output_count; i++) {
		w->renderers[i].options.source = w->source;
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
	if (w->first_of_source) {
		f->shown_before |= f->shown;
		f->shown = false;
		ann_select_free(f->select);
		f->select = ann_select_new(f->options->before, f->options->after);
	}
	if (f->select == NULL) {
		return ANN_ENOMEM;
	}
	return ann_select_batch(
		f->select, &w->batch, w->hits.at, w->hits.count, show_run, w);
}

static void work(void *user, void *worker)
{
	struct filter *f = user;
	struct worker *w = worker;
	size_t stop = 0;

	for (size_t i = 0; i < f->options->output_count; i++) {
		ann_buf_clear(&w->rendered[i]);
	}
	if (w->failed == ANN_OK) {
		w->failed = ann_scan_batch(
			w->scan, w->batch.bytes, &w->hits, &stop, &w->quits);
	}
	if (w->failed != ANN_OK) {
		return;
	}
	w->batch.bytes.len = stop;
	if (f->options->only_matching) {
		w->failed = select_lines(f, w);
	} else {
		render(w, &w->batch, w->hits.at, w->hits.count);
	}
	for (size_t i = 0; i < f->options->output_count; i++) {
		if (w->rendered[i].failed) {
			w->failed = ANN_ENOMEM;
		}
	}
}

/* --- committing ------------------------------------------------------------------ */

static void tell_hits(const struct worker *w)
{
	uint64_t line = w->batch.seq;
	size_t at = 0;

	for (size_t i = 0; i < w->hits.count; i++) {
		const struct ann_hit *hit = &w->hits.at[i];
		struct ann_span between = {
			w->batch.bytes.ptr + at, hit->line_start - at};

		line += ann_lines_count(between);
		at = hit->line_start;
		fprintf(stderr, "%s:%llu: %s %.*s by rule %s\n", w->source,
			(unsigned long long)line,
			ann_code_hex(hit->codes[0]->value).text,
			ANN_SPAN_ARG(hit->codes[0]->name), hit->rule);
	}
}

static void count_hits(struct filter *f, const struct worker *w)
{
	const struct ann_filter_options *options = f->options;

	f->result->failed_on |=
		ann_fail_on_met(&options->fail_on, w->hits.at, w->hits.count);
	if (options->summary != NULL) {
		ann_summary_add(options->summary, w->source, &w->batch, w->hits.at,
			w->hits.count);
	}
	if (options->tell_rules) {
		tell_hits(w);
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

		if (reopen) {
			f->failed = ann_output_reopen(output, f->err);
		}
		if (f->failed == ANN_OK) {
			f->failed = ann_output_write(
				output, ann_buf_all(&w->rendered[i]), f->err);
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

	if (w->failed != ANN_OK) {
		f->failed = ann_error_nomem(f->err);
		return false;
	}
	count_hits(f, w);
	heard = write_outputs(f, w);
	f->done_bytes += w->batch.bytes.len;
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
	ann_hits_deinit(&w->hits);
	ann_scan_free(w->scan);
	ann_free(w->renderers);
	ann_free(w->rendered);
	ann_free(w->memory);
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
	w->memory = ann_resize_array(
		NULL, ann_framer_block_bytes(&f->framer) + ALIGNED_BYTES, 1);
	w->scan = ann_scan_new(options->matcher);
	w->renderers = ann_alloc(options->output_count * sizeof(*w->renderers));
	w->rendered = ann_alloc(options->output_count * sizeof(*w->rendered));
	if (w->memory == NULL || w->scan == NULL || w->renderers == NULL ||
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
	size_t wanted = 0;

	f->threads = threads_wanted(options);
	wanted = f->threads == 1 ? 1 : f->threads * WORKERS_PER_THREAD;

	f->counts = options->summary != NULL || options->tell_rules;
	for (size_t i = 0; i < options->output_count; i++) {
		f->counts |= options->renders[i].format == ANN_FORMAT_JSON;
	}
	ann_framer_init(&f->framer, options->line_limit, f->counts);
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
		f->result->given_up += ann_scan_given_up(f->workers[i]->scan);
		free_worker(f->workers[i]);
	}
	ann_input_close(&f->input);
	ann_select_free(f->select);
	ann_framer_deinit(&f->framer);
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
	struct filter f = {.options = options,
		.result = result,
		.warn = warn,
		.err = err,
		.input = {.fd = -1}};

	*result = (struct ann_filter_result){0};
	f.failed = set_up(&f);
	if (f.failed == ANN_OK) {
		ann_crew_run(
			&ops, &f, (void *const *)f.workers, f.worker_count, f.threads);
	}
	tear_down(&f);
	return f.failed;
}
