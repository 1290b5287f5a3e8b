#include "stream/route_private.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"
#include "annotty/select.h"
#include "render/display.h"
#include "render/line_hits.h"

#include <string.h>

struct ann_tap {
	struct ann_route *route;
	char *source;
	bool can_wait;
	struct ann_renderer renderer;
	struct ann_select *select;   /* NULL: all lines are shown */
	struct ann_hits hits;        /* of one line, for whole records */
	size_t shown;                /* of its half line, on this output */
	struct ann_display *display; /* NULL: the output is no terminal */
	bool over; /* its line on the output lacks nothing but an end */
};

/* --- taps ------------------------------------------------------------------------ */

/* False: the route shows a line only as a whole. */
static bool shows_half_lines(const struct ann_route *route)
{
	enum ann_format format = route->options.render.format;

	return (format == ANN_FORMAT_TEXT || format == ANN_FORMAT_RAW) &&
	       !route->options.whole_records && !route->options.only_hits;
}

/* Lines are shown on a terminal, as they come. */
static bool has_display(const struct ann_route *route)
{
	return route->options.terminal && shows_half_lines(route);
}

/* And control sequences reach it. */
static bool draws(const struct ann_route *route)
{
	return has_display(route) && !route->options.render.mask_controls;
}

bool ann_tap_is_eager(const struct ann_tap *tap)
{
	return draws(tap->route);
}

struct ann_tap *ann_tap_new(struct ann_route *route, const char *source, bool can_wait)
{
	const struct ann_route_options *options = &route->options;
	struct ann_tap *tap = ann_alloc(sizeof(*tap));

	if (tap == NULL) {
		return NULL;
	}
	route->taps++;
	tap->route = route;
	tap->can_wait = can_wait;
	tap->source = ann_copy(source, strlen(source));
	ann_renderer_init(&tap->renderer, &options->render);
	tap->renderer.options.source = tap->source;
	tap->renderer.options.label = options->label ? tap->source : NULL;
	if (options->only_hits) {
		tap->select = ann_select_new(options->before, options->after);
	}
	if (has_display(route)) {
		tap->display = ann_display_new(draws(route));
	}
	if (tap->source == NULL || (options->only_hits && tap->select == NULL) ||
		(has_display(route) && tap->display == NULL)) {
		ann_tap_free(tap);
		return NULL;
	}
	ann_select_least(tap->select, options->severity);
	return tap;
}

void ann_tap_free(struct ann_tap *tap)
{
	if (tap == NULL) {
		return;
	}
	tap->route->taps--;
	if (tap->route->owner == &tap->renderer) {
		tap->route->owner = NULL;
	}
	ann_display_free(tap->display);
	ann_select_free(tap->select);
	ann_hits_deinit(&tap->hits);
	ann_free(tap->source);
	ann_free(tap);
}

/* --- lines ----------------------------------------------------------------------- */

static uint64_t count_lines(const struct ann_batch *batch)
{
	bool more = !batch->partial && (batch->cut || batch->broken);

	return ann_lines_count(batch->bytes) + more;
}

/* Where the output is behind the tap's lines. */
static void leave(struct ann_tap *tap, const struct ann_batch *batch)
{
	struct ann_route *route = tap->route;

	/* Also when all of the line has been shown before. */
	tap->over = batch->broken;
	if (route->out.len == 0 || !ann_route_is_text(route)) {
		return;
	}
	route->in_line = route->out.ptr[route->out.len - 1] != '\n';
	route->owner = route->in_line ? &tap->renderer : NULL;
}

/* A line as a record, which stands by itself. */
static void render_record(struct ann_tap *tap, const struct ann_batch *line,
	const struct ann_hit *hits, size_t count)
{
	struct ann_route *route = tap->route;
	struct ann_buf *out = &route->out;

	tap->renderer.in_line = false;
	ann_render_batch(&tap->renderer, line, hits, count, out);
	if (ann_route_is_text(route) && out->len > 0 &&
		out->ptr[out->len - 1] != '\n') {
		ann_buf_char(out, '\n');
	}
	ann_route_end_record(route);
}

static void render_records(struct ann_tap *tap, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count)
{
	struct ann_batch one = *batch;

	for (size_t at = 0; at < batch->bytes.len && tap->route->failed == ANN_OK;) {
		struct ann_line line = ann_line_at(batch->bytes, at);
		size_t used = 0;

		tap->route->failed = ann_line_hits(&tap->hits, &line, hits, count);
		used = tap->hits.count;
		one.bytes.ptr = batch->bytes.ptr + at;
		one.bytes.len = line.next - at;
		one.cut = batch->cut && line.next == batch->bytes.len;
		one.broken = batch->broken && line.next == batch->bytes.len;
		render_record(tap, &one, tap->hits.at, used);
		hits += used;
		count -= used;
		one.offset += one.bytes.len;
		one.seq += one.seq > 0;
		at = line.next;
	}
}

/* Whether one of the hits has not been annotated where half lines are shown. */
static bool has_untold(const struct ann_hit *hits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!hits[i].told) {
			return true;
		}
	}
	return false;
}

/*
 * True when nothing of the line is left but its end, and somebody has already ended it:
 * a prompt was shown, another source wrote, and now comes the Enter. A display may have
 * left out annotations that others have told.
 */
static bool is_ended(const struct ann_tap *tap, const struct ann_batch *run,
	const struct ann_hit *hits, size_t count)
{
	bool told = tap->display == NULL ? !has_untold(hits, count) : count == 0;

	return run->shown > 0 && told && !tap->renderer.in_line &&
	       run->shown < run->bytes.len &&
	       ann_line_at(run->bytes, run->shown).end == run->shown;
}

