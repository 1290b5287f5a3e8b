/*
 * Ports and listeners of a daemon outlive it: the service manager keeps a copy of their
 * descriptors, and the next run takes them up under the names of its sources and
 * outputs: `source-NAME`, `output-NAME`.
 */
#include "io/app_private.h"
#include "io/supervisor.h"

#include <stdio.h>

enum { NAME_ROOM = 256 }; /* systemd's limit, with a NUL */

static void make_name(char *name, const char *kind, const char *of)
{
	(void)snprintf(name, NAME_ROOM, "%s-%s", kind, of);
	for (char *c = name; *c != '\0'; c++) {
		if (*c == ':' || (unsigned char)*c < 0x20 || *c == 0x7F) {
			*c = '_';
		}
	}
}

int app_take_fd(const struct ann_app *app, const char *kind, const char *of)
{
	char name[NAME_ROOM];

	make_name(name, kind, of);
	return app->options.daemon ? ann_supervisor_take(name) : -1;
}

bool app_keep_fd(const struct ann_app *app, const char *kind, const char *of, int fd)
{
	char name[NAME_ROOM];

	make_name(name, kind, of);
	return app->options.daemon && fd >= 0 && ann_supervisor_keep(name, fd);
}

void app_forget_fd(const struct ann_app *app, const char *kind, const char *of)
{
	char name[NAME_ROOM];

	make_name(name, kind, of);
	if (app->options.daemon) {
		ann_supervisor_forget(name);
	}
}
