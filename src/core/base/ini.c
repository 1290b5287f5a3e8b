#include "annotty/ini.h"

#include "annotty/buf.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

struct reader {
	struct ann_ini_entry entry; /* the key being collected */
	struct ann_buf value;       /* its value so far */
	size_t line;                /* of the text at hand */
	ann_ini_cb take;
	void *user;
	struct ann_error *err;
	bool told; /* of a mistake, and went on */
};

/* A mistake that somebody is told of does not end the reading. */
static enum ann_err go_on(struct reader *r, enum ann_err failed)
{
	if (ann_error_tell(r->err, failed)) {
		r->told = true;
		return ANN_OK;
	}
	return failed;
}

enum ann_err ann_ini_error(
	const struct ann_ini_entry *entry, struct ann_error *err, const char *text, ...)
{
	char story[sizeof(((struct ann_error *)NULL)->text)];
	va_list args;

	va_start(args, text);
	vsnprintf(story, sizeof(story), text, args);
	va_end(args);
	return ann_error_set(
		err, ANN_ECONFIG, "%s:%zu: %s", entry->origin, entry->line, story);
}

/* Hands the collected key over, if there is one. */
static enum ann_err finish_key(struct reader *r)
{
	if (r->entry.key.len == 0) {
		return ANN_OK;
	}
	if (r->value.failed) {
		return ann_error_nomem(r->err);
	}
	r->entry.value = ann_buf_all(&r->value);

	enum ann_err failed = r->take(r->user, &r->entry, r->err);

	r->entry.key = ann_span(NULL);
	return failed;
}

static enum ann_err open_section(struct reader *r, struct ann_span line)
{
	r->entry.line = r->line;
	if (line.ptr[line.len - 1] != ']') {
		return ann_ini_error(&r->entry, r->err,
			"expected \"]\" at the end of \"%.*s\"", ANN_SPAN_ARG(line));
	}
	struct ann_span name = {line.ptr + 1, line.len - 2};

	name = ann_span_trim(name);
	r->entry.kind = ann_span_next(&name, ' ');
	r->entry.name = ann_span_trim(name);
	r->entry.value = ann_span(NULL);
	if (r->entry.kind.len == 0) {
		return ann_ini_error(&r->entry, r->err, "a section needs a name");
	}
	return r->take(r->user, &r->entry, r->err);
}

static enum ann_err open_key(struct reader *r, struct ann_span line)
{
	struct ann_span value = line;
	struct ann_span key = ann_span_trim(ann_span_next(&value, '='));

	r->entry.line = r->line;
	if (value.ptr == NULL || key.len == 0) {
		return ann_ini_error(&r->entry, r->err,
			"expected \"key = value\" or \"[section]\", found \"%.*s\"",
			ANN_SPAN_ARG(line));
	}
	r->entry.key = key;
	ann_buf_clear(&r->value);
	ann_buf_span(&r->value, ann_span_trim(value));
	return ANN_OK;
}

static enum ann_err read_line(struct reader *r, struct ann_span raw)
{
	struct ann_span line = ann_span_trim(raw);
	enum ann_err failed = ANN_OK;

	if (line.len > 0 && (line.ptr[0] == '#' || line.ptr[0] == ';')) {
		return ANN_OK;
	}
	if (line.len > 0 && line.ptr != raw.ptr && r->entry.key.len > 0) {
		ann_buf_char(&r->value, '\n');
		ann_buf_span(&r->value, line);
		return ANN_OK;
	}
	/* A mistake in the key before is not one in this line. */
	failed = go_on(r, finish_key(r));
	if (failed != ANN_OK || line.len == 0) {
		return failed;
	}
	return line.ptr[0] == '[' ? open_section(r, line) : open_key(r, line);
}

enum ann_err ann_ini_read(struct ann_span text, const char *origin, ann_ini_cb take,
	void *user, struct ann_error *err)
{
	struct reader r = {
		.entry = {.origin = origin}, .take = take, .user = user, .err = err};
	enum ann_err failed = ANN_OK;

	text = ann_utf8_unmarked(text);
	while (text.ptr != NULL && failed == ANN_OK) {
		r.line++;
		failed = go_on(&r, read_line(&r, ann_span_next(&text, '\n')));
	}
	if (failed == ANN_OK) {
		failed = go_on(&r, finish_key(&r));
	}
	if (failed == ANN_OK && r.told) {
		failed = ANN_ECONFIG;
	}
	ann_buf_deinit(&r.value);
	return failed;
}
