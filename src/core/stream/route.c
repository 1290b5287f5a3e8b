#include "stream/route_private.h"

#include "annotty/alloc.h"

/* --- options --------------------------------------------------------------------- */

static const char *const formats[] = {"text", "json", "raw", NULL};
static const char *const placements[] = {"inline", "suffix", "below", NULL};
static const char *const styles[] = {"full", "name", NULL};
static const char *const timestamps[] = {
	"none", "iso8601", "time", "delta", "epoch", "monotonic", NULL};
static const char *const lines[] = {"all", "hits", NULL};
static const char *const severities[] = {"ok", "info", "warning", "error", NULL};

/* Lines that a source may have waiting for a hit behind them, in memory. */
enum { CONTEXT_MOST = 10000 };

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
	{"before", ANN_KEY_NUMBER, AT(before), NULL, 0, CONTEXT_MOST},
	{"after", ANN_KEY_NUMBER, AT(after), NULL, 0, CONTEXT_MOST},
	{"context", ANN_KEY_NUMBER, AT(context), NULL, 0, CONTEXT_MOST},
	{"label", ANN_KEY_BOOL, AT(label), NULL, 0, 0},
	{"events", ANN_KEY_BOOL, AT(events), NULL, 0, 0},
	{"sources", ANN_KEY_TEXT, AT(sources), NULL, 0, 0},
	{0},
};

static bool has(const struct ann_settings *settings, const char *key)
{
	return ann_settings_get(settings, key) != NULL;
}

enum ann_err ann_route_read(struct ann_route_options *options,
	const struct ann_settings *settings, struct ann_error *err)
{
	static const struct ann_key *const keys[] = {ann_route_keys, NULL};
	enum ann_err failed = ANN_OK;

	options->only_hits |= has(settings, "severity") || has(settings, "before") ||
			      has(settings, "after") || has(settings, "context");
	failed = ann_settings_read(settings, keys, options, err);
	if (has(settings, "context") && !has(settings, "before")) {
		options->before = options->context;
	}
	if (has(settings, "context") && !has(settings, "after")) {
		options->after = options->context;
	}
	return failed;
}

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
		ann_buf_deinit(&route->gathered.out);
		ann_buf_deinit(&route->gathered.ends);
		ann_free(route);
	}
}

bool ann_route_is_text(const struct ann_route *route)
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

/* --- the chunk at hand ----------------------------------------------------------- */

void ann_route_end_record(struct ann_route *route)
{
	size_t end = route->out.len;

	ann_buf_add(&route->ends, &end, sizeof(end));
}

void ann_route_end_line(struct ann_route *route)
{
	if (!route->in_line) {
		return;
	}
	ann_buf_char(&route->out, '\n');
	if (route->owner != NULL) {
		route->owner->in_line = false;
	}
	route->in_line = false;
	route->owner = NULL;
}

void ann_route_begin(struct ann_route *route, uint64_t wall_ns, uint64_t mono_ns)
{
	const struct ann_event lost = {
		.kind = ANN_EVENT_DROPPED,
		.wall_ns = wall_ns,
		.mono_ns = mono_ns,
		.lost_lines = route->lost_lines,
		.lost_bytes = route->lost_bytes,
	};

	ann_buf_clear(&route->out);
	ann_buf_clear(&route->ends);
	route->lines = 0;
	route->in_bytes = 0;
	route->failed = ANN_OK;
	route->began_in_line = route->in_line;
	route->began_owner = route->owner;
	route->announced_lines = route->lost_lines;
	route->announced_bytes = route->lost_bytes;
	if (lost.lost_lines + lost.lost_bytes > 0) {
		ann_route_end_line(route);
		ann_render_event(&route->renderer, NULL, &lost, &route->out);
		ann_route_end_record(route);
	}
}

