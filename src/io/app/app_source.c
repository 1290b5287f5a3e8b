/*
 * The happy path: a source's bytes are fed to its stream, which gives batches with
 * their hits; each goes through the taps to the outputs. An output that is full pauses
 * the source, if it can wait, until the output has room.
 *
 * Failures: a source that ends with an error has it logged once; the others go on.
 */
#include "io/app/app_private.h"

#include "annotty/alloc.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/tell_hits.h"

enum {
	IDLE_MS = 20,  /* a half line is shown after this silence ... */
	LATE_MS = 500, /* ... and without reserve after this one */
	NS_PER_MS = 1000000,
};

/* --- from the stream to the outputs ---------------------------------------------- */

static void count_hits(struct app_source *s, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count)
{
	const struct ann_app_options *options = &s->app->options;

	s->app->result.failed_on |= ann_fail_on_met(&options->fail_on, hits, count);
	if (options->daemon) {
		ann_tally_add(&s->app->tally, hits, count, batch->wall_ns);
	}
	if (options->summary != NULL) {
		ann_summary_add(
			options->summary, s->plan.endpoint.name, batch, hits, count);
	}
	if (options->tell_rules) {
		ann_tell_hits(s->plan.endpoint.name, batch, hits, count);
	}
}

/* The tap to an output that can be written to, or NULL. */
static struct ann_tap *open_tap(const struct app_source *s, size_t output)
{
	return s->app->outputs[output]->ended ? NULL : s->taps[output];
}

static void on_batch(void *user, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count)
{
	struct app_source *s = user;

	if (s->app->result.quit) {
		return; /* behind the line to quit on */
	}
	if (!batch->partial) {
		count_hits(s, batch, hits, count);
	}
	for (size_t i = 0; i < s->tap_count; i++) {
		struct ann_tap *tap = open_tap(s, i);

		if (tap != NULL && !ann_tap_batch(tap, batch, hits, count)) {
			s->app->outputs[i]->full = true;
		}
	}
	app_gathered(s->app);
}

static void on_stopped(void *user)
{
	struct app_source *s = user;

	s->app->result.quit = true;
	ann_app_stop(s->app);
}

/* Nothing goes on with the line at hand. */
static void break_off(struct app_source *s, bool gap)
{
	if (!s->app->result.quit) {
		ann_stream_break(s->stream, gap);
	}
	for (size_t i = 0; i < s->tap_count; i++) {
		struct ann_tap *tap = open_tap(s, i);

		if (tap != NULL &&
			!ann_tap_end(tap, ann_clock_wall_ns(), ann_clock_mono_ns())) {
			s->app->outputs[i]->full = true;
		}
	}
}

/* --- from the source to the stream ------------------------------------------------ */

static void on_bytes(
	void *user, struct ann_span bytes, uint64_t wall_ns, uint64_t mono_ns)
{
	struct app_source *s = user;

	if (ann_stream_feed(s->stream, bytes, wall_ns, mono_ns) != ANN_OK) {
		ann_log(ANN_LOG_ERROR, "%s: out of memory: bytes are lost",
			s->plan.endpoint.name);
	}
	app_source_flow(s);
	app_schedule(s->app, ann_stream_due(s->stream));
}

/* While it has a descriptor, the next run may take that over. */
static void keep_fd(struct app_source *s)
{
	s->source->kept = app_keep_fd(s->app, "source", &s->plan.endpoint, &s->kept,
		ann_source_fd(s->source));
}

static void on_event(void *user, const struct ann_event *event)
{
	struct app_source *s = user;

	if (event->kind != ANN_EVENT_CONNECTED) {
		break_off(s, true);
	}
	if (event->kind == ANN_EVENT_CONNECTED ||
		event->kind == ANN_EVENT_DISCONNECTED) {
		s->since_wall_ns = event->wall_ns;
		app_changed(s->app);
		keep_fd(s);
	}
	for (size_t i = 0; i < s->tap_count; i++) {
		struct ann_tap *tap = open_tap(s, i);

		if (tap != NULL && !ann_tap_event(tap, event)) {
			s->app->outputs[i]->full = true;
		}
	}
	app_gathered(s->app);
	app_source_flow(s);
}

static void on_end(void *user, const struct ann_error *why)
{
	struct app_source *s = user;

	break_off(s, false);
	if (why != NULL) {
		s->failed = true;
		s->app->result.input_failed = true;
		ann_log_error(ANN_LOG_ERROR, why);
	}
	app_source_ended(s->app);
}

void app_source_flow(struct app_source *s)
{
	bool full = false;

	for (size_t i = 0; i < s->tap_count; i++) {
		full |= open_tap(s, i) != NULL && s->app->outputs[i]->full;
	}
	if (full == s->paused || !s->source->can_wait || s->source->closing) {
		return;
	}
	s->paused = full;
	(full ? ann_source_pause : ann_source_resume)(s->source);
}

/* --- life ------------------------------------------------------------------------- */

/* Slow lines have longer pauses between their bytes: forty characters' time. */
static uint64_t idle_ns(const struct ann_endpoint *endpoint)
{
	enum { CHARACTERS = 40, BITS = 10 };
	const char *baudrate = ann_settings_get(&endpoint->settings, "baudrate");
	uint64_t baud = 0;
	uint64_t ms = 0;

	if (baudrate != NULL && ann_span_digits(ann_span(baudrate), 10, &baud) &&
		baud > 0) {
		ms = (uint64_t)CHARACTERS * BITS * 1000 / baud;
	}
	return (ms > IDLE_MS ? ms : IDLE_MS) * NS_PER_MS;
}

