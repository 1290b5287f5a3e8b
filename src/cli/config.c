#include "cli/config.h"

#include "annotty/alloc.h"
#include "annotty/ini.h"
#include "cli/load.h"
#include "io/app/app.h"
#include "io/app/metrics.h"
#include "io/file.h"

#include <errno.h>
#include <glob.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* [KIND NAME] with its keys; the first place where it stands. */
struct ann_config_section {
	char *kind;
	char *name;
	char *origin; /* FILE:LINE */
	struct ann_settings settings;
};

/* --- reading files ---------------------------------------------------------------- */

/* The files of a configuration, in order. */
struct files {
	glob_t parts;
	const char *path; /* the file itself; NULL: it is not there, only parts are */
};

static struct ann_config_section *find_section(
	struct ann_config *config, struct ann_span kind, struct ann_span name)
{
	for (size_t i = 0; i < config->section_count; i++) {
		if (ann_span_is(kind, config->sections[i].kind) &&
			ann_span_is(name, config->sections[i].name)) {
			return &config->sections[i];
		}
	}
	return NULL;
}

static char *origin_of(const struct ann_ini_entry *entry)
{
	struct ann_buf text = {0};

	ann_buf_printf(&text, "%s:%zu", entry->origin, entry->line);
	char *copy = text.failed ? NULL : ann_copy(text.ptr, text.len);

	ann_buf_deinit(&text);
	return copy;
}

static enum ann_err open_section(struct ann_config *config,
	const struct ann_ini_entry *entry, struct ann_error *err)
{
	struct ann_config_section made = {
		.kind = ann_copy(entry->kind.ptr, entry->kind.len),
		.name = ann_copy(
			entry->name.len == 0 ? "" : entry->name.ptr, entry->name.len),
		.origin = origin_of(entry),
	};

	if (made.kind == NULL || made.name == NULL || made.origin == NULL ||
		ann_grow((void **)&config->sections, &config->section_room,
			config->section_count, sizeof(made)) != 0) {
		ann_free(made.kind);
		ann_free(made.name);
		ann_free(made.origin);
		return ann_error_nomem(err);
	}
	config->sections[config->section_count++] = made;
	return ANN_OK;
}

static bool is_rules(struct ann_span kind)
{
	return ann_span_is(kind, "rule") || ann_span_is(kind, "define") ||
	       ann_span_is(kind, "family");
}

static enum ann_err check_section(
	const struct ann_ini_entry *entry, struct ann_error *err)
{
	bool named = entry->name.len > 0;

	if (ann_span_is(entry->kind, "annotty")) {
		return named ? ann_ini_error(
				       entry, err, "the section [annotty] has no name")
			     : ANN_OK;
	}
	if (ann_span_is(entry->kind, "source") || ann_span_is(entry->kind, "output") ||
		ann_span_is(entry->kind, "table")) {
		return named ? ANN_OK
			     : ann_ini_error(entry, err,
				       "the section [%.*s] needs a name: [%.*s NAME]",
				       ANN_SPAN_ARG(entry->kind),
				       ANN_SPAN_ARG(entry->kind));
	}
	return ann_ini_error(entry, err,
		"unknown section \"%.*s\"; there are annotty, source, output, table, "
		"rule, define and family",
		ANN_SPAN_ARG(entry->kind));
}

/* Everything but rules, which are read later: what [annotty] says comes before them. */
static enum ann_err take_section(
	void *user, const struct ann_ini_entry *entry, struct ann_error *err)
{
	struct ann_config *config = user;
	struct ann_config_section *section =
		find_section(config, entry->kind, entry->name);
	enum ann_err failed = ANN_OK;

	if (is_rules(entry->kind)) {
		return ANN_OK;
	}
	if (entry->kind.len == 0) {
		return ann_ini_error(entry, err,
			"\"%.*s\" stands before any section such as [annotty]",
			ANN_SPAN_ARG(entry->key));
	}
	if (entry->key.len == 0) {
		failed = check_section(entry, err);
		return failed == ANN_OK && section == NULL
			       ? open_section(config, entry, err)
			       : failed;
	}
	if (section == NULL) {
		return ANN_OK; /* the mistake in its opening has been told */
	}
	char *origin = origin_of(entry);

	if (origin == NULL) {
		return ann_error_nomem(err);
	}
	failed = ann_settings_set(
		&section->settings, entry->key, entry->value, origin, err);
	ann_free(origin);
	return failed;
}

