/*
 * source_listen - devices that connect to us: tcp-listen://ADDR:PORT, unix-listen:PATH.
 *
 * The story: we listen, a device connects and is the source until it goes away, then we
 * wait for the next one. While there is one, another that connects is turned away at
 * once, or takes its place with `replace`: as with ser2net, the first one stays unless
 * the user wants otherwise. libuv holds a newcomer back until it is accepted, so there
 * is at most one that waits: for the handle of the device before to be closed, or for
 * that of the one that was turned away.
 */
#include "annotty/alloc.h"

#include "io/log.h"
#include "io/net/keepalive.h"
#include "io/net/listening.h"
#include "io/net/peer.h"
#include "io/net/socket.h"
#include "io/net/unix.h"
#include "io/source/emit.h"
#include "io/source/sources.h"

#include <string.h>
#include <unistd.h>

enum { KEEPALIVE_MS = 15000, MOST_MS = 86400000, NEWCOMERS = 16 };

struct settings {
	uint64_t keepalive_ms;
	bool replace;
	struct ann_unix_access access;
};

struct listen {
	struct ann_peer peer; /* first: it begins with the front */
	const struct ann_endpoint *endpoint;
	uv_loop_t *loop;
	struct settings settings;
	union ann_socket server;
	union ann_socket device;
	union ann_socket refused;
	unsigned live;     /* open handles */
	bool has_device;   /* `device` is one of them */
	bool has_refused;  /* so is `refused` */
	bool has_newcomer; /* one waits to be accepted */
	bool told_refused; /* the log knows, until the device changes */
	bool told_failed;  /* to accept; until one is */
	bool once;         /* the end of the first device is the end */
	bool ended;
	int status;       /* of libuv: why there is no device any more; 0: none came */
	int fd;           /* to be taken over; -1: none */
	struct stat made; /* the path, once it is there; else all zero */
};

static void next(struct listen *l);

/* --- handles -------------------------------------------------------------------- */

static void release(struct listen *l)
{
	if (--l->live == 0) {
		ann_emit_closed(&l->peer.source);
	}
}

static void init_handle(struct listen *l, union ann_socket *handle)
{
	ann_socket_init(handle, l->loop, l->endpoint->path != NULL);
	handle->handle.data = l;
	l->live++;
}

static void on_server_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void on_refused_closed(uv_handle_t *handle)
{
	struct listen *l = handle->data;

	l->has_refused = false;
	next(l);
	release(l);
}

static void end(struct listen *l)
{
	struct ann_error err = {0};

	l->ended = true;
	if (l->status == UV_EOF) {
		ann_emit_end(&l->peer.source, NULL);
		return;
	}
	(void)ann_error_set(
		&err, ANN_ESYS, "%s: %s", l->endpoint->name, uv_strerror(l->status));
	err.os = -l->status;
	ann_emit_end(&l->peer.source, &err);
}

static void on_device_closed(uv_handle_t *handle)
{
	struct listen *l = handle->data;

	l->has_device = false;
	if (l->once && !l->ended && l->status != 0) {
		end(l);
	}
	next(l);
	release(l);
}

static void shut(union ann_socket *handle, uv_close_cb closed)
{
	if (!uv_is_closing(&handle->handle)) {
		uv_close(&handle->handle, closed);
	}
}

/* --- devices -------------------------------------------------------------------- */

static void lose(struct ann_peer *peer, int status)
{
	struct listen *l = (struct listen *)peer;
	const char *reason = ann_peer_reason(status);

	if (peer->source.closing || peer->stream == NULL) {
		return;
	}
	l->status = status;
	if (!l->once) {
		ann_log(ANN_LOG_NOTICE, "%s: the device is gone: %s", l->endpoint->name,
			reason);
	}
	ann_peer_down(peer, reason);
	shut(&l->device, on_device_closed);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	ann_peer_read(stream->data, got, buffer);
}

static void take(struct listen *l)
{
	init_handle(l, &l->device);
	l->has_device = true;
	l->has_newcomer = false;
	l->told_refused = false;
	l->status = 0;
	if (uv_accept(&l->server.stream, &l->device.stream) != 0) {
		shut(&l->device, on_device_closed); /* gone already */
		return;
	}
	ann_keepalive(&l->device.handle, l->settings.keepalive_ms, 0);
	ann_log(ANN_LOG_INFO, "%s: a device has connected", l->endpoint->name);
	ann_peer_up(&l->peer, &l->device.stream);
}

static void refuse(struct listen *l)
{
	init_handle(l, &l->refused);
	l->has_refused = true;
	l->has_newcomer = false;
	(void)uv_accept(&l->server.stream, &l->refused.stream);
	if (!l->told_refused && !l->ended) {
		l->told_refused = true;
		ann_log(ANN_LOG_WARNING,
			"%s: another device was turned away; replace=yes would let it in",
			l->endpoint->name);
	}
	shut(&l->refused, on_refused_closed);
}

/* What becomes of the one who waits: comes in, has to wait, or is turned away. */
static void next(struct listen *l)
{
	if (!l->has_newcomer || l->peer.source.closing) {
		return;
	}
	if (!l->has_device && !l->ended) {
		take(l);
	} else if (l->peer.stream == NULL && !l->ended) {
		return; /* the device before is being closed */
	} else if (l->settings.replace && !l->ended) {
		lose(&l->peer, UV_ECANCELED);
	} else if (!l->has_refused) {
		refuse(l);
	}
}

