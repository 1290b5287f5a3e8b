#include "io/net/listening.h"

#include "io/net/unix.h"

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

/* errno is the reason. */
static enum ann_err give_up(int *fd, const char *spec, struct ann_error *err)
{
	enum ann_err failed = ann_error_os(err, errno, "\"%s\": listen", spec);

	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
	return failed;
}

/* --- TCP -------------------------------------------------------------------------- */

/* As getaddrinfo. A name of this machine, and only at a start: so it may block. */
static int find_address(const char *host, const char *port, struct addrinfo **found)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};

	return getaddrinfo(host[0] == '\0' ? "127.0.0.1" : host, port, &hints, found);
}

static bool listen_at(int *fd, const struct addrinfo *address)
{
	const int yes = 1;

	/* Without REUSEADDR a restart would have to wait for connections that linger.
	 */
	*fd = socket(address->ai_family, TYPE, 0);
	return *fd >= 0 &&
	       setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
	       bind(*fd, address->ai_addr, address->ai_addrlen) == 0 &&
	       listen(*fd, SOMAXCONN) == 0;
}

enum ann_err ann_listen_tcp(int *fd, const char *host, const char *port,
	const char *spec, struct ann_error *err)
{
	struct addrinfo *found = NULL;
	enum ann_err failed = ANN_OK;
	int status = find_address(host, port, &found);

	*fd = -1;
	if (status != 0) {
		return ann_error_set(
			err, ANN_ECONFIG, "\"%s\": %s", spec, gai_strerror(status));
	}
	if (!listen_at(fd, found)) {
		failed = give_up(fd, spec, err);
	}
	freeaddrinfo(found);
	return failed;
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

enum ann_err ann_listen_unix(int *fd, const char *path,
	const struct ann_unix_access *access, const char *spec, struct ann_error *err)
{
	unsigned usual = access->group == NULL ? 0600 : 0660;
	unsigned mode = access->mode == 0 ? usual : access->mode;
	gid_t group = (gid_t)-1;
	enum ann_err failed = find_group(access->group, &group, spec, err);

	*fd = -1;
	if (failed != ANN_OK) {
		return failed;
	}
	*fd = socket(AF_UNIX, TYPE, 0);
	/* The descriptor's mode limits that of the path until its group is right. */
	if (*fd < 0 || fchmod(*fd, 0600) != 0 || !bind_to(*fd, path)) {
		return give_up(fd, spec, err);
	}
	if (chown(path, (uid_t)-1, group) != 0 || chmod(path, mode) != 0 ||
		listen(*fd, SOMAXCONN) != 0) {
		failed = give_up(fd, spec, err);
		unlink(path);
	}
	return failed;
}

void ann_listen_unlink(const char *path, const struct stat *made)
{
	struct stat status;

	if (lstat(path, &status) == 0 && status.st_dev == made->st_dev &&
		status.st_ino == made->st_ino) {
		unlink(path);
	}
}

/* --- either ----------------------------------------------------------------------- */

enum ann_err ann_listen_at(int *fd, const struct ann_endpoint *place,
	const struct ann_unix_access *access, struct stat *made, struct ann_error *err)
{
	enum ann_err failed = ANN_OK;

	if (*fd < 0 && place->path != NULL) {
		failed = ann_listen_unix(fd, place->path, access, place->spec, err);
	} else if (*fd < 0) {
		failed = ann_listen_tcp(fd, place->host, place->port, place->spec, err);
	}
	if (failed == ANN_OK && place->path != NULL) {
		(void)lstat(place->path, made);
	}
	return failed;
}

/* --- names ------------------------------------------------------------------------ */

static struct ann_listen_name name_of(const struct sockaddr *address, socklen_t len)
{
	struct ann_listen_name name = {""};
	char host[64] = "";
	char port[8] = "";

	if (address->sa_family == AF_UNIX) {
		(void)snprintf(name.text, sizeof(name.text), "%s",
			((const struct sockaddr_un *)address)->sun_path);
	} else if (getnameinfo(address, len, host, sizeof(host), port, sizeof(port),
			   NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
		(void)snprintf(name.text, sizeof(name.text),
			address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
			port);
	}
	return name;
}

struct ann_listen_name ann_listen_name(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_un path;
		struct sockaddr_storage room;
	} address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(fd, &address.any, &len) != 0) {
		return (struct ann_listen_name){""};
	}
	return name_of(&address.any, len);
}

/* --- sockets of others ------------------------------------------------------------ */

bool ann_listen_is_listening(int fd)
{
	int type = 0;
	int listens = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
	       listens != 0;
}

static bool is_at_path(const struct ann_listen_name *name, const char *path)
{
	struct stat status;

	return strcmp(name->text, path) == 0 && lstat(path, &status) == 0 &&
	       S_ISSOCK(status.st_mode);
}

bool ann_listen_is_at(int fd, const struct ann_endpoint *place)
{
	struct ann_listen_name name = {""};
	struct ann_listen_name wanted = {""};
	struct addrinfo *found = NULL;

	if (!ann_listen_is_listening(fd)) {
		return false;
	}
	name = ann_listen_name(fd);
	if (place->path != NULL) {
		return is_at_path(&name, place->path);
	}
	if (find_address(place->host, place->port, &found) == 0) {
		wanted = name_of(found->ai_addr, found->ai_addrlen);
		freeaddrinfo(found);
	}
	return strcmp(name.text, wanted.text) == 0;
}
