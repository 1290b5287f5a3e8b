/*
 * The happy path: taps offer chunks to the sink; when it is full, the sources behind it
 * wait until it says that there is room.
 *
 * Failures: a sink that ends with an error has it logged once. The last output's end is
 * the end of the run, but of a daemon's.
 */
#include "io/app/app_private.h"

#include "annotty/alloc.h"
#include "io/clock.h"
#include "io/log.h"

static void on_room(void *user)
{
	struct app_output *o = user;

	o->full = false;
	for (size_t i = 0; i < o->app->source_count; i++) {
		app_source_flow(o->app->sources[i]);
	}
}

static struct ann_chunk *on_announce(void *user, uint64_t lines, uint64_t bytes)
{
	struct app_output *o = user;

	return ann_route_announce(
		o->route, lines, bytes, ann_clock_wall_ns(), ann_clock_mono_ns());
}

static void on_end(void *user, const struct ann_error *why)
{
	struct app_output *o = user;

	if (why != NULL) {
		o->failed = true;
		o->app->result.output_failed = true;
		ann_log_error(ANN_LOG_ERROR, why);
	}
	if (o->sink->closing) {
		return;
	}
	o->ended = true;
	on_room(o); /* nobody waits for it any more */
	app_output_ended(o->app);
}

enum ann_err app_output_new(struct app_output **made, struct ann_app *app,
	struct ann_plan_output *plan, struct ann_error *err)
{
	static const struct ann_sink_events events = {
		.room = on_room, .announce = on_announce, .end = on_end};
	struct ann_sink_context context = app->options.sinks;
	struct app_output *o = ann_alloc(sizeof(*o));
	enum ann_err failed = ANN_OK;

	if (o == NULL) {
		return ann_error_nomem(err);
	}
	context.loop = &app->loop;
	context.fd = app_take_fd(app, "output", &plan->endpoint, &o->kept);
	o->app = app;
	o->plan = *plan;
	failed = ann_sink_new(&o->sink, &context, &o->plan.endpoint, &events, o, err);
	if (failed != ANN_OK) {
		ann_endpoint_context(&o->plan.endpoint, err);
		ann_free(o);
		return failed;
	}
	*plan = (struct ann_plan_output){0};
	app->live++;
	*made = o;
	o->route = ann_route_new(&o->plan.options, o->sink);
	if (o->route == NULL) {
		return ann_error_nomem(err);
	}
	ann_route_gather(o->route);
	return ANN_OK;
}

static void on_closed(void *user)
{
	struct app_output *o = user;
	struct ann_app *app = o->app;

	ann_route_free(o->route);
	ann_endpoint_deinit(&o->plan.endpoint);
	ann_settings_deinit(&o->plan.looks);
	ann_free(o);
	app_part_closed(app);
}

enum ann_err app_output_start(struct app_output *o, struct ann_error *err)
{
	enum ann_err failed = ann_sink_start(o->sink, err);

	o->failed = failed != ANN_OK;
	if (failed == ANN_OK) {
		o->sink->kept = app_keep_fd(o->app, "output", &o->plan.endpoint,
			&o->kept, ann_sink_fd(o->sink));
	}
	return failed;
}

bool app_output_flush(struct app_output *o)
{
	bool full = o->route != NULL && !o->ended && !ann_route_flush(o->route);

	o->full |= full;
	return !full;
}

static void end_line(struct app_output *o)
{
	if (o->route != NULL && !o->ended) {
		ann_route_finish(o->route, ann_clock_wall_ns(), ann_clock_mono_ns());
	}
}

void app_output_make_way(struct app_output *o)
{
	if (o->plan.options.terminal) {
		end_line(o);
		(void)app_output_flush(o);
	}
}

/* Something else comes where its last line stands: the next run, or a summary. */
static bool is_gone_on(const struct app_output *o)
{
	const struct ann_app *app = o->app;

	return app->options.daemon ||
	       (o->plan.options.terminal &&
		       (app->options.summary != NULL || app->result.timed_out));
}

void app_output_close(struct app_output *o, uint64_t drain_ms)
{
	if (is_gone_on(o)) {
		end_line(o);
	}
	(void)app_output_flush(o);
	if (!o->app->stopping) {
		o->sink->kept =
			app_keep_fd(o->app, "output", &o->plan.endpoint, &o->kept, -1);
	}
	ann_sink_close(o->sink, drain_ms, on_closed, o);
}