static void on_connection(uv_stream_t *server, int status)
{
	struct listen *l = server->data;

	if (status < 0 && !l->told_failed) {
		l->told_failed = true; /* usually too many files are open */
		ann_log(ANN_LOG_WARNING, "%s: accept: %s", l->endpoint->name,
			uv_strerror(status));
	}
	if (status == 0) {
		l->told_failed = false;
		l->has_newcomer = true;
		next(l);
	}
}

/* --- as a source ------------------------------------------------------------------ */

static int open_server(struct listen *l, int fd)
{
	int status = ann_socket_open(&l->server, fd);

	if (status != 0) {
		close(fd);
		return status;
	}
	return uv_listen(&l->server.stream, NEWCOMERS, on_connection);
}

static enum ann_err start(struct ann_source *source, struct ann_error *err)
{
	struct listen *l = (struct listen *)source;
	int fd = l->fd;
	int status = 0;
	enum ann_err failed =
		ann_listen_at(&fd, l->endpoint, &l->settings.access, &l->made, err);

	l->fd = -1; /* libuv's, or closed */
	if (failed != ANN_OK) {
		return failed;
	}
	status = open_server(l, fd);
	if (status != 0) {
		return ann_error_os(err, -status, "\"%s\": listen", l->endpoint->spec);
	}
	ann_log(ANN_LOG_INFO, "%s: listening on %s", l->endpoint->name,
		ann_listen_name(fd).text);
	return ANN_OK;
}

static void close_listen(struct ann_source *source)
{
	struct listen *l = (struct listen *)source;

	if (l->made.st_ino != 0 && !source->kept) {
		ann_listen_unlink(l->endpoint->path, &l->made);
	}
	if (l->fd >= 0) {
		close(l->fd);
	}
	if (l->has_device) {
		shut(&l->device, on_device_closed);
	}
	if (l->has_refused) {
		shut(&l->refused, on_refused_closed);
	}
	shut(&l->server, on_server_closed);
}

static int descriptor(struct ann_source *source)
{
	struct listen *l = (struct listen *)source;
	uv_os_fd_t fd = -1;

	return uv_fileno(&l->server.handle, &fd) == 0 ? fd : -1;
}

static const struct ann_source_ops ops = {
	.start = start,
	.pause = ann_peer_pause,
	.resume = ann_peer_resume,
	.write = ann_peer_write,
	.stats = ann_peer_stats,
	.fd = descriptor,
	.close = close_listen,
};

/* --- making ---------------------------------------------------------------------- */

#define AT(member) offsetof(struct settings, member)

static const struct ann_key common_keys[] = {
	{"replace", ANN_KEY_BOOL, AT(replace), NULL, 0, 0},
	{0},
};

static const struct ann_key tcp_keys[] = {
	{"keepalive", ANN_KEY_DURATION, AT(keepalive_ms), NULL, 0, MOST_MS},
	{0},
};

static const struct ann_key unix_keys[] = {
	{"mode", ANN_KEY_MODE, AT(access.mode), NULL, 0, 0},
	{"group", ANN_KEY_TEXT, AT(access.group), NULL, 0, 0},
	{0},
};

static const struct ann_key *const tcp_lists[] = {common_keys, tcp_keys, NULL};
static const struct ann_key *const unix_lists[] = {common_keys, unix_keys, NULL};

static bool fits(const struct ann_endpoint *endpoint)
{
	return strcmp(endpoint->scheme, "tcp-listen") == 0 ||
	       strcmp(endpoint->scheme, "unix-listen") == 0;
}

static enum ann_err read_settings(const struct ann_endpoint *endpoint,
	struct settings *settings, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;

	if (endpoint->path == NULL) {
		return ann_settings_read(&endpoint->settings, tcp_lists, settings, err);
	}
	failed = ann_unix_check(endpoint->path, endpoint->spec, err);
	return failed != ANN_OK ? failed
				: ann_settings_read(&endpoint->settings, unix_lists,
					  settings, err);
}

static enum ann_err new_listen(struct ann_source **source,
	const struct ann_source_context *context, const struct ann_endpoint *endpoint,
	struct ann_error *err)
{
	struct settings settings = {.keepalive_ms = KEEPALIVE_MS};
	enum ann_err failed = read_settings(endpoint, &settings, err);
	struct listen *l = NULL;

	if (failed != ANN_OK) {
		return failed;
	}
	l = ann_alloc(sizeof(*l));
	if (l == NULL) {
		return ann_error_nomem(err);
	}
	l->peer.source.ops = &ops;
	l->peer.source.can_wait = true;
	l->peer.on_read = on_read;
	l->peer.lost = lose;
	l->endpoint = endpoint;
	l->loop = context->loop;
	l->settings = settings;
	l->once = !context->reconnect;
	l->fd = context->fd;
	init_handle(l, &l->server);
	*source = &l->peer.source;
	return ANN_OK;
}

const struct ann_source_driver ann_source_listen = {
	.fits = fits,
	.new_source = new_listen,
};
