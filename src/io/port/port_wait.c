#include "io/port/port_wait.h"

#include "io/log.h"

#include <errno.h>

enum { SOON_LEAST_MS = 20, SOON_MOST_MS = 640 };

/* --- opening --------------------------------------------------------------------- */

static void on_warning(void *user, const struct ann_error *err)
{
	(void)user;
	ann_log_error(ANN_LOG_WARNING, err);
}

/* After the first time all is known that there is to warn of. */
static void tell_first(struct ann_port_wait *w, const struct ann_port *port)
{
	if (!w->warned) {
		w->warned = true;
		ann_port_tell_sharers(port, on_warning, NULL);
	}
}

enum ann_err ann_port_wait_try(
	struct ann_port_wait *wait, struct ann_port **port, struct ann_error *err)
{
	enum ann_err failed = ann_port_open(port, wait->path, &wait->settings,
		wait->warned ? NULL : on_warning, NULL, err);

	if (failed == ANN_OK) {
		tell_first(wait, *port);
	}
	return failed;
}

enum ann_err ann_port_wait_adopt(struct ann_port_wait *wait, int fd,
	struct ann_port **port, struct ann_error *err)
{
	enum ann_err failed = ann_port_adopt(
		port, fd, wait->path, &wait->settings, on_warning, NULL, err);

	if (failed == ANN_OK) {
		tell_first(wait, *port);
	}
	return failed;
}

/* --- waiting --------------------------------------------------------------------- */

/* Reasons that are the same to the user have one number. */
static int reason_of(const struct ann_error *why)
{
	if (why->code == ANN_ECONFIG) {
		return EINVAL;
	}
	return why->os == 0 || ann_port_is_absent(why) ? ENOENT : why->os;
}

static void say(struct ann_port_wait *w, const struct ann_error *why)
{
	int reason = reason_of(why);

	if (w->said != reason) {
		w->said = reason;
		ann_log(ANN_LOG_NOTICE, "%s; waiting for it", why->text);
	}
}

static void stop(struct ann_port_wait *w)
{
	w->waits = false;
	ann_path_watch_stop(&w->watch);
	(void)uv_timer_stop(&w->soon);
}

static void on_soon(uv_timer_t *timer);

/* It is there, but cannot be opened. What holds for a moment only is not said. */
static void try_soon(struct ann_port_wait *w, const struct ann_error *why)
{
	if (uv_is_active((uv_handle_t *)&w->soon)) {
		return;
	}
	if (w->soon_ms <= SOON_MOST_MS) {
		(void)uv_timer_start(&w->soon, on_soon, w->soon_ms, 0);
		w->soon_ms *= 2;
	} else {
		say(w, why);
	}
}

static void look(struct ann_port_wait *w)
{
	struct ann_port *port = NULL;
	struct ann_error err = {0};

	if (!w->waits) {
		return;
	}
	if (ann_port_wait_try(w, &port, &err) == ANN_OK) {
		stop(w);
		ann_log(ANN_LOG_NOTICE, "%s: is there", w->path);
		w->opened(w->user, port);
	} else if (ann_port_is_absent(&err)) {
		w->soon_ms = SOON_LEAST_MS;
		say(w, &err);
	} else {
		try_soon(w, &err);
	}
}

static void on_soon(uv_timer_t *timer)
{
	look(timer->data);
}

static void on_changed(void *user)
{
	look(user);
}

void ann_port_wait_start(
	struct ann_port_wait *wait, const struct ann_error *why, unsigned delay_ms)
{
	wait->said = 0;
	wait->soon_ms = SOON_LEAST_MS;
	wait->waits = true;
	if (reason_of(why) == ENOENT) {
		say(wait, why);
	}
	ann_path_watch_start(&wait->watch, wait->path, true);
	(void)uv_timer_start(&wait->soon, on_soon, delay_ms, 0);
}

/* --- life ------------------------------------------------------------------------ */

void ann_port_wait_init(struct ann_port_wait *wait, uv_loop_t *loop, const char *path,
	const struct ann_port_settings *settings,
	void (*opened)(void *user, struct ann_port *port), void *user)
{
	*wait = (struct ann_port_wait){
		.path = path,
		.settings = *settings,
		.opened = opened,
		.user = user,
		.live = 2,
	};
	ann_path_watch_init(&wait->watch, loop, on_changed, wait);
	(void)uv_timer_init(loop, &wait->soon); /* cannot fail */
	wait->soon.data = wait;
}

static void on_part_closed(void *user)
{
	struct ann_port_wait *w = user;

	if (--w->live == 0) {
		w->closed(w->user);
	}
}

static void on_handle_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

void ann_port_wait_close(struct ann_port_wait *wait, void (*closed)(void *user))
{
	wait->waits = false;
	wait->closed = closed;
	ann_path_watch_close(&wait->watch, on_part_closed);
	uv_close((uv_handle_t *)&wait->soon, on_handle_closed);
}
