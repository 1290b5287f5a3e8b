/*
 * The story: a plan is applied, which makes sources, outputs and the taps between them;
 * the run starts the loop, and everything else happens in app_source.c and
 * app_output.c. The run ends when all sources have, when a signal, the time limit or
 * the last reader's going away says so: sources are closed first, their half lines go
 * out, outputs get time to write, and when all are closed the loop has nothing left.
 */
#include "io/app/app.h"

#include "annotty/alloc.h"
#include "io/app/app_private.h"
#include "io/app/supervisor.h"
#include "io/clock.h"
#include "io/log.h"

#include <signal.h>
#include <string.h>

enum {
	NS_PER_MS = 1000000,
	STEP_MS = 8, /* half lines of many sources become due together */
	/* Of the loop, a millisecond each, in which sources are read after a signal; a
	 * port that rests is read once in eight. */
	LAST_ROUNDS = 10,
};

/* --- half lines ------------------------------------------------------------------- */

/* Of all streams; 0: none. */
static uint64_t next_due(const struct ann_app *app)
{
	uint64_t due = 0;

	for (size_t i = 0; i < app->source_count; i++) {
		uint64_t one = ann_stream_due(app->sources[i]->stream);

		due = due == 0 || (one != 0 && one < due) ? one : due;
	}
	return due;
}

static void schedule_next(struct ann_app *app)
{
	app->due_mono_ns = 0;
	app_schedule(app, next_due(app));
}

static void on_looked(uv_timer_t *timer)
{
	struct ann_app *app = timer->data;
	uint64_t now = ann_clock_mono_ns();

	for (size_t i = 0; i < app->source_count; i++) {
		ann_stream_tick(app->sources[i]->stream, now);
		app_source_flow(app->sources[i]);
	}
	schedule_next(app);
}

/*
 * Timers come before ports in a turn of the loop. If we are late, the line may have
 * gone on since: the ports are looked at first. Most often it went on long ago.
 */
static void on_due(uv_timer_t *timer)
{
	enum { LOOK_MS = 1 };
	struct ann_app *app = timer->data;
	uint64_t due = next_due(app);

	if (due != 0 && due <= ann_clock_mono_ns()) {
		uv_timer_start(timer, on_looked, LOOK_MS, 0);
	} else {
		schedule_next(app);
	}
}

void app_schedule(struct ann_app *app, uint64_t due_mono_ns)
{
	bool sooner = app->due_mono_ns == 0 || due_mono_ns < app->due_mono_ns;

	if (due_mono_ns == 0 || !sooner || app->stopping) {
		return;
	}
	uint64_t now = ann_clock_mono_ns();
	uint64_t ms =
		due_mono_ns > now ? (due_mono_ns - now + NS_PER_MS - 1) / NS_PER_MS : 0;

	app->due_mono_ns = due_mono_ns;
	uv_update_time(&app->loop);
	ms += STEP_MS - 1;
	uv_timer_start(&app->due, on_due, ms - (uv_now(&app->loop) + ms) % STEP_MS, 0);
}

/* --- a turn of the loop ----------------------------------------------------------- */

/* Comes before the loop waits, and after all that it has had to say. */
static void on_turn(uv_prepare_t *turn)
{
	struct ann_app *app = turn->data;
	bool full = false;

	uv_prepare_stop(turn);
	if (app->changed && app->options.changed != NULL) {
		app->options.changed(app->options.user);
	}
	app->changed = false;
	for (size_t i = 0; i < app->output_count; i++) {
		full |= !app_output_flush(app->outputs[i]);
	}
	for (size_t i = 0; i < app->source_count && full; i++) {
		app_source_flow(app->sources[i]);
	}
}

void app_gathered(struct ann_app *app)
{
	if (!app->stopping) {
		uv_prepare_start(&app->turn, on_turn); /* again is nothing */
	}
}

void app_changed(struct ann_app *app)
{
	app->changed = true;
	app_gathered(app);
}

/* --- the end ---------------------------------------------------------------------- */

static void close_handles(struct ann_app *app)
{
	uv_close((uv_handle_t *)&app->due, NULL);
	uv_close((uv_handle_t *)&app->turn, NULL);
	uv_close((uv_handle_t *)&app->limit, NULL);
	uv_close((uv_handle_t *)&app->settle, NULL);
	for (size_t i = 0; i < ANN_LEN(app->signals); i++) {
		uv_close((uv_handle_t *)&app->signals[i], NULL);
	}
	if (app->options.stopped != NULL) {
		app->options.stopped(app->options.user);
	}
}

