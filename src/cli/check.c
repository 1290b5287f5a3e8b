#include "annotty/matcher.h"
#include "cli/config.h"
#include "cli/options.h"

#include <stdio.h>
#include <unistd.h>

struct check {
	const struct ann_options *options;
	size_t mistakes;
};

static void tell(void *user, const struct ann_error *err)
{
	struct check *check = user;

	check->mistakes++;
	ann_warn(NULL, err);
}

static void tell_slow(void *user, const struct ann_rule *rule)
{
	const struct check *check = user;

	if (!check->options->quiet) {
		fprintf(stderr,
			"annotty: %s:%zu: note: rule \"%s\" names no text that a line "
			"must hold, so every line is tried\n",
			rule->origin, rule->lines[ANN_RULE_PATTERN], rule->name);
	}
}

static enum ann_err check_rules(struct check *check, const struct ann_codebook *book,
	struct ann_buf *report, struct ann_error *err)
{
	const struct ann_options *options = check->options;
	const struct ann_matcher_options matching = {.families = options->families};
	struct ann_rules *rules = NULL;
	struct ann_matcher *matcher = NULL;
	enum ann_err failed =
		ann_load_rules(&rules, &options->rules, options->no_default_rules, err);

	if (failed == ANN_OK) {
		failed = ann_matcher_new(&matcher, rules, book, &matching, err);
	}
	if (failed == ANN_OK) {
		ann_matcher_slow_rules(matcher, tell_slow, check);
		if (check->mistakes == 0) {
			ann_buf_count(report, ann_rules_count(rules), "rule");
			ann_buf_printf(report, ", %zu families: no mistakes\n",
				ann_codebook_families(book));
		}
	}
	ann_matcher_free(matcher);
	ann_rules_free(rules);
	return failed;
}

/* The configuration of the daemon: the one that is named, or the default one. */
static enum ann_err check_config(
	struct check *check, struct ann_buf *report, struct ann_error *err)
{
	const char *path = check->options->config;
	struct ann_config config = {0};
	enum ann_err failed = ANN_OK;

	if (path == NULL) {
		path = ann_config_default_path();
		if (access(path, F_OK) != 0) {
			return ANN_OK;
		}
	}
	failed = ann_config_load(&config, path, err);
	if (failed == ANN_OK || failed == ANN_ECONFIG) {
		size_t sources = config.plan.source_count;
		size_t outputs = config.plan.output_count;
		enum ann_err plan_failed = ann_config_try_plan(&config, err);

		failed = failed == ANN_OK ? plan_failed : failed;
		if (failed == ANN_OK) {
			ann_buf_printf(report, "%s: ", path);
			ann_buf_count(report, sources, "source");
			ann_buf_str(report, ", ");
			ann_buf_count(report, outputs, "output");
			ann_buf_str(report, ": no mistakes\n");
		}
	}
	ann_config_deinit(&config);
	return failed;
}

int ann_main_check(int argc, char **argv)
{
	struct ann_options options;
	struct check check = {.options = &options};
	struct ann_error err = {.tell = tell, .user = &check};
	struct ann_codebook *book = NULL;
	struct ann_buf report = {0};
	int status = ann_options_read(&options, ANN_COMMAND_CHECK, argc, argv);
	enum ann_err failed = ANN_OK;

	if (status >= 0) {
		return status;
	}
	for (size_t i = 0; i < options.inputs.count; i++) {
		fprintf(stderr,
			"annotty: check takes -c FILE, -T TABLE and -R RULES, found "
			"\"%s\"\n",
			options.inputs.path[i]);
		return ANN_EXIT_USAGE;
	}
	failed = ann_load_book(&book, &options.tables, true, &err);
	if (book != NULL) {
		enum ann_err rules_failed = check_rules(&check, book, &report, &err);

		failed = failed == ANN_OK ? rules_failed : failed;
	}
	ann_codebook_free(book);
	if (failed == ANN_OK || failed == ANN_ECONFIG) {
		enum ann_err config_failed = check_config(&check, &report, &err);

		failed = failed == ANN_OK ? config_failed : failed;
	}
	/* What is no mistake in a file has ended the check, and has not been told. */
	if (err.code != ANN_OK && (err.code != ANN_ECONFIG || check.mistakes == 0)) {
		ann_warn(NULL, &err);
	}
	if (options.quiet || failed != ANN_OK) {
		ann_buf_clear(&report);
	}
	status = ann_print(&report);
	return failed == ANN_OK ? status : ann_exit_of(failed);
}
