/*
 * The happy path: the descriptor of libmicrohttpd's epoll becomes readable, the library
 * runs, asks for an answer, and gets a text that the report makes. A timer serves the
 * library's time limits, but only while a client is connected: idle means idle.
 */
#include "io/app/metrics.h"

#include "annotty/alloc.h"
#include "io/app/report.h"
#include "io/library.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <string.h>

enum { CLIENTS_MOST = 8, CLIENT_TIMEOUT_S = 10, HOST_MOST = 64 };

/* Of libmicrohttpd, which is loaded when somebody asks for metrics. */
static struct {
	__typeof__(MHD_add_response_header) *add_response_header;
	__typeof__(MHD_create_response_from_buffer) *create_response_from_buffer;
	__typeof__(MHD_destroy_response) *destroy_response;
	__typeof__(MHD_get_daemon_info) *get_daemon_info;
	__typeof__(MHD_get_timeout) *get_timeout;
	__typeof__(MHD_queue_response) *queue_response;
	__typeof__(MHD_run) *run;
	__typeof__(MHD_start_daemon) *start_daemon;
	__typeof__(MHD_stop_daemon) *stop_daemon;
} mhd;

static enum ann_err load(struct ann_error *err)
{
	static const struct ann_symbol symbols[] = {
		{"MHD_add_response_header", (void **)&mhd.add_response_header},
		{"MHD_create_response_from_buffer",
			(void **)&mhd.create_response_from_buffer},
		{"MHD_destroy_response", (void **)&mhd.destroy_response},
		{"MHD_get_daemon_info", (void **)&mhd.get_daemon_info},
		{"MHD_get_timeout", (void **)&mhd.get_timeout},
		{"MHD_queue_response", (void **)&mhd.queue_response},
		{"MHD_run", (void **)&mhd.run},
		{"MHD_start_daemon", (void **)&mhd.start_daemon},
		{"MHD_stop_daemon", (void **)&mhd.stop_daemon},
	};

	return ann_library_load("libmicrohttpd.so.12", symbols, ANN_LEN(symbols), err);
}

struct ann_metrics {
	struct ann_app *app;
	struct MHD_Daemon *server;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned live; /* handles that are not closed yet */
};

/* --- answers ---------------------------------------------------------------------- */

static struct MHD_Response *make_page(const struct ann_buf *text)
{
	return text->failed ? NULL
			    : mhd.create_response_from_buffer(
				      text->len, text->ptr, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result send_page(
	struct MHD_Connection *connection, unsigned status, const struct ann_buf *text)
{
	struct MHD_Response *response = make_page(text);
	enum MHD_Result result = MHD_NO;

	if (response == NULL) {
		return MHD_NO; /* the connection is closed */
	}
	(void)mhd.add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
		"text/plain; version=0.0.4; charset=utf-8");
	result = mhd.queue_response(connection, status, response);
	mhd.destroy_response(response);
	return result;
}

static enum MHD_Result answer(void *user, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *upload,
	size_t *upload_len, void **request)
{
	struct ann_metrics *m = user;
	struct ann_buf text = {0};
	unsigned status = MHD_HTTP_OK;

	(void)version;
	(void)upload;
	(void)request;
	if (*upload_len > 0) {
		*upload_len = 0; /* thrown away */
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
		strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		status = MHD_HTTP_METHOD_NOT_ALLOWED;
		ann_buf_str(&text, "only GET\n");
	} else if (strcmp(url, "/metrics") != 0) {
		status = MHD_HTTP_NOT_FOUND;
		ann_buf_str(&text, "there is only /metrics\n");
	} else {
		ann_report_prometheus(m->app, &text);
	}
	enum MHD_Result result = send_page(connection, status, &text);

	ann_buf_deinit(&text);
	return result;
}

/* --- on the loop ------------------------------------------------------------------ */

static void on_time(uv_timer_t *timer);

static void serve(struct ann_metrics *m)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;

	(void)mhd.run(m->server);
	if (mhd.get_timeout(m->server, &wait_ms) == MHD_YES) {
		uv_timer_start(&m->timer, on_time, wait_ms, 0);
	} else {
		uv_timer_stop(&m->timer);
	}
}

