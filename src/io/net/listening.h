/*
 * listening - sockets that wait for connections.
 */
#ifndef IO_LISTENING_H
#define IO_LISTENING_H

#include "annotty/endpoint.h"

#include <sys/stat.h>

/*
 * Listens on an address (a number or a name that stands for one of this machine; "":
 * the loopback) and a port (0: any that is free). `*fd` does not block. ANN_ESYS or,
 * for names that nobody knows, ANN_ECONFIG, with `spec` in the story; `*fd` is then -1.
 */
ANN_MUST_USE enum ann_err ann_listen_tcp(int *fd, const char *host, const char *port,
	const char *spec, struct ann_error *err);

/* Who may connect to a socket in the file system. */
struct ann_unix_access {
	unsigned mode;     /* as of chmod; 0: 0600, or 0660 with a group */
	const char *group; /* name or number; NULL: that of the process */
};

/*
 * The same for a path. A socket that is there already is replaced if nobody listens on
 * it; anything else is left alone and an error. The mode is never wider than asked for.
 */
ANN_MUST_USE enum ann_err ann_listen_unix(int *fd, const char *path,
	const struct ann_unix_access *access, const char *spec, struct ann_error *err);

/*
 * Listens where the endpoint says, unless `*fd` does so already (-1: it does not).
 * `*made` tells of the socket at its path, if it has one, for ann_listen_unlink().
 */
ANN_MUST_USE enum ann_err ann_listen_at(int *fd, const struct ann_endpoint *place,
	const struct ann_unix_access *access, struct stat *made, struct ann_error *err);

/* Whether a descriptor is a stream socket that listens; and that at the place of the
 * endpoint, where connections still find it. */
bool ann_listen_is_listening(int fd);
bool ann_listen_is_at(int fd, const struct ann_endpoint *place);

/* "127.0.0.1:5000", "[::1]:5000" or a path: where a descriptor listens. */
struct ann_listen_name {
	char text[128];
};
struct ann_listen_name ann_listen_name(int fd);

/* Removes the path if it still is the socket that `made` tells of. */
void ann_listen_unlink(const char *path, const struct stat *made);

#endif
