#include "io/app/report.h"

#include "annotty/render.h"

#include <stddef.h>
#include <stdio.h>

enum { NS_PER_S = 1000000000 };

/* --- what is counted, once for all forms -------------------------------------------
 */

enum kind { COUNTER, GAUGE };

/* A number of a source or an output. */
struct number {
	const char *name;  /* in JSON, and in Prometheus behind annotty_source_ */
	const char *title; /* of its column for people; NULL: not shown there */
	enum kind kind;
	const char *help;
	size_t at; /* offset of a uint64_t in the view */
};

#define SOURCE(member) offsetof(struct ann_app_source_view, member)
static const struct number source_numbers[] = {
	{"bytes", "BYTES", COUNTER, "Bytes read.", SOURCE(stream.bytes)},
	{"lines", "LINES", COUNTER, "Lines read.", SOURCE(stream.lines)},
	{"hits", "CODES", COUNTER, "Status codes found.", SOURCE(stream.hits)},
	{"gaps", "GAPS", COUNTER, "Times that bytes were missing.",
		SOURCE(stream.gaps)},
	{"connects", "CONNECTS", COUNTER, "Times that the source came (again).",
		SOURCE(source.connects)},
	{"overruns", "OVERRUNS", COUNTER, "Overruns of the UART and its buffer.",
		SOURCE(source.overruns)},
	{"framing_errors", "FRAMING", COUNTER, "Framing errors of the UART.",
		SOURCE(source.framing_errors)},
	{"parity_errors", "PARITY", COUNTER, "Parity errors of the UART.",
		SOURCE(source.parity_errors)},
	{"breaks", "BREAKS", COUNTER, "Breaks seen by the UART.",
		SOURCE(source.breaks)},
};
#undef SOURCE

#define OUTPUT(member) offsetof(struct ann_app_output_view, member)
static const struct number output_numbers[] = {
	{"readers", "READERS", GAUGE, "Readers of a listener.", OUTPUT(sink.readers)},
	{"connects", "CONNECTS", COUNTER, "Times that a peer came (again).",
		OUTPUT(sink.connects)},
	{"written_bytes", "WRITTEN", COUNTER, "Bytes written.",
		OUTPUT(sink.written_bytes)},
	{"queued_bytes", "QUEUED", GAUGE, "Bytes that wait in memory.",
		OUTPUT(sink.queued_bytes)},
	{"spooled_bytes", "SPOOLED", GAUGE, "Bytes that wait on disk.",
		OUTPUT(sink.spooled_bytes)},
	{"dropped_lines", "DROPPED", COUNTER, "Lines that did not fit the queue.",
		OUTPUT(sink.dropped_lines)},
	{"dropped_bytes", NULL, COUNTER, "Bytes of these lines.",
		OUTPUT(sink.dropped_bytes)},
};
#undef OUTPUT

static unsigned long long value_of(const void *view, const struct number *number)
{
	return *(const uint64_t *)((const char *)view + number->at);
}

/* Sources or outputs, told in one form. */
struct report {
	struct ann_app *app;
	struct ann_buf *out;
	const struct number *numbers;
	size_t count;
	const char *kind;          /* "source", "output" */
	const struct number *only; /* Prometheus: the number of the moment */
	bool first;
};

/* --- text ------------------------------------------------------------------------- */

enum { NAME_COLUMNS = 20 };

static void add_text_row(
	struct report *r, const char *name, const char *state, const void *view)
{
	ann_buf_printf(r->out, "%-*s %-9s", NAME_COLUMNS, name, state);
	for (size_t i = 0; i < r->count; i++) {
		if (r->numbers[i].title != NULL) {
			ann_buf_printf(
				r->out, " %12llu", value_of(view, &r->numbers[i]));
		}
	}
	ann_buf_char(r->out, '\n');
}

static void add_text_source(void *user, const struct ann_app_source_view *view)
{
	add_text_row(
		user, view->name, view->source.connected ? "connected" : "away", view);
}

static void add_text_output(void *user, const struct ann_app_output_view *view)
{
	add_text_row(user, view->name, ann_sink_state(&view->sink), view);
}

