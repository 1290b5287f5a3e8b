/*
 * writer - the chunks of a queue go into a stream.
 *
 * What the stream takes at once is written at once, which is the whole of most chunks
 * and costs one system call each. What it does not is a request, one at a time, which
 * holds its chunk.
 */
#ifndef IO_WRITER_H
#define IO_WRITER_H

#include "annotty/queue.h"

#include <uv.h>

struct ann_writer_events {
	/* A request is through and more was written; see ann_sink_base_written(). */
	void (*written)(void *user, bool room);
	/* The stream is dead, with the status of libuv. Not from inside
	 * ann_writer_push(). */
	void (*lost)(void *user, int status);
};

/* An all-zero one is not on a stream. */
struct ann_writer {
	const struct ann_writer_events *events;
	void *user;
	struct ann_queue *queue;
	uv_stream_t *stream; /* NULL: none, or it is dead */
	uv_write_t request;
	struct ann_chunk *held; /* by the request */
	size_t done;            /* bytes of the queue's front that are written */
	uint64_t written_bytes; /* ever */
};

/*
 * Writes what there is. `*status` is 0, or what the stream died of; the writer then
 * leaves it. True: there is room again, which a put of the queue had denied.
 */
bool ann_writer_push(struct ann_writer *writer, int *status);

/*
 * The stream is dead or to be closed: nothing more is written to it. The chunk that has
 * been begun goes back to the queue, to be written from its beginning. Returns how many
 * bytes of it had been written.
 */
size_t ann_writer_leave(struct ann_writer *writer);

/* Nothing waits and nothing is under way. */
bool ann_writer_idle(const struct ann_writer *writer);

#endif
