#include "io/net/peer.h"

#include "annotty/alloc.h"

#include "io/clock.h"
#include "io/source/emit.h"

#include <string.h>

enum {
	READ_BYTES = 65536,
	WAITING_MOST = 65536, /* bytes that a device does not take */
};

/* Each read is over before the next one begins, so one buffer does for all. */
static char read_buffer[READ_BYTES];

const char *ann_peer_reason(int status)
{
	switch (status) {
	case UV_EOF:
		return "closed";
	case UV_ECONNRESET:
	case UV_EPIPE:
		return "reset";
	case UV_ETIMEDOUT:
		return "timeout";
	case UV_EHOSTUNREACH:
	case UV_ENETUNREACH:
	case UV_ENETDOWN:
		return "unreachable";
	case UV_EPROTO:
		return "protocol";
	case UV_ECANCELED:
		return "replaced"; /* by another device, which we let in */
	case UV_ENOMEM:
		return "memory";
	default:
		return "error";
	}
}

/* --- reading -------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *stream, size_t wanted, uv_buf_t *buffer)
{
	(void)stream;
	(void)wanted;
	*buffer = uv_buf_init(read_buffer, sizeof(read_buffer));
}

void ann_peer_read(struct ann_peer *peer, ssize_t got, const uv_buf_t *buffer)
{
	if (peer->source.closing || got == 0) {
		return;
	}
	if (got < 0) {
		peer->lost(peer, (int)got);
		return;
	}
	struct ann_span bytes = {buffer->base, (size_t)got};

	if (peer->received != NULL) {
		peer->received(peer, bytes);
	} else {
		ann_emit_bytes(&peer->source, bytes);
	}
}

/* Reads if there is something to read from, and somebody who wants it. */
static void settle(struct ann_peer *peer)
{
	int failed = 0;

	if (peer->stream == NULL || peer->source.closing) {
		return;
	}
	if (peer->paused) {
		(void)uv_read_stop(peer->stream);
		return;
	}
	failed = uv_read_start(peer->stream, on_alloc, peer->on_read);
	if (failed != 0 && failed != UV_EALREADY) {
		peer->lost(peer, failed);
	}
}

void ann_peer_pause(struct ann_source *source)
{
	struct ann_peer *peer = (struct ann_peer *)source;

	peer->paused = true;
	settle(peer);
}

void ann_peer_resume(struct ann_source *source)
{
	struct ann_peer *peer = (struct ann_peer *)source;

	peer->paused = false;
	settle(peer);
}

/* --- coming and going ------------------------------------------------------------ */

void ann_peer_up(struct ann_peer *peer, uv_stream_t *stream)
{
	uint64_t lost_ns = peer->lost_mono_ns;

	peer->stream = stream;
	peer->stats.connected = true;
	peer->stats.connects++;
	peer->stats.overruns = 0;
	peer->stats.framing_errors = 0;
	peer->stats.parity_errors = 0;
	peer->stats.breaks = 0;
	ann_emit_event(&peer->source,
		(struct ann_event){.kind = ANN_EVENT_CONNECTED,
			.away_ns = lost_ns == 0 ? 0 : ann_clock_mono_ns() - lost_ns});
	settle(peer);
}

void ann_peer_down(struct ann_peer *peer, const char *reason)
{
	if (peer->stream == NULL) {
		return;
	}
	(void)uv_read_stop(peer->stream);
	peer->stream = NULL;
	peer->stats.connected = false;
	peer->lost_mono_ns = ann_clock_mono_ns();
	ann_emit_event(&peer->source,
		(struct ann_event){.kind = ANN_EVENT_DISCONNECTED, .reason = reason});
}

void ann_peer_stats(struct ann_source *source, struct ann_source_stats *stats)
{
	*stats = ((struct ann_peer *)source)->stats;
}

/* --- writing -------------------------------------------------------------------- */

struct writing {
	uv_write_t request;
	char bytes[];
};

/* A write that failed shows in the next read as well. */
static void on_written(uv_write_t *request, int status)
{
	(void)status;
	ann_free(request->data);
}

bool ann_peer_write(struct ann_source *source, struct ann_span bytes)
{
	struct ann_peer *peer = (struct ann_peer *)source;
	struct writing *writing = NULL;

	if (peer->stream == NULL || source->closing ||
		uv_stream_get_write_queue_size(peer->stream) + bytes.len >
			WAITING_MOST) {
		return false;
	}
	writing = ann_alloc(sizeof(*writing) + bytes.len);
	if (writing == NULL) {
		return false;
	}
	memcpy(writing->bytes, bytes.ptr, bytes.len);
	writing->request.data = writing;

	uv_buf_t buffer = uv_buf_init(writing->bytes, (unsigned)bytes.len);

	if (uv_write(&writing->request, peer->stream, &buffer, 1, on_written) != 0) {
		ann_free(writing);
		return false;
	}
	return true;
}
