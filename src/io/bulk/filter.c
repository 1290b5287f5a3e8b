/*
 * The happy path: a worker reads a block behind what the framer has kept, takes the
 * first batch of it (fetch), finds its hits and renders it for every output (work),
 * and, when it is its turn, counts the hits and writes (commit). See io/bulk/crew.h.
 *
 * When a slow input has been silent in mid-line, what can be shown of the line is a
 * batch as well (annotty/partial.h), whose hits are found in fetch already, where the
 * order is.
 *
 * Failures: an input that fails is told and ends like an ordinary one; an output that
 * fails, memory that runs out, and the last output's reader going away end the run.
 */
#include "io/bulk/filter.h"

#include "annotty/alloc.h"
#include "annotty/framer.h"
#include "annotty/partial.h"
#include "annotty/select.h"
#include "io/bulk/crew.h"
#include "io/bulk/input.h"
#include "io/bulk/progress.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/signals.h"
#include "io/tell_hits.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	THREADS_MOST = 4,
	WORKERS_PER_THREAD = 3,
	WORKERS_MOST = THREADS_MOST * WORKERS_PER_THREAD,
	NS_PER_MS = 1000000,
};

struct worker {
	struct filter *filter;
	char *memory; /* the block, and room to move its beginning */
	char *block;
	struct ann_scan *scan;
	struct ann_hits hits;
	struct ann_batch batch;         /* in `block` */
	struct ann_partial ended;       /* what has been shown of its line */
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

	/* Half lines. */
	bool shows_half;            /* some output does */
	struct ann_partial partial; /* of the half line */
	uint64_t began_wall_ns;     /* when what was shown first had been read */
	uint64_t began_mono_ns;
	uint64_t read_mono_ns; /* the last bytes */
	uint64_t due_mono_ns;  /* the half line is shown then; 0: not again */

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

static void note_read(struct filter *f)
{
	if (f->shows_half) {
		f->read_mono_ns = ann_clock_mono_ns();
		f->due_mono_ns = f->read_mono_ns + (uint64_t)ANN_IDLE_MS * NS_PER_MS;
	}
}

/* More bytes behind the `*len` in the block. */
static enum ann_input_event read_more(struct filter *f, struct worker *w, size_t *len)
{
	const struct ann_input_wait wait = {
		.silent_mono_ns = *len > 0 ? f->due_mono_ns : 0,
		.deadline_mono_ns = f->options->deadline_mono_ns,
	};
	size_t room = ann_framer_block_bytes(&f->framer) - *len;
	struct ann_error story = {0};
	size_t got = 0;
	enum ann_input_event event =
		ann_input_read(&f->input, w->block + *len, room, &wait, &got, &story);

