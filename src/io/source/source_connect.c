/*
 * source_connect - a device behind a server: tcp://, telnet://, rfc2217://, unix:PATH.
 *
 * The story: the link connects, and again whenever it was lost, with growing waits
 * between the tries. While it is up, what is read is the device's, for telnet after the
 * telnet has been taken out; each connection begins telnet anew. A connection that
 * breaks is an event, and the link takes it from there. Without reconnecting, a server
 * that cannot be reached or breaks off is the end with an error, and one that closes
 * orderly is an ordinary end.
 */
#include "annotty/alloc.h"
#include "annotty/buf.h"

#include "io/clock.h"
#include "io/log.h"
#include "io/net/link.h"
#include "io/net/peer.h"
#include "io/net/unix.h"
#include "io/port/port_keys.h"
#include "io/source/emit.h"
#include "io/source/sources.h"
#include "io/source/telnet.h"

#include <string.h>

enum {
	KEEPALIVE_MS = 15000,
	PATIENCE_MS = 10000,
	MOST_MS = 86400000,
	DECODED_BYTES = 65536,
};

/* A server that speaks for so long without agreeing to RFC 2217 does not know it. */
static const uint64_t agree_ns = 2000000000;

struct settings {
	struct ann_port_wishes port; /* first, see io/port/port_keys.h */
	uint64_t retry_ms;
	uint64_t retry_most_ms;
	uint64_t patience_ms;
	uint64_t keepalive_ms;
};

struct connect {
	struct ann_peer peer; /* first: it begins with the front */
	struct ann_link link;
	const struct ann_endpoint *endpoint;
	uint64_t up_mono_ns;
	bool speaks_telnet;
	bool sets_port; /* by RFC 2217, as `port` says */
	bool told_port; /* that the server does not */
	struct ann_port_settings port;
	struct ann_telnet *telnet; /* of the connection, or the one before */
	struct ann_buf to_send;    /* what telnet says, until it is written */
	size_t decoded;            /* bytes of the device in the buffer below */
};

/* What one read becomes; as with the buffer for reading, one does for all. */
static char decoded_buffer[DECODED_BYTES];

/* --- telnet --------------------------------------------------------------------- */

static void on_telnet_data(void *user, struct ann_span bytes)
{
	struct connect *c = user;

	/* Telnet only takes away, so what was read has room. */
	memcpy(decoded_buffer + c->decoded, bytes.ptr, bytes.len);
	c->decoded += bytes.len;
}

static void on_telnet_send(void *user, struct ann_span bytes)
{
	ann_buf_span(&((struct connect *)user)->to_send, bytes);
}

static void on_telnet_warn(void *user, const char *text)
{
	struct connect *c = user;

	ann_log(ANN_LOG_WARNING, "%s: %s", c->endpoint->name, text);
}

static const struct ann_telnet_events telnet_events = {
	on_telnet_data,
	on_telnet_send,
	on_telnet_warn,
};

/* False: it cannot be written. */
static bool send_telnet(struct connect *c)
{
	bool sent = !c->to_send.failed &&
		    (c->to_send.len == 0 ||
			    ann_peer_write(&c->peer.source, ann_buf_all(&c->to_send)));

	ann_buf_deinit(&c->to_send);
	return sent;
}

static void lose(struct ann_peer *peer, int status);

static void count_errors(struct connect *c)
{
	const struct ann_com_port_counts *counts = ann_telnet_counts(c->telnet);
	bool overrun = counts->overruns > c->peer.stats.overruns;

	c->peer.stats.overruns = counts->overruns;
	c->peer.stats.framing_errors = counts->framing_errors;
	c->peer.stats.parity_errors = counts->parity_errors;
	c->peer.stats.breaks = counts->breaks;
	if (overrun) {
		ann_emit_event(&c->peer.source,
			(struct ann_event){.kind = ANN_EVENT_GAP, .reason = "overrun"});
	}
}

