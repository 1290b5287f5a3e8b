#include "cli/load.h"

#include "annotty/embedded.h"
#include "annotty/header.h"
#include "annotty/table.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

void ann_warn(void *user, const struct ann_error *err)
{
	(void)user;
	fprintf(stderr, "annotty: %s\n", err->text);
}

enum ann_err ann_files_add(
	struct ann_files *files, const char *path, struct ann_error *err)
{
	if (files->count == ANN_FILES_MOST) {
		return ann_error_set(err, ANN_ECONFIG, "%s: more than %d files", path,
			ANN_FILES_MOST);
	}
	files->path[files->count++] = path;
	return ANN_OK;
}

static void print_note(void *user, const char *note)
{
	(void)user;
	fprintf(stderr, "annotty: %s\n", note);
}

enum ann_err ann_load_headers(struct ann_codebook *book, struct ann_span family,
	const struct ann_inputs *headers, struct ann_span prefix, bool verbose,
	struct ann_error *err)
{
	struct ann_header parts[ANN_FILES_MOST] = {0};
	struct ann_buf texts[ANN_FILES_MOST] = {0};
	enum ann_err failed = ANN_OK;

	if (headers->count > ANN_FILES_MOST) {
		return ann_error_set(err, ANN_ECONFIG, "%s: more than %d headers",
			headers->path[ANN_FILES_MOST], ANN_FILES_MOST);
	}
	if (!ann_table_family_fits(family)) {
		failed = ann_error_set(err, ANN_ECONFIG,
			"%s: a family is named with letters, digits, _ and -, not "
			"\"%.*s\"",
			headers->path[0], ANN_SPAN_ARG(family));
		(void)ann_error_tell(err, failed);
	}
	for (size_t i = 0; i < headers->count && failed == ANN_OK; i++) {
		failed = ann_file_read(headers->path[i], &texts[i], err);
		parts[i] =
			(struct ann_header){ann_buf_all(&texts[i]), headers->path[i]};
	}
	if (failed == ANN_OK) {
		failed = ann_header_add(book, family, parts, headers->count, prefix,
			verbose ? print_note : NULL, NULL, err);
	}
	for (size_t i = 0; i < headers->count; i++) {
		ann_buf_deinit(&texts[i]);
	}
	return failed;
}

static bool is_header(const char *path)
{
	size_t len = strlen(path);

	return len > 2 && strcmp(path + len - 2, ".h") == 0;
}

static enum ann_err load_table(struct ann_codebook *book, const char *path,
	bool verbose, struct ann_error *err)
{
	const struct ann_inputs one = {&path, 1};
	struct ann_buf text = {0};
	enum ann_err failed = ANN_OK;

	if (is_header(path)) {
		return ann_load_headers(book, ann_table_family_of(path), &one,
			ann_span(NULL), verbose, err);
	}
	failed = ann_file_read(path, &text, err);
	if (failed == ANN_OK) {
		failed = ann_table_add(book, ann_buf_all(&text), path, err);
	}
	if (ann_codebook_keep(book, text.ptr) != ANN_OK && failed == ANN_OK) {
		failed = ann_error_nomem(err);
	}
	return failed;
}

enum ann_err ann_load_book(struct ann_codebook **book, const struct ann_files *tables,
	bool verbose, struct ann_error *err)
{
	struct ann_codebook *made = ann_codebook_new();
	enum ann_err failed = made == NULL ? ann_error_nomem(err) : ANN_OK;
	bool told = false;

	for (const struct ann_embedded *e = ann_embedded_tables;
		e->name != NULL && failed == ANN_OK; e++) {
		failed = ann_table_add(made, e->text, e->name, err);
	}
	for (size_t i = 0; i < tables->count && failed == ANN_OK; i++) {
		failed = load_table(made, tables->path[i], verbose, err);
		if (failed == ANN_ECONFIG && err->tell != NULL) {
			told = true; /* its mistakes have been told; look at the rest */
			failed = ANN_OK;
		}
	}
	if (failed == ANN_OK && ann_codebook_index(made) != ANN_OK) {
		failed = ann_error_nomem(err);
	}
	if (failed != ANN_OK) {
		ann_codebook_free(made);
		return failed;
	}
	*book = made;
	return told ? ANN_ECONFIG : ANN_OK;
}

static enum ann_err load_rule_file(
	struct ann_rules *rules, const char *path, struct ann_error *err)
{
	struct ann_buf text = {0};
	enum ann_err failed = ann_file_read(path, &text, err);

	if (failed == ANN_OK) {
		failed = ann_rules_add(rules, ann_buf_all(&text), path, err);
	}
	ann_buf_deinit(&text);
	return failed;
}

enum ann_err ann_load_rules(struct ann_rules **rules, const struct ann_files *files,
	bool no_default, struct ann_error *err)
{
	struct ann_rules *made = ann_rules_new();
	enum ann_err failed = made == NULL ? ann_error_nomem(err) : ANN_OK;
	bool told = false;

	for (const struct ann_embedded *e = ann_embedded_rules;
		!no_default && e->name != NULL && failed == ANN_OK; e++) {
		failed = ann_rules_add(made, e->text, e->name, err);
	}
	for (size_t i = 0; i < files->count && failed == ANN_OK; i++) {
		failed = load_rule_file(made, files->path[i], err);
		if (failed == ANN_ECONFIG && err->tell != NULL) {
			told = true; /* as for tables */
			failed = ANN_OK;
		}
	}
	failed = failed == ANN_OK && told ? ANN_ECONFIG : failed;
	if (failed != ANN_OK) {
		ann_rules_free(made);
		return failed;
	}
	*rules = made;
	return ANN_OK;
}
