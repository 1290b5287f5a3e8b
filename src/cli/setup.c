#include "cli/setup.h"

#include "cli/near_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* no-color.org and force-color.org: set and not empty. */
static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] != '\0';
}

bool ann_setup_wants_color(const struct ann_options *options, bool terminal)
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

/* Names the word or the symbol that was meant, if one is near. */
static enum ann_err unknown_fail_on(
	const struct ann_setup *setup, struct ann_span word, struct ann_error *err)
{
	static const char *const words[] = {"any", "ok", "info", "warning", "error"};
	unsigned slips = (unsigned)word.len / 3;
	struct ann_span near =
		ann_span(ann_span_nearest(word, words, ANN_LEN(words), slips));

	if (near.len == 0) {
		near = ann_near_name(setup->book, word);
	}
	return ann_error_set(err, ANN_ECONFIG,
		"--fail-on: \"%.*s\" is neither any, ok, info, warning, error nor a name "
		"that a table has; %s%.*s%s",
		ANN_SPAN_ARG(word),
		near.len > 0 ? "did you mean \"" : "see annotty codes",
		ANN_SPAN_ARG(near), near.len > 0 ? "\"?" : "");
}

/* `any`, a severity or a symbol, which has to be one. */
static enum ann_err read_fail_on(
	struct ann_setup *setup, const char *text, struct ann_error *err)
{
	struct ann_span word = ann_span(text);
	struct ann_fail_on *fail_on = &setup->fail_on;
	enum ann_severity severity = ANN_SEVERITY_OK;

	if (ann_span_is(word, "any")) {
		fail_on->any = true;
	} else if (ann_severity_parse(word, &severity)) {
		bool lower = !fail_on->by_severity || severity < fail_on->severity;

		fail_on->severity = lower ? severity : fail_on->severity;
		fail_on->by_severity = true;
	} else if (ann_codebook_find_name(setup->book, word) != NULL) {
		fail_on->names[fail_on->name_count++] = word;
	} else {
		return unknown_fail_on(setup, word, err);
	}
	return ANN_OK;
}

enum ann_err ann_setup_make(struct ann_setup *setup, const struct ann_options *options,
	struct ann_error *err)
{
	const struct ann_matcher_options matching = {
		.annotate_ok = options->annotate_ok,
		.families = options->families,
		.stop_at = options->quit_on,
		.stop_count = options->quit_on_count,
	};
	enum ann_err failed =
		ann_load_book(&setup->book, &options->tables, !options->quiet, err);

	setup->options = options;
	if (failed == ANN_OK) {
		failed = ann_load_rules(
			&setup->rules, &options->rules, options->no_default_rules, err);
	}
	if (failed == ANN_OK) {
		failed = ann_matcher_new(
			&setup->matcher, setup->rules, setup->book, &matching, err);
	}
	for (size_t i = 0; i < options->fail_on_count && failed == ANN_OK; i++) {
		failed = read_fail_on(setup, options->fail_on[i], err);
	}
	if (failed == ANN_OK && options->summary) {
		setup->summary = ann_summary_new(setup->book);
		failed = setup->summary == NULL ? ann_error_nomem(err) : ANN_OK;
	}
	return failed;
}

void ann_setup_release(struct ann_setup *setup)
{
	ann_summary_free(setup->summary);
	ann_matcher_free(setup->matcher);
	ann_rules_free(setup->rules);
	ann_codebook_free(setup->book);
}

void ann_setup_print_summary(const struct ann_setup *setup)
{
	struct ann_buf text = {0};

	if (setup->summary != NULL) {
		ann_summary_write(
			setup->summary, setup->options->summary_format, &text);
		fwrite(text.ptr, 1, text.len, stderr);
	}
	ann_buf_deinit(&text);
}

int ann_setup_status(
	const struct ann_setup *setup, bool timed_out, bool io_failed, bool failed_on)
{
	const struct ann_options *options = setup->options;

	if (timed_out && options->quit_on_count > 0) {
		fputs("annotty: --timeout came before --quit-on", stderr);
		for (size_t i = 0; i < options->quit_on_count; i++) {
			fprintf(stderr, "%s \"%s\"", i == 0 ? "" : " or",
				options->quit_on[i]);
		}
		fputc('\n', stderr);
		return ANN_EXIT_IO;
	}
	if (io_failed) {
		return ANN_EXIT_IO;
	}
	return failed_on ? ANN_EXIT_FAILED_ON : ANN_EXIT_DONE;
}
