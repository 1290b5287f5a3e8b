#include "cli/live.h"
#include "cli/setup.h"
#include "io/bulk/input.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/signals.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* All that a run of the filter is made of. */
struct run {
	struct ann_options options;
	struct ann_setup setup;
	struct ann_output outputs[ANN_OUTPUTS_MOST];
	struct ann_render_options renders[ANN_OUTPUTS_MOST];
	size_t open; /* outputs that have been opened */
	struct ann_error err;
};

static void choose_render(struct run *run, size_t at)
{
	const struct ann_output *output = &run->outputs[at];
	struct ann_render_options *render = &run->renders[at];
	bool standard = output->path == NULL;
	bool terminal = standard && isatty(STDOUT_FILENO);

	*render = run->options.render;
	if (output->has_format) {
		render->format = output->format;
	}
	render->color = standard || strcmp(run->options.color, "always") == 0
				? ann_setup_wants_color(&run->options, terminal)
				: false;
	render->mask_controls = terminal && !run->options.raw_control;
}

/* Two writers would take the place from each other, and turn a file's rotation twice.
 */
static enum ann_err check_twice(struct run *run, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		const char *one = run->outputs[i].path;
		const char *other = run->outputs[at].path;

		if (one == NULL || other == NULL ? one == other
						 : strcmp(one, other) == 0) {
			return ann_error_set(&run->err, ANN_ECONFIG,
				"\"%s\": there is another output \"%s\"",
				run->options.outputs[at], run->options.outputs[i]);
		}
	}
	return ANN_OK;
}

static enum ann_err open_outputs(struct run *run)
{
	struct ann_options *options = &run->options;
	enum ann_err failed = ANN_OK;

	if (options->output_count == 0) {
		options->outputs[options->output_count++] = "-";
	}
	for (size_t i = 0; i < options->output_count && failed == ANN_OK; i++) {
		failed = ann_output_init(
			&run->outputs[i], options->outputs[i], &run->err);
		run->open += failed == ANN_OK;
		if (failed == ANN_OK) {
			failed = check_twice(run, i);
		}
	}
	for (size_t i = 0; i < options->output_count && failed == ANN_OK; i++) {
		failed = ann_output_open(&run->outputs[i], &run->err);
		choose_render(run, i);
	}
	return failed;
}

/* By default where it can be seen, does not mix with the lines, and has an end. */
static bool wants_progress(const struct ann_options *options, uint64_t total)
{
	if (options->progress || options->no_progress || options->quiet) {
		return options->progress;
	}
	return isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) && total > 0;
}

static uint64_t total_bytes(const struct ann_options *options)
{
	uint64_t total = 0;

	for (size_t i = 0; i < options->inputs.count; i++) {
		uint64_t size = ann_input_size(options->inputs.path[i]);

		if (size == 0) {
			return 0;
		}
		total += size;
	}
	return total;
}

static bool has_files(const struct run *run)
{
	for (size_t i = 0; i < run->options.output_count; i++) {
		if (run->outputs[i].path != NULL) {
			return true;
		}
	}
	return false;
}

/* Formats whose lines depend on the lines before them. */
static bool looks_back(const struct ann_options *options)
{
	return options->render.timestamp != ANN_TIMESTAMP_NONE;
}

static enum ann_err stream(struct run *run, struct ann_filter_result *result)
{
	const struct ann_options *options = &run->options;
	uint64_t total = total_bytes(options);
	const struct ann_filter_options filter = {
		.inputs = options->inputs.path,
		.input_count = options->inputs.count,
		.outputs = run->outputs,
		.output_count = options->output_count,
		.renders = run->renders,
		.matcher = run->setup.matcher,
		.summary = run->setup.summary,
		.fail_on = run->setup.fail_on,
		.only_matching = options->only_matching,
		.before = options->before,
		.after = options->after,
		.deadline_mono_ns = options->timeout_ns == 0
					    ? 0
					    : ann_clock_mono_ns() + options->timeout_ns,
		.progress = wants_progress(options, total),
		.progress_bytes = total,
		.tell_rules = options->verbose,
		.single = looks_back(options),
	};
	enum ann_err failed = ann_signals_start(has_files(run), &run->err);

	return failed == ANN_OK ? ann_filter_run(&filter, result, ann_warn, &run->err)
				: failed;
}

static enum ann_err close_outputs(struct run *run, enum ann_err failed)
{
	struct ann_error err = {0};

	for (size_t i = 0; i < run->open; i++) {
		if (ann_output_close(&run->outputs[i], &err) != ANN_OK &&
			failed == ANN_OK) {
			failed = err.code;
			run->err = err;
		}
	}
	return failed;
}

/* What we say on the terminal does not stand behind half a line. */
static void make_way(const struct ann_filter_result *result)
{
	if (result->half_line && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO)) {
		fputc('\n', stderr);
	}
}

/* The exit status of a run that went through. */
static int status_of(const struct run *run, const struct ann_filter_result *result)
{
	if (result->given_up > 0 && !run->options.quiet) {
		fprintf(stderr,
			"annotty: %llu searches were given up: a rule's pattern takes too "
			"many steps\n",
			(unsigned long long)result->given_up);
	}
	return ann_setup_status(&run->setup, result->timed_out, result->input_failed,
		result->failed_on);
}

int ann_main_filter(int argc, char **argv)
{
	static const char *const standard = "-";
	struct run run = {0};
	struct ann_filter_result result = {0};
	int status = ann_options_read(&run.options, ANN_COMMAND_FILTER, argc, argv);
	enum ann_err failed = ANN_OK;

	if (status >= 0) {
		return status;
	}
	if (run.options.inputs.count == 0) {
		run.options.inputs = (struct ann_inputs){&standard, 1};
	}
	ann_log_start(run.options.verbose ? ANN_LOG_INFO
		      : run.options.quiet ? ANN_LOG_ERROR
					  : ANN_LOG_NOTICE);
	if (ann_live_wanted(&run.options)) {
		return ann_live(&run.options);
	}
	failed = ann_setup_make(&run.setup, &run.options, &run.err);
	if (failed == ANN_OK) {
		failed = open_outputs(&run);
	}
	if (failed == ANN_OK) {
		failed = stream(&run, &result);
		if (run.setup.summary != NULL || result.timed_out) {
			make_way(&result);
		}
		failed = close_outputs(&run, failed);
		ann_setup_print_summary(&run.setup);
	} else {
		(void)close_outputs(&run, failed);
	}
	status = failed == ANN_OK ? status_of(&run, &result) : ann_fail(&run.err);
	ann_setup_release(&run.setup);
	if (ann_signals_ending() != 0) {
		/* As the shell expects of a program that Ctrl-C has ended. */
		raise(ann_signals_ending());
	}
	return status;
}
