#include "annotty/table.h"

#include "base/utf8.h"

#include <string.h>

struct reader {
	const char *origin;
	bool plain;                     /* the text is; see is_plain() */
	size_t line;                    /* of the row at hand, from 1 */
	struct ann_family_draft *draft; /* NULL until the first row */
	struct ann_span family;
	struct ann_family_head head;
	uint64_t last_value;    /* of the row before, when `rows` > 0 */
	size_t rows;            /* rows so far */
	struct ann_span *names; /* of the rows that share last_value */
	size_t same;            /* how many those are */
	struct ann_error *err;
};

/* Imported headers have many names for 0 and 1; what has more is no table of codes. */
enum { MOST_ALIASES = 1000 };

struct ann_span ann_table_family_of(const char *origin)
{
	const char *slash = strrchr(origin, '/');
	const char *name = slash == NULL ? origin : slash + 1;
	const char *dot = strchr(name, '.');
	size_t len = dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name);

	return (struct ann_span){name, len};
}

static enum ann_err bad(const struct reader *r, const char *what, struct ann_span which)
{
	return ann_error_set(r->err, ANN_ECONFIG, "%s:%zu: %s \"%.*s\"", r->origin,
		r->line, what, ANN_SPAN_ARG(which));
}

/* `# key: value` of the head; every other comment is passed over. */
static enum ann_err read_comment(struct reader *r, struct ann_span line)
{
	struct ann_span value = {line.ptr + 1, line.len - 1};
	struct ann_span key = ann_span_trim(ann_span_next(&value, ':'));
	struct {
		const char *key;
		struct ann_span *to;
	} const heads[] = {
		{"family", &r->family},
		{"title", &r->head.title},
		{"source", &r->head.source},
		{"revision", &r->head.revision},
	};

	for (size_t i = 0; i < ANN_LEN(heads); i++) {
		if (value.ptr == NULL || !ann_span_is(key, heads[i].key)) {
			continue;
		}
		if (r->draft != NULL) {
			return bad(
				r, "the head comes before the first row, found", key);
		}
		*heads[i].to = ann_span_trim(value);
	}
	return ANN_OK;
}

bool ann_table_family_fits(struct ann_span name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (!ann_is_word((unsigned char)name.ptr[i]) && name.ptr[i] != '-') {
			return false;
		}
	}
	return name.len > 0;
}

static enum ann_err start_family(struct reader *r)
{
	struct ann_span name =
		r->family.len == 0 ? ann_table_family_of(r->origin) : r->family;

	if (!ann_table_family_fits(name)) {
		r->family = ann_span("unnamed"); /* told once; the table fails anyway */
		return bad(r, "a family is named with letters, digits, _ and -, not",
			name);
	}
	enum ann_err code = ann_family_begin(&r->draft, name, r->origin);

	if (code == ANN_OK) {
		code = ann_family_head(r->draft, r->head);
	}
	return code == ANN_OK ? ANN_OK : ann_error_nomem(r->err);
}

static bool is_symbol(struct ann_span name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (!ann_is_word((unsigned char)name.ptr[i])) {
			return false;
		}
	}
	return name.len > 0;
}

/* Splits a row; what it points to is borrowed from the text. */
static enum ann_err read_row(
	const struct reader *r, struct ann_span line, struct ann_code *code)
{
	struct ann_span rest = line;
	struct ann_span value = ann_span_next(&rest, '\t');
	struct ann_span severity;

	if (!ann_span_number(value, &code->value)) {
		return bad(r, "expected a value such as 0x11B or 283 and a tab, found",
			value);
	}
	code->name = ann_span_next(&rest, '\t');
	if (!is_symbol(code->name)) {
		return bad(r, "expected a name of letters, digits and _, found",
			code->name);
	}
	if (rest.ptr == NULL) {
		return bad(r, "expected a tab and a description behind", code->name);
	}
	code->description = ann_span_next(&rest, '\t');
	severity = ann_span_next(&rest, '\t');
	code->hint = ann_span_next(&rest, '\t');
	if (rest.ptr != NULL) {
		return bad(r, "a row has five fields at most, found", rest);
	}
	code->severity = code->value == 0 ? ANN_SEVERITY_OK : ANN_SEVERITY_ERROR;
	if (severity.len > 0 && !ann_severity_parse(severity, &code->severity)) {
		return bad(r, "expected severity ok, info, warning or error, found",
			severity);
	}
	return ANN_OK;
}

