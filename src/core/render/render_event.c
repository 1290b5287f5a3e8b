#include "render/render_private.h"

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000 };

static void add_seconds(uint64_t ns, unsigned digits, struct ann_buf *out)
{
	uint64_t ms = ns % NS_PER_S / NS_PER_MS;

	ann_buf_u64(out, ns / NS_PER_S);
	ann_buf_printf(out, ".%0*llu", (int)digits,
		(unsigned long long)(digits == 3 ? ms : ms / 100));
}

/* What is lost, behind `before` and a blank. */
static void add_losses(
	const char *before, const struct ann_event *event, struct ann_buf *out)
{
	if (event->lost_lines > 0 || event->kind == ANN_EVENT_DROPPED) {
		ann_buf_str(out, before);
		ann_buf_char(out, ' ');
		ann_buf_count(out, event->lost_lines, "line");
		before = ",";
	}
	if (event->lost_bytes > 0) {
		ann_buf_str(out, before);
		ann_buf_char(out, ' ');
		ann_buf_count(out, event->lost_bytes, "byte");
	}
}

void ann_render_event_story(
	const char *source, const struct ann_event *event, struct ann_buf *out)
{
	bool dropped = event->kind == ANN_EVENT_DROPPED;

	if (source != NULL) {
		ann_buf_str(out, source);
		ann_buf_str(out, ": ");
	}
	ann_buf_str(out, ann_event_name(event->kind));
	if (event->reason != NULL) {
		ann_buf_str(out, ": ");
		ann_buf_str(out, event->reason);
	}
	if (event->away_ns > 0) {
		ann_buf_str(out, " after ");
		add_seconds(event->away_ns, 1, out);
		ann_buf_str(out, " s");
	}
	add_losses(dropped && event->reason == NULL ? "" : ",", event, out);
	if (!dropped && event->lost_lines + event->lost_bytes > 0) {
		ann_buf_str(out, " lost");
	}
}

/* `[annotty] dut3: connected after 3.2 s, 120 bytes lost` */
static void render_text(const struct ann_renderer *renderer, const char *source,
	const struct ann_event *event, struct ann_buf *out)
{
	ann_buf_str(out, "[annotty] ");
	ann_render_timestamp(renderer, event->wall_ns, event->mono_ns, out);
	ann_render_event_story(source, event, out);
	ann_buf_char(out, '\n');
}

static void add_count(const char *key, uint64_t count, struct ann_buf *out)
{
	if (count > 0) {
		ann_buf_str(out, key);
		ann_buf_u64(out, count);
	}
}

static void add_string(const char *key, const char *value, struct ann_buf *out)
{
	if (value != NULL) {
		ann_buf_str(out, key);
		ann_render_json_string(ann_span(value), out);
	}
}

/* What is not known, or is 0, is left out. */
static void render_json(
	const char *source, const struct ann_event *event, struct ann_buf *out)
{
	add_string("{\"event\":", ann_event_name(event->kind), out);
	add_string(",\"reason\":", event->reason, out);
	ann_buf_str(out, ",\"ts\":\"");
	ann_render_time(event->wall_ns, 9, out);
	ann_buf_char(out, '"');
	add_string(",\"source\":", source, out);
	if (event->away_ns > 0) {
		ann_buf_str(out, ",\"away\":");
		add_seconds(event->away_ns, 3, out);
	}
	add_count(",\"lost_lines\":", event->lost_lines, out);
	add_count(",\"lost_bytes\":", event->lost_bytes, out);
	ann_buf_str(out, "}\n");
}

void ann_render_event(const struct ann_renderer *renderer, const char *source,
	const struct ann_event *event, struct ann_buf *out)
{
	switch (renderer->options.format) {
	case ANN_FORMAT_TEXT:
		render_text(renderer, source, event, out);
		break;
	case ANN_FORMAT_JSON:
		render_json(source, event, out);
		break;
	case ANN_FORMAT_RAW:
		break;
	case ANN_FORMAT_SYSLOG:
	case ANN_FORMAT_SYSLOG_LOCAL:
		ann_render_syslog_event(renderer, source, event, out);
		break;
	case ANN_FORMAT_JOURNAL:
		ann_render_journal_event(renderer, source, event, out);
		break;
	}
}
