/*
 * route_private - what a route and its taps share: the chunk at hand.
 *
 * What is rendered for one call becomes one chunk, or, on a route that gathers, a part
 * of one. In a stream of text the output can be in the middle of a line: a half line
 * that is shown, a piece of an overlong one, a line that the source did not end, or
 * that ends with a CR alone. Whoever writes next ends it with a LF, but for its own
 * source when that goes on.
 */
#ifndef CORE_ROUTE_PRIVATE_H
#define CORE_ROUTE_PRIVATE_H

#include "annotty/route.h"

/* Chunks that wait for more, put together. They begin and end with whole lines. */
struct ann_gathered {
	struct ann_buf out; /* these four as of the chunk at hand */
	struct ann_buf ends;
	uint64_t lines;
	uint64_t in_bytes;
	bool can_wait;
};

struct ann_route {
	struct ann_route_options options;
	struct ann_sink *sink;
	struct ann_renderer renderer; /* of what no source has sent */
	size_t taps;                  /* how many feed it */

	bool in_line;               /* the output is in the middle of a line of text */
	struct ann_renderer *owner; /* that is in that line; NULL: it is gone */

	/* The chunk at hand. */
	struct ann_buf out;
	struct ann_buf ends; /* size_t each, where records end in `out` */
	uint64_t lines;      /* in it */
	uint64_t in_bytes;   /* that they took in their source */
	enum ann_err failed; /* it is incomplete */
	bool began_in_line;  /* `in_line` and `owner` before it */
	struct ann_renderer *began_owner;

	bool gathers;
	struct ann_gathered gathered;

	/* Without memory for their chunks; not announced yet, but in the one at hand.
	 */
	uint64_t lost_lines;
	uint64_t lost_bytes;
	uint64_t announced_lines;
	uint64_t announced_bytes;
};

bool ann_route_is_text(const struct ann_route *route);

/*
 * Begins a chunk: empty, but for an announcement of what has been lost since the last
 * one.
 */
void ann_route_begin(struct ann_route *route, uint64_t wall_ns, uint64_t mono_ns);

/* What has been rendered since the last record, or the beginning, is one. */
void ann_route_end_record(struct ann_route *route);

/* If the output is in the middle of a line, ends that. */
void ann_route_end_line(struct ann_route *route);

/*
 * Hands the chunk to the sink, if there is something in it, or lets it wait for more.
 * `*room`: what the sink says. False: there is no memory, and the output is as it was
 * before ann_route_begin().
 */
bool ann_route_offer(struct ann_route *route, bool can_wait, bool *room);

#endif