/* Rows ascend; a value may come again at once, but under another name. */
static enum ann_err check_order(struct reader *r, const struct ann_code *code)
{
	if (r->rows > 0 && code->value < r->last_value) {
		return bad(r, "values ascend, but this one is below the row before:",
			code->name);
	}
	if (r->rows == 0 || code->value != r->last_value) {
		r->same = 0;
	}
	for (size_t i = 0; i < r->same; i++) {
		if (ann_span_equal(r->names[i], code->name)) {
			return bad(r, "value and name are there already:", code->name);
		}
	}
	if (r->same == MOST_ALIASES) {
		return bad(r, "too many names for one value:", code->name);
	}
	r->names[r->same++] = code->name;
	r->last_value = code->value;
	r->rows++;
	return ANN_OK;
}

/* Whether nothing but printable ASCII, tabs and LF stands there; see is_text(). */
static bool is_plain(struct ann_span text)
{
	unsigned char strange = 0;

	/* Without a way out of the loop, the compiler takes many bytes at a time. */
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		strange |= c >= 0x7f || (c < ' ' && c != '\t' && c != '\n');
	}
	return strange == 0;
}

/* What is read here goes to terminals and into JSON, so it is checked once, here. */
static bool is_text(struct ann_span line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.ptr[i];

		if ((c < ' ' && c != '\t') || c == 0x7f) {
			return false;
		}
	}
	return ann_utf8_valid(line) == line.len;
}

static enum ann_err read_line(struct reader *r, struct ann_span line)
{
	struct ann_code code = {0};
	enum ann_err failed = ANN_OK;

	if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
		line.len--;
	}
	if (!r->plain && !is_text(line)) {
		return ann_error_set(r->err, ANN_ECONFIG,
			"%s:%zu: expected UTF-8 without control characters", r->origin,
			r->line);
	}
	if (line.len > 0 && line.ptr[0] == '#') {
		return read_comment(r, line);
	}
	if (ann_span_trim(line).len == 0) {
		return ANN_OK;
	}
	if (r->draft == NULL && (failed = start_family(r)) != ANN_OK) {
		return failed;
	}
	failed = read_row(r, line, &code);
	if (failed == ANN_OK) {
		failed = check_order(r, &code);
	}
	if (failed == ANN_OK && ann_family_add(r->draft, &code) != ANN_OK) {
		failed = ann_error_nomem(r->err);
	}
	return failed;
}

enum ann_err ann_table_add(struct ann_codebook *book, struct ann_span text,
	const char *origin, struct ann_error *err)
{
	struct ann_span names[MOST_ALIASES];
	struct reader r = {.origin = origin, .names = names, .err = err};
	enum ann_err failed = ANN_OK;
	bool told = false;

	text = ann_utf8_unmarked(text);
	r.plain = is_plain(text);
	while (text.ptr != NULL && failed == ANN_OK) {
		r.line++;
		failed = read_line(&r, ann_span_next(&text, '\n'));
		if (ann_error_tell(err, failed)) {
			told = true;
			failed = ANN_OK;
		}
	}
	if (failed == ANN_OK && told) {
		failed = ANN_ECONFIG;
	} else if (failed == ANN_OK && r.draft == NULL) {
		failed = ann_error_set(err, ANN_ECONFIG,
			"%s: no rows; expected value<TAB>NAME<TAB>description", origin);
	}
	if (failed != ANN_OK) {
		ann_family_free(r.draft);
		return failed;
	}
	failed = ann_family_end(book, r.draft);
	return failed == ANN_OK ? ANN_OK : ann_error_nomem(err);
}

static void write_head(struct ann_buf *out, const char *key, struct ann_span value)
{
	if (value.len > 0) {
		ann_buf_printf(out, "# %s: %.*s\n", key, ANN_SPAN_ARG(value));
	}
}

void ann_table_write(const struct ann_family *family, struct ann_buf *out)
{
	const struct ann_code *codes = ann_family_codes(family);

	write_head(out, "family", family->name);
	write_head(out, "title", family->title);
	write_head(out, "source", family->source);
	write_head(out, "revision", family->revision);
	for (size_t i = 0; i < family->count; i++) {
		ann_buf_printf(out, "%s\t%.*s\t%.*s\t%s",
			ann_code_hex(codes[i].value).text, ANN_SPAN_ARG(codes[i].name),
			ANN_SPAN_ARG(codes[i].description),
			ann_severity_name(codes[i].severity));
		if (codes[i].hint.len > 0) {
			ann_buf_printf(out, "\t%.*s", ANN_SPAN_ARG(codes[i].hint));
		}
		ann_buf_char(out, '\n');
	}
}