void app_part_closed(struct ann_app *app)
{
	app->live--;
	if (app->live == 0 && app->stopping) {
		close_handles(app);
	}
}

static void stop_now(struct ann_app *app)
{
	if (app->stopping) {
		return;
	}
	app->stopping = true;
	if (app->options.daemon) {
		ann_supervisor_stopping();
	}
	uv_timer_stop(&app->due);
	uv_timer_stop(&app->limit);
	uv_timer_stop(&app->settle);
	for (size_t i = 0; i < app->source_count; i++) {
		app_source_close(app->sources[i]);
	}
	for (size_t i = 0; i < app->output_count; i++) {
		app_output_close(app->outputs[i], app->options.drain_ms);
	}
	app->source_count = 0;
	app->output_count = 0;
	if (app->live == 0) {
		close_handles(app);
	}
}

static void on_stop(uv_timer_t *timer)
{
	struct ann_app *app = timer->data;

	if (app->rounds_left > 0) {
		app->rounds_left--;
		uv_timer_start(timer, on_stop, 1, 0);
		return;
	}
	stop_now(app);
}

/*
 * Not at once: whoever asks may stand in the middle of a source, a tap or a sink. And
 * what a device has said before a signal is still read: some rounds of the loop.
 */
void ann_app_stop(struct ann_app *app)
{
	if (!app->stopping) {
		uv_timer_start(&app->limit, on_stop, 0, 0);
	}
}

void app_source_ended(struct ann_app *app)
{
	app->ended_sources++;
	if (!app->options.daemon && app->ended_sources == app->source_count) {
		app_settle(app);
	}
}

void app_output_ended(struct ann_app *app)
{
	app->ended_outputs++;
	if (!app->options.daemon && app->ended_outputs == app->output_count) {
		ann_app_stop(app);
	}
}

static void on_limit(uv_timer_t *timer)
{
	struct ann_app *app = timer->data;

	app->result.timed_out = true;
	stop_now(app);
}

/* --- signals ---------------------------------------------------------------------- */

static void log_source(void *user, const struct ann_app_source_view *view)
{
	(void)user;
	ann_log(ANN_LOG_NOTICE,
		"%s: %s, %llu bytes, %llu lines, %llu codes, %llu gaps, %llu overruns, "
		"%llu framing errors, %llu parity errors, %llu breaks",
		view->name, view->source.connected ? "connected" : "away",
		(unsigned long long)view->stream.bytes,
		(unsigned long long)view->stream.lines,
		(unsigned long long)view->stream.hits,
		(unsigned long long)view->stream.gaps,
		(unsigned long long)view->source.overruns,
		(unsigned long long)view->source.framing_errors,
		(unsigned long long)view->source.parity_errors,
		(unsigned long long)view->source.breaks);
}

static void log_output(void *user, const struct ann_app_output_view *view)
{
	(void)user;
	ann_log(ANN_LOG_NOTICE,
		"%s: %s, %llu bytes written, %llu queued, dropped %llu lines of %llu "
		"bytes, connected %llu times",
		view->name, ann_sink_state(&view->sink),
		(unsigned long long)view->sink.written_bytes,
		(unsigned long long)view->sink.queued_bytes,
		(unsigned long long)view->sink.dropped_lines,
		(unsigned long long)view->sink.dropped_bytes,
		(unsigned long long)view->sink.connects);
}

static void hang_up(struct ann_app *app)
{
	for (size_t i = 0; i < app->output_count; i++) {
		ann_sink_reopen(app->outputs[i]->sink);
	}
	if (app->options.reload != NULL) {
		app->options.reload(app->options.user);
		app_changed(app);
	}
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct ann_app *app = handle->data;

	switch (number) {
	case SIGHUP:
		hang_up(app);
		break;
	case SIGUSR1:
		ann_app_each_source(app, log_source, NULL);
		ann_app_each_output(app, log_output, NULL);
		break;
	default:
		/* The second one ends the program the usual way. */
		uv_signal_stop(handle);
		app->result.signal = number;
		app->rounds_left = LAST_ROUNDS;
		ann_app_stop(app);
		break;
	}
}

/* What asks to end is for the command, which has it from its source; its end is ours.
 */
static bool is_for_command(const struct ann_app *app, int number)
{
	return app->options.command != NULL && number != SIGUSR1;
}

static enum ann_err catch_signals(struct ann_app *app, struct ann_error *err)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ANN_LEN(app->signals); i++) {
		app->signals[i].data = app;
		(void)uv_signal_init(&app->loop, &app->signals[i]); /* cannot fail */
	}
	for (size_t i = 0; i < ANN_LEN(app->signals); i++) {
		int failed = is_for_command(app, numbers[i])
				     ? 0
				     : uv_signal_start(
					       &app->signals[i], on_signal, numbers[i]);

		if (failed != 0) {
			return ann_error_os(err, -failed, "signal %d", numbers[i]);
		}
	}
	return ANN_OK;
}

