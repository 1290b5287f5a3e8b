#include "cli/config_private.h"

#include "io/app/metrics.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

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

enum ann_err ann_config_read_daemon(struct ann_config *config, struct ann_error *err)
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
		ann_config_section_named(config, ann_span("annotty"), ann_span(""));

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
	const struct ann_config_section *section = ann_config_section_named(
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
		if (ann_config_section_named((struct ann_config *)config,
			    ann_span(kind), name) == NULL) {
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

enum ann_err ann_config_make_plan(struct ann_config *config, struct ann_error *err)
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
