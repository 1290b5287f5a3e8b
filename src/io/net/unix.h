/*
 * unix - names of sockets in the file system.
 */
#ifndef IO_UNIX_H
#define IO_UNIX_H

#include "annotty/error.h"

#include <sys/socket.h>
#include <sys/un.h>

/* ANN_ECONFIG, naming `spec`: the path is empty or longer than a socket's may be. */
ANN_MUST_USE enum ann_err ann_unix_check(
	const char *path, const char *spec, struct ann_error *err);

/* The address of a path that ann_unix_check() has found right. */
struct sockaddr_un ann_unix_address(const char *path);

#endif
