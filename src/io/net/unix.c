#include "io/net/unix.h"

#include <string.h>
#include <sys/socket.h>

enum { PATH_MOST = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 };

enum ann_err ann_unix_check(const char *path, const char *spec, struct ann_error *err)
{
	if (path[0] == '\0') {
		return ann_error_set(err, ANN_ECONFIG,
			"\"%s\": the path of the socket is missing", spec);
	}
	if (strlen(path) > PATH_MOST) {
		return ann_error_set(err, ANN_ECONFIG,
			"\"%s\": the path of a socket has at most %d bytes", spec,
			PATH_MOST);
	}
	return ANN_OK;
}

struct sockaddr_un ann_unix_address(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, path, strnlen(path, PATH_MOST));
	return address;
}
