#include "cli/live.h"

#include "cli/setup.h"
#include "cli/state.h"
#include "io/app/app.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DRAIN_MS = 5000 };

struct live {
	struct ann_options *options;
	struct ann_setup setup;
	struct ann_plan plan;
	struct ann_app *app;
	struct ann_app_result result;
	struct ann_error err;
};

/* --- which one -------------------------------------------------------------------- */

static bool is_path(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0;
}

/* What io/bulk/input.h reads. A directory is told there as well. */
static bool input_is_bulk(const char *spec)
{
	struct stat status;

	if (strcmp(spec, "-") == 0) {
		return true;
	}
	return stat(spec, &status) == 0 && !S_ISCHR(status.st_mode) &&
	       !S_ISSOCK(status.st_mode);
}

/* What io/bulk/output.h writes, with the keys that it knows. */
static bool output_is_bulk(const char *spec)
{
	static const char *const known[] = {"format", "rotate", "keep"};
	struct ann_span settings = ann_span(spec);
	struct ann_span target = ann_span_next(&settings, '?');
	bool bulk = ann_span_is(target, "-") ||
		    (target.len > 5 && memcmp(target.ptr, "file:", 5) == 0);

	while (settings.len > 0 && bulk) {
		struct ann_span value = ann_span_next(&settings, '&');
		struct ann_span key = ann_span_next(&value, '=');

		bulk = false;
		for (size_t i = 0; i < ANN_LEN(known); i++) {
			bulk |= ann_span_is(key, known[i]);
		}
	}
	return bulk;
}

/* What no driver knows is better told by the one that names the file. */
static bool input_has_scheme(const char *spec)
{
	return strstr(spec, ":") != NULL || strncmp(spec, "/dev/", 5) == 0 ||
	       strchr(spec, '?') != NULL;
}

bool ann_live_wanted(const struct ann_options *options)
{
	bool live = options->command != NULL || options->follow;

	for (size_t i = 0; i < options->inputs.count; i++) {
		const char *spec = options->inputs.path[i];

		/* With settings of ports, what is not there yet is a port. */
		live |= !input_is_bulk(spec) &&
			(is_path(spec) || input_has_scheme(spec) ||
				options->port_count > 0);
	}
	for (size_t i = 0; i < options->output_count; i++) {
		live |= !output_is_bulk(options->outputs[i]);
	}
	return live;
}

/* --- the plan --------------------------------------------------------------------- */

/* Settings of ports from the options, for what has such settings. */
static enum ann_err add_port_settings(struct live *live, struct ann_endpoint *endpoint)
{
	const struct ann_options *options = live->options;
	bool port = strcmp(endpoint->scheme, "rfc2217") == 0 ||
		    (endpoint->scheme[0] == '\0' && !input_is_bulk(endpoint->path));
	enum ann_err failed = ANN_OK;

	for (size_t i = 0; port && i < options->port_count && failed == ANN_OK; i++) {
		const char *key = options->port[i].key;
		char origin[32];

		if (ann_settings_get(&endpoint->settings, key) == NULL) {
			snprintf(origin, sizeof(origin), "--%s", key);
			failed = ann_settings_set(&endpoint->settings, ann_span(key),
				ann_span(options->port[i].value), origin, &live->err);
		}
	}
	return failed;
}

static enum ann_err add_source(struct live *live, const char *spec, const char *name)
{
	struct ann_endpoint endpoint = {0};
	enum ann_err failed =
		ann_endpoint_init(&endpoint, name, spec, is_path, &live->err);

	if (failed == ANN_OK) {
		failed = add_port_settings(live, &endpoint);
	}
	if (failed != ANN_OK) {
		ann_endpoint_deinit(&endpoint);
		return failed;
	}
	const struct ann_manner manner = {
		.follow = live->options->follow,
		.from_start = live->options->from_start,
		.reconnect = !live->options->no_reconnect,
	};

	return ann_plan_add_source(&live->plan, &endpoint, &manner, &live->err);
}

static enum ann_err add_sources(struct live *live)
{
	const struct ann_inputs *inputs = &live->options->inputs;
	enum ann_err failed = ANN_OK;

	if (live->options->command != NULL) {
		return add_source(live, "-", live->options->command[0]);
	}
	for (size_t i = 0; i < inputs->count && failed == ANN_OK; i++) {
		const char *spec = inputs->path[i];

		failed =
			add_source(live, spec, strcmp(spec, "-") == 0 ? "stdin" : NULL);
	}
	return failed;
}

