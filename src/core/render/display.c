#include "render/display.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"
#include "render/line_hits.h"
#include "render/screen.h"

struct ann_display {
	bool obeys;
	struct ann_screen screen;
	size_t seen;          /* of the line at hand, by the screen */
	size_t told;          /* up to there the line's hits have been annotated */
	struct ann_buf owed;  /* of the line before: annotations and its CR */
	struct ann_hits hits; /* of one line */
};

struct ann_display *ann_display_new(bool obeys)
{
	struct ann_display *display = ann_alloc(sizeof(*display));

	if (display != NULL) {
		display->obeys = obeys;
	}
	return display;
}

void ann_display_free(struct ann_display *display)
{
	if (display != NULL) {
		ann_buf_deinit(&display->owed);
		ann_hits_deinit(&display->hits);
		ann_free(display);
	}
}

static char last_of(struct ann_span text)
{
	return text.len == 0 ? '\0' : text.ptr[text.len - 1];
}

/* The screen sees what it has not seen of the line so far. */
static bool is_drawn(struct ann_display *display, struct ann_span line)
{
	size_t seen = display->seen < line.len ? display->seen : line.len;

	if (!display->obeys) {
		return false;
	}
	ann_screen_see(
		&display->screen, (struct ann_span){line.ptr + seen, line.len - seen});
	display->seen = line.len > display->seen ? line.len : display->seen;
	return ann_screen_is_drawn(&display->screen);
}

bool ann_display_half(
	struct ann_display *display, struct ann_batch *half, enum ann_silence least)
{
	struct ann_span all = {half->bytes.ptr, half->there};
	bool drawn = is_drawn(display, all);

	if (half->silence < least && !drawn) {
		return false;
	}
	/* The CR may be one of a progress bar. */
	all.len -= !drawn && last_of(all) == '\r';
	half->bytes = all;
	return true;
}

/* As they are: no stamps either. */
static void draw(struct ann_renderer *renderer, const struct ann_batch *batch,
	struct ann_buf *out)
{
	ann_buf_add(
		out, batch->bytes.ptr + batch->shown, batch->bytes.len - batch->shown);
	renderer->last_mono_ns = batch->mono_ns;
	renderer->in_line = batch->cut || batch->partial;
}

/* --- half lines ------------------------------------------------------------------ */

/* Whether a CR stands behind what is shown of the line: it may be overwritten. */
static bool may_return(const struct ann_batch *half)
{
	return half->there > half->bytes.len &&
	       half->bytes.ptr[half->bytes.len] == '\r';
}

static void show_half(struct ann_display *display, struct ann_renderer *renderer,
	const struct ann_batch *half, const struct ann_hit *hits, size_t count,
	struct ann_buf *out)
{
	bool annotates = !display->obeys && !may_return(half);

	if (display->obeys && ann_screen_is_drawn(&display->screen)) {
		draw(renderer, half, out);
		return;
	}
	ann_render_batch(renderer, half, hits, annotates ? count : 0, out);
	if (annotates && count > 0) {
		display->told = half->bytes.len;
	}
}

void ann_display_end(struct ann_display *display, struct ann_buf *out)
{
	ann_buf_span(out, ann_buf_all(&display->owed));
	ann_buf_clear(&display->owed);
}

/* --- lines ----------------------------------------------------------------------- */

/* The line waits for what comes behind its CR. */
static void owe(struct ann_display *display, struct ann_renderer *renderer,
	const struct ann_batch *line, struct ann_buf *out)
{
	struct ann_batch part = *line;
	struct ann_renderer rest = *renderer;

	part.bytes.len--;
	part.shown = part.shown < part.bytes.len ? part.shown : part.bytes.len;
	ann_render_batch(renderer, &part, NULL, 0, out);
	part.shown = part.bytes.len;
	part.bytes.len++;
	rest.in_line = true;
	ann_render_batch(
		&rest, &part, display->hits.at, display->hits.count, &display->owed);
	out->failed |= display->owed.failed;
}

/* What is owed is shown or dropped now that `line` comes. True: `line` is its end. */
static bool settle(struct ann_display *display, const struct ann_batch *line, bool on,
	struct ann_buf *out)
{
	bool owes = display->owed.len > 0 && on;
	bool ends = owes && last_of(line->bytes) == '\n' &&
		    ann_line_at(line->bytes, 0).end == 0;

	if (ends) {
		ann_buf_span(out, ann_buf_all(&display->owed));
		ann_buf_span(out, line->bytes);
	} else if (owes) {
		ann_buf_char(out, '\r');
	}
	ann_buf_clear(&display->owed);
	return ends;
}

static bool is_text(const struct ann_renderer *renderer)
{
	return renderer->options.format == ANN_FORMAT_TEXT;
}

static bool is_alone(const struct ann_batch *line)
{
	return last_of(line->bytes) == '\r' && !line->cut;
}

/* Those that this terminal has not been told are not told, whatever others were. */
static bool has_news(struct ann_display *display)
{
	bool news = false;

	for (size_t i = 0; i < display->hits.count; i++) {
		struct ann_hit *hit = &display->hits.at[i];

		hit->told &= hit->end <= display->told;
		news |= !hit->told;
	}
	return news;
}

static void show_line(struct ann_display *display, struct ann_renderer *renderer,
	const struct ann_batch *line, bool on, struct ann_buf *out)
{
	bool drawn = is_drawn(display, line->bytes);
	bool news = has_news(display);

	if (settle(display, line, on, out)) {
		return;
	}
	if (drawn) {
		draw(renderer, line, out);
	} else if (news && is_alone(line) && is_text(renderer)) {
		owe(display, renderer, line, out);
	} else {
		ann_render_batch(
			renderer, line, display->hits.at, display->hits.count, out);
	}
}

/* What is known of the line at hand is for its next piece, or for nothing. */
static void go_on(struct ann_display *display, const struct ann_batch *line)
{
	size_t len = line->cut ? line->bytes.len : SIZE_MAX;

	display->seen -= display->seen < len ? display->seen : len;
	display->told -= display->told < len ? display->told : len;
	if (last_of(line->bytes) == '\n') {
		ann_screen_end_line(&display->screen);
	}
}

void ann_display_pass(struct ann_display *display, const struct ann_batch *line)
{
	if (display != NULL) {
		(void)is_drawn(display, line->bytes);
		ann_buf_clear(&display->owed);
		go_on(display, line);
	}
}

enum ann_err ann_display_batch(struct ann_display *display,
	struct ann_renderer *renderer, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count, bool on, struct ann_buf *out)
{
	struct ann_batch one = *batch;
	enum ann_err failed = ANN_OK;

	if (batch->partial) {
		(void)settle(display, batch, on, out);
		show_half(display, renderer, batch, hits, count, out);
		return ANN_OK;
	}
	for (size_t at = 0; at < batch->bytes.len && failed == ANN_OK;) {
		struct ann_line line = ann_line_at(batch->bytes, at);
		bool last = line.next == batch->bytes.len;

		failed = ann_line_hits(&display->hits, &line, hits, count);
		one.bytes = (struct ann_span){batch->bytes.ptr + at, line.next - at};
		one.cut = batch->cut && last;
		one.broken = batch->broken && last;
		show_line(display, renderer, &one, on, out);
		go_on(display, &one);
		hits += display->hits.count;
		count -= display->hits.count;
		one.offset += one.bytes.len;
		one.seq += one.seq > 0;
		one.shown = 0;
		on = true;
		at = line.next;
	}
	return failed;
}