static void add_text_head(struct report *r, const char *title)
{
	ann_buf_printf(r->out, "%-*s %-9s", NAME_COLUMNS, title, "STATE");
	for (size_t i = 0; i < r->count; i++) {
		if (r->numbers[i].title != NULL) {
			ann_buf_printf(r->out, " %12s", r->numbers[i].title);
		}
	}
	ann_buf_char(r->out, '\n');
}

void ann_report_text(struct ann_app *app, struct ann_buf *out)
{
	struct report sources = {app, out, source_numbers, ANN_LEN(source_numbers),
		"source", NULL, true};
	struct report outputs = {app, out, output_numbers, ANN_LEN(output_numbers),
		"output", NULL, true};
	const struct ann_tally *codes = ann_app_tally(app);

	add_text_head(&sources, "SOURCE");
	ann_app_each_source(app, add_text_source, &sources);
	ann_buf_char(out, '\n');
	add_text_head(&outputs, "OUTPUT");
	ann_app_each_output(app, add_text_output, &outputs);
	if (codes->count > 0) {
		ann_buf_str(out,
			"\n       COUNT LAST                     CODE       NAME\n");
	}
	for (size_t i = 0; i < codes->count; i++) {
		const struct ann_tally_entry *one = &codes->at[i];

		ann_buf_printf(out, "%12llu ", (unsigned long long)one->count);
		ann_render_time(one->last_wall_ns, 3, out);
		ann_buf_printf(
			out, " %-10s %s\n", ann_code_hex(one->value).text, one->name);
	}
}

/* --- JSON ------------------------------------------------------------------------- */

static void add_json_object(
	struct report *r, const char *name, bool connected, const void *view)
{
	ann_buf_str(r->out, r->first ? "{\"name\":" : ",{\"name\":");
	ann_render_json_string(ann_span(name), r->out);
	ann_buf_printf(r->out, ",\"connected\":%s", connected ? "true" : "false");
	for (size_t i = 0; i < r->count; i++) {
		ann_buf_printf(r->out, ",\"%s\":%llu", r->numbers[i].name,
			value_of(view, &r->numbers[i]));
	}
	ann_buf_char(r->out, '}');
	r->first = false;
}

static void add_json_source(void *user, const struct ann_app_source_view *view)
{
	add_json_object(user, view->name, view->source.connected, view);
}

static void add_json_output(void *user, const struct ann_app_output_view *view)
{
	add_json_object(user, view->name, view->sink.connected, view);
}

static void add_json_code(const struct ann_tally_entry *one, struct ann_buf *out)
{
	ann_buf_printf(out, "{\"value\":%llu,\"code\":\"%s\",\"name\":",
		(unsigned long long)one->value, ann_code_hex(one->value).text);
	ann_render_json_string(ann_span(one->name), out);
	ann_buf_str(out, ",\"family\":");
	ann_render_json_string(ann_span(one->family), out);
	ann_buf_printf(out, ",\"severity\":\"%s\",\"count\":%llu,\"last\":\"",
		ann_severity_name(one->severity), (unsigned long long)one->count);
	ann_render_time(one->last_wall_ns, 9, out);
	ann_buf_str(out, "\"}");
}

void ann_report_json(struct ann_app *app, struct ann_buf *out)
{
	struct report sources = {app, out, source_numbers, ANN_LEN(source_numbers),
		"source", NULL, true};
	struct report outputs = {app, out, output_numbers, ANN_LEN(output_numbers),
		"output", NULL, true};
	const struct ann_tally *codes = ann_app_tally(app);

	ann_buf_str(out, "{\"sources\":[");
	ann_app_each_source(app, add_json_source, &sources);
	ann_buf_str(out, "],\"outputs\":[");
	ann_app_each_output(app, add_json_output, &outputs);
	ann_buf_str(out, "],\"codes\":[");
	for (size_t i = 0; i < codes->count; i++) {
		ann_buf_str(out, i == 0 ? "" : ",");
		add_json_code(&codes->at[i], out);
	}
	ann_buf_str(out, "]}\n");
}

/* --- Prometheus ------------------------------------------------------------------- */