/* The next one begins in mid-line. A CR alone is an end, if no nice one. */
static bool leaves_half_line(const struct ann_route *route)
{
	char last = route->out.ptr[route->out.len - 1];

	return ann_route_is_text(route) && last != '\n' && last != '\r';
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

/* Whoever comes next ends the line that the output is still in. */
static void forget_chunk(struct ann_route *route)
{
	route->in_line = route->began_in_line;
	route->owner = NULL;
	if (route->began_owner != NULL) {
		route->began_owner->in_line = false;
	}
}

/* --- gathering ------------------------------------------------------------------- */

/* The smallest queue takes as much. */
enum { GATHERED_BYTES = 4096 };

void ann_route_gather(struct ann_route *route)
{
	route->gathers = true;
}

bool ann_route_flush(struct ann_route *route)
{
	struct ann_gathered *gathered = &route->gathered;
	struct ann_chunk *chunk = NULL;
	bool room = true;

	if (gathered->out.len == 0) {
		return true;
	}
	chunk = ann_chunk_new(ann_buf_all(&gathered->out),
		(const size_t *)(const void *)gathered->ends.ptr,
		gathered->ends.len / sizeof(size_t));
	if (chunk == NULL) {
		route->lost_lines += gathered->lines;
		route->lost_bytes += gathered->in_bytes;
	} else {
		chunk->lines = gathered->lines;
		chunk->in_bytes = gathered->in_bytes;
		room = ann_sink_offer(route->sink, chunk, gathered->can_wait);
		ann_chunk_unref(chunk);
	}
	ann_buf_clear(&gathered->out);
	ann_buf_clear(&gathered->ends);
	gathered->lines = 0;
	gathered->in_bytes = 0;
	return room;
}

/* Half lines are seen at once, and so is it that something was lost. */
static bool may_wait(const struct ann_route *route, bool can_wait)
{
	const struct ann_gathered *gathered = &route->gathered;

	return route->gathers && !route->began_in_line && !route->in_line &&
	       route->lost_lines + route->lost_bytes == 0 &&
	       gathered->out.len + route->out.len <= GATHERED_BYTES &&
	       (gathered->out.len == 0 || gathered->can_wait == can_wait);
}

/* Puts the chunk at hand behind those that wait. False: there is no memory. */
static bool gather(struct ann_route *route, bool can_wait)
{
	struct ann_gathered *gathered = &route->gathered;
	const size_t *ends = (const size_t *)(const void *)route->ends.ptr;
	size_t before = gathered->out.len;

	if (ann_buf_reserve(&gathered->out, route->out.len) == NULL ||
		ann_buf_reserve(&gathered->ends, route->ends.len) == NULL) {
		return false;
	}
	ann_buf_span(&gathered->out, ann_buf_all(&route->out));
	for (size_t i = 0; i < route->ends.len / sizeof(*ends); i++) {
		size_t end = before + ends[i];

		ann_buf_add(&gathered->ends, &end, sizeof(end));
	}
	gathered->lines += route->lines;
	gathered->in_bytes += route->in_bytes;
	gathered->can_wait = can_wait;
	return true;
}

/* --- offering -------------------------------------------------------------------- */

/* False: there is no memory. */
static bool offer_now(struct ann_route *route, bool can_wait, bool *room)
{
	struct ann_chunk *chunk = make_chunk(route);

	if (chunk == NULL) {
		return false;
	}
	*room &= ann_sink_offer(route->sink, chunk, can_wait);
	ann_chunk_unref(chunk);
	route->lost_lines -= route->announced_lines;
	route->lost_bytes -= route->announced_bytes;
	return true;
}

bool ann_route_offer(struct ann_route *route, bool can_wait, bool *room)
{
	bool failed =
		route->failed != ANN_OK || route->out.failed || route->ends.failed;

	*room = true;
	if (!failed && route->out.len == 0) {
		return true;
	}
	if (!failed && may_wait(route, can_wait) && gather(route, can_wait)) {
		return true;
	}
	*room = ann_route_flush(route);
	/* It may be the first of the next ones. */
	if (!failed && may_wait(route, can_wait) && gather(route, can_wait)) {
		return true;
	}
	if (failed || !offer_now(route, can_wait, room)) {
		forget_chunk(route);
		return false;
	}
	return true;
}

void ann_route_finish(struct ann_route *route, uint64_t wall_ns, uint64_t mono_ns)
{
	bool room = true;

	ann_route_begin(route, wall_ns, mono_ns);
	ann_route_end_line(route);
	ann_route_end_record(route);
	(void)ann_route_offer(route, false, &room);
}