static void tell_missing_port(struct connect *c)
{
	if (c->sets_port && !c->told_port && !ann_telnet_has_port(c->telnet) &&
		ann_clock_mono_ns() - c->up_mono_ns > agree_ns) {
		c->told_port = true;
		ann_log(ANN_LOG_WARNING,
			"%s: the server does not speak RFC 2217; its port is set as it "
			"was",
			c->endpoint->name);
	}
}

static void on_telnet_received(struct ann_peer *peer, struct ann_span bytes)
{
	struct connect *c = (struct connect *)peer;
	bool fine = ann_telnet_feed(c->telnet, bytes);
	size_t decoded = c->decoded;

	c->decoded = 0;
	fine &= send_telnet(c);
	tell_missing_port(c);
	if (decoded > 0) {
		ann_emit_bytes(
			&peer->source, (struct ann_span){decoded_buffer, decoded});
	}
	count_errors(c);
	if (!fine) {
		lose(peer, UV_EPROTO);
	}
}

/* False: no memory. */
static bool begin_telnet(struct connect *c)
{
	ann_telnet_free(c->telnet);
	c->telnet = ann_telnet_new(c->sets_port ? &c->port : NULL, &telnet_events, c);
	return c->telnet != NULL;
}

/* --- the link ------------------------------------------------------------------- */

static void lose(struct ann_peer *peer, int status)
{
	struct connect *c = (struct connect *)peer;

	if (!peer->source.closing) {
		ann_peer_down(peer, ann_peer_reason(status));
		ann_link_lost(&c->link, status, NULL);
	}
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct ann_link *link = stream->data;

	ann_peer_read(link->user, got, buffer);
}

static void on_up(void *user)
{
	struct connect *c = user;

	c->up_mono_ns = ann_clock_mono_ns();
	if (c->speaks_telnet && !begin_telnet(c)) {
		ann_link_lost(&c->link, UV_ENOMEM, NULL);
		return;
	}
	ann_peer_up(&c->peer, &c->link.peer.stream);
	if (c->speaks_telnet && c->peer.stream != NULL) {
		ann_telnet_begin(c->telnet);
		if (!send_telnet(c)) {
			lose(&c->peer, UV_ENOMEM);
		}
	}
}

static void on_gave_up(void *user, int status)
{
	struct connect *c = user;
	struct ann_error err = {0};

	if (status == UV_EOF) {
		ann_emit_end(&c->peer.source, NULL);
		return;
	}
	(void)ann_error_set(&err, ANN_ESYS, "%s: %s", c->endpoint->name,
		status == UV_EPROTO ? "the server breaks the rules of telnet"
				    : uv_strerror(status));
	err.os = -status;
	ann_emit_end(&c->peer.source, &err);
}

/* --- as a source ------------------------------------------------------------------ */

static enum ann_err start(struct ann_source *source, struct ann_error *err)
{
	(void)err;
	ann_link_start(&((struct connect *)source)->link);
	return ANN_OK;
}

static bool write_telnet(struct ann_source *source, struct ann_span bytes)
{
	struct connect *c = (struct connect *)source;

	if (c->peer.stream == NULL || source->closing) {
		return false;
	}
	ann_telnet_write(c->telnet, bytes);
	return send_telnet(c);
}

static void on_closed(void *user)
{
	struct connect *c = user;

	ann_telnet_free(c->telnet);
	ann_buf_deinit(&c->to_send);
	ann_emit_closed(&c->peer.source);
}

static void close_connect(struct ann_source *source)
{
	ann_link_close(&((struct connect *)source)->link, on_closed);
}

static const struct ann_source_ops plain_ops = {
	.start = start,
	.pause = ann_peer_pause,
	.resume = ann_peer_resume,
	.write = ann_peer_write,
	.stats = ann_peer_stats,
	.close = close_connect,
};

static const struct ann_source_ops telnet_ops = {
	.start = start,
	.pause = ann_peer_pause,
	.resume = ann_peer_resume,
	.write = write_telnet,
	.stats = ann_peer_stats,
	.close = close_connect,
};

/* --- settings ------------------------------------------------------------------- */

#define AT(member) offsetof(struct settings, member)