/* A label's value: backslash, quote and line feed are escaped. */
static void add_label(const char *key, const char *value, struct ann_buf *out)
{
	ann_buf_printf(out, "%s=\"", key);
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			ann_buf_str(out, "\\n");
			continue;
		}
		if (*value == '\\' || *value == '"') {
			ann_buf_char(out, '\\');
		}
		ann_buf_char(out, *value);
	}
	ann_buf_char(out, '"');
}

static void add_sample(struct report *r, const char *name, unsigned long long value)
{
	ann_buf_printf(r->out, "annotty_%s_%s%s{", r->kind, r->only->name,
		r->only->kind == COUNTER ? "_total" : "");
	add_label(r->kind, name, r->out);
	ann_buf_printf(r->out, "} %llu\n", value);
}

static void add_source_sample(void *user, const struct ann_app_source_view *view)
{
	struct report *r = user;

	add_sample(r, view->name, value_of(view, r->only));
}

static void add_output_sample(void *user, const struct ann_app_output_view *view)
{
	struct report *r = user;

	add_sample(r, view->name, value_of(view, r->only));
}

static void add_connected(struct report *r, const char *name, bool connected)
{
	ann_buf_printf(r->out, "annotty_%s_connected{", r->kind);
	add_label(r->kind, name, r->out);
	ann_buf_printf(r->out, "} %d\n", connected);
}

static void add_source_connected(void *user, const struct ann_app_source_view *view)
{
	add_connected(user, view->name, view->source.connected);
}

static void add_output_connected(void *user, const struct ann_app_output_view *view)
{
	add_connected(user, view->name, view->sink.connected);
}

static void add_family(
	struct ann_buf *out, const char *name, const char *type, const char *help)
{
	ann_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_number_family(struct report *r)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "annotty_%s_%s%s", r->kind, r->only->name,
		r->only->kind == COUNTER ? "_total" : "");
	add_family(r->out, name, r->only->kind == COUNTER ? "counter" : "gauge",
		r->only->help);
}

static void add_codes(const struct ann_tally *codes, struct ann_buf *out)
{
	add_family(out, "annotty_code_total", "counter",
		"How often a status code was found.");
	for (size_t i = 0; i < codes->count; i++) {
		const struct ann_tally_entry *one = &codes->at[i];

		ann_buf_printf(out, "annotty_code_total{code=\"%s\",",
			ann_code_hex(one->value).text);
		add_label("name", one->name, out);
		add_label(",family", one->family, out);
		ann_buf_printf(out, ",severity=\"%s\"} %llu\n",
			ann_severity_name(one->severity),
			(unsigned long long)one->count);
	}
	add_family(out, "annotty_code_last_seconds", "gauge",
		"When a status code was last found, since 1970.");
	for (size_t i = 0; i < codes->count; i++) {
		const struct ann_tally_entry *one = &codes->at[i];

		ann_buf_printf(out, "annotty_code_last_seconds{code=\"%s\",",
			ann_code_hex(one->value).text);
		add_label("name", one->name, out);
		ann_buf_printf(out, "} %llu.%09llu\n",
			(unsigned long long)(one->last_wall_ns / NS_PER_S),
			(unsigned long long)(one->last_wall_ns % NS_PER_S));
	}
}

void ann_report_prometheus(struct ann_app *app, struct ann_buf *out)
{
	struct report sources = {app, out, source_numbers, ANN_LEN(source_numbers),
		"source", NULL, true};
	struct report outputs = {app, out, output_numbers, ANN_LEN(output_numbers),
		"output", NULL, true};

	add_family(out, "annotty_source_connected", "gauge",
		"Whether the source is there.");
	ann_app_each_source(app, add_source_connected, &sources);
	for (size_t i = 0; i < sources.count; i++) {
		sources.only = &source_numbers[i];
		add_number_family(&sources);
		ann_app_each_source(app, add_source_sample, &sources);
	}
	add_family(
		out, "annotty_output_connected", "gauge", "Whether a peer is there.");
	ann_app_each_output(app, add_output_connected, &outputs);
	for (size_t i = 0; i < outputs.count; i++) {
		outputs.only = &output_numbers[i];
		add_number_family(&outputs);
		ann_app_each_output(app, add_output_sample, &outputs);
	}
	add_codes(ann_app_tally(app), out);
}