static enum ann_err make_source(struct app_source *s, struct ann_error *err)
{
	static const struct ann_source_events events = {
		.bytes = on_bytes, .event = on_event, .end = on_end};
	struct ann_app *app = s->app;

	if (app->options.command != NULL) {
		return ann_source_command_new(
			&s->source, &app->loop, app->options.command, &events, s, err);
	}
	const struct ann_source_context context = {
		.loop = &app->loop,
		.follow = s->plan.manner.follow,
		.from_start = s->plan.manner.from_start,
		.reconnect = s->plan.manner.reconnect,
		.talkers = &app->talkers,
		.fd = app_take_fd(app, "source", &s->plan.endpoint, &s->kept),
	};

	return ann_source_new(&s->source, &context, &s->plan.endpoint, &events, s, err);
}

enum ann_err app_source_new(struct app_source **made, struct ann_app *app,
	struct ann_plan_source *plan, struct ann_error *err)
{
	static const struct ann_stream_events events = {
		.batch = on_batch, .stopped = on_stopped};
	const struct ann_stream_options options = {
		.line_limit = app->options.line_limit,
		.idle_ns = idle_ns(&plan->endpoint),
		.late_ns = idle_ns(&plan->endpoint) + (uint64_t)LATE_MS * NS_PER_MS,
	};
	struct app_source *s = ann_alloc(sizeof(*s));
	enum ann_err failed = ANN_OK;

	if (s == NULL) {
		return ann_error_nomem(err);
	}
	s->app = app;
	s->plan = *plan;
	s->stream = ann_stream_new(app->scan, &options, &events, s);
	failed = s->stream == NULL ? ann_error_nomem(err) : make_source(s, err);
	if (failed != ANN_OK) {
		ann_endpoint_context(&s->plan.endpoint, err);
		s->plan = (struct ann_plan_source){0};
		app_source_free(s);
		return failed;
	}
	*plan = (struct ann_plan_source){0};
	app->live++;
	*made = s;
	return ANN_OK;
}

enum ann_err app_source_start(struct app_source *s, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;

	s->since_wall_ns = ann_clock_wall_ns();
	failed = ann_source_start(s->source, err);
	s->failed = failed != ANN_OK;
	if (failed == ANN_OK) {
		keep_fd(s);
	} else if (s->app->options.command != NULL) {
		s->app->result.command_status = ann_source_command_status(s->source);
	}
	return failed;
}

static void free_taps(struct ann_tap **taps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ann_tap_free(taps[i]);
	}
	ann_free(taps);
}

/* The tap to this output that it has already, taken out of its place. */
static struct ann_tap *take_tap(struct app_source *s, const struct app_output *output)
{
	struct ann_tap *tap = NULL;

	for (size_t i = 0; i < s->tap_count; i++) {
		if (s->app->outputs[i] == output) {
			tap = s->taps[i];
			s->taps[i] = NULL;
		}
	}
	return tap;
}

static bool is_eager(const struct app_source *s)
{
	bool eager = false;

	for (size_t i = 0; i < s->tap_count; i++) {
		eager |= s->taps[i] != NULL && ann_tap_is_eager(s->taps[i]);
	}
	return eager;
}

enum ann_err app_source_connect(struct app_source *s, struct app_output *const *outputs,
	size_t count, struct ann_error *err)
{
	struct ann_tap **taps = ann_alloc(count * sizeof(*taps) + 1);
	bool failed = taps == NULL;

	for (size_t i = 0; i < count && !failed; i++) {
		if (ann_plan_connects(&s->plan, &outputs[i]->plan)) {
			taps[i] = take_tap(s, outputs[i]);
			if (taps[i] == NULL) {
				taps[i] = ann_tap_new(outputs[i]->route,
					s->plan.endpoint.name, s->source->can_wait);
			}
			failed = taps[i] == NULL;
		}
	}
	free_taps(s->taps, s->tap_count);
	s->taps = taps;
	s->tap_count = taps == NULL ? 0 : count;
	ann_stream_set_eager(s->stream, !failed && is_eager(s));
	return failed ? ann_error_nomem(err) : ANN_OK;
}

void app_source_free(struct app_source *s)
{
	free_taps(s->taps, s->tap_count);
	ann_stream_free(s->stream);
	ann_endpoint_deinit(&s->plan.endpoint);
	ann_settings_deinit(&s->plan.settings);
	ann_free(s);
}

static void on_closed(void *user)
{
	struct app_source *s = user;
	struct ann_app *app = s->app;
	struct ann_error err = {0};

	ann_stream_free(s->stream);
	s->stream = NULL;
	if (app->options.summary != NULL &&
		ann_grow((void **)&app->gone, &app->gone_room, app->gone_count,
			sizeof(*app->gone)) == 0) {
		app->gone[app->gone_count++] = s;
	} else {
		app_source_free(s);
	}
	app->closing_sources--;
	if (app_start_sources(app, &err) != ANN_OK) {
		ann_log_error(ANN_LOG_ERROR, &err);
	}
	app_part_closed(app);
}

void app_source_close(struct app_source *s)
{
	break_off(s, false);
	if (s->app->options.command != NULL) {
		s->app->result.command_status = ann_source_command_status(s->source);
	}
	if (!s->app->stopping) {
		s->source->kept =
			app_keep_fd(s->app, "source", &s->plan.endpoint, &s->kept, -1);
	}
	s->app->closing_sources++;
	free_taps(s->taps, s->tap_count);
	s->taps = NULL;
	s->tap_count = 0;
	ann_source_close(s->source, on_closed, s);
}
