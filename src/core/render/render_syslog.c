/*
 * RFC 5424:
 *
 *     <27>1 2026-11-22T21:31:07.123456Z rig annotty 812 NX_TIMEOUT [annotty@32473
 *     source="dut3" seq="812" offset="60213" code="0x107" name="NX_TIMEOUT" …] text
 *
 * and what syslog(3) gives to the local daemon, which journald and rsyslog both read,
 * but not RFC 5424; there, the structured data stands before the text as a part of it:
 *
 *     <27>Nov 22 21:31:07 annotty[812]: [annotty@32473 …] text
 *
 * Each record ends with a LF that is not sent; nothing else in it is a control
 * character but tab.
 */
#include "render/render_line.h"
#include "render/render_private.h"

#include <time.h>

enum { NS_PER_S = 1000000000, HOST_MOST = 255, MSGID_MOST = 32 };

/* By number, but for the first one (0), which is the kernel's alone. */
const char *const ann_facilities[] = {"user", "mail", "daemon", "auth", "syslog", "lpr",
	"news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	NULL};

/* PRINTUSASCII of RFC 5424, or `-` when nothing is left to say. */
static void add_word(struct ann_span word, size_t most, struct ann_buf *out)
{
	size_t len = word.len < most ? word.len : most;

	for (size_t i = 0; i < len; i++) {
		bool prints = word.ptr[i] > 0x20 && word.ptr[i] < 0x7F;

		ann_buf_char(out, prints ? word.ptr[i] : '_');
	}
	if (len == 0) {
		ann_buf_char(out, '-');
	}
}

/* `Nov  2 21:31:07`, local time. */
static void add_local_time(uint64_t wall_ns, struct ann_buf *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm when = {0};

	(void)localtime_r(&seconds, &when);
	ann_buf_add(out, months + (ptrdiff_t)when.tm_mon * 3, 3);
	ann_buf_printf(out, " %2d %02d:%02d:%02d", when.tm_mday, when.tm_hour,
		when.tm_min, when.tm_sec);
}

static void add_head(const struct ann_render_options *options,
	enum ann_priority priority, uint64_t wall_ns, struct ann_span msgid,
	struct ann_buf *out)
{
	ann_buf_char(out, '<');
	ann_buf_u64(out, (options->facility + 1) * 8 + priority);
	if (options->format == ANN_FORMAT_SYSLOG_LOCAL) {
		ann_buf_char(out, '>');
		add_local_time(wall_ns, out);
		ann_buf_str(out, " annotty[");
		ann_buf_u64(out, options->process);
		ann_buf_str(out, "]: [annotty@32473");
		return;
	}
	ann_buf_str(out, ">1 ");
	ann_render_time(wall_ns, 6, out);
	ann_buf_char(out, ' ');
	add_word(ann_span(options->host), HOST_MOST, out);
	ann_buf_str(out, " annotty ");
	if (options->process > 0) {
		ann_buf_u64(out, options->process);
	} else {
		ann_buf_char(out, '-');
	}
	ann_buf_char(out, ' ');
	add_word(msgid, MSGID_MOST, out);
	ann_buf_str(out, " [annotty@32473");
}

/* ` key="value"`, with what has a meaning there escaped. */
static void add_param(const char *key, struct ann_span value, struct ann_buf *out)
{
	struct ann_buf plain = {0};

	ann_render_plain(value, &plain);
	ann_buf_char(out, ' ');
	ann_buf_str(out, key);
	ann_buf_str(out, "=\"");
	for (size_t i = 0; i < plain.len; i++) {
		char c = plain.ptr[i];

		if (c == '"' || c == '\\' || c == ']') {
			ann_buf_char(out, '\\');
		}
		ann_buf_char(out, c);
	}
	ann_buf_char(out, '"');
	out->failed |= plain.failed;
	ann_buf_deinit(&plain);
}

static void add_number(const char *key, uint64_t value, struct ann_buf *out)
{
	ann_buf_printf(out, " %s=\"%llu\"", key, (unsigned long long)value);
}

static void add_hit(const struct ann_hit *hit, struct ann_buf *out)
{
	const struct ann_code *code = hit->codes[0];

	add_param("code", ann_span(ann_code_hex(code->value).text), out);
	add_param("name", code->name, out);
	add_param("severity", ann_span(ann_severity_name(code->severity)), out);
}

/* What is behind the structured data: with a mark if it is more than ASCII. */
static void add_text(const struct ann_render_options *options, struct ann_span text,
	struct ann_buf *out)
{
	bool ascii = true;

	for (size_t i = 0; i < text.len && ascii; i++) {
		ascii = (unsigned char)text.ptr[i] < 0x80;
	}
	ann_buf_str(out, "] ");
	if (!ascii && options->format == ANN_FORMAT_SYSLOG) {
		ann_buf_str(out, "\xEF\xBB\xBF");
	}
	ann_buf_span(out, text);
	ann_buf_char(out, '\n');
}

static void add_line(const struct ann_renderer *renderer,
	const struct ann_render_line *line, struct ann_buf *text, struct ann_buf *out)
{
	const struct ann_render_options *options = &renderer->options;
	const struct ann_hit *worst = ann_render_line_worst(line);
	struct ann_span msgid = worst == NULL ? ann_span(NULL) : worst->codes[0]->name;

	add_head(options, ann_render_line_priority(line), line->batch->wall_ns, msgid,
		out);
	add_param("source", ann_span(options->source), out);
	add_number("seq", line->seq, out);
	add_number("offset", line->offset, out);
	if (line->cut) {
		add_param("cut", ann_span("yes"), out);
	}
	ann_render_line_hits(line, add_hit, out);
	ann_buf_clear(text);
	ann_render_line_text(options, line, text);
	add_text(options, ann_buf_all(text), out);
	out->failed |= text->failed;
}

void ann_render_syslog(const struct ann_renderer *renderer,
	const struct ann_batch *batch, const struct ann_hit *hits, size_t count,
	struct ann_buf *out)
{
	struct ann_render_line line = {.batch = batch, .hits = hits, .left = count};
	struct ann_buf text = {0};

	while (ann_render_line_next(&line)) {
		add_line(renderer, &line, &text, out);
	}
	ann_buf_deinit(&text);
}

void ann_render_syslog_event(const struct ann_renderer *renderer, const char *source,
	const struct ann_event *event, struct ann_buf *out)
{
	const struct ann_render_options *options = &renderer->options;
	struct ann_buf story = {0};
	struct ann_buf text = {0};

	add_head(options, ann_event_priority(event->kind), event->wall_ns,
		ann_span(ann_event_name(event->kind)), out);
	if (source != NULL) {
		add_param("source", ann_span(source), out);
	}
	add_param("event", ann_span(ann_event_name(event->kind)), out);
	if (event->reason != NULL) {
		add_param("reason", ann_span(event->reason), out);
	}
	if (event->lost_lines > 0) {
		add_number("lost_lines", event->lost_lines, out);
	}
	if (event->lost_bytes > 0) {
		add_number("lost_bytes", event->lost_bytes, out);
	}
	ann_render_event_story(source, event, &story);
	ann_render_plain(ann_buf_all(&story), &text);
	add_text(options, ann_buf_all(&text), out);
	out->failed |= story.failed || text.failed;
	ann_buf_deinit(&story);
	ann_buf_deinit(&text);
}
