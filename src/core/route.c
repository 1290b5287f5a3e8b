/*
 * What is rendered for one call becomes one chunk. In a stream of text the output can
 * be in the middle of a line: a half line that is shown, a piece of an overlong one, a
 * line that the source did not end. Whoever writes next ends it, but for its own source
 * when that goes on with it.
 */
#include "annotty/route.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"
#include "annotty/select.h"

#include <string.h>

struct ann_route {
	struct ann_route_options options;
	struct ann_sink *sink;
	struct ann_renderer renderer; /* of what no source has sent */

	bool in_line;          /* the output is in the middle of a line of text */
	struct ann_tap *owner; /* whose line that is; NULL: it is gone */

	/* The chunk at hand. */
	struct ann_buf out;
	struct ann_buf ends; /* size_t each, where records end in `out` */
	uint64_t lines;      /* in it */
	uint64_t in_bytes;   /* that they took in their source */
	enum ann_err failed; /* it is incomplete */

	/* Without memory for their chunks; not announced yet. */
	uint64_t lost_lines;
	uint64_t lost_bytes;
};

struct ann_tap {
	struct ann_route *route;
	char *source;
	bool can_wait;
	struct ann_renderer renderer;
	struct ann_select *select; /* NULL: all lines are shown */
	struct ann_hits hits;      /* of one line, for whole records */
	size_t shown;              /* of its half line, on this output */
	bool over;                 /* its line on the output lacks nothing but an end */
};

/* --- options --------------------------------------------------------------------- */

static const char *const formats[] = {"text", "json", "raw", NULL};
static const char *const placements[] = {"inline", "suffix", "below", NULL};
static const char *const styles[] = {"full", "name", NULL};
static const char *const timestamps[] = {
	"none", "iso8601", "time", "delta", "epoch", "monotonic", NULL};
static const char *const lines[] = {"all", "hits", NULL};
static const char *const severities[] = {"ok", "info", "warning", "error", NULL};

#define AT(member) offsetof(struct ann_route_options, member)

const struct ann_key ann_route_keys[] = {
	{"format", ANN_KEY_WORD, AT(render.format), formats, 0, 0},
	{"annotate", ANN_KEY_WORD, AT(render.placement), placements, 0, 0},
	{"style", ANN_KEY_EITHER, AT(render.names_only), styles, 0, 0},
	{"timestamp", ANN_KEY_WORD, AT(render.timestamp), timestamps, 0, 0},
	{"color", ANN_KEY_BOOL, AT(render.color), NULL, 0, 0},
	{"facility", ANN_KEY_WORD, AT(render.facility), ann_facilities, 0, 0},
	{"lines", ANN_KEY_EITHER, AT(only_hits), lines, 0, 0},
	{"severity", ANN_KEY_WORD, AT(severity), severities, 0, 0},
	{"label", ANN_KEY_BOOL, AT(label), NULL, 0, 0},
	{"events", ANN_KEY_BOOL, AT(events), NULL, 0, 0},
	{"sources", ANN_KEY_TEXT, AT(sources), NULL, 0, 0},
	{0},
};

bool ann_route_takes(const struct ann_route_options *options, const char *source)
{
	struct ann_span rest = ann_span(options->sources);

	if (options->sources == NULL) {
		return true;
	}
	for (;;) {
		struct ann_span word = ann_span_word(&rest);

		if (word.len == 0 || ann_span_is(word, source)) {
			return word.len > 0;
		}
	}
}

/* --- routes ---------------------------------------------------------------------- */

struct ann_route *ann_route_new(
	const struct ann_route_options *options, struct ann_sink *sink)
{
	struct ann_route *route = ann_alloc(sizeof(*route));

	if (route != NULL) {
		route->options = *options;
		route->sink = sink;
		ann_renderer_init(&route->renderer, &options->render);
	}
	return route;
}

void ann_route_free(struct ann_route *route)
{
	if (route != NULL) {
		ann_buf_deinit(&route->out);
		ann_buf_deinit(&route->ends);
		ann_free(route);
	}
}

static bool is_text(const struct ann_route *route)
{
	return route->options.render.format == ANN_FORMAT_TEXT;
}

