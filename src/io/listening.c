#include "io/listening.h"

#include "io/unix.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TYPE = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC };

static int fail(int fd, enum ann_err failed)
{
	(void)failed;
	if (fd >= 0) {
		close(fd);
	}
	return -1;
}

/* --- TCP -------------------------------------------------------------------------- */

int ann_listen_tcp(
	const char *host, const char *port, const char *spec, struct ann_error *err)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	const int yes = 1;
	int fd = -1;
	/* A name of this machine; only at a start, so it may block. */
	int status =
		getaddrinfo(host[0] == '\0' ? "127.0.0.1" : host, port, &hints, &found);

	if (status != 0) {
		return fail(fd, ann_error_set(err, ANN_ECONFIG, "\"%s\": %s", spec,
					gai_strerror(status)));
	}
	fd = socket(found->ai_family, TYPE, 0);
	/* Otherwise a restart would have to wait for connections that linger. */
	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
		bind(fd, found->ai_addr, found->ai_addrlen) != 0 ||
		listen(fd, SOMAXCONN) != 0) {
		fd = fail(fd, ann_error_os(err, errno, "\"%s\": listen", spec));
	}
	freeaddrinfo(found);
	return fd;
}

/* --- UNIX ------------------------------------------------------------------------- */

/* True when a server answers, or may: the socket is not to be touched. */
static bool is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, TYPE, 0);
	bool alive =
		fd < 0 ||
		connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		errno != ECONNREFUSED;

	if (fd >= 0) {
		close(fd);
	}
	return alive;
}

/* Removes what an earlier server has left behind. errno tells otherwise. */
static bool replace_stale(const char *path, const struct sockaddr_un *address)
{
	struct stat status;

	if (lstat(path, &status) != 0) {
		return false;
	}
	if (!S_ISSOCK(status.st_mode) || is_alive(address)) {
		errno = EADDRINUSE;
		return false;
	}
	return unlink(path) == 0;
}

static bool bind_to(int fd, const char *path)
{
	const struct sockaddr_un address = ann_unix_address(path);
	const struct sockaddr *to = (const struct sockaddr *)&address;

	if (bind(fd, to, sizeof(address)) == 0) {
		return true;
	}
	return errno == EADDRINUSE && replace_stale(path, &address) &&
	       bind(fd, to, sizeof(address)) == 0;
}

static enum ann_err find_group(
	const char *name, gid_t *group, const char *spec, struct ann_error *err)
{
	const struct group *found = name == NULL ? NULL : getgrnam(name);
	char *end = NULL;

	*group = (gid_t)-1;
	if (found != NULL) {
		*group = found->gr_gid;
	} else if (name != NULL) {
		*group = (gid_t)strtoul(name, &end, 10);
		if (name[0] < '0' || name[0] > '9' || *end != '\0') {
			return ann_error_set(err, ANN_ECONFIG,
				"\"%s\": there is no group \"%s\"", spec, name);
		}
	}
	return ANN_OK;
}

int ann_listen_unix(const char *path, const struct ann_unix_access *access,
	const char *spec, struct ann_error *err)
{
	unsigned mode = access->mode != 0       ? access->mode
			: access->group == NULL ? 0600
						: 0660;
	gid_t group = (gid_t)-1;
	int fd = -1;

	if (find_group(access->group, &group, spec, err) != ANN_OK) {
		return -1;
	}
	fd = socket(AF_UNIX, TYPE, 0);
	/* The descriptor's mode limits that of the path until its group is right. */
	if (fd < 0 || fchmod(fd, 0600) != 0 || !bind_to(fd, path)) {
		return fail(fd, ann_error_os(err, errno, "\"%s\": listen", spec));
	}
	if (chown(path, (uid_t)-1, group) != 0 || chmod(path, mode) != 0 ||
		listen(fd, SOMAXCONN) != 0) {
		fd = fail(fd, ann_error_os(err, errno, "\"%s\": listen", spec));
		unlink(path);
	}
	return fd;
}

void ann_listen_unlink(const char *path, const struct stat *made)
{
	struct stat status;

	if (lstat(path, &status) == 0 && status.st_dev == made->st_dev &&
		status.st_ino == made->st_ino) {
		unlink(path);
	}
}

/* --- names ------------------------------------------------------------------------ */

struct ann_listen_name ann_listen_name(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_un path;
		struct sockaddr_storage room;
	} address = {0};
	socklen_t len = sizeof(address);
	struct ann_listen_name name = {""};
	char host[64] = "";
	char port[8] = "";

	if (getsockname(fd, &address.any, &len) != 0) {
		return name;
	}
	if (address.any.sa_family == AF_UNIX) {
		(void)snprintf(
			name.text, sizeof(name.text), "%s", address.path.sun_path);
	} else if (getnameinfo(&address.any, len, host, sizeof(host), port,
			   sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
		(void)snprintf(name.text, sizeof(name.text),
			address.any.sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
			port);
	}
	return name;
}
