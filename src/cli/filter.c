#include "annotty/alloc.h"
#include "cli/options.h"
#include "io/clock.h"
#include "io/input.h"
#include "io/signals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All that a run of the filter is made of. */
struct run {
	struct ann_options options;
	struct ann_codebook *book;
	struct ann_rules *rules;
	struct ann_matcher *matcher;
	struct ann_summary *summary;
	struct ann_output outputs[ANN_OUTPUTS_MOST];
	struct ann_render_options renders[ANN_OUTPUTS_MOST];
	size_t open; /* outputs that have been opened */
	struct ann_fail_on fail_on;
	struct ann_error err;
};

/* no-color.org and force-color.org: set and not empty. */
static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] != '\0';
}

static bool wants_color(const struct ann_options *options, bool terminal)
{
	const char *term = getenv("TERM");

	if (strcmp(options->color, "auto") != 0) {
		return strcmp(options->color, "always") == 0;
	}
	if (is_set("NO_COLOR")) {
		return false;
	}
	return is_set("FORCE_COLOR") ||
	       (terminal && term != NULL && strcmp(term, "dumb") != 0);
}

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
				? wants_color(&run->options, terminal)
				: false;
	render->mask_controls = terminal && !run->options.raw_control;
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
	}
	for (size_t i = 0; i < options->output_count && failed == ANN_OK; i++) {
		failed = ann_output_open(&run->outputs[i], &run->err);
		choose_render(run, i);
	}
	return failed;
}

/* `any`, a severity or a symbol, which has to be one. */
static enum ann_err read_fail_on(struct run *run)
{
	struct ann_span word = ann_span(run->options.fail_on);
	struct ann_fail_on *fail_on = &run->fail_on;

	if (word.len == 0 && word.ptr == NULL) {
		return ANN_OK;
	}
	fail_on->any = ann_span_is(word, "any");
	fail_on->by_severity = ann_severity_parse(word, &fail_on->severity);
	if (fail_on->any || fail_on->by_severity) {
		return ANN_OK;
	}
	fail_on->name = word;
	if (ann_codebook_find_name(run->book, word) == NULL) {
		return ann_error_set(&run->err, ANN_ECONFIG,
			"--fail-on: \"%s\" is neither any, ok, info, warning, error nor a "
			"name that a table has; see annotty codes",
			run->options.fail_on);
	}
	return ANN_OK;
}

static enum ann_err prepare(struct run *run)
{
	const struct ann_options *options = &run->options;
	const struct ann_matcher_options matching = {
		.annotate_ok = options->annotate_ok,
		.families = options->families,
		.stop_at = options->quit_on,
	};
	enum ann_err failed =
		ann_load_book(&run->book, &options->tables, !options->quiet, &run->err);

	if (failed == ANN_OK) {
		failed = ann_load_rules(&run->rules, &options->rules,
			options->no_default_rules, &run->err);
	}
	if (failed == ANN_OK) {
		failed = ann_matcher_new(
			&run->matcher, run->rules, run->book, &matching, &run->err);
	}
	if (failed == ANN_OK) {
		failed = read_fail_on(run);
	}
	if (failed == ANN_OK && options->summary) {
		run->summary = ann_summary_new(run->book);
		failed = run->summary == NULL ? ann_error_nomem(&run->err) : ANN_OK;
	}
	return failed == ANN_OK ? open_outputs(run) : failed;
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
		.matcher = run->matcher,
		.summary = run->summary,
		.fail_on = run->fail_on,
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

static void print_summary(const struct run *run)
{
	struct ann_buf text = {0};

	if (run->summary != NULL) {
		ann_summary_write(run->summary, run->options.summary_format, &text);
		fwrite(text.ptr, 1, text.len, stderr);
	}
	ann_buf_deinit(&text);
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
	if (result->timed_out && run->options.quit_on != NULL) {
		fprintf(stderr, "annotty: --timeout came before --quit-on \"%s\"\n",
			run->options.quit_on);
		return ANN_EXIT_IO;
	}
	if (result->input_failed) {
		return ANN_EXIT_IO;
	}
	return result->failed_on ? ANN_EXIT_FAILED_ON : ANN_EXIT_DONE;
}

static void release(struct run *run)
{
	ann_summary_free(run->summary);
	ann_matcher_free(run->matcher);
	ann_rules_free(run->rules);
	ann_codebook_free(run->book);
}

int ann_main_filter(int argc, char **argv)
{
	struct run run = {0};
	struct ann_filter_result result = {0};
	int status = ann_options_read(&run.options, ANN_COMMAND_FILTER, argc, argv);
	enum ann_err failed = ANN_OK;

	if (status >= 0) {
		return status;
	}
	if (run.options.inputs.count == 0) {
		run.options.inputs.path[run.options.inputs.count++] = "-";
	}
	failed = prepare(&run);
	if (failed == ANN_OK) {
		failed = stream(&run, &result);
		failed = close_outputs(&run, failed);
		print_summary(&run);
	} else {
		(void)close_outputs(&run, failed);
	}
	status = failed == ANN_OK ? status_of(&run, &result) : ann_fail(&run.err);
	release(&run);
	if (ann_signals_ending() != 0) {
		/* As the shell expects of a program that Ctrl-C has ended. */
		raise(ann_signals_ending());
	}
	return status;
}
