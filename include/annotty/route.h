/*
 * route - the way from sources to one output.
 *
 * Chooses lines, renders them once for all readers of the output, and offers the chunks
 * to its sink. Each source that feeds it has a tap of its own, which remembers what a
 * renderer has to know of that source's lines.
 *
 * In text, a half line is ended with a LF when anything else than its own source comes
 * next; when that goes on, the rest stands on a line of its own. So that this is rare,
 * a route with several taps shows a half line only after a long silence. With labels
 * every line of a device has one, whatever bytes it is made of, so none can pass for an
 * event or for a line of another source.
 */
#ifndef ANNOTTY_ROUTE_H
#define ANNOTTY_ROUTE_H

#include "annotty/render.h"
#include "annotty/settings.h"
#include "annotty/sink.h"

/* What an output is given, and how it looks. */
struct ann_route_options {
	struct ann_render_options render;
	bool only_hits;             /* lines without a hit are left out */
	enum ann_severity severity; /* with only_hits: hits below it do not count */
	uint64_t before, after;     /* with only_hits: lines of context */
	uint64_t context;           /* what the key `context` says of both */
	bool label;                 /* text: each line begins with [SOURCE] */
	bool events; /* text: connected, disconnected, gap as `[annotty] SOURCE: …`
			lines; JSON, syslog and journal always tell them, raw never;
			drops are told by all but raw */
	bool whole_records; /* no half lines */
	bool terminal; /* text: somebody looks on, and lines may be overwritten; without
			  `mask_controls` a program may draw there */
	const char *sources; /* list of the names that feed it; NULL: all */
};

/*
 * The keys of an output that are the route's: format, annotate, style, timestamp,
 * color, facility, lines (all, hits), severity, before, after, context, label, events,
 * sources.
 */
extern const struct ann_key ann_route_keys[];

/*
 * Reads them. What is about lines with a hit (severity, before, after, context) implies
 * lines=hits; `before` and `after` win over `context`. As ann_settings_read().
 */
ANN_MUST_USE enum ann_err ann_route_read(struct ann_route_options *options,
	const struct ann_settings *settings, struct ann_error *err);

/* True when a source of this name feeds it. */
bool ann_route_takes(const struct ann_route_options *options, const char *source);

struct ann_route;
struct ann_tap;

/* `sink` is borrowed. NULL: no memory. */
struct ann_route *ann_route_new(
	const struct ann_route_options *options, struct ann_sink *sink);

/* After all of its taps. NULL is fine. */
void ann_route_free(struct ann_route *route);

/*
 * From now on lines may wait for others, so that they become one chunk and cost one
 * write, until ann_route_flush(). No half line waits, nor what is a chunk's worth.
 */
void ann_route_gather(struct ann_route *route);

/* What waits goes to the sink. False: the sink is full, as with ann_tap_batch(). */
bool ann_route_flush(struct ann_route *route);

/*
 * Nothing will come for now: ends the line of text that the output is in, so that who
 * goes on there later begins with a line. Raw bytes are left as they are. Flush behind.
 * The times are those of now.
 */
void ann_route_finish(struct ann_route *route, uint64_t wall_ns, uint64_t mono_ns);

/*
 * For the sink's event `announce`: a record that so much was dropped. Both are since
 * the last one. NULL: no memory, or a format that does not tell (raw).
 */
struct ann_chunk *ann_route_announce(struct ann_route *route, uint64_t lines,
	uint64_t bytes, uint64_t wall_ns, uint64_t mono_ns);

/* `source` is copied. `can_wait`: see ann_sink_ops::offer. NULL: no memory. */
struct ann_tap *ann_tap_new(struct ann_route *route, const char *source, bool can_wait);
void ann_tap_free(struct ann_tap *tap);

/*
 * Whether it wants to see half lines as they come: its output is a terminal that a
 * program may draw on. See ann_stream_set_eager().
 */
bool ann_tap_is_eager(const struct ann_tap *tap);

/*
 * Takes the next batch of the tap's source. False: the sink is full, and sources that
 * can wait should until its event `room`. Without memory the lines are counted as
 * dropped and announced when there is some again.
 */
bool ann_tap_batch(struct ann_tap *tap, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count);

/* The same for an event. */
bool ann_tap_event(struct ann_tap *tap, const struct ann_event *event);

/*
 * The tap's source has broken off: on a terminal, its last line is annotated if that
 * waited for what could have overwritten it. Answers as ann_tap_batch(); the times are
 * those of now.
 */
bool ann_tap_end(struct ann_tap *tap, uint64_t wall_ns, uint64_t mono_ns);

#endif