/* `on`: the output is on the tap's line, if on any. */
static void render_lines(struct ann_tap *tap, const struct ann_batch *run,
	const struct ann_hit *hits, size_t count, bool on)
{
	struct ann_route *route = tap->route;

	if (tap->display == NULL) {
		ann_render_batch(&tap->renderer, run, hits, count, &route->out);
	} else {
		route->failed = ann_display_batch(tap->display, &tap->renderer, run,
			hits, count, on, &route->out);
	}
}

static void render_run(struct ann_tap *tap, const struct ann_batch *run,
	const struct ann_hit *hits, size_t count)
{
	struct ann_route *route = tap->route;
	bool on = route->owner == &tap->renderer && !tap->over;

	if (is_ended(tap, run, hits, count)) {
		ann_display_pass(tap->display, run);
		return;
	}
	if (!on) {
		ann_route_end_line(route);
	}
	if (route->options.whole_records) {
		render_records(tap, run, hits, count);
	} else {
		render_lines(tap, run, hits, count, on);
		ann_route_end_record(route);
		leave(tap, run);
	}
	route->lines += count_lines(run);
	route->in_bytes += run->bytes.len - run->shown;
}

static void show_run(void *user, const struct ann_batch *run,
	const struct ann_hit *hits, size_t count, bool gap)
{
	struct ann_tap *tap = user;
	struct ann_route *route = tap->route;
	const struct ann_route_options *options = &route->options;

	if (gap && ann_route_is_text(route) && !options->label &&
		!options->whole_records && options->before + options->after > 0) {
		ann_route_end_line(route);
		ann_buf_str(&route->out, "--\n");
	}
	render_run(tap, run, hits, count);
}

static void lose(struct ann_tap *tap, const struct ann_batch *batch)
{
	tap->renderer.in_line = false;
	if (!batch->partial) {
		tap->route->lost_lines += count_lines(batch);
		tap->route->lost_bytes += batch->bytes.len - batch->shown;
		tap->shown = 0;
	}
}

/* How much of the batch's last line this output shows already, for the next batch. */
static size_t shown_then(const struct ann_tap *tap, const struct ann_batch *batch)
{
	if (batch->partial) {
		return batch->bytes.len;
	}
	return batch->cut && tap->shown > batch->bytes.len
		       ? tap->shown - batch->bytes.len
		       : 0;
}

/*
 * Whether there is something of a half line to be shown now, and what. Where lines of
 * several sources meet, a half line would be cut in two when another one comes: there
 * it has to be silent for longer.
 */
static bool choose_half(const struct ann_tap *tap, struct ann_batch *half,
	const struct ann_hit *hits, size_t count)
{
	const struct ann_route *route = tap->route;
	enum ann_silence least = route->taps > 1 ? ANN_SILENCE_LONG : ANN_SILENCE_SHORT;

	if (!shows_half_lines(route)) {
		return false;
	}
	if (draws(route)) {
		return ann_display_half(tap->display, half, least) &&
		       half->bytes.len > tap->shown;
	}
	return half->silence >= least &&
	       (half->bytes.len > tap->shown || has_untold(hits, count));
}

bool ann_tap_batch(struct ann_tap *tap, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count)
{
	struct ann_route *route = tap->route;
	struct ann_batch own = *batch;
	bool room = true;

	if (batch->partial && !choose_half(tap, &own, hits, count)) {
		return true;
	}
	own.shown = tap->shown < own.bytes.len ? tap->shown : own.bytes.len;
	ann_route_begin(route, batch->wall_ns, batch->mono_ns);
	if (tap->select != NULL) {
		route->failed =
			ann_select_batch(tap->select, &own, hits, count, show_run, tap);
	} else {
		render_run(tap, &own, hits, count);
	}
	if (ann_route_offer(route, tap->can_wait, &room)) {
		tap->shown = shown_then(tap, &own);
	} else {
		lose(tap, &own);
	}
	return room;
}

bool ann_tap_end(struct ann_tap *tap, uint64_t wall_ns, uint64_t mono_ns)
{
	struct ann_route *route = tap->route;
	bool room = true;

	if (tap->display == NULL || route->owner != &tap->renderer) {
		return true;
	}
	ann_route_begin(route, wall_ns, mono_ns);
	ann_display_end(tap->display, &route->out);
	if (route->out.len > 0) {
		ann_route_end_line(route);
		ann_route_end_record(route);
	}
	(void)ann_route_offer(route, tap->can_wait, &room);
	return room;
}

/* --- events ---------------------------------------------------------------------- */

static bool tells(const struct ann_route *route, const struct ann_event *event)
{
	switch (route->options.render.format) {
	case ANN_FORMAT_TEXT:
		return route->options.events || event->kind == ANN_EVENT_DROPPED;
	case ANN_FORMAT_RAW:
		return false;
	default:
		return true;
	}
}

bool ann_tap_event(struct ann_tap *tap, const struct ann_event *event)
{
	struct ann_route *route = tap->route;
	bool room = true;

	if (!tells(route, event)) {
		return true;
	}
	ann_route_begin(route, event->wall_ns, event->mono_ns);
	ann_route_end_line(route);
	ann_render_event(&tap->renderer, tap->source, event, &route->out);
	ann_route_end_record(route);
	(void)ann_route_offer(route, tap->can_wait, &room);
	return room;
}
