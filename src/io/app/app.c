/*
 * The story: a plan is applied (app_apply.c), which makes sources, outputs and the taps
 * between them; the run starts the loop, and everything else happens in app_source.c
 * and app_output.c. The run ends when all sources have, when a signal (app_signals.c),
 * the time limit or the last reader's going away says so: sources are closed first,
 * their half lines go out, outputs get time to write, and when all are closed the loop
 * has nothing left.
 */
#include "io/app/app.h"

#include "annotty/alloc.h"
#include "io/app/app_private.h"
#include "io/app/supervisor.h"
#include "io/clock.h"
#include "io/log.h"

enum {
	NS_PER_MS = 1000000,
	STEP_MS = 8, /* half lines of many sources become due together */
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
	failed = app_catch_signals(made, err);
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
	ann_matcher_accelerate(matcher);
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

/* What we say on the terminal does not stand behind half a line of a device. */
static void make_way(void *user)
{
	struct ann_app *app = user;

	for (size_t i = 0; i < app->output_count; i++) {
		app_output_make_way(app->outputs[i]);
	}
}

void ann_app_run(struct ann_app *app, struct ann_app_result *result)
{
	if (app->options.matcher != NULL) {
		ann_matcher_accelerate(app->options.matcher);
	}
	app->running = true;
	app_changed(app);
	ann_log_ahead(make_way, app);
	if (app->options.timeout_ns > 0) {
		uv_timer_start(&app->limit, on_limit,
			(app->options.timeout_ns + NS_PER_MS - 1) / NS_PER_MS, 0);
	}
	(void)uv_run(&app->loop, UV_RUN_DEFAULT);
	ann_log_ahead(NULL, NULL);
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
