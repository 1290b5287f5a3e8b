/*
 * render_private - what the formats share.
 */
#ifndef CORE_RENDER_PRIVATE_H
#define CORE_RENDER_PRIVATE_H

#include "annotty/render.h"

void ann_render_text(struct ann_renderer *renderer, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count, struct ann_buf *out);

void ann_render_json(const struct ann_renderer *renderer, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count, struct ann_buf *out);

void ann_render_syslog(const struct ann_renderer *renderer,
	const struct ann_batch *batch, const struct ann_hit *hits, size_t count,
	struct ann_buf *out);
void ann_render_syslog_event(const struct ann_renderer *renderer, const char *source,
	const struct ann_event *event, struct ann_buf *out);

void ann_render_journal(const struct ann_renderer *renderer,
	const struct ann_batch *batch, const struct ann_hit *hits, size_t count,
	struct ann_buf *out);
void ann_render_journal_event(const struct ann_renderer *renderer, const char *source,
	const struct ann_event *event, struct ann_buf *out);

/* `dut3: connected after 3.2 s, 120 bytes lost`, without a line end. */
void ann_render_event_story(
	const char *source, const struct ann_event *event, struct ann_buf *out);

/* A timestamp as it stands before a line of text, blank included. */
void ann_render_timestamp(const struct ann_renderer *renderer, uint64_t wall_ns,
	uint64_t mono_ns, struct ann_buf *out);

/*
 * Shows the control character, or the byte that is no text, at the front of `text`: ^G,
 * ^?, <U+009B>, <9B>. Returns how long it was.
 */
size_t ann_render_control(struct ann_span text, struct ann_buf *out);

/* The length of the SGR (colour) sequence at the front of `text`; 0: there is none. */
size_t ann_sgr_length(struct ann_span text);

#endif
