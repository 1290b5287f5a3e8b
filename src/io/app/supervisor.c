#include "io/app/supervisor.h"

#ifdef ANN_SYSTEMD

#	include "io/library.h"
#	include "io/log.h"

#	include <fcntl.h>
#	include <stdarg.h>
#	include <stdio.h>
#	include <stdlib.h>
#	include <string.h>
#	include <systemd/sd-daemon.h>
#	include <time.h>
#	include <unistd.h>

enum {
	NAME_ROOM = 256, /* systemd's limit, with a NUL */
	STATUS_ROOM = 1024,
};

/* Of libsystemd, which is loaded only under a service manager. */
static struct {
	bool tried;
	bool there;
	__typeof__(sd_notify) *notify;
	__typeof__(sd_pid_notify_with_fds) *notify_with_fds;
	__typeof__(sd_listen_fds_with_names) *listen_fds;
	__typeof__(sd_watchdog_enabled) *watchdog_enabled;
} sd;

static bool is_supervised(void)
{
	static const struct ann_symbol symbols[] = {
		{"sd_notify", (void **)&sd.notify},
		{"sd_pid_notify_with_fds", (void **)&sd.notify_with_fds},
		{"sd_listen_fds_with_names", (void **)&sd.listen_fds},
		{"sd_watchdog_enabled", (void **)&sd.watchdog_enabled},
	};
	struct ann_error err = {0};

	if (!sd.tried &&
		(getenv("NOTIFY_SOCKET") != NULL || getenv("LISTEN_FDS") != NULL)) {
		sd.there = ann_library_load("libsystemd.so.0", symbols,
				   ANN_LEN(symbols), &err) == ANN_OK;
		if (!sd.there) {
			ann_log_error(ANN_LOG_WARNING, &err);
		}
	}
	sd.tried = true;
	return sd.there;
}

/* One message in the protocol of sd_notify(3). */
static void tell(const char *format, ...) ANN_PRINTF(1, 2);
static void tell(const char *format, ...)
{
	char text[STATUS_ROOM + 64];
	va_list arguments;

	if (is_supervised()) {
		va_start(arguments, format);
		(void)vsnprintf(text, sizeof(text), format, arguments);
		va_end(arguments);
		(void)sd.notify(0, text);
	}
}

/* What the manager has handed to this process; read once. */
static struct {
	bool read;
	int count;
	char **names; /* a name is NULL once its descriptor is taken */
} handed;

static void on_watchdog(uv_timer_t *timer)
{
	struct ann_supervisor *supervisor = timer->data;

	tell("WATCHDOG=1");
	if (supervisor->served != NULL) {
		supervisor->served(supervisor->user);
	}
}

void ann_supervisor_start(struct ann_supervisor *supervisor, uv_loop_t *loop)
{
	enum { US_PER_MS = 1000 };
	uint64_t us = 0;

	supervisor->serves = is_supervised() && sd.watchdog_enabled(0, &us) > 0;
	(void)uv_timer_init(loop, &supervisor->watchdog);
	supervisor->watchdog.data = supervisor;
	if (supervisor->serves) {
		uint64_t half_ms = us / US_PER_MS / 2;

		half_ms = half_ms == 0 ? 1 : half_ms;
		uv_timer_start(&supervisor->watchdog, on_watchdog, half_ms, half_ms);
	}
}

void ann_supervisor_close(struct ann_supervisor *supervisor)
{
	uv_close((uv_handle_t *)&supervisor->watchdog, NULL);
}

static bool is_stopping;

/* False: the manager has been told these words last. */
static bool remember(const char *status)
{
	static char last[STATUS_ROOM];
	char next[STATUS_ROOM];

	(void)snprintf(next, sizeof(next), "%s", status);
	if (strcmp(last, next) == 0) {
		return false;
	}
	memcpy(last, next, sizeof(last));
	return true;
}

void ann_supervisor_ready(const char *status)
{
	(void)remember(status);
	tell("READY=1\nSTATUS=%s", status);
}

void ann_supervisor_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	tell("RELOADING=1\nMONOTONIC_USEC=%llu",
		(unsigned long long)now.tv_sec * 1000000 +
			(unsigned long long)now.tv_nsec / 1000);
}

void ann_supervisor_stopping(void)
{
	is_stopping = true;
	tell("STOPPING=1");
}

void ann_supervisor_status(const char *status)
{
	if (!is_stopping && remember(status)) {
		tell("STATUS=%s", status);
	}
}

void ann_supervisor_forget(const char *name)
{
	tell("FDSTOREREMOVE=1\nFDNAME=%s", name);
}

static void read_handed(void)
{
	if (!handed.read && is_supervised()) {
		handed.count = sd.listen_fds(1, &handed.names);
		for (int i = 0; i < handed.count; i++) {
			(void)fcntl(SD_LISTEN_FDS_START + i, F_SETFD, FD_CLOEXEC);
		}
	}
	handed.read = true;
}

static void strike(int at)
{
	free(handed.names[at]); /* systemd's heap */
	handed.names[at] = NULL;
}

int ann_supervisor_take(bool (*fits)(const void *user, const char *name, int fd),
	const void *user, const char **name)
{
	static char taken[NAME_ROOM];

	read_handed();
	for (int i = 0; i < handed.count; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (handed.names[i] != NULL && fits(user, handed.names[i], fd)) {
			(void)snprintf(taken, sizeof(taken), "%s", handed.names[i]);
			strike(i);
			*name = taken;
			return fd;
		}
	}
	return -1;
}

/* `name` NULL: all. Who has given them forgets them as well. */
static void drop(const char *name)
{
	for (int i = 0; i < handed.count; i++) {
		if (handed.names[i] != NULL &&
			(name == NULL || strcmp(handed.names[i], name) == 0)) {
			ann_supervisor_forget(handed.names[i]);
			close(SD_LISTEN_FDS_START + i);
			strike(i);
		}
	}
}

bool ann_supervisor_keep(const char *name, int fd)
{
	char text[320];

	drop(name); /* now, for it would later take `fd` with it */
	ann_supervisor_forget(name);
	(void)snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s", name);
	return is_supervised() && sd.notify_with_fds(0, 0, text, &fd, 1) > 0;
}

void ann_supervisor_drop_rest(void)
{
	read_handed();
	drop(NULL);
	if (handed.count > 0) {
		free(handed.names);
	}
	handed.count = 0;
}

#else

void ann_supervisor_start(struct ann_supervisor *supervisor, uv_loop_t *loop)
{
	supervisor->serves = false;
	(void)uv_timer_init(loop, &supervisor->watchdog);
}

void ann_supervisor_close(struct ann_supervisor *supervisor)
{
	uv_close((uv_handle_t *)&supervisor->watchdog, NULL);
}

void ann_supervisor_ready(const char *status)
{
	(void)status;
}

void ann_supervisor_reloading(void)
{
}

void ann_supervisor_stopping(void)
{
}

void ann_supervisor_status(const char *status)
{
	(void)status;
}

bool ann_supervisor_keep(const char *name, int fd)
{
	(void)name;
	(void)fd;
	return false;
}

void ann_supervisor_forget(const char *name)
{
	(void)name;
}

int ann_supervisor_take(bool (*fits)(const void *user, const char *name, int fd),
	const void *user, const char **name)
{
	(void)fits;
	(void)user;
	(void)name;
	return -1;
}

void ann_supervisor_drop_rest(void)
{
}

#endif