	switch (event) {
	case ANN_INPUT_BYTES:
		f->full_block = got == room;
		*len += got;
		note_read(f);
		break;
	case ANN_INPUT_STOPPED:
		f->result->timed_out |=
			f->options->deadline_mono_ns != 0 &&
			ann_clock_mono_ns() >= f->options->deadline_mono_ns;
		f->next_input = f->options->input_count;
		break;
	case ANN_INPUT_FAILED:
		f->result->input_failed = true;
		f->warn(NULL, &story);
		break;
	case ANN_INPUT_SILENT:
	case ANN_INPUT_END:
		break;
	}
	return event;
}

/* Whether the half line is what the matcher is to stop at, such as a prompt. */
static bool stops_at(const struct worker *w, struct ann_span line)
{
	line.len -= line.len > 0 && line.ptr[line.len - 1] == '\r';
	return ann_scan_stops(w->scan, line);
}

/*
 * What is to be shown of the half line becomes the batch. False: nothing is, or
 * (`*over`) it is to be taken for a line, the last one.
 */
static bool fetch_half(struct filter *f, struct worker *w, size_t len, bool *over)
{
	struct ann_span line = {w->block, len};
	uint64_t late_ns = f->read_mono_ns + (uint64_t)ANN_LATE_MS * NS_PER_MS;
	bool late = f->due_mono_ns >= late_ns;
	bool stops = stops_at(w, line);
	bool first = f->partial.shown == 0;

	*over = stops && late;
	if (*over) {
		return false;
	}
	bool some = ann_partial_show(&f->partial, w->scan, line, late, &w->batch);
	struct ann_hits hits = w->hits;

	f->due_mono_ns = (f->partial.held || stops) && !late ? late_ns : 0;
	if (!some) {
		return false;
	}
	w->hits = f->partial.hits;
	f->partial.hits = hits;
	w->batch.offset = f->framer.offset;
	w->batch.seq = f->framer.seq;
	if (first) {
		f->began_wall_ns = ann_clock_wall_ns();
		f->began_mono_ns = ann_clock_mono_ns();
	}
	return true;
}

/* The next lines. What has been shown of the first one is told. */
static bool take_lines(
	struct filter *f, struct worker *w, struct ann_span bytes, bool final)
{
	if (f->partial.shown == 0) {
		return ann_framer_next(&f->framer, bytes, final, &w->batch);
	}
	if (!ann_framer_next_line(&f->framer, bytes, final, &w->batch)) {
		return false;
	}
	ann_partial_end(&f->partial, &w->batch, &w->ended);
	return true;
}

/* Places the block so that what is read behind the `kept` bytes is aligned. */
static void align_block(struct worker *w, size_t kept)
{
	uintptr_t start = (uintptr_t)w->memory + kept;

	w->block = w->memory + (ANN_READ_ALIGN - start % ANN_READ_ALIGN);
}

/* The next batch of the input that is open. False: it had no more and is closed. */
static bool fetch_batch(struct filter *f, struct worker *w)
{
	size_t len = 0;
	size_t taken = 0;
	bool final = false;
	bool half = false;

	align_block(w, f->framer.rest.len);
	len = ann_framer_begin(&f->framer, w->block);
	while (!half && !take_lines(f, w, (struct ann_span){w->block, len}, final)) {
		enum ann_input_event event = ANN_INPUT_END;

		if (final) {
			ann_input_close(&f->input);
			return false;
		}
		event = read_more(f, w, &len);
		final = event != ANN_INPUT_BYTES && event != ANN_INPUT_SILENT;
		half = event == ANN_INPUT_SILENT && fetch_half(f, w, len, &final);
	}
	taken = half ? 0 : w->batch.bytes.len;
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
	if (w->batch.partial || w->batch.shown > 0) {
		w->batch.wall_ns = f->began_wall_ns;
		w->batch.mono_ns = f->began_mono_ns;
	} else {
		w->batch.wall_ns = ann_clock_wall_ns();
		w->batch.mono_ns = ann_clock_mono_ns();
	}
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

static void find_hits(struct worker *w)
{
	size_t stop = 0;

	w->failed = ann_scan_batch(w->scan, w->batch.bytes, &w->hits, &stop, &w->quits);
	w->batch.bytes.len = stop;
	if (w->batch.shown > 0) {
		ann_partial_tell(&w->ended, &w->hits);
	}
}

static void work(void *user, void *worker)
{
	struct filter *f = user;
	struct worker *w = worker;

	for (size_t i = 0; i < f->options->output_count; i++) {
		ann_buf_clear(&w->rendered[i]);
	}
	if (w->failed == ANN_OK && !w->batch.partial) {
		find_hits(w);
	}
	if (w->failed != ANN_OK) {
		return;
	}
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
		ann_tell_hits(w->source, &w->batch, w->hits.at, w->hits.count);
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
	if (!w->batch.partial) {
		count_hits(f, w);
		f->done_bytes += w->batch.bytes.len;
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
	ann_hits_deinit(&w->hits);
	ann_partial_deinit(&w->ended);
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
		NULL, ann_framer_block_bytes(&f->framer) + ANN_READ_ALIGN, 1);
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
		f->shows_half |= options->renders[i].format != ANN_FORMAT_JSON &&
				 !options->only_matching;
	}
	ann_framer_init(&f->framer, options->line_limit, f->counts);
	f->partial.least = ann_framer_least(&f->framer);
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
	ann_partial_deinit(&f->partial);
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