/* --- plans ------------------------------------------------------------------------ */

/* The parts that a plan asks for: those that are there already and new ones. */
struct next {
	struct app_source **sources;
	struct app_output **outputs;
	bool *new_sources;
	bool *new_outputs;
	size_t source_count; /* so far */
	size_t output_count;
};

static struct app_source *find_source(
	const struct ann_app *app, const struct ann_plan_source *plan)
{
	for (size_t i = 0; i < app->source_count; i++) {
		const struct ann_plan_source *old = &app->sources[i]->plan;

		if (!app->sources[i]->failed &&
			strcmp(old->endpoint.name, plan->endpoint.name) == 0 &&
			ann_endpoint_equal(&old->endpoint, &plan->endpoint) &&
			old->manner.follow == plan->manner.follow &&
			old->manner.from_start == plan->manner.from_start &&
			old->manner.reconnect == plan->manner.reconnect) {
			return app->sources[i];
		}
	}
	return NULL;
}

static struct app_output *find_output(
	const struct ann_app *app, const struct ann_plan_output *plan)
{
	for (size_t i = 0; i < app->output_count; i++) {
		const struct ann_plan_output *old = &app->outputs[i]->plan;

		if (!app->outputs[i]->failed &&
			strcmp(old->endpoint.name, plan->endpoint.name) == 0 &&
			ann_endpoint_equal(&old->endpoint, &plan->endpoint) &&
			ann_settings_equal(&old->looks, &plan->looks)) {
			return app->outputs[i];
		}
	}
	return NULL;
}

/* Whatever is wrong with the others is told as well, if somebody listens. */
static bool go_on(enum ann_err failed, struct ann_error *err, bool *wrong)
{
	*wrong |= failed != ANN_OK;
	return failed == ANN_OK || ann_error_tell(err, failed);
}

static enum ann_err make_outputs(struct next *next, struct ann_app *app,
	struct ann_plan *plan, struct ann_error *err)
{
	bool wrong = false;

	for (size_t i = 0; i < plan->output_count; i++) {
		struct app_output *old = find_output(app, &plan->outputs[i]);
		struct app_output *made = old;
		enum ann_err failed = ANN_OK;

		if (old == NULL) {
			failed = app_output_new(&made, app, &plan->outputs[i], err);
		}
		if (made != NULL) {
			next->new_outputs[next->output_count] = old == NULL;
			next->outputs[next->output_count++] = made;
		}
		if (!go_on(failed, err, &wrong)) {
			return failed;
		}
	}
	return wrong ? ANN_ECONFIG : ANN_OK;
}

/* The port stays open; it may feed others from now on. */
static void swap_manners(struct app_source *old, struct ann_plan_source *plan)
{
	struct ann_settings settings = old->plan.settings;
	struct ann_manner manner = old->plan.manner;

	old->plan.settings = plan->settings;
	old->plan.manner = plan->manner;
	plan->settings = settings;
	plan->manner = manner;
}

static enum ann_err make_sources(struct next *next, struct ann_app *app,
	struct ann_plan *plan, struct ann_error *err)
{
	bool wrong = false;

	for (size_t i = 0; i < plan->source_count; i++) {
		struct app_source *old = find_source(app, &plan->sources[i]);
		struct app_source *made = old;
		enum ann_err failed = ANN_OK;

		if (old == NULL) {
			failed = app_source_new(&made, app, &plan->sources[i], err);
		}
		if (made != NULL) {
			next->new_sources[next->source_count] = old == NULL;
			next->sources[next->source_count++] = made;
		}
		if (!go_on(failed, err, &wrong)) {
			return failed;
		}
	}
	return wrong ? ANN_ECONFIG : ANN_OK;
}

/* All parts of the plan. A mistake in an output does not hide those in sources. */
static enum ann_err make_parts(struct next *next, struct ann_app *app,
	struct ann_plan *plan, struct ann_error *err)
{
	bool wrong = false;
	enum ann_err failed = ann_plan_check_loops(plan, err);

	if (go_on(failed, err, &wrong)) {
		failed = make_outputs(next, app, plan, err);
	}
	if (go_on(failed, err, &wrong)) {
		failed = make_sources(next, app, plan, err);
	}
	return failed == ANN_OK && wrong ? ANN_ECONFIG : failed;
}

