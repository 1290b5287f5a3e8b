#include "cli/config_private.h"

#include "annotty/alloc.h"
#include "annotty/buf.h"
#include "io/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct ann_config_section *ann_config_section_named(
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

bool ann_config_is_rules(struct ann_span kind)
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
enum ann_err ann_config_take_section(
	void *user, const struct ann_ini_entry *entry, struct ann_error *err)
{
	struct ann_config *config = user;
	struct ann_config_section *section =
		ann_config_section_named(config, entry->kind, entry->name);
	enum ann_err failed = ANN_OK;

	if (ann_config_is_rules(entry->kind)) {
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
enum ann_err ann_config_read_files(const struct ann_config_files *files,
	ann_ini_cb take, void *user, struct ann_error *err)
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
enum ann_err ann_config_find_files(
	struct ann_config_files *files, const char *path, struct ann_error *err)
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

void ann_config_free_sections(struct ann_config *config)
{
	for (size_t i = 0; i < config->section_count; i++) {
		ann_free(config->sections[i].kind);
		ann_free(config->sections[i].name);
		ann_free(config->sections[i].origin);
		ann_settings_deinit(&config->sections[i].settings);
	}
	ann_free(config->sections);
}
