#include "cli/config_private.h"

#include "cli/load.h"
#include "io/app/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum ann_err load_tables(struct ann_config *config, struct ann_error *err)
{
	struct ann_files tables = {0};
	enum ann_err failed = ANN_OK;

	for (size_t i = 0; i < config->section_count && failed == ANN_OK; i++) {
		struct ann_config_section *one = &config->sections[i];
		struct {
			const char *file;
		} table = {0};
		static const struct ann_key table_keys[] = {
			{"file", ANN_KEY_TEXT, 0, NULL, 0, 0},
			{NULL, ANN_KEY_TEXT, 0, NULL, 0, 0}};
		static const struct ann_key *const keys[] = {table_keys, NULL};

		if (strcmp(one->kind, "table") != 0) {
			continue;
		}
		failed = ann_settings_read(&one->settings, keys, &table, err);
		if (failed == ANN_OK && table.file == NULL) {
			failed = ann_error_set(err, ANN_ECONFIG,
				"%s: [table %s] has no key \"file\"", one->origin,
				one->name);
		}
		if (failed == ANN_OK) {
			failed = ann_files_add(&tables, table.file, err);
		}
	}
	return failed == ANN_OK ? ann_load_book(&config->book, &tables, false, err)
				: failed;
}

static enum ann_err take_rule(
	void *user, const struct ann_ini_entry *entry, struct ann_error *err)
{
	return ann_config_is_rules(entry->kind) ? ann_rules_take(user, entry, err)
						: ANN_OK;
}

static enum ann_err load_rules(struct ann_config *config,
	const struct ann_config_files *files, struct ann_error *err)
{
	struct ann_files rule_files = {0};
	struct ann_span list = ann_span(config->daemon.rules);
	struct ann_buf paths = {0};
	enum ann_err failed = ANN_OK;

	/* The words of the list, each with a NUL behind it; it does not grow again. */
	if (list.len > 0 && ann_buf_reserve(&paths, list.len + 1) == NULL) {
		return ann_error_nomem(err);
	}
	for (struct ann_span word = ann_span_word(&list);
		word.len > 0 && failed == ANN_OK; word = ann_span_word(&list)) {
		const char *path = paths.ptr + paths.len;

		ann_buf_span(&paths, word);
		ann_buf_char(&paths, '\0');
		failed = ann_files_add(&rule_files, path, err);
	}
	if (failed == ANN_OK) {
		failed = ann_load_rules(&config->rules, &rule_files,
			!config->daemon.default_rules, err);
	}
	ann_buf_deinit(&paths);
	if (failed == ANN_OK) {
		failed = ann_rules_begin(
			config->rules, files->path == NULL ? "" : files->path, err);
	}
	if (failed == ANN_OK) {
		failed = ann_config_read_files(files, take_rule, config->rules, err);
	}
	return failed == ANN_OK ? ann_rules_complete(config->rules, err) : failed;
}

static enum ann_err make_matcher(struct ann_config *config, struct ann_error *err)
{
	const struct ann_matcher_options options = {
		.annotate_ok = config->daemon.annotate_ok,
		.families = config->daemon.families,
	};

	return ann_matcher_new(
		&config->matcher, config->rules, config->book, &options, err);
}

static enum ann_err load(struct ann_config *config,
	const struct ann_config_files *files, struct ann_error *err)
{
	enum ann_err failed =
		ann_config_read_files(files, ann_config_take_section, config, err);
	bool unreadable = failed != ANN_OK;
	bool wrong = false;
	enum ann_err (*const steps[])(
		struct ann_config * config, struct ann_error * err) = {
		ann_config_read_daemon, ann_config_make_plan, load_tables};

	for (size_t i = 0; i < ANN_LEN(steps); i++) {
		if (failed != ANN_OK && (failed != ANN_ECONFIG || err->tell == NULL)) {
			return failed;
		}
		wrong |= failed != ANN_OK;
		failed = steps[i](config, err);
	}
	/* Mistakes in the form of the files would be told a second time. */
	if (failed == ANN_OK && !unreadable) {
		failed = load_rules(config, files, err);
	}
	if (failed == ANN_OK && !unreadable) {
		failed = make_matcher(config, err);
	}
	return failed == ANN_OK && wrong ? ANN_ECONFIG : failed;
}

enum ann_err ann_config_load(
	struct ann_config *config, const char *path, struct ann_error *err)
{
	struct ann_config_files files = {0};
	enum ann_err failed = ann_config_find_files(&files, path, err);

	if (failed == ANN_OK) {
		failed = load(config, &files, err);
	}
	globfree(&files.parts);
	return failed;
}

enum ann_err ann_config_try_plan(struct ann_config *config, struct ann_error *err)
{
	const struct ann_app_options options = {.matcher = config->matcher};
	struct ann_app *app = NULL;
	enum ann_err failed = ann_app_new(&app, &options, err);

	if (failed == ANN_OK) {
		failed = ann_app_check(app, &config->plan, err);
	}
	ann_app_free(app);
	return failed;
}

void ann_config_deinit(struct ann_config *config)
{
	ann_plan_deinit(&config->plan);
	ann_matcher_free(config->matcher);
	ann_rules_free(config->rules);
	ann_codebook_free(config->book);
	ann_config_free_sections(config);
	*config = (struct ann_config){0};
}

const char *ann_config_default_path(void)
{
	static char path[4096];
	const char *home = getenv("HOME");
	const char *directory = getenv("XDG_CONFIG_HOME");

	if (geteuid() == 0 || home == NULL) {
		return "/etc/annotty/annotty.conf";
	}
	if (directory != NULL && directory[0] == '/') {
		snprintf(path, sizeof(path), "%s/annotty/annotty.conf", directory);
	} else {
		snprintf(path, sizeof(path), "%s/.config/annotty/annotty.conf", home);
	}
	return path;
}