static void close_new(struct next *next)
{
	for (size_t i = 0; i < next->source_count; i++) {
		if (next->new_sources[i]) {
			app_source_close(next->sources[i]);
		}
	}
	for (size_t i = 0; i < next->output_count; i++) {
		if (next->new_outputs[i]) {
			app_output_close(next->outputs[i], 0);
		}
	}
}

static bool has(void *const *parts, size_t count, const void *part)
{
	for (size_t i = 0; i < count; i++) {
		if (parts[i] == part) {
			return true;
		}
	}
	return false;
}

/* What the next parts do not hold is closed; they take the place of the old. */
static enum ann_err take_over(struct ann_app *app, struct next *next,
	struct ann_plan *plan, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;

	for (size_t i = 0; i < next->source_count; i++) {
		if (!next->new_sources[i]) {
			swap_manners(next->sources[i], &plan->sources[i]);
		}
	}
	for (size_t i = 0; i < app->source_count; i++) {
		if (!has((void **)next->sources, next->source_count, app->sources[i])) {
			app_source_close(app->sources[i]);
		}
	}
	for (size_t i = 0; i < next->source_count && failed == ANN_OK; i++) {
		failed = app_source_connect(
			next->sources[i], next->outputs, next->output_count, err);
	}
	for (size_t i = 0; i < app->output_count; i++) {
		if (!has((void **)next->outputs, next->output_count, app->outputs[i])) {
			app_output_close(app->outputs[i], app->options.drain_ms);
		}
	}
	ann_free(app->sources);
	ann_free(app->outputs);
	app->sources = next->sources;
	app->outputs = next->outputs;
	app->source_count = next->source_count;
	app->output_count = next->output_count;
	next->sources = NULL;
	next->outputs = NULL;
	return failed;
}

/* Before the run the first failure ends it; in the run it is logged. */
static enum ann_err start_failed(
	const struct ann_app *app, enum ann_err failed, struct ann_error *err)
{
	if (failed != ANN_OK && app->running) {
		ann_log_error(ANN_LOG_ERROR, err);
		return ANN_OK;
	}
	return failed;
}

enum ann_err app_start_sources(struct ann_app *app, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;

	if (app->closing_sources > 0 || app->stopping) {
		return ANN_OK;
	}
	for (size_t i = 0; i < app->source_count && failed == ANN_OK; i++) {
		struct app_source *s = app->sources[i];

		if (s->waits) {
			s->waits = false;
			failed = start_failed(app, app_source_start(s, err), err);
		}
	}
	return failed;
}

/* Outputs first: they are to see what the sources say from the beginning. */
static enum ann_err start_new(
	struct ann_app *app, const struct next *next, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;

	for (size_t i = 0; i < app->output_count && failed == ANN_OK; i++) {
		if (next->new_outputs[i]) {
			failed = start_failed(
				app, app_output_start(app->outputs[i], err), err);
		}
	}
	for (size_t i = 0; i < app->source_count; i++) {
		app->sources[i]->waits |= next->new_sources[i];
	}
	return failed == ANN_OK ? app_start_sources(app, err) : failed;
}

static bool make_room(struct next *next, const struct ann_plan *plan)
{
	/* One more, so that none of them is empty. */
	size_t sources = plan->source_count + 1;
	size_t outputs = plan->output_count + 1;

	next->sources = ann_alloc(sources * sizeof(struct app_source *));
	next->outputs = ann_alloc(outputs * sizeof(struct app_output *));
	next->new_sources = ann_alloc(sources * sizeof(bool));
	next->new_outputs = ann_alloc(outputs * sizeof(bool));
	return next->sources != NULL && next->outputs != NULL &&
	       next->new_sources != NULL && next->new_outputs != NULL;
}

static void free_room(struct next *next)
{
	ann_free(next->sources);
	ann_free(next->outputs);
	ann_free(next->new_sources);
	ann_free(next->new_outputs);
}

enum ann_err ann_app_apply(
	struct ann_app *app, struct ann_plan *plan, struct ann_error *err)
{
	struct next next = {0};
	enum ann_err failed = make_room(&next, plan) ? ANN_OK : ann_error_nomem(err);

	if (failed == ANN_OK) {
		failed = make_parts(&next, app, plan, err);
	}
	if (failed != ANN_OK) {
		close_new(&next);
	} else {
		failed = take_over(app, &next, plan, err);
		if (failed == ANN_OK) {
			failed = start_new(app, &next, err);
		}
		ann_plan_deinit(plan);
	}
	free_room(&next);
	return failed;
}

