/*
 * The happy path: a client connects, a report is written to it, and it is closed. One
 * that does not read is closed after a while, and no more than a few are served at
 * once.
 */
#include "io/app/control.h"

#include "annotty/alloc.h"
#include "io/app/report.h"
#include "io/net/listening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLIENTS_MOST = 8, PATIENCE_MS = 5000, BACKLOG = 8 };

struct client {
	uv_pipe_t pipe;
	uv_timer_t patience;
	uv_write_t write;
	struct ann_buf text;
	struct ann_control *control;
	unsigned live; /* handles that are not closed yet */
};

struct ann_control {
	uv_pipe_t listener;
	struct ann_app *app;
	char *path;
	struct stat made; /* the socket as it was made */
	unsigned clients;
	bool closed;
};

static void release(struct ann_control *c)
{
	if (c->closed && c->clients == 0) {
		ann_free(c->path);
		ann_free(c);
	}
}

/* --- a client --------------------------------------------------------------------- */

static void on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct ann_control *control = client->control;

	if (--client->live > 0) {
		return;
	}
	ann_buf_deinit(&client->text);
	ann_free(client);
	control->clients--;
	release(control);
}

static void close_client(struct client *client)
{
	if (!uv_is_closing((uv_handle_t *)&client->pipe)) {
		uv_close((uv_handle_t *)&client->pipe, on_client_closed);
		uv_close((uv_handle_t *)&client->patience, on_client_closed);
	}
}

static void on_written(uv_write_t *write, int status)
{
	(void)status;
	close_client(write->data);
}

static void on_impatient(uv_timer_t *timer)
{
	close_client(timer->data);
}

static void send_report(struct client *client)
{
	uv_buf_t bytes;

	ann_report_json(client->control->app, &client->text);
	ann_report_text(client->control->app, &client->text);
	bytes = uv_buf_init(client->text.ptr, (unsigned)client->text.len);
	if (client->text.failed ||
		uv_write(&client->write, (uv_stream_t *)&client->pipe, &bytes, 1,
			on_written) != 0) {
		close_client(client);
	}
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct ann_control *control = listener->data;
	struct client *client = status < 0 ? NULL : ann_alloc(sizeof(*client));

	if (client == NULL) {
		return;
	}
	client->control = control;
	client->pipe.data = client;
	client->patience.data = client;
	client->write.data = client;
	client->live = 2;
	control->clients++;
	(void)uv_pipe_init(listener->loop, &client->pipe, 0);
	(void)uv_timer_init(listener->loop, &client->patience);
	if (uv_accept(listener, (uv_stream_t *)&client->pipe) != 0 ||
		control->clients > CLIENTS_MOST) {
		close_client(client);
		return;
	}
	uv_timer_start(&client->patience, on_impatient, PATIENCE_MS, 0);
	send_report(client);
}

/* --- listening -------------------------------------------------------------------- */

const char *ann_control_default_path(void)
{
	static char path[128];
	const char *directory = getenv("RUNTIME_DIRECTORY");
	const char *user = getenv("XDG_RUNTIME_DIR");

	if (directory != NULL) {
		(void)snprintf(path, sizeof(path), "%s/control.sock", directory);
	} else if (geteuid() == 0) {
		return "/run/annotty/control.sock";
	} else if (user != NULL) {
		(void)snprintf(path, sizeof(path), "%s/annotty/control.sock", user);
	} else {
		return NULL;
	}
	return path;
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct ann_control *c = handle->data;

	c->closed = true;
	release(c);
}

void ann_control_close(struct ann_control *control)
{
	if (control != NULL) {
		ann_listen_unlink(control->path, &control->made);
		uv_close((uv_handle_t *)&control->listener, on_listener_closed);
	}
}

/* The directory of a default path belongs to annotty; a service manager has made it. */
static void make_directory(const char *path)
{
	char *directory = ann_copy(path, strlen(path));
	char *slash = directory == NULL ? NULL : strrchr(directory, '/');

	if (slash != NULL && slash != directory) {
		*slash = '\0';
		(void)mkdir(directory, 0755);
	}
	ann_free(directory);
}

enum ann_err ann_control_start(struct ann_control **control, struct ann_app *app,
	const char *path, struct ann_error *err)
{
	static const struct ann_unix_access access = {.mode = 0660};
	struct ann_control *c = ann_alloc(sizeof(*c));
	int fd = -1;
	int os = 0;

	if (c == NULL || (c->path = ann_copy(path, strlen(path))) == NULL) {
		ann_free(c);
		return ann_error_nomem(err);
	}
	make_directory(path);
	enum ann_err failed = ann_listen_unix(&fd, path, &access, path, err);

	if (failed != ANN_OK) {
		ann_free(c->path);
		ann_free(c);
		return failed;
	}
	(void)stat(path, &c->made);
	c->app = app;
	c->listener.data = c;
	(void)uv_pipe_init(ann_app_loop(app), &c->listener, 0);
	os = uv_pipe_open(&c->listener, fd);
	if (os == 0) {
		os = uv_listen((uv_stream_t *)&c->listener, BACKLOG, on_connection);
	}
	if (os != 0) {
		ann_control_close(c);
		return ann_error_os(err, -os, "control: %s: listen", path);
	}
	*control = c;
	return ANN_OK;
}
