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

#include "io/sink/outflow.h"
#include "io/spool/store.h"

#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>

enum { WINDOW = 4096, GROUP_BYTES = 4096, LOOK_MS = 50 };

/* While closing: how often what is written is looked after. It is in the kernel's hands
 * and on disk. */
enum { PATIENCE = 20 };

struct sink {
	struct ann_sink_base base;
	struct ann_link link;
	struct ann_outflow out;
	struct ann_store store;
	uv_timer_t look;    /* runs while something is under way */
	unsigned patience;  /* looks that are left while closing */
	uint64_t confirmed; /* bytes of whole records on this connection */
};

/* --- what has arrived ------------------------------------------------------------- */

/* Bytes written that are still on this side. False: nobody knows. */
static bool ask_unsent(const struct sink *s, uint64_t *bytes)
{
	struct pollfd gone = {.events = POLLRDHUP};
	int unsent = 0;

	if (uv_fileno(&s->link.peer.handle, &gone.fd) != 0 ||
		ioctl(gone.fd, SIOCOUTQ, &unsent) != 0) {
		return false;
	}
	*bytes = (uint64_t)unsent;
	/* A Unix socket's is counted with overhead until it is empty, and is emptied
	 * when the peer goes, which shows first. */
	return s->link.peer.handle.type == UV_TCP ||
	       (poll(&gone, 1, 0) == 0 && gone.revents == 0);
}

static void confirm(struct sink *s)
{
	const struct ann_store_record *oldest = NULL;
	uint64_t taken = ann_outflow_taken(&s->out);
	uint64_t unsent = 0;

	if (!ask_unsent(s, &unsent)) {
		return;
	}
	while ((oldest = ann_store_oldest(&s->store)) != NULL &&
		s->confirmed + oldest->bytes.len + unsent <= taken) {
		s->confirmed += oldest->bytes.len;
		ann_store_done(&s->store, true);
	}
}

/* --- writing ---------------------------------------------------------------------- */

static void lose(struct sink *s, int status)
{
	char story[96] = "";
	unsigned long long again = 0;

	if (s->out.stream == NULL) {
		return;
	}
	confirm(s);
	again = ann_outflow_taken(&s->out) - s->confirmed;
	(void)snprintf(story, sizeof(story),
		"%llu bytes had not arrived and will come again", again);
	ann_outflow_leave(&s->out);
	ann_store_rewind(&s->store);
	(void)uv_timer_stop(&s->look);
	ann_link_lost(&s->link, status, story);
}

static void on_look(uv_timer_t *look);

static void push(struct sink *s)
{
	struct ann_store_record record;
	int status = 0;

	if (s->out.stream == NULL) {
		return;
	}
	while (!ann_outflow_is_full(&s->out) && ann_store_next(&s->store, &record)) {
		ann_buf_span(&s->out.bytes, record.bytes);
		ann_store_taken(&s->store);
	}
	status = s->out.bytes.failed ? UV_ENOMEM : ann_outflow_flush(&s->out);
	if (status != 0) {
		lose(s, status);
		return;
	}
	confirm(s);
	if (ann_store_oldest(&s->store) != NULL &&
		!uv_is_active((uv_handle_t *)&s->look)) {
		(void)uv_timer_start(&s->look, on_look, LOOK_MS, 0);
	}
}

/* From the loop, where it can be the end of the sink. */
static void go_on(struct sink *s)
{
	push(s);
	ann_sink_base_written(&s->base, ann_store_room(&s->store));
}

static void on_look(uv_timer_t *look)
{
	struct sink *s = look->data;

	if (s->base.front.closing && ann_store_is_handed_out(&s->store) &&
		s->out.bytes.len == 0 && !s->out.busy) {
		s->patience--;
	}
	go_on(s);
}

static void on_changed(struct ann_sink_base *base)
{
	go_on((struct sink *)base);
}

static void on_written(void *user)
{
	go_on(user);
}

static void on_dead(void *user, int status)
{
	lose(user, status);
	go_on(user);
}