enum ann_err ann_app_check(
	struct ann_app *app, struct ann_plan *plan, struct ann_error *err)
{
	struct next next = {0};
	enum ann_err failed = make_room(&next, plan) ? ANN_OK : ann_error_nomem(err);

	if (failed == ANN_OK) {
		failed = make_parts(&next, app, plan, err);
	}
	close_new(&next);
	free_room(&next);
	return failed;
}

/* --- life ------------------------------------------------------------------------- */

enum ann_err ann_app_new(struct ann_app **app, const struct ann_app_options *options,
	struct ann_error *err)
{
	struct ann_app *made = ann_alloc(sizeof(*made));
	enum ann_err failed = ANN_OK;
	int os = made == NULL ? 0 : uv_loop_init(&made->loop);

	if (made == NULL) {
		return ann_error_nomem(err);
	}
	if (os != 0) {
		ann_free(made);
		return ann_error_os(err, -os, "event loop");
	}
	made->options = *options;
	made->result.command_status = -1;
	made->due.data = made;
	made->turn.data = made;
	made->limit.data = made;
	made->settle.data = made;
	(void)uv_timer_init(&made->loop, &made->due);
	(void)uv_prepare_init(&made->loop, &made->turn);
	(void)uv_timer_init(&made->loop, &made->limit);
	(void)uv_timer_init(&made->loop, &made->settle);
	failed = catch_signals(made, err);
	if (failed == ANN_OK && options->matcher != NULL) {
		made->scan = ann_scan_new(options->matcher);
		failed = made->scan == NULL ? ann_error_nomem(err) : ANN_OK;
	}
	if (failed != ANN_OK) {
		ann_app_free(made);
		return failed;
	}
	*app = made;
	return ANN_OK;
}

enum ann_err ann_app_set_matcher(
	struct ann_app *app, struct ann_matcher *matcher, struct ann_error *err)
{
	struct ann_scan *scan = ann_scan_new(matcher);

	if (scan == NULL) {
		return ann_error_nomem(err);
	}
	for (size_t i = 0; i < app->source_count; i++) {
		ann_stream_set_scan(app->sources[i]->stream, scan);
	}
	ann_scan_free(app->scan);
	app->scan = scan;
	return ANN_OK;
}

void ann_app_set_drain(struct ann_app *app, uint64_t drain_ms)
{
	app->options.drain_ms = drain_ms;
}

void ann_app_count(const struct ann_app *app, size_t *sources, size_t *outputs)
{
	*sources = app->source_count;
	*outputs = app->output_count;
}

int ann_app_command_status(const struct ann_app *app)
{
	return app->result.command_status;
}

const struct ann_tally *ann_app_tally(const struct ann_app *app)
{
	return &app->tally;
}

uv_loop_t *ann_app_loop(struct ann_app *app)
{
	return &app->loop;
}

void ann_app_run(struct ann_app *app, struct ann_app_result *result)
{
	app->running = true;
	app_changed(app);
	if (app->options.timeout_ns > 0) {
		uv_timer_start(&app->limit, on_limit,
			(app->options.timeout_ns + NS_PER_MS - 1) / NS_PER_MS, 0);
	}
	(void)uv_run(&app->loop, UV_RUN_DEFAULT);
	*result = app->result;
}

void ann_app_free(struct ann_app *app)
{
	if (app == NULL) {
		return;
	}
	app->options.drain_ms = 0;
	stop_now(app);
	(void)uv_run(&app->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&app->loop);
	for (size_t i = 0; i < app->gone_count; i++) {
		app_source_free(app->gone[i]);
	}
	ann_free(app->gone);
	ann_free(app->sources);
	ann_free(app->outputs);
	ann_scan_free(app->scan);
	ann_tally_deinit(&app->tally);
	ann_free(app);
}

void ann_app_each_source(struct ann_app *app,
	void (*see)(void *user, const struct ann_app_source_view *view), void *user)
{
	for (size_t i = 0; i < app->source_count; i++) {
		struct app_source *s = app->sources[i];
		struct ann_app_source_view view = {.name = s->plan.endpoint.name,
			.since_wall_ns = s->since_wall_ns};

		ann_source_stats(s->source, &view.source);
		ann_stream_stats(s->stream, &view.stream);
		see(user, &view);
	}
}

void ann_app_each_output(struct ann_app *app,
	void (*see)(void *user, const struct ann_app_output_view *view), void *user)
{
	for (size_t i = 0; i < app->output_count; i++) {
		struct app_output *o = app->outputs[i];
		struct ann_app_output_view view = {.name = o->plan.endpoint.name};

		ann_sink_stats(o->sink, &view.sink);
		see(user, &view);
	}
}