struct ann_chunk *ann_route_announce(struct ann_route *route, uint64_t lost_lines,
	uint64_t bytes, uint64_t wall_ns, uint64_t mono_ns)
{
	const struct ann_event event = {
		.kind = ANN_EVENT_DROPPED,
		.wall_ns = wall_ns,
		.mono_ns = mono_ns,
		.lost_lines = lost_lines,
		.lost_bytes = bytes,
	};
	struct ann_buf text = {0};
	struct ann_chunk *chunk = NULL;

	ann_render_event(&route->renderer, NULL, &event, &text);
	if (text.len > 0 && !text.failed) {
		chunk = ann_chunk_new(ann_buf_all(&text), &text.len, 1);
	}
	ann_buf_deinit(&text);
	return chunk;
}

/* --- taps ------------------------------------------------------------------------ */

struct ann_tap *ann_tap_new(struct ann_route *route, const char *source, bool can_wait)
{
	const struct ann_route_options *options = &route->options;
	struct ann_tap *tap = ann_alloc(sizeof(*tap));

	if (tap == NULL) {
		return NULL;
	}
	tap->route = route;
	tap->can_wait = can_wait;
	tap->source = ann_copy(source, strlen(source));
	ann_renderer_init(&tap->renderer, &options->render);
	tap->renderer.options.source = tap->source;
	tap->renderer.options.label = options->label ? tap->source : NULL;
	if (options->only_hits) {
		tap->select = ann_select_new(options->before, options->after);
	}
	if (tap->source == NULL || (options->only_hits && tap->select == NULL)) {
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
	if (tap->route->owner == tap) {
		tap->route->owner = NULL;
	}
	ann_select_free(tap->select);
	ann_hits_deinit(&tap->hits);
	ann_free(tap->source);
	ann_free(tap);
}

/* --- chunks ---------------------------------------------------------------------- */

static void start_chunk(struct ann_route *route)
{
	ann_buf_clear(&route->out);
	ann_buf_clear(&route->ends);
	route->lines = 0;
	route->in_bytes = 0;
	route->failed = ANN_OK;
}

static void end_record(struct ann_route *route)
{
	size_t end = route->out.len;

	ann_buf_add(&route->ends, &end, sizeof(end));
}

static void end_line(struct ann_route *route)
{
	if (!route->in_line) {
		return;
	}
	ann_buf_char(&route->out, '\n');
	if (route->owner != NULL) {
		route->owner->renderer.in_line = false;
	}
	route->in_line = false;
	route->owner = NULL;
}

/* Lines for which there was no memory are missing here. */
static void tell_lost(struct ann_route *route, uint64_t wall_ns, uint64_t mono_ns)
{
	const struct ann_event event = {
		.kind = ANN_EVENT_DROPPED,
		.wall_ns = wall_ns,
		.mono_ns = mono_ns,
		.lost_lines = route->lost_lines,
		.lost_bytes = route->lost_bytes,
	};

	if (route->lost_lines + route->lost_bytes > 0) {
		end_line(route);
		ann_render_event(&route->renderer, NULL, &event, &route->out);
		end_record(route);
	}
}

/* How the chunk leaves the output: what is behind its last line end is a half line. */
static bool leaves_half_line(const struct ann_route *route)
{
	char last = route->out.ptr[route->out.len - 1];

	return is_text(route) && last != '\n' && last != '\r';
}

static struct ann_chunk *make_chunk(struct ann_route *route)
{
	bool partial = leaves_half_line(route);
	struct ann_chunk *chunk = ann_chunk_new(ann_buf_all(&route->out),
		(const size_t *)(const void *)route->ends.ptr,
		partial ? 0 : route->ends.len / sizeof(size_t));