static void on_time(uv_timer_t *timer)
{
	serve(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	serve(poll->data);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct ann_metrics *m = handle->data;

	if (--m->live == 0) {
		/* The descriptor outlives its watcher. */
		mhd.stop_daemon(m->server);
		ann_free(m);
	}
}

void ann_metrics_close(struct ann_metrics *metrics)
{
	if (metrics != NULL) {
		uv_close((uv_handle_t *)&metrics->poll, on_handle_closed);
		uv_close((uv_handle_t *)&metrics->timer, on_handle_closed);
	}
}

/* --- listening -------------------------------------------------------------------- */

/* ADDRESS:PORT with a numeric address, or PORT. */
static bool parse_address(const char *text, struct sockaddr_storage *to, bool *v6,
	char *host, size_t room)
{
	struct ann_span port = ann_span(text);
	struct ann_span name = {0};
	uint64_t number = 0;
	const char *colon = strrchr(text, ':');

	if (colon != NULL) {
		name = (struct ann_span){text, (size_t)(colon - text)};
		port = ann_span(colon + 1);
	}
	if (name.len > 1 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']') {
		name.ptr++;
		name.len -= 2;
	}
	if (!ann_span_digits(port, 10, &number) || number == 0 || number > 65535 ||
		name.len >= room) {
		return false;
	}
	(void)memcpy(host, name.len == 0 ? "127.0.0.1" : name.ptr,
		name.len == 0 ? sizeof("127.0.0.1") : name.len);
	if (name.len > 0) {
		host[name.len] = '\0';
	}
	*v6 = uv_ip6_addr(host, (int)number, (struct sockaddr_in6 *)to) == 0;
	return *v6 || uv_ip4_addr(host, (int)number, (struct sockaddr_in *)to) == 0;
}

bool ann_metrics_takes(const char *address)
{
	struct sockaddr_storage to = {0};
	char host[HOST_MOST];
	bool v6 = false;

	return parse_address(address, &to, &v6, host, sizeof(host));
}

static struct MHD_Daemon *listen_at(
	struct ann_metrics *m, const struct sockaddr_storage *address, bool v6)
{
	unsigned flags = MHD_USE_EPOLL;

	return mhd.start_daemon(v6 ? flags | MHD_USE_IPv6 : flags, 0, NULL, NULL,
		answer, m, MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CLIENTS_MOST, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)CLIENT_TIMEOUT_S, MHD_OPTION_END);
}

enum ann_err ann_metrics_start(struct ann_metrics **metrics, struct ann_app *app,
	const char *address, struct ann_error *err)
{
	struct sockaddr_storage to = {0};
	char host[HOST_MOST];
	bool v6 = false;
	struct ann_metrics *m = NULL;

	if (!parse_address(address, &to, &v6, host, sizeof(host))) {
		return ann_error_set(err, ANN_ECONFIG,
			"metrics: \"%s\": expected ADDRESS:PORT or PORT, such as "
			"127.0.0.1:9106",
			address);
	}
	if (load(err) != ANN_OK) {
		ann_error_context(err, "metrics");
		return ANN_ENOTSUP;
	}
	m = ann_alloc(sizeof(*m));
	if (m == NULL) {
		return ann_error_nomem(err);
	}
	m->app = app;
	errno = 0;
	m->server = listen_at(m, &to, v6);
	if (m->server == NULL) {
		int os = errno == 0 ? EIO : errno;

		ann_free(m);
		return ann_error_os(err, os, "metrics: %s: listen", address);
	}
	const union MHD_DaemonInfo *info =
		mhd.get_daemon_info(m->server, MHD_DAEMON_INFO_EPOLL_FD);

	m->poll.data = m;
	m->timer.data = m;
	m->live = 2;
	(void)uv_timer_init(ann_app_loop(app), &m->timer);
	(void)uv_poll_init(ann_app_loop(app), &m->poll, info->epoll_fd);
	(void)uv_poll_start(&m->poll, UV_READABLE, on_readable);
	*metrics = m;
	return ANN_OK;
}