static enum ann_err take_rule(
	void *user, const struct ann_ini_entry *entry, struct ann_error *err)
{
	return is_rules(entry->kind) ? ann_rules_take(user, entry, err) : ANN_OK;
}

static enum ann_err read_file(
	const char *path, ann_ini_cb take, void *user, struct ann_error *err)
{
	struct ann_buf text = {0};
	enum ann_err failed = ann_file_read(path, &text, err);

	if (failed == ANN_OK) {
		failed = ann_ini_read(ann_buf_all(&text), path, take, user, err);
	}
	ann_buf_deinit(&text);
	return failed;
}

/* Mistakes in one file do not hide those in the next when somebody listens. */
static enum ann_err read_files(
	const struct files *files, ann_ini_cb take, void *user, struct ann_error *err)
{
	bool wrong = false;
	enum ann_err failed = ANN_OK;

	if (files->path != NULL) {
		failed = read_file(files->path, take, user, err);
	}
	for (size_t i = 0; i < files->parts.gl_pathc; i++) {
		if (failed != ANN_OK && (failed != ANN_ECONFIG || err->tell == NULL)) {
			return failed;
		}
		wrong |= failed != ANN_OK;
		failed = read_file(files->parts.gl_pathv[i], take, user, err);
	}
	return failed == ANN_OK && wrong ? ANN_ECONFIG : failed;
}

/* A file that is not there is a mistake, unless parts of it are. */
static enum ann_err find_files(
	struct files *files, const char *path, struct ann_error *err)
{
	struct ann_buf pattern = {0};
	struct stat status;
	enum ann_err failed = ANN_OK;

	ann_buf_printf(&pattern, "%s.d/*.conf", path);
	ann_buf_char(&pattern, '\0');
	if (pattern.failed ||
		glob(pattern.ptr, 0, NULL, &files->parts) == GLOB_NOSPACE) {
		failed = ann_error_nomem(err);
	}
	ann_buf_deinit(&pattern);
	files->path = path;
	if (failed == ANN_OK && files->parts.gl_pathc > 0 && stat(path, &status) != 0 &&
		errno == ENOENT) {
		files->path = NULL;
	}
	return failed;
}

/* --- from sections to a plan ------------------------------------------------------ */

static const char *const log_levels[] = {
	"error", "warning", "notice", "info", "debug", NULL};

/* A key of a section, with its place, or NULL. */
static const struct ann_setting *find_key(
	const struct ann_config_section *section, const char *key)
{
	for (size_t i = 0; i < section->settings.count; i++) {
		if (strcmp(section->settings.at[i].key, key) == 0) {
			return &section->settings.at[i];
		}
	}
	return NULL;
}

static enum ann_err check_metrics(
	const struct ann_config_section *section, struct ann_error *err)
{
	const struct ann_setting *metrics = find_key(section, "metrics");
	enum ann_err failed = ANN_OK;

	if (metrics != NULL && !ann_metrics_takes(metrics->value)) {
		failed = ann_error_set(err, ANN_ECONFIG,
			"%s: metrics: \"%s\" does not fit; expected ADDRESS:PORT or PORT, "
			"such as 127.0.0.1:9106",
			metrics->origin, metrics->value);
		(void)ann_error_tell(err, failed);
	}
	return failed;
}

