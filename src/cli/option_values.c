#include "cli/option_values.h"

#include "io/port/port_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names the word that was meant, if one is near, otherwise all. */
static void tell_words(
	const char *option, const char *word, const char *const *known, size_t count)
{
	enum { SLIPS_MOST = 2 };
	const char *near = ann_span_nearest(ann_span(word), known, count, SLIPS_MOST);

	fprintf(stderr, "annotty: --%s: unknown word \"%s\"; ", option, word);
	if (near != NULL) {
		fprintf(stderr, "did you mean \"%s\"?\n", near);
		return;
	}
	fputs("expected ", stderr);
	for (size_t i = 0; i < count; i++) {
		bool last = i + 1 == count;

		fprintf(stderr, "%s%s", i == 0 ? "" : last ? " or " : ", ", known[i]);
	}
	fputc('\n', stderr);
}

/* The place of `word` among `known`; otherwise tells what could be, and returns -1. */
static int choose(
	const char *option, const char *word, const char *const *known, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(word, known[i]) == 0) {
			return (int)i;
		}
	}
	tell_words(option, word, known, count);
	return -1;
}

bool ann_option_format(struct ann_options *options, const char *word)
{
	static const char *const known[] = {"text", "json", "raw"};
	int at = choose("format", word, known, ANN_LEN(known));

	options->render.format = (enum ann_format)at;
	return at >= 0;
}

bool ann_option_placement(struct ann_options *options, const char *word)
{
	static const char *const known[] = {"inline", "suffix", "below"};
	int at = choose("annotate", word, known, ANN_LEN(known));

	options->render.placement = (enum ann_placement)at;
	return at >= 0;
}

bool ann_option_style(struct ann_options *options, const char *word)
{
	static const char *const known[] = {"full", "name"};
	int at = choose("style", word, known, ANN_LEN(known));

	options->render.names_only = at == 1;
	return at >= 0;
}

bool ann_option_timestamp(struct ann_options *options, const char *word)
{
	static const char *const known[] = {
		"none", "iso8601", "time", "delta", "epoch", "monotonic"};
	int at = word == NULL ? (int)ANN_TIMESTAMP_ISO8601
			      : choose("timestamp", word, known, ANN_LEN(known));

	options->render.timestamp = (enum ann_timestamp)at;
	return at >= 0;
}

bool ann_option_color(struct ann_options *options, const char *word)
{
	static const char *const known[] = {"auto", "always", "never"};

	options->color = word;
	return choose("color", word, known, ANN_LEN(known)) >= 0;
}

bool ann_option_summary(struct ann_options *options, const char *word)
{
	static const char *const known[] = {"text", "markdown", "json", "github"};
	int at = word == NULL ? 0 : choose("summary", word, known, ANN_LEN(known));

	options->summary = true;
	options->summary_format = (enum ann_summary_format)at;
	return at >= 0;
}

bool ann_option_lines(const char *option, const char *word, size_t *lines)
{
	uint64_t number = 0;

	if (!ann_span_digits(ann_span(word), 10, &number) || number > 1000000000) {
		fprintf(stderr, "annotty: -%s: \"%s\" is no number of lines\n", option,
			word);
		return false;
	}
	*lines = (size_t)number;
	return true;
}

bool ann_option_timeout(struct ann_options *options, const char *word)
{
	char *end = NULL;
	double seconds = strtod(word, &end);

	if (end == word || *end != '\0' || !(seconds > 0 && seconds < 1e9)) {
		fprintf(stderr,
			"annotty: --timeout: \"%s\" is no number of seconds above 0\n",
			word);
		return false;
	}
	options->timeout_ns = (uint64_t)(seconds * 1e9);
	return true;
}

bool ann_option_file(struct ann_files *files, const char *path)
{
	struct ann_error err = {0};

	return ann_files_add(files, path, &err) == ANN_OK || ann_fail(&err) < 0;
}

/* An option that may come several times. */
static bool add(const char *option, const char **values, size_t *count, size_t most,
	const char *value)
{
	if (*count == most) {
		fprintf(stderr, "annotty: --%s: more than %zu\n", option, most);
		return false;
	}
	values[(*count)++] = value;
	return true;
}

bool ann_option_output(struct ann_options *options, const char *spec)
{
	return add("output", options->outputs, &options->output_count, ANN_OUTPUTS_MOST,
		spec);
}

bool ann_option_fail_on(struct ann_options *options, const char *what)
{
	return add("fail-on", options->fail_on, &options->fail_on_count,
		ANN_FAIL_ON_MOST, what);
}

bool ann_option_quit_on(struct ann_options *options, const char *regex)
{
	return add("quit-on", options->quit_on, &options->quit_on_count,
		ANN_QUIT_ON_MOST, regex);
}

/* Tried here, so that a mistake is told whether or not there is a port among the
 * inputs; read where ports are opened, as those in specifications are. */
static bool port_value_fits(const char *key, const char *value)
{
	static const struct ann_key *const keys[] = {ann_port_keys, NULL};
	struct ann_port_wishes wishes = ann_port_wishes();
	struct ann_settings one = {0};
	struct ann_error err = {0};
	char origin[32];

	snprintf(origin, sizeof(origin), "--%s", key);
	enum ann_err failed =
		ann_settings_set(&one, ann_span(key), ann_span(value), origin, &err);

	if (failed == ANN_OK) {
		failed = ann_settings_read(&one, keys, &wishes, &err);
	}
	ann_settings_deinit(&one);
	return failed == ANN_OK || ann_fail(&err) < 0;
}

bool ann_option_port(struct ann_options *options, const char *key, const char *value)
{
	size_t at = 0;

	while (at < options->port_count && strcmp(options->port[at].key, key) != 0) {
		at++;
	}
	options->port[at].key = key;
	options->port[at].value = value;
	options->port_count += at == options->port_count;
	return port_value_fits(key, value);
}
