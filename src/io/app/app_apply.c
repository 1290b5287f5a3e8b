/*
 * The story: a plan asks for sources and outputs. Those that are there already stay and
 * notice nothing; all new ones are made before anything changes, so that a mistake
 * leaves things as they were; then the plan's parts take the place of the others, which
 * are closed, and the new ones start.
 */
#include "io/app/app_private.h"

#include "annotty/alloc.h"
#include "io/log.h"

#include <string.h>

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
