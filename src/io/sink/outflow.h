/*
 * outflow - bytes that are encoded in memory go into a stream.
 *
 * What the stream takes at once is written at once; the rest is a request, one at a
 * time, while more is appended to `bytes`.
 */
#ifndef IO_OUTFLOW_H
#define IO_OUTFLOW_H

#include "annotty/buf.h"

#include <uv.h>

enum { ANN_OUTFLOW_BYTES = 64 * 1024 }; /* enough waits: append no more */

/* An all-zero one is not on a stream. */
struct ann_outflow {
	void (*written)(void *user);          /* a request is through */
	void (*lost)(void *user, int status); /* the stream is dead */
	void *user;
	uv_stream_t *stream;  /* NULL: none, or it is dead */
	struct ann_buf bytes; /* to be written; append here */
	struct ann_buf going; /* what the request writes */
	uv_write_t request;
	bool busy;              /* the request is under way */
	uint64_t taken;         /* by this stream, without the request under way */
	uint64_t written_bytes; /* ever */
};

/* Only when no request is under way. */
void ann_outflow_deinit(struct ann_outflow *flow);

/* A new connection stands; nothing waits. */
void ann_outflow_begin(struct ann_outflow *flow, uv_stream_t *stream);

/* The stream is dead or to be closed: forgets what waits. */
void ann_outflow_leave(struct ann_outflow *flow);

/* Writes what waits. Zero, or the status of libuv that the stream died of: UV_ENOMEM
 * also when an append to `bytes` has failed. */
ANN_MUST_USE int ann_outflow_flush(struct ann_outflow *flow);

/* Enough waits. */
bool ann_outflow_is_full(const struct ann_outflow *flow);

/* How many bytes the kernel has taken on this stream. */
uint64_t ann_outflow_taken(const struct ann_outflow *flow);

#endif
