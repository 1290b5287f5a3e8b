/*
 * outlet - a descriptor that is written without ever waiting for its reader.
 *
 * Standard output is shared with whoever started us: O_NONBLOCK would be set for them
 * too. So a pipe or terminal is opened once more, for us alone, which Linux allows
 * through /proc/self/fd; a socket is told with each write not to wait; what is left is
 * written only when poll(2) says so, and then no more than a pipe takes at once.
 * Regular files take what they are given.
 */
#ifndef IO_OUTLET_H
#define IO_OUTLET_H

#include "annotty/error.h"
#include "annotty/span.h"

#include <sys/types.h>

enum ann_outlet_way {
	ANN_OUTLET_DIRECT,  /* always takes all, as a regular file does */
	ANN_OUTLET_ALONE,   /* O_NONBLOCK is set; nobody else has it */
	ANN_OUTLET_SOCKET,  /* MSG_DONTWAIT */
	ANN_OUTLET_CAREFUL, /* shared and none of that */
};

struct ann_outlet {
	int fd;       /* -1: not open */
	int watch_fd; /* an epoll that watches `fd`: to be polled for reading, -1: none
		       */
	enum ann_outlet_way way;
	bool borrowed; /* `fd` is not ours to close */
};

/*
 * For standard output: `fd` stays open and its flags stay as they are. ANN_ESYS.
 */
ANN_MUST_USE enum ann_err ann_outlet_share(
	struct ann_outlet *outlet, int fd, struct ann_error *err);

/*
 * Opens a path to append, and makes it if need be. ANN_ESYS; ENXIO: nobody reads the
 * FIFO yet.
 */
ANN_MUST_USE enum ann_err ann_outlet_open(
	struct ann_outlet *outlet, const char *path, struct ann_error *err);

/* As write(2); EAGAIN: not now. */
ssize_t ann_outlet_write(const struct ann_outlet *outlet, struct ann_span bytes);

/*
 * With `wanted` the watch tells also when there is room for a write, otherwise only
 * when the reader has gone.
 */
void ann_outlet_want(const struct ann_outlet *outlet, bool wanted);

/* What the watch has told. */
bool ann_outlet_is_gone(const struct ann_outlet *outlet);

/* All-zero but for the -1 of both descriptors is fine. */
void ann_outlet_close(struct ann_outlet *outlet);

#endif
