/*
 * The native protocol of systemd's journal (systemd.io/JOURNAL_NATIVE_PROTOCOL): a
 * field is NAME=value and a LF, or, whatever bytes the value has, NAME, a LF, its
 * length in 64 bits with the least byte first, the value, and a LF. A record is its
 * fields; where it ends, only the datagram knows.
 */
#include "annotty/message_ids.h"

#include "render/render_line.h"
#include "render/render_private.h"

#include <string.h>

static void add_plain(const char *name, struct ann_span value, struct ann_buf *out)
{
	ann_buf_str(out, name);
	ann_buf_char(out, '=');
	ann_render_plain(value, out);
	ann_buf_char(out, '\n');
}

static void add_text(const char *name, const char *value, struct ann_buf *out)
{
	add_plain(name, ann_span(value), out);
}

static void add_number(const char *name, uint64_t value, struct ann_buf *out)
{
	ann_buf_str(out, name);
	ann_buf_char(out, '=');
	ann_buf_u64(out, value);
	ann_buf_char(out, '\n');
}

static void add_bytes(const char *name, struct ann_span value, struct ann_buf *out)
{
	ann_buf_str(out, name);
	ann_buf_char(out, '\n');
	for (unsigned shift = 0; shift < 64; shift += 8) {
		ann_buf_char(out, (char)((uint64_t)value.len >> shift));
	}
	ann_buf_span(out, value);
	ann_buf_char(out, '\n');
}

/* A field that the catalog shows, which has a limit. */
static void add_shown(const char *name, struct ann_span value, struct ann_buf *out)
{
	size_t most = ANN_MESSAGE_FIELD_BYTES - strlen(name) - 1;
	struct ann_buf plain = {0};

	ann_render_plain(value, &plain);
	add_plain(name, ann_span_front(ann_buf_all(&plain), most), out);
	out->failed |= plain.failed;
	ann_buf_deinit(&plain);
}

static void add_hit(const struct ann_hit *hit, struct ann_buf *out)
{
	const struct ann_code *code = hit->codes[0];

	add_text("ANNOTTY_CODE", ann_code_hex(code->value).text, out);
	add_shown("ANNOTTY_NAME", code->name, out);
	add_shown("ANNOTTY_DESCRIPTION", code->description, out);
	add_shown("ANNOTTY_HINT", code->hint, out);
	add_shown("ANNOTTY_FAMILY", code->family->name, out);
	add_text("ANNOTTY_SEVERITY", ann_severity_name(code->severity), out);
	add_shown("ANNOTTY_RULE", ann_span(hit->rule), out);
}

static void add_head(enum ann_priority priority, uint64_t wall_ns, struct ann_buf *out)
{
	add_text("SYSLOG_IDENTIFIER", "annotty", out);
	add_number("PRIORITY", priority, out);
	ann_buf_str(out, "ANNOTTY_TIME=");
	ann_render_time(wall_ns, 9, out);
	ann_buf_char(out, '\n');
}

static void add_line(const struct ann_renderer *renderer,
	const struct ann_render_line *line, struct ann_buf *out)
{
	ann_buf_str(out, "MESSAGE=");
	ann_render_line_text(&renderer->options, line, out);
	ann_buf_char(out, '\n');
	add_head(ann_render_line_priority(line), line->batch->wall_ns, out);
	add_shown("ANNOTTY_SOURCE", ann_span(renderer->options.source), out);
	add_number("ANNOTTY_SEQ", line->seq, out);
	add_number("ANNOTTY_OFFSET", line->offset, out);
	add_bytes("ANNOTTY_LINE", line->text, out);
	if (line->cut) {
		add_text("ANNOTTY_CUT", "yes", out);
	}
	if (line->count > 0) {
		add_text("MESSAGE_ID", ANN_MESSAGE_ID_STATUS, out);
	}
	ann_render_line_hits(line, add_hit, out);
}

void ann_render_journal(const struct ann_renderer *renderer,
	const struct ann_batch *batch, const struct ann_hit *hits, size_t count,
	struct ann_buf *out)
{
	struct ann_render_line line = {.batch = batch, .hits = hits, .left = count};

	while (ann_render_line_next(&line)) {
		add_line(renderer, &line, out);
	}
}

void ann_render_journal_event(const struct ann_renderer *renderer, const char *source,
	const struct ann_event *event, struct ann_buf *out)
{
	static const char *const ids[] = {
		[ANN_EVENT_CONNECTED] = ANN_MESSAGE_ID_CONNECTED,
		[ANN_EVENT_DISCONNECTED] = ANN_MESSAGE_ID_DISCONNECTED,
		[ANN_EVENT_GAP] = ANN_MESSAGE_ID_GAP,
		[ANN_EVENT_DROPPED] = ANN_MESSAGE_ID_DROPPED,
	};
	struct ann_buf story = {0};

	ann_render_event_story(source, event, &story);
	add_plain("MESSAGE", ann_buf_all(&story), out);
	out->failed |= story.failed;
	ann_buf_deinit(&story);
	add_head(ann_event_priority(event->kind), event->wall_ns, out);
	add_text("MESSAGE_ID", ids[event->kind], out);
	add_text("ANNOTTY_EVENT", ann_event_name(event->kind), out);
	add_text("ANNOTTY_REASON", event->reason, out);
	if (event->kind == ANN_EVENT_DROPPED) {
		add_shown("ANNOTTY_OUTPUT", ann_span(renderer->options.output), out);
	} else {
		add_shown("ANNOTTY_SOURCE", ann_span(source), out);
	}
	add_number("ANNOTTY_LINES", event->lost_lines, out);
	add_number("ANNOTTY_BYTES", event->lost_bytes, out);
}
