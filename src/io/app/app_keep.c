/*
 * Ports and listeners of a daemon outlive it: the service manager keeps a copy of their
 * descriptors under the names of its sources and outputs, `source-NAME` and
 * `output-NAME`, and hands them to the next run. Other names are those of socket units.
 *
 * The next run may have another configuration. So what is taken over is what it would
 * open: the same device, the same address, whatever its name. Only a socket unit may
 * listen somewhere else for a NAME, for that is what its administrator has written.
 */
#include "io/app/app_private.h"
#include "io/app/supervisor.h"
#include "io/net/listening.h"
#include "io/port/port.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_ROOM = 256 }; /* systemd's limit, with a NUL */

/* --- names ------------------------------------------------------------------------ */

static void make_name(char *name, const char *kind, const char *of)
{
	(void)snprintf(name, NAME_ROOM, "%s-%s", kind, of);
	for (char *c = name; *c != '\0'; c++) {
		if (*c == ':' || (unsigned char)*c < 0x20 || *c == 0x7F) {
			*c = '_';
		}
	}
}

static bool is_of_unit(const char *name)
{
	return strncmp(name, "source-", 7) != 0 && strncmp(name, "output-", 7) != 0;
}

/* --- what a descriptor is --------------------------------------------------------- */

static bool is_listener(const struct ann_endpoint *endpoint)
{
	return strcmp(endpoint->scheme, "tcp-listen") == 0 ||
	       strcmp(endpoint->scheme, "unix-listen") == 0;
}

/* The same device, whose node may be another one by now, or the same pipe. */
static bool is_file(int fd, const char *path)
{
	struct stat has;
	struct stat wanted;

	if (fstat(fd, &has) != 0 || stat(path, &wanted) != 0 ||
		((has.st_mode ^ wanted.st_mode) & S_IFMT) != 0) {
		return false;
	}
	if (S_ISCHR(has.st_mode)) {
		return ann_port_is_same(&has, &wanted);
	}
	return S_ISFIFO(has.st_mode) && has.st_dev == wanted.st_dev &&
	       has.st_ino == wanted.st_ino;
}

static bool is_same(const void *user, const char *name, int fd)
{
	const struct ann_endpoint *endpoint = user;

	(void)name;
	if (is_listener(endpoint)) {
		return ann_listen_is_at(fd, endpoint);
	}
	return endpoint->scheme[0] == '\0' && is_file(fd, endpoint->path);
}

static bool is_meant(const void *user, const char *name, int fd)
{
	const struct ann_endpoint *endpoint = user;

	return strcmp(name, endpoint->name) == 0 && is_of_unit(name) &&
	       is_listener(endpoint) && ann_listen_is_listening(fd);
}

/* --- taking and keeping ----------------------------------------------------------- */

int app_take_fd(const struct ann_app *app, const char *kind,
	const struct ann_endpoint *endpoint, struct app_kept *kept)
{
	const char *handed_as = NULL;
	char name[NAME_ROOM];
	int fd = -1;

	*kept = (struct app_kept){.fd = -1};
	if (!app->options.daemon) {
		return -1;
	}
	fd = ann_supervisor_take(is_meant, endpoint, &handed_as);
	if (fd < 0) {
		fd = ann_supervisor_take(is_same, endpoint, &handed_as);
	}
	if (fd < 0) {
		return -1;
	}
	make_name(name, kind, endpoint->name);
	kept->of_unit = is_of_unit(handed_as);
	if (kept->of_unit || strcmp(handed_as, name) == 0) {
		kept->fd = fd;
	} else {
		ann_supervisor_forget(handed_as); /* it has got another name */
	}
	return fd;
}

bool app_keep_fd(const struct ann_app *app, const char *kind,
	const struct ann_endpoint *endpoint, struct app_kept *kept, int fd)
{
	char name[NAME_ROOM];

	if (!app->options.daemon || kept->of_unit) {
		return kept->of_unit;
	}
	if (fd == kept->fd) {
		return fd >= 0;
	}
	make_name(name, kind, endpoint->name);
	if (fd < 0) {
		ann_supervisor_forget(name);
	}
	kept->fd = fd >= 0 && ann_supervisor_keep(name, fd) ? fd : -1;
	return kept->fd >= 0;
}
