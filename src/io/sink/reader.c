#include "io/sink/reader.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"
#include "io/net/keepalive.h"

#include <sys/socket.h>
#include <unistd.h>

enum { KEEPALIVE_MS = 30000 };

static void on_written(void *user, bool room)
{
	struct ann_reader *reader = user;

	if (room) {
		reader->full = false;
	}
	reader->events->written(reader->user, reader, room);
}

static void on_dead(void *user, int status)
{
	struct ann_reader *reader = user;

	(void)status;
	reader->events->gone(reader->user, reader);
}

static const struct ann_writer_events writer_events = {
	.written = on_written, .lost = on_dead};

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	(void)buffer;
	if (got < 0) {
		on_dead(stream->data, (int)got);
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct ann_reader *reader = handle->data;
	struct ann_sink_base *base = reader->base;

	ann_queue_free(reader->writer.queue);
	ann_free(reader);
	ann_sink_base_drop(base);
}

void ann_reader_close(struct ann_reader *reader)
{
	(void)ann_writer_leave(&reader->writer);
	uv_close(&reader->peer.handle, on_closed);
}

static void on_parted(void *user)
{
	ann_reader_close(user);
}

void ann_reader_part(struct ann_reader *reader)
{
	if (!ann_writer_idle(&reader->writer)) {
		ann_reader_close(reader);
		return;
	}
	reader->writer.stream = NULL;
	ann_parting_begin(&reader->parting, &reader->peer.stream, on_parted, reader);
}

/* The handle exists afterwards in any case. */
static int open_peer(struct ann_reader *reader, int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);
	bool is_unix = getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
		       address.ss_family == AF_UNIX;
	int status = 0;

	ann_socket_init(&reader->peer, reader->base->loop, is_unix);
	status = ann_socket_open(&reader->peer, fd);
	if (status == 0 && !is_unix) {
		(void)uv_tcp_nodelay(&reader->peer.tcp, 1);
		ann_keepalive(&reader->peer.handle, KEEPALIVE_MS, 0);
	}
	return status;
}

static struct ann_reader *allocate(
	struct ann_sink_base *base, const struct ann_sink_settings *settings)
{
	struct ann_reader *reader = ann_alloc(sizeof(*reader));

	if (reader == NULL) {
		return NULL;
	}
	reader->writer.queue = ann_sink_base_queue(base, settings);
	if (reader->writer.queue == NULL) {
		ann_free(reader);
		return NULL;
	}
	reader->base = base;
	reader->writer.events = &writer_events;
	reader->writer.user = reader;
	reader->writer.stream = &reader->peer.stream;
	return reader;
}

struct ann_reader *ann_reader_new(struct ann_sink_base *base,
	const struct ann_sink_settings *settings, int fd,
	const struct ann_reader_events *events, void *user)
{
	struct ann_reader *reader = allocate(base, settings);
	int status = 0;

	if (reader == NULL) {
		close(fd);
		return NULL;
	}
	reader->events = events;
	reader->user = user;
	status = open_peer(reader, fd);
	reader->peer.handle.data = reader;
	ann_sink_base_hold(base);
	if (status != 0) {
		close(fd);
	} else {
		status = uv_read_start(
			&reader->peer.stream, ann_socket_give_scratch, on_read);
	}
	if (status != 0) {
		ann_reader_close(reader);
		return NULL;
	}
	return reader;
}

/* The chunk without the end of a line that is not for the reader. NULL: nothing is
 * left.
 */
static struct ann_chunk *leave_out(struct ann_reader *reader, struct ann_chunk *chunk)
{
	struct ann_line line = {0};
	struct ann_chunk *tail = NULL;

	if (!reader->in_line || chunk->bytes.len == 0) {
		return ann_chunk_ref(chunk);
	}
	line = ann_line_at(chunk->bytes, 0);
	reader->in_line = line.next == line.end;
	if (line.next == chunk->bytes.len) {
		return NULL;
	}
	tail = ann_chunk_tail(chunk, line.next);
	if (tail == NULL) {
		ann_sink_base_missed(reader->base, chunk);
		reader->in_line = chunk->partial;
	}
	return tail;
}

void ann_reader_put(struct ann_reader *reader, struct ann_chunk *chunk, bool can_wait)
{
	struct ann_chunk *given = leave_out(reader, chunk);

	if (given != NULL) {
		reader->full = !ann_queue_put(reader->writer.queue, given, can_wait);
		ann_chunk_unref(given);
	}
}

bool ann_reader_push(struct ann_reader *reader)
{
	int status = 0;

	if (ann_writer_push(&reader->writer, &status)) {
		reader->full = false;
	}
	return status == 0;
}
