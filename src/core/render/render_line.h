/*
 * render_line - what the formats for logs say of one line.
 */
#ifndef CORE_RENDER_LINE_H
#define CORE_RENDER_LINE_H

#include "annotty/lines.h"
#include "annotty/render.h"

enum {
	ANN_HITS_TOLD = 8, /* of one line; further ones are only in its text */
};

/* The numbers of syslog(3). */
enum ann_priority {
	ANN_PRIORITY_ERROR = 3,
	ANN_PRIORITY_WARNING = 4,
	ANN_PRIORITY_NOTICE = 5,
	ANN_PRIORITY_INFO = 6,
};

/* One line of a batch. All zero but for `batch`, `hits` and `left`: before the first.
 */
struct ann_render_line {
	const struct ann_batch *batch;
	const struct ann_hit *hits; /* on the line */
	size_t left;                /* hits from there on in the batch */
	size_t count;               /* of them on the line */
	struct ann_span text;       /* without its line end */
	uint64_t seq;
	uint64_t offset; /* in the stream */
	bool cut;        /* it goes on in the next batch */
	size_t next;     /* where the next line begins in the batch */
};

/* Goes to the next line. False: there is none. */
bool ann_render_line_next(struct ann_render_line *line);

/* The worst of the line's hits, of equals the first; NULL: it has none. */
const struct ann_hit *ann_render_line_worst(const struct ann_render_line *line);

/* Calls `tell` with some of the line's hits, the worst first, then in their order. */
void ann_render_line_hits(const struct ann_render_line *line,
	void (*tell)(const struct ann_hit *hit, struct ann_buf *out),
	struct ann_buf *out);

/* How loud it is. */
enum ann_priority ann_render_line_priority(const struct ann_render_line *line);
enum ann_priority ann_event_priority(enum ann_event_kind kind);

/*
 * Appends the line with its annotations as text that no log, terminal or parser of logs
 * takes for anything else: valid UTF-8 on one line. Control characters but tab and
 * bytes that are no UTF-8 are shown as in masked text, colours are left out.
 */
void ann_render_line_text(const struct ann_render_options *options,
	const struct ann_render_line *line, struct ann_buf *out);

/* The same for any text. */
void ann_render_plain(struct ann_span text, struct ann_buf *out);

#endif
