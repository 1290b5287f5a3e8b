#include "render/render_line.h"

#include "base/utf8.h"
#include "render/render_private.h"

bool ann_render_line_next(struct ann_render_line *line)
{
	const struct ann_batch *batch = line->batch;
	bool first = line->text.ptr == NULL;
	struct ann_line at;

	if (line->next >= batch->bytes.len) {
		return false;
	}
	line->hits += line->count;
	line->left -= line->count;
	at = ann_line_at(batch->bytes, line->next);
	line->text = (struct ann_span){batch->bytes.ptr + at.start, at.end - at.start};
	line->seq = first ? batch->seq : line->seq + 1;
	line->offset = batch->offset + at.start;
	line->cut = batch->cut && at.next == batch->bytes.len;
	line->next = at.next;
	line->count = 0;
	while (line->count < line->left && line->hits[line->count].start < at.next) {
		line->count++;
	}
	return true;
}

/* --- how bad it is --------------------------------------------------------------- */

const struct ann_hit *ann_render_line_worst(const struct ann_render_line *line)
{
	const struct ann_hit *worst = line->count == 0 ? NULL : line->hits;

	for (size_t i = 1; i < line->count; i++) {
		const struct ann_hit *hit = &line->hits[i];

		if (hit->codes[0]->severity > worst->codes[0]->severity) {
			worst = hit;
		}
	}
	return worst;
}

void ann_render_line_hits(const struct ann_render_line *line,
	void (*tell)(const struct ann_hit *hit, struct ann_buf *out),
	struct ann_buf *out)
{
	const struct ann_hit *worst = ann_render_line_worst(line);
	size_t told = 1;

	if (worst != NULL) {
		tell(worst, out);
	}
	for (size_t i = 0; i < line->count && told < ANN_HITS_TOLD; i++) {
		if (&line->hits[i] != worst) {
			tell(&line->hits[i], out);
			told++;
		}
	}
}

enum ann_priority ann_render_line_priority(const struct ann_render_line *line)
{
	static const enum ann_priority priorities[] = {
		[ANN_SEVERITY_OK] = ANN_PRIORITY_INFO,
		[ANN_SEVERITY_INFO] = ANN_PRIORITY_NOTICE,
		[ANN_SEVERITY_WARNING] = ANN_PRIORITY_WARNING,
		[ANN_SEVERITY_ERROR] = ANN_PRIORITY_ERROR,
	};
	const struct ann_hit *worst = ann_render_line_worst(line);

	return worst == NULL ? ANN_PRIORITY_INFO
			     : priorities[worst->codes[0]->severity];
}

enum ann_priority ann_event_priority(enum ann_event_kind kind)
{
	return kind == ANN_EVENT_CONNECTED ? ANN_PRIORITY_NOTICE : ANN_PRIORITY_WARNING;
}

/* --- text ------------------------------------------------------------------------- */

/* The length of the character at the front if it can stay as it is, else 0. */
static size_t plain_length(struct ann_span text)
{
	unsigned char first = (unsigned char)text.ptr[0];

	if (first < 0x80) {
		return (first >= 0x20 && first != 0x7F) || first == '\t';
	}
	return ann_utf8_is_control(text) ? 0 : ann_utf8_char(text);
}

void ann_render_plain(struct ann_span text, struct ann_buf *out)
{
	while (text.len > 0) {
		size_t len = ann_sgr_length(text);

		if (len == 0) {
			len = plain_length(text);
			ann_buf_add(out, text.ptr, len);
			len = len > 0 ? len : ann_render_control(text, out);
		}
		text.ptr += len;
		text.len -= len;
	}
}

void ann_render_line_text(const struct ann_render_options *options,
	const struct ann_render_line *line, struct ann_buf *out)
{
	bool suffix = options->placement == ANN_SUFFIX;
	const char *bytes = line->batch->bytes.ptr;
	const char *at = line->text.ptr;
	const char *end = at + line->text.len;

	for (size_t i = 0; i < line->count; i++) {
		const char *to = suffix ? end : bytes + line->hits[i].end;

		ann_render_plain((struct ann_span){at, (size_t)(to - at)}, out);
		ann_render_annotation(&line->hits[i], options->names_only, false, out);
		at = to;
	}
	ann_render_plain((struct ann_span){at, (size_t)(end - at)}, out);
}
