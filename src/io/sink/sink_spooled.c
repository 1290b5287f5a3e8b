/*
 * The story: records are taken from the store and written. Each is under way until the
 * peer's kernel has acknowledged it, which the send buffer tells: what is not in it any
 * more has arrived there. Then it leaves the disk. When the connection breaks, what had
 * not arrived is written again, from the beginning of a record.
 *
 * So what is lost is what the peer's kernel had taken and the peer had not yet read,
 * and what comes again had arrived without our knowing: of a TCP connection almost
 * nothing, as its counters outlive it. A Unix socket's buffer is the peer's, and gone
 * with it: so only what was seen to be read counts, as of the last look at it.
 */
#include "io/sink/sink_spooled.h"

#include "annotty/alloc.h"

#include "io/sink/delivery.h"

#include <poll.h>
#include <stdio.h>

enum { WINDOW = 4096, GROUP_BYTES = 4096, LOOK_MS = 50 };

/* While closing: how often what is written is looked after. It is in the kernel's hands
 * and on disk. */
enum { PATIENCE = 20 };

struct sink {
	struct ann_delivery delivery; /* the first */
	uv_timer_t look;              /* runs while something is under way */
	unsigned patience;            /* looks that are left while closing */
	uint64_t confirmed;           /* bytes of whole records on this connection */
};

/* --- what has arrived ------------------------------------------------------------- */

/* Bytes written that are still on this side. False: nobody knows. */
static bool ask_unsent(const union ann_socket *peer, uint64_t *bytes)
{
	struct pollfd gone = {.events = POLLRDHUP};
	int unsent = 0;

	if (uv_fileno(&peer->handle, &gone.fd) != 0 ||
		!ann_socket_unsent(&peer->stream, &unsent)) {
		return false;
	}
	*bytes = (uint64_t)unsent;
	/* A Unix socket's is counted with overhead until it is empty, and is emptied
	 * when the peer goes, which shows first. */
	return peer->handle.type == UV_TCP ||
	       (poll(&gone, 1, 0) == 0 && gone.revents == 0);
}

static void confirm(struct sink *s)
{
	struct ann_delivery *d = &s->delivery;
	const struct ann_store_record *oldest = NULL;
	uint64_t taken = ann_outflow_taken(&d->out);
	uint64_t unsent = 0;

	if (!ask_unsent(&d->link.peer, &unsent)) {
		return;
	}
	while ((oldest = ann_store_oldest(&d->store)) != NULL &&
		s->confirmed + oldest->bytes.len + unsent <= taken) {
		s->confirmed += oldest->bytes.len;
		ann_store_done(&d->store, true);
	}
}

/* --- the connection --------------------------------------------------------------- */

/* What the peer says is forgotten, but its end is seen. */
static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	const struct ann_link *link = stream->data;

	(void)buffer;
	if (got < 0) {
		ann_delivery_lose(link->user, (int)got);
	}
}

static int begin(struct ann_delivery *d)
{
	((struct sink *)d)->confirmed = 0;
	return uv_read_start(d->out.stream, ann_socket_give_scratch, on_read);
}

static void lose(struct ann_delivery *d, int status)
{
	struct sink *s = (struct sink *)d;
	char story[96] = "";
	unsigned long long again = 0;

	if (d->out.stream == NULL) {
		return;
	}
	confirm(s);
	again = ann_outflow_taken(&d->out) - s->confirmed;
	(void)snprintf(story, sizeof(story),
		"%llu bytes had not arrived and will come again", again);
	ann_outflow_leave(&d->out);
	ann_store_rewind(&d->store);
	(void)uv_timer_stop(&s->look);
	ann_link_lost(&d->link, status, story);
}

/* All that left the store is in the kernel's hands. */
static bool is_written(const struct ann_delivery *d)
{
	return d->out.bytes.len == 0 && !d->out.busy;
}

static void on_look(uv_timer_t *look)
{
	struct sink *s = look->data;
	struct ann_delivery *d = &s->delivery;

	if (d->base.front.closing && ann_store_is_handed_out(&d->store) &&
		is_written(d)) {
		s->patience--;
	}
	ann_delivery_go_on(d);
}

static void push(struct ann_delivery *d)
{
	struct sink *s = (struct sink *)d;
	struct ann_store_record record;
	int status = 0;

	while (!ann_outflow_is_full(&d->out) && ann_store_next(&d->store, &record)) {
		ann_buf_span(&d->out.bytes, record.bytes);
		ann_store_taken(&d->store);
	}
	status = ann_outflow_flush(&d->out);
	if (status != 0) {
		lose(d, status);
		return;
	}
	confirm(s);
	if (ann_store_oldest(&d->store) != NULL &&
		!uv_is_active((uv_handle_t *)&s->look)) {
		(void)uv_timer_start(&s->look, on_look, LOOK_MS, 0);
	}
}

/* --- the sink --------------------------------------------------------------------- */

static const struct ann_sink_ops ops = {
	.start = ann_delivery_start,
	.offer = ann_delivery_offer,
	.stats = ann_delivery_stats,
	.close = ann_sink_base_close,
};

/* All has arrived; or the peer is away, or does not read, and the spool has it. */
static bool idle(const struct ann_sink_base *base)
{
	const struct sink *s = (const struct sink *)base;
	const struct ann_delivery *d = &s->delivery;

	return ann_store_is_empty(&d->store) ||
	       (ann_store_is_safe(&d->store) && (d->link.told || s->patience == 0));
}

static void stop(struct ann_sink_base *base)
{
	struct sink *s = (struct sink *)base;

	if (s->delivery.out.stream != NULL) {
		confirm(s);
	}
	ann_sink_base_shut((uv_handle_t *)&s->look);
	ann_delivery_stop(&s->delivery, is_written(&s->delivery));
}

static void release(struct ann_sink_base *base)
{
	struct sink *s = (struct sink *)base;

	ann_delivery_deinit(&s->delivery);
	ann_free(s);
}

static const struct ann_delivery_kind kind = {
	.base = {.idle = idle, .stop = stop, .release = release},
	.begin = begin,
	.push = push,
	.lose = lose,
};

enum ann_err ann_sink_spooled_new(struct ann_sink **sink,
	const struct ann_sink_context *context, const struct ann_endpoint *endpoint,
	const struct ann_collector_settings *settings,
	struct ann_chunk *(*frame)(const struct ann_chunk *chunk),
	struct ann_error *err)
{
	const struct ann_store_options options = {
		.context = context,
		.endpoint = endpoint,
		.settings = settings,
		.window = WINDOW,
		.group_bytes = GROUP_BYTES,
	};
	struct sink *s = ann_alloc(sizeof(*s));

	if (s == NULL) {
		return ann_error_nomem(err);
	}
	if (ann_delivery_init(&s->delivery, &ops, &kind, options) != ANN_OK) {
		release(&s->delivery.base);
		return ann_error_nomem(err);
	}
	s->delivery.base.frame = frame;
	s->patience = PATIENCE;
	(void)uv_timer_init(context->loop, &s->look); /* cannot fail */
	ann_sink_base_opened(&s->delivery.base, (uv_handle_t *)&s->look);
	*sink = &s->delivery.base.front;
	return ANN_OK;
}
