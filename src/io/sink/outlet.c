#include "io/sink/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * An epoll of its own: the loop's would set O_NONBLOCK. False: the descriptor cannot be
 * watched, and so never keeps one waiting.
 */
static bool watch(struct ann_outlet *outlet)
{
	struct epoll_event event = {0};

	outlet->watch_fd = epoll_create1(EPOLL_CLOEXEC);
	if (outlet->watch_fd < 0) {
		return false;
	}
	if (epoll_ctl(outlet->watch_fd, EPOLL_CTL_ADD, outlet->fd, &event) != 0) {
		close(outlet->watch_fd);
		outlet->watch_fd = -1;
		return false;
	}
	return true;
}

/* The same pipe or terminal, opened for us alone; -1: it cannot be. */
static int open_again(int fd)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

enum ann_err ann_outlet_share(struct ann_outlet *outlet, int fd, struct ann_error *err)
{
	struct stat status;
	int own = -1;

	*outlet = (struct ann_outlet){.fd = fd, .watch_fd = -1, .borrowed = true};
	if (fstat(fd, &status) != 0) {
		return ann_error_os(err, errno, "standard output");
	}
	if (!watch(outlet)) {
		return ANN_OK;
	}
	if (S_ISSOCK(status.st_mode)) {
		outlet->way = ANN_OUTLET_SOCKET;
		return ANN_OK;
	}
	own = open_again(fd);
	if (own < 0) {
		outlet->way = ANN_OUTLET_CAREFUL;
		return ANN_OK;
	}
	close(outlet->watch_fd);
	*outlet = (struct ann_outlet){.fd = own, .way = ANN_OUTLET_ALONE};
	(void)watch(outlet);
	return ANN_OK;
}

enum ann_err ann_outlet_open(
	struct ann_outlet *outlet, const char *path, struct ann_error *err)
{
	*outlet = (struct ann_outlet){.watch_fd = -1};
	outlet->fd = open(path,
		O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		0666);
	if (outlet->fd < 0) {
		return ann_error_os(err, errno, "output \"%s\"", path);
	}
	if (watch(outlet)) {
		outlet->way = ANN_OUTLET_ALONE;
	}
	return ANN_OK;
}

static bool has_room(int fd)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	return poll(&room, 1, 0) > 0;
}

ssize_t ann_outlet_write(const struct ann_outlet *outlet, struct ann_span bytes)
{
	switch (outlet->way) {
	case ANN_OUTLET_SOCKET:
		return send(
			outlet->fd, bytes.ptr, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	case ANN_OUTLET_CAREFUL:
		if (!has_room(outlet->fd)) {
			errno = EAGAIN;
			return -1;
		}
		return write(outlet->fd, bytes.ptr,
			bytes.len < PIPE_BUF ? bytes.len : PIPE_BUF);
	case ANN_OUTLET_DIRECT:
	case ANN_OUTLET_ALONE:
		break;
	}
	return write(outlet->fd, bytes.ptr, bytes.len);
}

void ann_outlet_want(const struct ann_outlet *outlet, bool wanted)
{
	struct epoll_event event = {.events = wanted ? EPOLLOUT : 0};

	if (outlet->watch_fd >= 0) {
		(void)epoll_ctl(outlet->watch_fd, EPOLL_CTL_MOD, outlet->fd, &event);
	}
}

bool ann_outlet_is_gone(const struct ann_outlet *outlet)
{
	struct epoll_event event;

	return outlet->watch_fd >= 0 &&
	       epoll_wait(outlet->watch_fd, &event, 1, 0) > 0 &&
	       (event.events & (EPOLLERR | EPOLLHUP)) != 0;
}

void ann_outlet_close(struct ann_outlet *outlet)
{
	if (outlet->watch_fd >= 0) {
		close(outlet->watch_fd);
	}
	if (outlet->fd >= 0 && !outlet->borrowed) {
		close(outlet->fd);
	}
	*outlet = (struct ann_outlet){.fd = -1, .watch_fd = -1};
}