static enum ann_err read_daemon(struct ann_config *config, struct ann_error *err)
{
#define AT(member) offsetof(struct ann_daemon_options, member)
	static const struct ann_key daemon[] = {
		{"default-rules", ANN_KEY_BOOL, AT(default_rules), NULL, 0, 0},
		{"rules", ANN_KEY_TEXT, AT(rules), NULL, 0, 0},
		{"families", ANN_KEY_TEXT, AT(families), NULL, 0, 0},
		{"annotate-ok", ANN_KEY_BOOL, AT(annotate_ok), NULL, 0, 0},
		{"line-limit", ANN_KEY_SIZE, AT(line_limit), NULL, 256, 1 << 26},
		{"drain", ANN_KEY_DURATION, AT(drain_ms), NULL, 0, 0},
		{"state-directory", ANN_KEY_TEXT, AT(state_directory), NULL, 0, 0},
		{"metrics", ANN_KEY_TEXT, AT(metrics), NULL, 0, 0},
		{"control", ANN_KEY_TEXT, AT(control), NULL, 0, 0},
		{"log", ANN_KEY_WORD, AT(log), log_levels, 0, 0},
		{NULL, ANN_KEY_TEXT, 0, NULL, 0, 0},
	};
#undef AT
	static const struct ann_key *const keys[] = {daemon, NULL};
	struct ann_config_section *section =
		find_section(config, ann_span("annotty"), ann_span(""));

	config->daemon = (struct ann_daemon_options){
		.default_rules = true, .drain_ms = 5000, .log = 2};
	if (section == NULL) {
		return ANN_OK;
	}
	enum ann_err failed =
		ann_settings_read(&section->settings, keys, &config->daemon, err);
	enum ann_err metrics_failed = check_metrics(section, err);

	return failed == ANN_OK ? metrics_failed : failed;
}

const struct ann_setting *ann_config_daemon_key(
	const struct ann_config *config, const char *key)
{
	const struct ann_config_section *section = find_section(
		(struct ann_config *)config, ann_span("annotty"), ann_span(""));

	return section == NULL ? NULL : find_key(section, key);
}

/*
 * The endpoint that the key `key` of a section specifies, with all other keys as its
 * settings; those in the specification itself win.
 */
static enum ann_err make_endpoint(struct ann_config_section *section, const char *key,
	struct ann_endpoint *endpoint, struct ann_error *err)
{
	const struct ann_setting *spec = find_key(section, key);
	enum ann_err failed = ANN_OK;

	if (spec == NULL) {
		return ann_error_set(err, ANN_ECONFIG, "%s: [%s %s] has no key \"%s\"",
			section->origin, section->kind, section->name, key);
	}
	failed = ann_endpoint_init(endpoint, section->name, spec->value, NULL, err);
	if (failed == ANN_OK) {
		failed = ann_endpoint_set_origin(endpoint, spec->origin, err);
	} else {
		ann_error_context(err, "%s", spec->origin);
	}
	for (size_t i = 0; i < section->settings.count && failed == ANN_OK; i++) {
		const struct ann_setting *one = &section->settings.at[i];

		if (strcmp(one->key, key) != 0 &&
			ann_settings_get(&endpoint->settings, one->key) == NULL) {
			failed = ann_settings_set(&endpoint->settings,
				ann_span(one->key), ann_span(one->value), one->origin,
				err);
		}
	}
	if (failed != ANN_OK) {
		ann_endpoint_deinit(endpoint);
	}
	return failed;
}

static enum ann_err add_source(struct ann_config *config,
	struct ann_config_section *section, struct ann_error *err)
{
	static const struct ann_manner defaults = {.follow = true, .reconnect = true};
	struct ann_endpoint endpoint = {0};
	enum ann_err failed = make_endpoint(section, "input", &endpoint, err);

	return failed == ANN_OK
		       ? ann_plan_add_source(&config->plan, &endpoint, &defaults, err)
		       : failed;
}

static enum ann_err add_output(struct ann_config *config,
	struct ann_config_section *section, struct ann_error *err)
{
	static const struct ann_route_options defaults = {
		.label = true, .events = true};
	struct ann_endpoint endpoint = {0};
	enum ann_err failed = make_endpoint(section, "output", &endpoint, err);