static bool offer(struct ann_sink *sink, struct ann_chunk *chunk, bool can_wait)
{
	struct sink *s = (struct sink *)sink;
	struct ann_chunk *framed = ann_sink_base_framed(&s->base, chunk);
	bool room = true;

	if (framed != NULL) {
		room = ann_store_put(&s->store, framed, can_wait);
		ann_chunk_unref(framed);
	}
	push(s);
	room |= ann_store_room(&s->store);
	return room || !s->base.blocks;
}

/* --- the link --------------------------------------------------------------------- */

/* What the peer says is forgotten, but its end is seen. */
static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	const struct ann_link *link = stream->data;

	(void)buffer;
	if (got < 0) {
		lose(link->user, (int)got);
		go_on(link->user);
	}
}

/* While closing this can be the end. */
static void on_away(void *user)
{
	go_on(user);
}

static void on_up(void *user)
{
	struct sink *s = user;
	int status = 0;

	ann_outflow_begin(&s->out, &s->link.peer.stream);
	s->confirmed = 0;
	status = uv_read_start(s->out.stream, ann_socket_give_scratch, on_read);
	if (status != 0) {
		lose(s, status);
	}
	go_on(s);
}

/* --- as a sink -------------------------------------------------------------------- */

static enum ann_err start(struct ann_sink *sink, struct ann_error *err)
{
	struct sink *s = (struct sink *)sink;
	enum ann_err failed = ann_store_open(&s->store, err);

	if (failed == ANN_OK) {
		ann_link_start(&s->link);
	}
	return failed;
}

static void stats(struct ann_sink *sink, struct ann_sink_stats *stats)
{
	const struct sink *s = (const struct sink *)sink;

	ann_store_stats(&s->store, stats);
	stats->connected = s->link.is_up;
	stats->away = s->link.told;
	stats->connects = s->link.ups;
	stats->written_bytes = s->out.written_bytes;
}

static const struct ann_sink_ops ops = {
	.start = start,
	.offer = offer,
	.stats = stats,
	.close = ann_sink_base_close,
};

/* All has arrived; or the peer is away, or does not read, and the spool has it. */
static bool idle(const struct ann_sink_base *base)
{
	const struct sink *s = (const struct sink *)base;

	return ann_store_is_empty(&s->store) ||
	       (ann_store_is_safe(&s->store) && (s->link.told || s->patience == 0));
}

static void on_link_closed(void *user)
{
	ann_sink_base_drop(user);
}

static void stop(struct ann_sink_base *base)
{
	struct sink *s = (struct sink *)base;
	bool written = s->out.bytes.len == 0 && !s->out.busy;

	if (s->out.stream != NULL) {
		confirm(s);
	}
	ann_outflow_leave(&s->out);
	ann_sink_base_shut((uv_handle_t *)&s->look);
	if (written) {
		ann_link_part(&s->link, on_link_closed);
	} else {
		ann_link_close(&s->link, on_link_closed);
	}
	ann_store_close(&s->store);
}

static void release(struct ann_sink_base *base)
{
	struct sink *s = (struct sink *)base;

	ann_store_deinit(&s->store);
	ann_outflow_deinit(&s->out);
	ann_free(s);
}

static const struct ann_sink_kind kind = {
	.idle = idle, .stop = stop, .release = release};

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
		.changed = on_changed,
	};
	struct sink *s = ann_alloc(sizeof(*s));

	if (s == NULL) {
		return ann_error_nomem(err);
	}
	if (ann_store_init(&s->store, &s->base, &options) != ANN_OK) {
		release(&s->base);
		return ann_error_nomem(err);
	}
	ann_sink_base_init(&s->base, &ops, &kind, context, endpoint, &settings->common);
	(void)uv_timer_init(context->loop, &s->look); /* cannot fail */
	ann_sink_base_opened(&s->base, (uv_handle_t *)&s->look);
	ann_link_init(&s->link, context->loop, endpoint, on_up, s);
	s->link.away = on_away;
	ann_collector_apply(settings, &s->link);
	ann_sink_base_hold(&s->base); /* until the link is closed */
	ann_store_begin(&s->store);
	s->base.frame = frame;
	s->patience = PATIENCE;
	s->out.written = on_written;
	s->out.lost = on_dead;
	s->out.user = s;
	*sink = &s->base.front;
	return ANN_OK;
}
