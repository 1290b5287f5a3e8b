/* Each kind of sink, with a peer of its kind, passes the tests that all have to pass.
 */
#include "io/sink/sinks.h"

#include "io/net/listening.h"
#include "io/net/unix.h"

#include "conformance_sink.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECEIVED_MOST = 32 << 20, SMALL_BUFFER = 4096 };

/* Where the peer is. */
struct world {
	uv_loop_t *loop;
	const char *scheme;
	char directory[32];
	char path[64];
	unsigned port;
	int listener; /* of the peer, or of the sink under test; -1: none */
	int peer;     /* what the peer reads from; -1: none */
	int standard; /* our standard output, put away */
	struct ann_endpoint endpoint;
	char *raw; /* all that has come in this session */
	size_t raw_len;
	char *lines; /* the same without framing */
	size_t lines_len;
};

static struct world world;

/* --- all kinds ----------------------------------------------------------------------
 */

static struct world *begin(uv_loop_t *loop, const char *scheme)
{
	struct world *w = &world;

	*w = (struct world){.loop = loop,
		.scheme = scheme,
		.directory = "/tmp/annotty-sinks-XXXXXX",
		.listener = -1,
		.peer = -1,
		.standard = -1};
	ck_assert_ptr_nonnull(mkdtemp(w->directory));
	(void)snprintf(w->path, sizeof(w->path), "%s/to", w->directory);
	w->raw = malloc(RECEIVED_MOST);
	w->lines = malloc(RECEIVED_MOST);
	return w;
}

static void shut(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
}

static void end(void *user)
{
	struct world *w = user;

	if (w->standard >= 0) {
		dup2(w->standard, STDOUT_FILENO);
	}
	shut(&w->standard);
	shut(&w->listener);
	shut(&w->peer);
	unlink(w->path);
	ck_assert_msg(rmdir(w->directory) == 0, "something is left in the directory");
	ann_endpoint_deinit(&w->endpoint);
	free(w->raw);
	free(w->lines);
}

static void aim(struct world *w, const char *place, const char *settings)
{
	struct ann_error err = {0};
	char spec[256];

	(void)snprintf(spec, sizeof(spec), "%s%s%s", place,
		settings[0] == '\0' ? "" : "?", settings);
	ck_assert_msg(ann_endpoint_init(&w->endpoint, NULL, spec, NULL, &err) == ANN_OK,
		"%s", err.text);
}

static struct world *begin_at_path(
	uv_loop_t *loop, const char *scheme, const char *settings)
{
	struct world *w = begin(loop, scheme);
	char place[128];

	(void)snprintf(place, sizeof(place), "%s:%s", scheme, w->path);
	aim(w, place, settings);
	return w;
}

static void aim_at_port(struct world *w, const char *settings)
{
	char place[128];

	(void)snprintf(place, sizeof(place), "%s://127.0.0.1:%u", w->scheme, w->port);
	aim(w, place, settings);
}

static enum ann_err make_on(struct world *w, int fd, struct ann_sink **sink,
	const struct ann_sink_events *events, void *user, struct ann_error *err)
{
	const struct ann_sink_context context = {
		.loop = w->loop, .queue_bytes = ANN_QUEUE_BYTES, .fd = fd};

	return ann_sink_new(sink, &context, &w->endpoint, events, user, err);
}

static enum ann_err make(void *user, struct ann_sink **sink,
	const struct ann_sink_events *events, void *events_user, struct ann_error *err)
{
	return make_on(user, -1, sink, events, events_user, err);
}

static struct ann_span all_raw(struct world *w)
{
	ssize_t got = 1;

	while (got > 0 && w->peer >= 0) {
		ck_assert_uint_lt(w->raw_len, RECEIVED_MOST);
		got = read(w->peer, w->raw + w->raw_len, RECEIVED_MOST - w->raw_len);
		w->raw_len += got > 0 ? (size_t)got : 0;
	}
	return (struct ann_span){w->raw, w->raw_len};
}

static struct ann_span receive(void *user)
{
	return all_raw(user);
}

static void forget(struct world *w)
{
	w->raw_len = 0;
	w->lines_len = 0;
}