static void choose_looks(const struct live *live, const struct ann_endpoint *endpoint,
	struct ann_route_options *looks)
{
	const struct ann_options *options = live->options;
	bool standard = strcmp(endpoint->scheme, "-") == 0;
	bool terminal = standard && isatty(STDOUT_FILENO);

	*looks = (struct ann_route_options){
		.render = options->render,
		.only_hits = options->only_matching,
		.before = options->before,
		.after = options->after,
		.label = options->inputs.count > 1,
		.events = !standard,
		.terminal = terminal,
	};
	looks->render.color = standard || strcmp(options->color, "always") == 0
				      ? ann_setup_wants_color(options, terminal)
				      : false;
	/* A command draws on the terminal; that is what it is given one for. */
	looks->render.mask_controls =
		terminal && !options->raw_control && options->command == NULL;
}

static enum ann_err add_output(struct live *live, const char *spec)
{
	struct ann_endpoint endpoint = {0};
	struct ann_route_options looks;
	enum ann_err failed =
		ann_endpoint_init(&endpoint, NULL, spec, NULL, &live->err);

	if (failed != ANN_OK) {
		return failed;
	}
	choose_looks(live, &endpoint, &looks);
	return ann_plan_add_output(&live->plan, &endpoint, &looks, &live->err);
}

static enum ann_err add_outputs(struct live *live)
{
	const struct ann_options *options = live->options;
	enum ann_err failed = ANN_OK;

	if (options->output_count == 0) {
		return add_output(live, "-");
	}
	for (size_t i = 0; i < options->output_count && failed == ANN_OK; i++) {
		failed = add_output(live, options->outputs[i]);
	}
	return failed;
}

/* --- the run ---------------------------------------------------------------------- */

static enum ann_err make_app(struct live *live)
{
	struct ann_options *options = live->options;
	const struct ann_app_options app = {
		.matcher = live->setup.matcher,
		.summary = live->setup.summary,
		.fail_on = live->setup.fail_on,
		.timeout_ns = options->timeout_ns,
		.drain_ms = DRAIN_MS,
		.tell_rules = options->verbose,
		.sinks = {.policy = ANN_QUEUE_BLOCK,
			.queue_bytes = ANN_QUEUE_BYTES,
			.state_directory = ann_state_directory()},
		.command = options->command,
	};

	return ann_app_new(&live->app, &app, &live->err);
}

static enum ann_err run(struct live *live)
{
	enum ann_err failed = ann_setup_make(&live->setup, live->options, &live->err);

	if (failed == ANN_OK) {
		failed = add_sources(live);
	}
	if (failed == ANN_OK) {
		failed = add_outputs(live);
	}
	if (failed == ANN_OK) {
		failed = make_app(live);
	}
	if (failed == ANN_OK) {
		failed = ann_app_apply(live->app, &live->plan, &live->err);
	}
	if (failed == ANN_OK) {
		ann_app_run(live->app, &live->result);
	}
	return failed;
}

static int status_of(const struct live *live)
{
	const struct ann_app_result *result = &live->result;
	int status = ann_setup_status(&live->setup, result->timed_out,
		result->input_failed || result->output_failed, result->failed_on);

	/* One that we have left behind, with --quit-on or --timeout, has none. */
	if (live->options->command != NULL && status == ANN_EXIT_DONE &&
		result->command_status >= 0) {
		return result->command_status;
	}
	return status;
}

/* Like env(1) when there is nothing to run. */
static int failure_of(const struct live *live)
{
	int refused = live->app == NULL ? -1 : ann_app_command_status(live->app);
	int status = ann_fail(&live->err);

	return refused >= 0 ? refused : status;
}

int ann_live(struct ann_options *options)
{
	struct live live = {.options = options};
	int status = ANN_EXIT_DONE;

	/* Without an input it is "-", as which the command's standard input counts. */
	if (options->command != NULL &&
		(options->inputs.count > 1 ||
			strcmp(options->inputs.path[0], "-") != 0)) {
		fprintf(stderr, "annotty: an INPUT and a COMMAND do not go together\n");
		return ANN_EXIT_USAGE;
	}
	status = run(&live) == ANN_OK ? status_of(&live) : failure_of(&live);
	ann_setup_print_summary(&live.setup);
	ann_plan_deinit(&live.plan);
	ann_app_free(live.app);
	ann_setup_release(&live.setup);
	if (live.result.signal != 0) {
		/* As the shell expects of a program that Ctrl-C has ended. */
		signal(live.result.signal, SIG_DFL);
		raise(live.result.signal);
	}
	return status;
}
