#include "io/net/parting.h"

#include <stdbool.h>
#include <sys/socket.h>

#include "io/net/socket.h"

enum {
	LOOK_MS = 50,
	LOOKS_MOST = 100,
	STILL_LOOKS = 20, /* of a peer that takes nothing */
	READ_LOOKS = 4,   /* in which one that reads has read what has arrived */
};

static void on_clock_closed(uv_handle_t *clock)
{
	struct ann_parting *p = clock->data;

	p->stream->data = p->stream_data;
	p->over(p->user);
}

static void finish(struct ann_parting *p)
{
	if (!uv_is_closing((uv_handle_t *)&p->clock)) {
		(void)uv_read_stop(p->stream);
		uv_close((uv_handle_t *)&p->clock, on_clock_closed);
	}
}

/* A Unix socket's peer has what was written at once, and keeps it. */
static bool is_local(const struct ann_parting *p)
{
	return p->stream->type != UV_TCP;
}

/* What the peer's system has not acknowledged, our end included. */
static int ask_unsent(const struct ann_parting *p)
{
	int unsent = 0;

	return !is_local(p) && ann_socket_unsent(p->stream, &unsent) ? unsent : 0;
}

static void on_look(uv_timer_t *clock)
{
	struct ann_parting *p = clock->data;
	int unsent = ask_unsent(p);
	unsigned enough = unsent > 0 ? STILL_LOOKS : is_local(p) ? 1 : READ_LOOKS;

	p->still = unsent == p->unsent ? p->still + 1 : 0;
	p->unsent = unsent;
	p->looks++;
	if (p->still >= enough || p->looks >= LOOKS_MOST) {
		finish(p);
	}
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	(void)buffer;
	if (got < 0) {
		finish(stream->data);
	}
}

void ann_parting_begin(struct ann_parting *parting, uv_stream_t *stream,
	void (*over)(void *user), void *user)
{
	uv_os_fd_t fd = -1;

	*parting = (struct ann_parting){.over = over,
		.user = user,
		.stream = stream,
		.stream_data = stream->data};
	stream->data = parting;
	(void)uv_timer_init(stream->loop, &parting->clock); /* cannot fail */
	parting->clock.data = parting;
	(void)uv_read_stop(stream);
	if (uv_fileno((uv_handle_t *)stream, &fd) != 0 || shutdown(fd, SHUT_WR) != 0 ||
		uv_read_start(stream, ann_socket_give_scratch, on_read) != 0) {
		finish(parting); /* it is dead */
		return;
	}
	uv_update_time(stream->loop);
	(void)uv_timer_start(&parting->clock, on_look, LOOK_MS, LOOK_MS);
}