	if (chunk != NULL) {
		chunk->partial = partial;
		chunk->lines = route->lines;
		chunk->in_bytes = route->in_bytes;
	}
	return chunk;
}

/* Hands the chunk to the sink. `*room`: of the sink. False: there is no memory. */
static bool offer_chunk(struct ann_route *route, bool can_wait, bool *room)
{
	struct ann_chunk *chunk = NULL;

	if (route->failed != ANN_OK || route->out.failed || route->ends.failed) {
		return false;
	}
	*room = true;
	if (route->out.len == 0) {
		return true;
	}
	chunk = make_chunk(route);
	if (chunk == NULL) {
		return false;
	}
	*room = ann_sink_offer(route->sink, chunk, can_wait);
	ann_chunk_unref(chunk);
	route->lost_lines = 0;
	route->lost_bytes = 0;
	return true;
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

	if (route->out.len == 0 || !is_text(route)) {
		return;
	}
	route->in_line = route->out.ptr[route->out.len - 1] != '\n';
	route->owner = route->in_line ? tap : NULL;
	tap->over = batch->broken;
}

/* A line as a record, which stands by itself. */
static void render_record(struct ann_tap *tap, const struct ann_batch *line,
	const struct ann_hit *hits, size_t count)
{
	struct ann_route *route = tap->route;
	struct ann_buf *out = &route->out;

	tap->renderer.in_line = false;
	ann_render_batch(&tap->renderer, line, hits, count, out);
	if (is_text(route) && out->len > 0 && out->ptr[out->len - 1] != '\n') {
		ann_buf_char(out, '\n');
	}
	end_record(route);
}

/* The hits of the line at the front of `hits`, moved to its start; returns how many. */
static size_t take_hits(struct ann_tap *tap, const struct ann_line *line,
	const struct ann_hit *hits, size_t count)
{
	struct ann_hits *own = &tap->hits;

	own->count = 0;
	while (own->count < count && hits[own->count].start < line->next) {
		struct ann_hit hit = hits[own->count];

		if (ann_grow((void **)&own->at, &own->room, own->count, sizeof(hit)) !=
			0) {
			tap->route->failed = ANN_ENOMEM;
			return own->count;
		}
		hit.line_start -= line->start;
		hit.line_end -= line->start;
		hit.start -= line->start;
		hit.end -= line->start;
		own->at[own->count++] = hit;
	}
	return own->count;
}

static void render_records(struct ann_tap *tap, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count)
{
	struct ann_batch one = *batch;

	for (size_t at = 0; at < batch->bytes.len && tap->route->failed == ANN_OK;) {
		struct ann_line line = ann_line_at(batch->bytes, at);
		size_t used = take_hits(tap, &line, hits, count);

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

static void render_run(struct ann_tap *tap, const struct ann_batch *run,
	const struct ann_hit *hits, size_t count)
{
	struct ann_route *route = tap->route;

	if (route->owner != tap || tap->over) {
		end_line(route);
	}
	if (route->options.whole_records) {
		render_records(tap, run, hits, count);
	} else {
		ann_render_batch(&tap->renderer, run, hits, count, &route->out);
		end_record(route);
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

	if (gap && is_text(route) && !options->label && !options->whole_records &&
		options->before + options->after > 0) {
		end_line(route);
		ann_buf_str(&route->out, "--\n");
	}
	render_run(tap, run, hits, count);
}

/*
 * The chunk at hand has not gone out, nor what it has done to the line that the output
 * is in: whoever comes next ends that.
 */
static void forget_chunk(struct ann_route *route, bool in_line, struct ann_tap *owner)
{
	if (owner != NULL) {
		owner->renderer.in_line = false;
	}
	route->in_line = in_line;
	route->owner = NULL;
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

/* False: the route shows a line only as a whole. */
static bool shows_half_lines(const struct ann_route *route)
{
	return route->options.render.format != ANN_FORMAT_JSON &&
	       !route->options.whole_records && !route->options.only_hits;
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

bool ann_tap_batch(struct ann_tap *tap, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count)
{
	struct ann_route *route = tap->route;
	struct ann_tap *owner = route->owner;
	struct ann_batch own = *batch;
	bool in_line = route->in_line;
	bool room = true;

	if (batch->partial && !shows_half_lines(route)) {
		return true;
	}
	own.shown = own.shown < tap->shown ? own.shown : tap->shown;
	start_chunk(route);
	tell_lost(route, batch->wall_ns, batch->mono_ns);
	if (tap->select != NULL) {
		route->failed =
			ann_select_batch(tap->select, &own, hits, count, show_run, tap);
	} else {
		render_run(tap, &own, hits, count);
	}
	if (offer_chunk(route, tap->can_wait, &room)) {
		tap->shown = shown_then(tap, batch);
	} else {
		forget_chunk(route, in_line, owner);
		lose(tap, &own);
	}
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
	struct ann_tap *owner = route->owner;
	bool in_line = route->in_line;
	bool room = true;

	if (!tells(route, event)) {
		return true;
	}
	start_chunk(route);
	tell_lost(route, event->wall_ns, event->mono_ns);
	end_line(route);
	ann_render_event(&tap->renderer, tap->source, event, &route->out);
	end_record(route);
	if (!offer_chunk(route, tap->can_wait, &room)) {
		forget_chunk(route, in_line, owner);
	}
	return room;
}
