#include "io/source/readable.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

static void on_idle(uv_idle_t *idle)
{
	struct ann_readable *r = idle->data;

	r->ready(r->user);
}

/* `status` tells of errors at the descriptor; the next read tells which. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct ann_readable *r = poll->data;

	(void)status;
	(void)events;
	r->ready(r->user);
}

void ann_readable_init(struct ann_readable *readable, uv_loop_t *loop,
	void (*ready)(void *user), void *user)
{
	*readable = (struct ann_readable){
		.epoll = -1,
		.fd = -1,
		.ready = ready,
		.user = user,
	};
	(void)uv_idle_init(loop, &readable->idle); /* cannot fail */
	readable->idle.data = readable;
	readable->live = 1;
}

static enum ann_err open_epoll(struct ann_readable *r, struct ann_error *err)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);
	int failed = 0;

	if (fd < 0) {
		return ann_error_os(err, errno, "epoll");
	}
	failed = uv_poll_init(r->idle.loop, &r->poll, fd);
	if (failed != 0) {
		close(fd);
		return ann_error_os(err, -failed, "epoll");
	}
	r->poll.data = r;
	r->live++;
	r->epoll = fd;
	return ANN_OK;
}

enum ann_err ann_readable_watch(
	struct ann_readable *readable, int fd, struct ann_error *err)
{
	struct epoll_event event = {.events = EPOLLIN};
	bool wanted = readable->wanted;

	if (readable->epoll < 0) {
		enum ann_err failed = open_epoll(readable, err);

		if (failed != ANN_OK) {
			return failed;
		}
	}
	ann_readable_stop(readable);
	if (readable->fd >= 0) {
		/* Fails if it has been closed, and is then out already. */
		(void)epoll_ctl(readable->epoll, EPOLL_CTL_DEL, readable->fd, NULL);
	}
	readable->fd = -1;
	readable->always = false;
	if (epoll_ctl(readable->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		if (errno != EPERM) {
			return ann_error_os(err, errno, "epoll");
		}
		readable->always = true;
	}
	readable->fd = fd;
	if (wanted) {
		ann_readable_start(readable);
	}
	return ANN_OK;
}

void ann_readable_start(struct ann_readable *readable)
{
	readable->wanted = true;
	if (readable->fd >= 0 && readable->always) {
		(void)uv_idle_start(&readable->idle, on_idle);
	} else if (readable->fd >= 0 && !uv_is_active((uv_handle_t *)&readable->poll)) {
		/* Again would cost two system calls. */
		(void)uv_poll_start(&readable->poll, UV_READABLE, on_poll);
	}
}

void ann_readable_stop(struct ann_readable *readable)
{
	readable->wanted = false;
	(void)uv_idle_stop(&readable->idle);
	if (readable->epoll >= 0) {
		(void)uv_poll_stop(&readable->poll);
	}
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct ann_readable *r = handle->data;

	if (--r->live > 0) {
		return;
	}
	if (r->epoll >= 0) {
		close(r->epoll);
	}
	r->closed(r->user);
}

void ann_readable_close(struct ann_readable *readable, void (*closed)(void *user))
{
	ann_readable_stop(readable);
	readable->closed = closed;
	uv_close((uv_handle_t *)&readable->idle, on_handle_closed);
	if (readable->epoll >= 0) {
		uv_close((uv_handle_t *)&readable->poll, on_handle_closed);
	}
}