static void no_wait(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

/* --- standard output, files ---------------------------------------------------------
 */

static void *begin_standard(uv_loop_t *loop, const char *settings)
{
	struct world *w = begin(loop, "-");
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	fflush(stdout);
	w->standard = dup(STDOUT_FILENO);
	ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	close(ends[1]);
	w->peer = ends[0];
	no_wait(w->peer);
	aim(w, "-", settings);
	return w;
}

static void *begin_file(uv_loop_t *loop, const char *settings)
{
	return begin_at_path(loop, "file", settings);
}

static struct ann_span receive_file(void *user)
{
	struct world *w = user;

	if (w->peer < 0) {
		w->peer = open(w->path, O_RDONLY | O_NONBLOCK);
	}
	return all_raw(w);
}

/* --- collectors ----------------------------------------------------------------- */

static int listen_at_port(unsigned *port)
{
	char text[8];
	int fd = -1;
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	const int small = SMALL_BUFFER;
	struct ann_error err = {0};

	(void)snprintf(text, sizeof(text), "%u", *port);
	ck_assert_msg(
		ann_listen_tcp(&fd, "", text, "peer", &err) == ANN_OK, "%s", err.text);
	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* The peer has a port, but does not listen on it yet. */
static void *begin_collector(uv_loop_t *loop, const char *scheme, const char *settings)
{
	struct world *w = begin(loop, scheme);
	int fd = listen_at_port(&w->port);

	close(fd);
	aim_at_port(w, settings);
	return w;
}

static void *begin_tcp(uv_loop_t *loop, const char *settings)
{
	return begin_collector(loop, "tcp", settings);
}

static void *begin_syslog_tcp(uv_loop_t *loop, const char *settings)
{
	return begin_collector(loop, "syslog+tcp", settings);
}

static void *begin_unix(uv_loop_t *loop, const char *settings)
{
	return begin_at_path(loop, "unix", settings);
}

static void arrive_tcp(void *user)
{
	struct world *w = user;

	forget(w);
	w->listener = listen_at_port(&w->port);
}

static void arrive_unix(void *user)
{
	const struct ann_unix_access all = {.mode = 0666};
	struct world *w = user;
	struct ann_error err = {0};

	forget(w);
	ck_assert_msg(
		ann_listen_unix(&w->listener, w->path, &all, "peer", &err) == ANN_OK,
		"%s", err.text);
}

static void leave_collector(void *user)
{
	struct world *w = user;

	if (w->peer < 0) {
		w->peer = accept(w->listener, NULL, NULL);
	}
	shut(&w->listener);
	shut(&w->peer);
}

static struct ann_span receive_stream(void *user)
{
	struct world *w = user;

	if (w->peer < 0) {
		w->peer = accept4(w->listener, NULL, NULL, SOCK_NONBLOCK);
	}
	return all_raw(w);
}

/* `LENGTH RECORD` again and again becomes lines. */
static struct ann_span receive_octets(void *user)
{
	struct world *w = user;
	struct ann_span all = receive_stream(w);

	w->lines_len = 0;
	while (all.len > 0) {
		struct ann_span rest = all;
		uint64_t len = 0;

		if (memchr(all.ptr, ' ', all.len) == NULL) {
			break;
		}
		ck_assert(ann_span_digits(ann_span_next(&rest, ' '), 10, &len));
		if (rest.len < len) {
			break;
		}
		memcpy(w->lines + w->lines_len, rest.ptr, len);
		w->lines_len += len;
		w->lines[w->lines_len++] = '\n';
		all = (struct ann_span){rest.ptr + len, rest.len - len};
	}
	return (struct ann_span){w->lines, w->lines_len};
}

/* --- readers ------------------------------------------------------------------------
 */

static void *begin_tcp_listen(uv_loop_t *loop, const char *settings)
{
	struct world *w = begin(loop, "tcp-listen");

	w->listener = listen_at_port(&w->port);
	aim_at_port(w, settings);
	return w;
}

static void *begin_unix_listen(uv_loop_t *loop, const char *settings)
{
	return begin_at_path(loop, "unix-listen", settings);
}

/* On a descriptor that listens already, whose port is known. */
static enum ann_err make_tcp_listen(void *user, struct ann_sink **sink,
	const struct ann_sink_events *events, void *events_user, struct ann_error *err)
{
	struct world *w = user;
	enum ann_err failed = make_on(w, w->listener, sink, events, events_user, err);

	if (failed == ANN_OK) {
		w->listener = -1;
	}
	return failed;
}

static void connect_to(struct world *w, const void *address, socklen_t len, int family)
{
	const int small = SMALL_BUFFER;

	forget(w);
	w->peer = socket(family, SOCK_STREAM, 0);
	ck_assert_int_eq(
		setsockopt(w->peer, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	ck_assert_int_eq(connect(w->peer, address, len), 0);
	no_wait(w->peer);
}

static void arrive_tcp_reader(void *user)
{
	struct world *w = user;
	const struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)w->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	connect_to(w, &address, sizeof(address), AF_INET);
}

static void arrive_unix_reader(void *user)
{
	struct world *w = user;
	const struct sockaddr_un address = ann_unix_address(w->path);

	connect_to(w, &address, sizeof(address), AF_UNIX);
}

static void leave_reader(void *user)
{
	struct world *w = user;

	shut(&w->peer);
}

/* --- datagrams ----------------------------------------------------------------------
 */

static void *begin_unix_dgram(uv_loop_t *loop, const char *settings)
{
	return begin_at_path(loop, "unix-dgram", settings);
}

static void *begin_syslog(uv_loop_t *loop, const char *settings)
{
	return begin_at_path(loop, "syslog", settings);
}

static void *begin_journal(uv_loop_t *loop, const char *settings)
{
	return begin_at_path(loop, "journal", settings);
}

static void arrive_dgram(void *user)
{
	struct world *w = user;
	const struct sockaddr_un address = ann_unix_address(w->path);

	forget(w);
	w->peer = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(
		bind(w->peer, (const struct sockaddr *)&address, sizeof(address)), 0);
}

static void leave_dgram(void *user)
{
	struct world *w = user;

	shut(&w->peer);
	unlink(w->path);
}

/* Records that come without their line end. */
static struct ann_span receive_bare(void *user)
{
	struct world *w = user;
	ssize_t got = 0;

	while (w->peer >= 0 && got >= 0) {
		got = read(w->peer, w->lines + w->lines_len, SMALL_BUFFER);
		if (got > 0) {
			w->lines_len += (size_t)got;
			w->lines[w->lines_len++] = '\n';
		}
	}
	return (struct ann_span){w->lines, w->lines_len};
}

/* A UDP socket that nobody reads as long as the peer is away. */
static void *begin_syslog_udp(uv_loop_t *loop, const char *settings)
{
	struct world *w = begin(loop, "syslog+udp");
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	w->peer = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(w->peer, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(getsockname(w->peer, (struct sockaddr *)&address, &len), 0);
	w->port = ntohs(address.sin_port);
	aim_at_port(w, settings);
	return w;
}

static const struct test_sink_kind kinds[] = {
	{.name = "standard output",
		.begin = begin_standard,
		.make = make,
		.receive = receive,
		.end = end,
		.is_slow = true},
	{.name = "file",
		.begin = begin_file,
		.make = make,
		.receive = receive_file,
		.end = end},
	{.name = "tcp",
		.begin = begin_tcp,
		.make = make,
		.arrive = arrive_tcp,
		.leave = leave_collector,
		.receive = receive_stream,
		.end = end,
		.is_away = true,
		.is_slow = true},
	{.name = "unix",
		.begin = begin_unix,
		.make = make,
		.arrive = arrive_unix,
		.leave = leave_collector,
		.receive = receive_stream,
		.end = end,
		.is_away = true,
		.is_slow = true},
	{.name = "syslog+tcp",
		.begin = begin_syslog_tcp,
		.make = make,
		.arrive = arrive_tcp,
		.leave = leave_collector,
		.receive = receive_octets,
		.end = end,
		.is_away = true,
		.is_slow = true},
	{.name = "tcp-listen",
		.begin = begin_tcp_listen,
		.make = make_tcp_listen,
		.arrive = arrive_tcp_reader,
		.leave = leave_reader,
		.receive = receive,
		.end = end,
		.is_away = true,
		.is_slow = true,
		.needs_peer = true},
	{.name = "unix-listen",
		.begin = begin_unix_listen,
		.make = make,
		.arrive = arrive_unix_reader,
		.leave = leave_reader,
		.receive = receive,
		.end = end,
		.is_away = true,
		.is_slow = true,
		.needs_peer = true},
	{.name = "unix-dgram",
		.begin = begin_unix_dgram,
		.make = make,
		.arrive = arrive_dgram,
		.leave = leave_dgram,
		.receive = receive,
		.end = end,
		.is_away = true,
		.is_slow = true},
	{.name = "syslog",
		.begin = begin_syslog,
		.make = make,
		.arrive = arrive_dgram,
		.leave = leave_dgram,
		.receive = receive_bare,
		.end = end,
		.is_away = true,
		.is_slow = true},
	{.name = "journal",
		.begin = begin_journal,
		.make = make,
		.arrive = arrive_dgram,
		.leave = leave_dgram,
		.receive = receive,
		.end = end,
		.is_away = true,
		.is_slow = true},
	{.name = "syslog+udp",
		.begin = begin_syslog_udp,
		.make = make,
		.receive = receive_bare,
		.end = end},
};

void test_cases(Suite *suite)
{
	test_sink_conformance(suite, kinds, (int)ANN_LEN(kinds));
}
