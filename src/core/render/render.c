#include "annotty/render.h"

#include "base/utf8.h"
#include "render/render_private.h"

#include <time.h>

enum { NS_PER_S = 1000000000 };

void ann_renderer_init(
	struct ann_renderer *renderer, const struct ann_render_options *options)
{
	*renderer = (struct ann_renderer){.options = *options};
}

void ann_render_batch(struct ann_renderer *renderer, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count, struct ann_buf *out)
{
	switch (renderer->options.format) {
	case ANN_FORMAT_TEXT:
		ann_render_text(renderer, batch, hits, count, out);
		break;
	case ANN_FORMAT_JSON:
		if (!batch->partial) {
			ann_render_json(renderer, batch, hits, count, out);
		}
		break;
	case ANN_FORMAT_RAW:
		ann_buf_add(out, batch->bytes.ptr + batch->shown,
			batch->bytes.len - batch->shown);
		break;
	case ANN_FORMAT_SYSLOG:
	case ANN_FORMAT_SYSLOG_LOCAL:
		ann_render_syslog(renderer, batch, hits, count, out);
		break;
	case ANN_FORMAT_JOURNAL:
		ann_render_journal(renderer, batch, hits, count, out);
		break;
	}
	renderer->last_mono_ns = batch->mono_ns;
	renderer->in_line = batch->cut || batch->partial;
}

size_t ann_sgr_length(struct ann_span text)
{
	size_t at = 2;

	if (text.len < 3 || text.ptr[0] != '\033' || text.ptr[1] != '[') {
		return 0;
	}
	while (at < text.len && ((text.ptr[at] >= '0' && text.ptr[at] <= '9') ||
					text.ptr[at] == ';' || text.ptr[at] == ':')) {
		at++;
	}
	return at < text.len && text.ptr[at] == 'm' ? at + 1 : 0;
}

static void add_meaning(const struct ann_hit *hit, const struct ann_code *code,
	bool names_only, struct ann_buf *out)
{
	if (hit->symbol) {
		ann_buf_str(out, ann_code_hex(code->value).text);
	} else {
		ann_buf_span(out, code->name);
	}
	if (!names_only && code->description.len > 0) {
		ann_buf_add(out, ": ", 2);
		ann_buf_span(out, code->description);
	}
}

void ann_render_annotation(
	const struct ann_hit *hit, bool names_only, bool color, struct ann_buf *out)
{
	static const char *const colors[] = {
		[ANN_SEVERITY_OK] = "\033[32m",      /* green */
		[ANN_SEVERITY_INFO] = "\033[36m",    /* cyan */
		[ANN_SEVERITY_WARNING] = "\033[33m", /* yellow */
		[ANN_SEVERITY_ERROR] = "\033[31m",   /* red */
	};

	ann_buf_char(out, ' ');
	if (color) {
		ann_buf_str(out, colors[hit->codes[0]->severity]);
	}
	ann_buf_char(out, '[');
	for (unsigned i = 0; i < hit->count; i++) {
		if (i > 0) {
			ann_buf_add(out, " | ", 3);
		}
		add_meaning(hit, hit->codes[i], names_only, out);
	}
	ann_buf_char(out, ']');
	if (color) {
		ann_buf_str(out, "\033[39m");
	}
}

/* The first `digits` of the nine behind the second's point, and that. */
static void add_fraction(uint64_t ns, unsigned digits, struct ann_buf *out)
{
	char text[] = ".000000000";

	ns %= NS_PER_S;
	for (size_t at = sizeof(text) - 2; at > 0; at--) {
		text[at] = (char)('0' + ns % 10);
		ns /= 10;
	}
	ann_buf_add(out, text, 1 + digits);
}

/* As RFC 3339 has it, in UTC. Times come in order, many in a second. */
static struct ann_span second_of(time_t seconds)
{
	static _Thread_local struct {
		time_t seconds;
		size_t len; /* 0: none yet */
		char text[32];
	} last;

	if (last.len == 0 || last.seconds != seconds) {
		struct tm when = {0};

		(void)gmtime_r(&seconds, &when);
		last.len = strftime(
			last.text, sizeof(last.text), "%Y-%m-%dT%H:%M:%S", &when);
		last.seconds = seconds;
	}
	return (struct ann_span){last.text, last.len};
}

void ann_render_time(uint64_t wall_ns, unsigned digits, struct ann_buf *out)
{
	ann_buf_span(out, second_of((time_t)(wall_ns / NS_PER_S)));
	add_fraction(wall_ns, digits, out);
	ann_buf_char(out, 'Z');
}

static void add_local_time(uint64_t wall_ns, struct ann_buf *out)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm when;
	char text[32];

	if (localtime_r(&seconds, &when) != NULL) {
		ann_buf_add(out, text, strftime(text, sizeof(text), "%H:%M:%S", &when));
	}
	add_fraction(wall_ns, 3, out);
}

static void add_seconds(uint64_t ns, int width, struct ann_buf *out)
{
	ann_buf_printf(out, "%*llu", width, (unsigned long long)(ns / NS_PER_S));
	add_fraction(ns, 6, out);
}

void ann_render_timestamp(const struct ann_renderer *renderer, uint64_t wall_ns,
	uint64_t mono_ns, struct ann_buf *out)
{
	uint64_t last = renderer->last_mono_ns;

	switch (renderer->options.timestamp) {
	case ANN_TIMESTAMP_NONE:
		return;
	case ANN_TIMESTAMP_ISO8601:
		ann_render_time(wall_ns, 6, out);
		break;
	case ANN_TIMESTAMP_TIME:
		add_local_time(wall_ns, out);
		break;
	case ANN_TIMESTAMP_DELTA:
		add_seconds(last == 0 ? 0 : mono_ns - last, 4, out);
		break;
	case ANN_TIMESTAMP_EPOCH:
		add_seconds(wall_ns, 0, out);
		break;
	case ANN_TIMESTAMP_MONOTONIC:
		add_seconds(mono_ns, 5, out);
		break;
	}
	ann_buf_char(out, ' ');
}

size_t ann_render_control(struct ann_span text, struct ann_buf *out)
{
	unsigned char first = (unsigned char)text.ptr[0];

	if (first < 0x80) {
		ann_buf_char(out, '^');
		ann_buf_char(out, (char)(first ^ 0x40));
		return 1;
	}
	if (ann_utf8_is_control(text)) {
		ann_buf_printf(out, "<U+%04X>", (unsigned char)text.ptr[1]);
		return 2;
	}
	ann_buf_printf(out, "<%02X>", first);
	return 1;
}