static const struct ann_key retry_keys[] = {
	{"retry", ANN_KEY_DURATION, AT(retry_ms), NULL, 1, MOST_MS},
	{"retry-most", ANN_KEY_DURATION, AT(retry_most_ms), NULL, 1, MOST_MS},
	{0},
};

static const struct ann_key tcp_keys[] = {
	{"connect-timeout", ANN_KEY_DURATION, AT(patience_ms), NULL, 1, MOST_MS},
	{"keepalive", ANN_KEY_DURATION, AT(keepalive_ms), NULL, 0, MOST_MS},
	{0},
};

static const struct ann_key *const unix_lists[] = {retry_keys, NULL};
static const struct ann_key *const tcp_lists[] = {retry_keys, tcp_keys, NULL};
static const struct ann_key *const port_lists[] = {
	retry_keys, tcp_keys, ann_port_keys, NULL};

static const struct kind {
	const char *scheme;
	const struct ann_key *const *lists;
	const struct ann_source_ops *ops;
	bool telnet;
	bool port;
} kinds[] = {
	{"unix", unix_lists, &plain_ops, false, false},
	{"tcp", tcp_lists, &plain_ops, false, false},
	{"telnet", tcp_lists, &telnet_ops, true, false},
	{"rfc2217", port_lists, &telnet_ops, true, true},
};

static const struct kind *find(const struct ann_endpoint *endpoint)
{
	for (size_t i = 0; i < ANN_LEN(kinds); i++) {
		if (strcmp(kinds[i].scheme, endpoint->scheme) == 0) {
			return &kinds[i];
		}
	}
	return NULL;
}

/* --- making ---------------------------------------------------------------------- */

static bool fits(const struct ann_endpoint *endpoint)
{
	return find(endpoint) != NULL;
}

static enum ann_err read_settings(const struct kind *kind,
	const struct ann_endpoint *endpoint, struct settings *settings,
	struct ann_error *err)
{
	if (endpoint->path != NULL) {
		enum ann_err failed =
			ann_unix_check(endpoint->path, endpoint->spec, err);

		if (failed != ANN_OK) {
			return failed;
		}
	}
	*settings = (struct settings){
		.port = ann_port_wishes(),
		.retry_ms = ANN_BACKOFF_LEAST_MS,
		.retry_most_ms = ANN_BACKOFF_MOST_MS,
		.patience_ms = PATIENCE_MS,
		.keepalive_ms = KEEPALIVE_MS,
	};
	return ann_settings_read(&endpoint->settings, kind->lists, settings, err);
}

static void apply(struct connect *c, const struct kind *kind,
	const struct settings *settings, bool reconnect)
{
	c->peer.source.ops = kind->ops;
	c->peer.source.can_wait = !kind->telnet; /* behind telnet is a serial port */
	c->peer.on_read = on_read;
	c->peer.lost = lose;
	c->peer.received = kind->telnet ? on_telnet_received : NULL;
	c->speaks_telnet = kind->telnet;
	c->sets_port = kind->port;
	c->port = ann_port_wished(&settings->port);
	c->link.gave_up = reconnect ? NULL : on_gave_up;
	c->link.keepalive_ms = settings->keepalive_ms;
	c->link.patience_ms = settings->patience_ms;
	ann_backoff_init(&c->link.backoff, settings->retry_ms, settings->retry_most_ms,
		uv_hrtime() ^ (uintptr_t)c);
}

static enum ann_err new_connect(struct ann_source **source,
	const struct ann_source_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	const struct kind *kind = find(endpoint);
	struct settings settings;
	enum ann_err failed = read_settings(kind, endpoint, &settings, err);
	struct connect *c = NULL;

	if (failed != ANN_OK) {
		return failed;
	}
	c = ann_alloc(sizeof(*c));
	if (c == NULL) {
		return ann_error_nomem(err);
	}
	c->endpoint = endpoint;
	ann_link_init(&c->link, context->loop, endpoint, on_up, c);
	apply(c, kind, &settings, context->reconnect);
	*source = &c->peer.source;
	return ANN_OK;
}

const struct ann_source_driver ann_source_connect = {
	.fits = fits,
	.new_source = new_connect,
};
