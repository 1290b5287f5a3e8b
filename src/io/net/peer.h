/*
 * peer - a source whose device speaks through a stream socket.
 *
 * What sources that connect and sources that are connected to have in common: reading
 * with one buffer for all of them, flow, writing, and saying exactly once that the
 * device has come or gone. The owner makes the stream and closes it.
 */
#ifndef IO_PEER_H
#define IO_PEER_H

#include "annotty/source.h"

#include <uv.h>

struct ann_peer {
	struct ann_source source; /* the front; must be first in the owner as well */
	uv_stream_t *stream;      /* NULL: there is no device; the owner's */
	bool paused;
	uint64_t lost_mono_ns; /* when it was there last; 0: never */
	struct ann_source_stats stats;

	/* Of the owner: */
	uv_read_cb on_read; /* hands on to ann_peer_read() */
	/* What came over the stream, if that is not simply what the device says. */
	void (*received)(struct ann_peer *peer, struct ann_span bytes);
	/* The stream is at its end or broken: to be told by ann_peer_down(), closed. */
	void (*lost)(struct ann_peer *peer, int status);
};

/* There is a device, behind a stream that can be read. May end in a close. */
void ann_peer_up(struct ann_peer *peer, uv_stream_t *stream);

/*
 * There is none any more; the stream is left to the owner, to be closed next. `reason`
 * is static. Without a device nothing happens. May end in a close.
 */
void ann_peer_down(struct ann_peer *peer, const char *reason);

/* A word for why libuv says that a stream ended: closed, reset, timeout, … static. */
const char *ann_peer_reason(int status);

/* What the owner's uv_read_cb does. */
void ann_peer_read(struct ann_peer *peer, ssize_t got, const uv_buf_t *buffer);

/* What an owner's ops can be, or be made of. */
void ann_peer_pause(struct ann_source *source);
void ann_peer_resume(struct ann_source *source);
bool ann_peer_write(struct ann_source *source, struct ann_span bytes);
void ann_peer_stats(struct ann_source *source, struct ann_source_stats *stats);

#endif
