/*
 * parting - the end of a connection whose peer is to get all that was written.
 *
 * A socket that is closed while something of the peer's waits in it, or to which the
 * peer still writes, answers with a reset, and what is under way to the peer is lost.
 * So first our side is shut down, and what the peer says is read and dropped, until it
 * closes its side as well or has had time enough: RFC 1122, section 4.2.2.13.
 */
#ifndef IO_PARTING_H
#define IO_PARTING_H

#include <uv.h>

/* All-zero before it begins. */
struct ann_parting {
	void (*over)(void *user);
	void *user;
	uv_stream_t *stream;
	void *stream_data; /* as it was */
	uv_timer_t clock;
	int unsent;     /* bytes that the peer has not acknowledged, at the last look */
	unsigned looks; /* after the peer, so far */
	unsigned still; /* of them, since it has taken something */
};

/*
 * All has been written to `stream`, which nobody else uses from now on. `over` is
 * called once, later: when the peer has closed, or had some time after all had arrived,
 * or has taken nothing for a second, or after five. Then the stream is the owner's
 * again, to be closed.
 */
void ann_parting_begin(struct ann_parting *parting, uv_stream_t *stream,
	void (*over)(void *user), void *user);

#endif
