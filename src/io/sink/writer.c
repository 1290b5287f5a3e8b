#include "io/sink/writer.h"

bool ann_writer_idle(const struct ann_writer *writer)
{
	return writer->held == NULL && ann_queue_bytes(writer->queue) == 0;
}

size_t ann_writer_leave(struct ann_writer *writer)
{
	size_t done = writer->done;

	if (writer->stream != NULL) {
		ann_queue_rewind(writer->queue);
	}
	writer->stream = NULL;
	writer->done = 0;
	return done;
}

/* So much more of the front is written. True: there is room again. */
static bool advance(struct ann_writer *writer, size_t bytes)
{
	const struct ann_chunk *front = ann_queue_front(writer->queue);

	writer->done += bytes;
	writer->written_bytes += bytes;
	if (writer->done < front->bytes.len) {
		return false;
	}
	writer->done = 0;
	return ann_queue_pop(writer->queue);
}

static void on_written(uv_write_t *request, int status)
{
	struct ann_writer *writer = request->data;
	struct ann_chunk *chunk = writer->held;
	bool room = false;

	writer->held = NULL;
	if (writer->stream == NULL) {
		ann_chunk_unref(chunk);
		return;
	}
	if (status == 0) {
		room = advance(writer, chunk->bytes.len - writer->done);
		room |= ann_writer_push(writer, &status);
	}
	ann_chunk_unref(chunk);
	if (status == 0) {
		writer->events->written(writer->user, room);
	} else {
		writer->events->lost(writer->user, status);
	}
}

static int submit(struct ann_writer *writer, struct ann_chunk *chunk, uv_buf_t rest)
{
	int status = 0;

	writer->request.data = writer;
	status = uv_write(&writer->request, writer->stream, &rest, 1, on_written);
	if (status == 0) {
		writer->held = ann_chunk_ref(chunk);
	}
	return status;
}

static uv_buf_t rest_of(const struct ann_writer *writer, const struct ann_chunk *chunk)
{
	/* libuv does not write to it. */
	return uv_buf_init((char *)chunk->bytes.ptr + writer->done,
		(unsigned)(chunk->bytes.len - writer->done));
}

bool ann_writer_push(struct ann_writer *writer, int *status)
{
	struct ann_chunk *chunk = NULL;
	bool room = false;

	*status = 0;
	while (writer->stream != NULL && writer->held == NULL && *status == 0 &&
		(chunk = ann_queue_front(writer->queue)) != NULL) {
		uv_buf_t rest = rest_of(writer, chunk);
		int taken = rest.len == 0 ? 0 : uv_try_write(writer->stream, &rest, 1);

		if (taken >= 0) {
			room |= advance(writer, (size_t)taken);
		} else if (taken == UV_EAGAIN) {
			*status = submit(writer, chunk, rest);
		} else {
			*status = taken;
		}
	}
	return room;
}
