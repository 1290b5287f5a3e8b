#include "cli/state.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ann_state_directory(void)
{
	static char path[PATH_MAX];
	const char *service = getenv("STATE_DIRECTORY");
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (service != NULL && service[0] == '/') {
		(void)snprintf(path, sizeof(path), "%.*s", (int)strcspn(service, ":"),
			service);
	} else if (state != NULL && state[0] == '/') {
		(void)snprintf(path, sizeof(path), "%s/annotty", state);
	} else if (home != NULL && home[0] == '/') {
		(void)snprintf(path, sizeof(path), "%s/.local/state/annotty", home);
	} else {
		return NULL;
	}
	return path;
}
