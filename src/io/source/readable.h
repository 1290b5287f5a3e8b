/*
 * readable - says when there are bytes at a descriptor that others may share.
 *
 * A shell, or the process at the other end of a terminal, has the same open file as we
 * have, and uv_poll would make it non-blocking for them as well. So the loop polls an
 * epoll of ours in which the descriptor is. What cannot be polled, such as a regular
 * file or /dev/null, always has bytes or an end to read: it comes up once a turn of the
 * loop, behind whatever else is ready.
 */
#ifndef IO_READABLE_H
#define IO_READABLE_H

#include "annotty/error.h"

#include <uv.h>

/* A part of what uses it; its members are private. */
struct ann_readable {
	uv_idle_t idle; /* for what cannot be polled */
	uv_poll_t poll; /* of `epoll`; initialised if that is not -1 */
	int epoll;
	int fd;      /* -1: none */
	bool always; /* `fd` cannot be polled */
	bool wanted; /* between start and stop */
	unsigned live;
	void (*ready)(void *user);
	void (*closed)(void *user);
	void *user;
};

/*
 * `ready` is called, once started, as long as read(2) would answer at once. It reads
 * once, so that nobody starves.
 */
void ann_readable_init(struct ann_readable *readable, uv_loop_t *loop,
	void (*ready)(void *user), void *user);

/*
 * Waits for `fd`, which stays the caller's, in place of the one before (which may have
 * been closed). ANN_ESYS.
 */
ANN_MUST_USE enum ann_err ann_readable_watch(
	struct ann_readable *readable, int fd, struct ann_error *err);

/* Both may be called again and again, also while there is no descriptor. */
void ann_readable_start(struct ann_readable *readable);
void ann_readable_stop(struct ann_readable *readable);

/* Once; `closed` is called later, with the `user` of before. */
void ann_readable_close(struct ann_readable *readable, void (*closed)(void *user));

#endif