	return failed == ANN_OK
		       ? ann_plan_add_output(&config->plan, &endpoint, &defaults, err)
		       : failed;
}

/* Where it goes when nobody says. A service's standard output is the journal. */
static enum ann_err add_standard(struct ann_config *config, struct ann_error *err)
{
	static const struct ann_route_options defaults = {
		.label = true, .events = true};
	struct ann_endpoint endpoint = {0};
	enum ann_err failed = ann_endpoint_init(&endpoint, NULL, "-", NULL, err);

	return failed == ANN_OK
		       ? ann_plan_add_output(&config->plan, &endpoint, &defaults, err)
		       : failed;
}

/* An output that a source names has to be there, and a source that an output names. */
static enum ann_err check_names(const struct ann_config *config,
	const struct ann_config_section *from, const struct ann_setting *list,
	const char *kind, struct ann_error *err)
{
	struct ann_span rest = ann_span(list->value);

	for (;;) {
		struct ann_span name = ann_span_word(&rest);

		if (name.len == 0) {
			return ANN_OK;
		}
		if (find_section((struct ann_config *)config, ann_span(kind), name) ==
			NULL) {
			return ann_error_set(err, ANN_ECONFIG,
				"%s: [%s %s] names the %s \"%.*s\", which is not there",
				list->origin, from->kind, from->name, kind,
				ANN_SPAN_ARG(name));
		}
	}
}

static enum ann_err check_links(const struct ann_config *config, struct ann_error *err)
{
	bool told = false;

	for (size_t i = 0; i < config->section_count; i++) {
		const struct ann_config_section *one = &config->sections[i];
		bool source = strcmp(one->kind, "source") == 0;
		const struct ann_setting *list =
			find_key(one, source ? "outputs" : "sources");
		enum ann_err failed =
			list == NULL ? ANN_OK
				     : check_names(config, one, list,
					       source ? "output" : "source", err);

		if (failed != ANN_OK && !ann_error_tell(err, failed)) {
			return failed;
		}
		told |= failed != ANN_OK;
	}
	return told ? ANN_ECONFIG : ANN_OK;
}

static enum ann_err make_plan(struct ann_config *config, struct ann_error *err)
{
	bool told = false;
	enum ann_err failed = ANN_OK;

	for (size_t i = 0; i < config->section_count; i++) {
		struct ann_config_section *one = &config->sections[i];

		failed = ANN_OK;
		if (strcmp(one->kind, "source") == 0) {
			failed = add_source(config, one, err);
		} else if (strcmp(one->kind, "output") == 0) {
			failed = add_output(config, one, err);
		}
		if (failed != ANN_OK && failed != ANN_ECONFIG) {
			return failed;
		}
		if (failed != ANN_OK && !ann_error_tell(err, failed)) {
			return failed;
		}
		told |= failed != ANN_OK;
	}
	if (config->plan.output_count == 0 && !told) {
		return add_standard(config, err);
	}
	failed = check_links(config, err);
	return failed == ANN_OK && told ? ANN_ECONFIG : failed;
}

/* --- codes and rules -------------------------------------------------------------- */

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

static enum ann_err load_rules(
	struct ann_config *config, const struct files *files, struct ann_error *err)
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
		failed = read_files(files, take_rule, config->rules, err);
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

/* --- all of it -------------------------------------------------------------------- */

static enum ann_err load(
	struct ann_config *config, const struct files *files, struct ann_error *err)
{
	enum ann_err failed = read_files(files, take_section, config, err);
	bool unreadable = failed != ANN_OK;
	bool wrong = false;
	enum ann_err (*const steps[])(struct ann_config * config,
		struct ann_error * err) = {read_daemon, make_plan, load_tables};

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
	struct files files = {0};
	enum ann_err failed = find_files(&files, path, err);

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
	for (size_t i = 0; i < config->section_count; i++) {
		ann_free(config->sections[i].kind);
		ann_free(config->sections[i].name);
		ann_free(config->sections[i].origin);
		ann_settings_deinit(&config->sections[i].settings);
	}
	ann_free(config->sections);
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
