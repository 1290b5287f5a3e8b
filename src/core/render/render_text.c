#include "render/render_private.h"

#include "annotty/lines.h"
#include "base/utf8.h"

#include <string.h>

/* One batch on its way into text. */
struct text {
	struct ann_renderer *renderer;
	const struct ann_batch *batch;
	struct ann_buf *out;
	size_t at;          /* how much of the batch is out */
	bool line_start;    /* what comes next begins a line */
	size_t stamp_width; /* of the last timestamp */
};

static void add_label(struct text *t)
{
	const char *label = t->renderer->options.label;

	if (label != NULL) {
		ann_buf_char(t->out, '[');
		ann_buf_str(t->out, label);
		ann_buf_add(t->out, "] ", 2);
	}
}

/* What stands before every line. */
static void add_stamp(struct text *t)
{
	size_t before = 0;

	add_label(t);
	before = t->out->len;
	ann_render_timestamp(t->renderer, t->batch->wall_ns, t->batch->mono_ns, t->out);
	t->renderer->last_mono_ns = t->batch->mono_ns;
	t->stamp_width = t->out->len - before;
}

/* How many bytes at the front of `text` a terminal may be shown as they are. */
static size_t harmless(struct ann_span text)
{
	unsigned char first = (unsigned char)text.ptr[0];

	if (first >= 0x20 && first < 0x7F) {
		return 1;
	}
	if (first == '\t' || first == '\n' || first == '\r') {
		return 1;
	}
	if (first < 0x80) {
		return first == '\033' ? ann_sgr_length(text) : 0;
	}
	/* 0x80 to 0x9F are controls in 8-bit sets. */
	return first >= 0xA0 && !ann_utf8_is_control(text) ? 1 : 0;
}

/* Of the character at the front of `text`; a byte that begins none is one. */
static size_t char_length(struct ann_span text)
{
	size_t len = ann_utf8_char(text);

	return len > 0 ? len : 1;
}

static void add_masked(struct ann_span text, struct ann_buf *out)
{
	size_t at = 0;

	while (at < text.len) {
		struct ann_span rest = {text.ptr + at, text.len - at};
		size_t len = harmless(rest);

		/* The rest of a character whose first byte is fine goes with it. */
		if (len == 1) {
			len = char_length(rest);
		}
		ann_buf_add(out, rest.ptr, len);
		at += len > 0 ? len : ann_render_control(rest, out);
	}
}

static void add_bytes(struct text *t, struct ann_span bytes)
{
	if (t->renderer->options.mask_controls) {
		add_masked(bytes, t->out);
	} else {
		ann_buf_span(t->out, bytes);
	}
}

/* The bytes of the batch up to `end`, each line with its stamp. */
static void copy_to(struct text *t, size_t end)
{
	const struct ann_render_options *options = &t->renderer->options;
	struct ann_span bytes = t->batch->bytes;

	if (t->at < end && options->timestamp == ANN_TIMESTAMP_NONE &&
		options->label == NULL) {
		add_bytes(t, (struct ann_span){bytes.ptr + t->at, end - t->at});
		t->at = end;
		return;
	}
	while (t->at < end) {
		struct ann_line line = ann_line_at(bytes, t->at);
		size_t stop = line.next < end ? line.next : end;

		if (t->line_start) {
			add_stamp(t);
		}
		add_bytes(t, (struct ann_span){bytes.ptr + t->at, stop - t->at});
		t->line_start = stop == line.next && line.next > line.end;
		t->at = stop;
	}
}

/* The colours that the line itself has set up to `end`, again. */
static void restore_colors(struct text *t, size_t start, size_t end)
{
	const char *bytes = t->batch->bytes.ptr;

	while (start < end) {
		const char *escape = memchr(bytes + start, '\033', end - start);
		struct ann_span rest = {escape, 0};

		if (escape == NULL) {
			return;
		}
		rest.len = (size_t)(bytes + end - escape);
		size_t len = ann_sgr_length(rest);

		ann_buf_add(t->out, escape, len);
		start = (size_t)(escape - bytes) + (len > 0 ? len : 1);
	}
}

/* How many columns stand left of the value; tabs stay tabs. */
static void add_indent(struct text *t, const struct ann_hit *hit)
{
	const char *bytes = t->batch->bytes.ptr;
	size_t at = hit->line_start;

	ann_buf_fill(t->out, ' ', t->stamp_width);
	while (at < hit->start) {
		struct ann_span rest = {bytes + at, hit->start - at};
		size_t len = char_length(rest);
		size_t sgr = ann_sgr_length(rest);
		struct ann_buf shown = {0};

		if (sgr == 0 && t->renderer->options.mask_controls &&
			harmless(rest) == 0) {
			len = ann_render_control(rest, &shown);
			ann_buf_fill(t->out, ' ', shown.len);
			t->out->failed |= shown.failed;
		} else if (sgr == 0) {
			ann_buf_fill(t->out, bytes[at] == '\t' ? '\t' : ' ',
				ann_utf8_columns(rest));
		}
		ann_buf_deinit(&shown);
		at += sgr > 0 ? sgr : len;
	}
}

/* The line's own line end, or LF when it has none or one that does not feed. */
static struct ann_span line_end_of(const struct text *t, const struct ann_hit *hit)
{
	struct ann_span bytes = t->batch->bytes;
	size_t at = hit->line_end;

	if (at + 1 < bytes.len && bytes.ptr[at] == '\r' && bytes.ptr[at + 1] == '\n') {
		return (struct ann_span){bytes.ptr + at, 2};
	}
	return ann_span("\n");
}

/* On a line of its own: `        ^~~~~ [NAME: description]`. */
static void add_below(struct text *t, const struct ann_hit *hit)
{
	ann_buf_span(t->out, line_end_of(t, hit));
	add_label(t);
	add_indent(t, hit);
	ann_buf_char(t->out, '^');
	ann_buf_fill(t->out, '~', hit->end - hit->start - 1);
}

static void annotate(struct text *t, const struct ann_hit *hit, size_t at)
{
	const struct ann_render_options *options = &t->renderer->options;

	copy_to(t, at);
	if (t->line_start) {
		/* Another source has written behind what was shown of the line. */
		add_stamp(t);
		t->line_start = false;
	}
	if (options->placement == ANN_BELOW) {
		add_below(t, hit);
	}
	ann_render_annotation(hit, options->names_only, options->color, t->out);
	if (options->color) {
		restore_colors(t, hit->line_start, at);
	}
}

/* Right behind the values; `passed`: of those that are shown already, at the end. */
static void annotate_values(
	struct text *t, const struct ann_hit *hits, size_t count, bool passed)
{
	size_t shown = t->batch->shown;

	for (size_t i = 0; i < count; i++) {
		const struct ann_hit *hit = &hits[i];
		bool told = hit->told && hit->end <= shown;

		if (!told && (hit->end < shown) == passed) {
			annotate(t, hit, passed ? hit->line_end : hit->end);
		}
	}
}

void ann_render_text(struct ann_renderer *renderer, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count, struct ann_buf *out)
{
	struct text t = {renderer, batch, out, batch->shown, !renderer->in_line, 0};

	if (renderer->options.placement == ANN_INLINE) {
		annotate_values(&t, hits, count, false);
		if (batch->shown > 0 && !batch->partial) {
			annotate_values(&t, hits, count, true);
		}
	} else {
		for (size_t i = 0; i < count && !batch->partial; i++) {
			annotate(&t, &hits[i], hits[i].line_end);
		}
	}
	copy_to(&t, batch->bytes.len);
}
