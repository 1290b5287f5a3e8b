#include "io/port/port.h"

#include "annotty/alloc.h"
#include "io/port/port_private.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/serial.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- settings --------------------------------------------------------------------- */

static enum ann_err apply(struct ann_port *port, const struct ann_port_settings *want,
	ann_error_cb warn, void *user, struct ann_error *err)
{
	struct ann_port_settings seen = {0};
	enum ann_err failed = port->ops->configure(port, want, err);
	int os = 0;

	if (failed != ANN_OK) {
		return failed;
	}
	os = ann_termios_set_pins(port->fd, want->dtr, ann_port_rts(want));
	if (os == 0) {
		os = ann_termios_get(port->fd, &seen);
	}
	if (os != 0) {
		return ann_error_os(err, os, "settings");
	}
	if (seen.baudrate == 0) { /* B0: the driver gave up on the rate */
		return ann_port_refused(EINVAL, want, err);
	}
	port->settings = *want;
	port->real_baudrate = seen.baudrate;
	if (warn != NULL) {
		ann_port_compare(port->path, want, &seen, warn, user);
	}
	return ANN_OK;
}

enum ann_err ann_port_configure(struct ann_port *port,
	const struct ann_port_settings *settings, ann_error_cb warn, void *user,
	struct ann_error *err)
{
	enum ann_err failed = ann_port_settings_check(settings, err);

	if (failed == ANN_OK) {
		failed = apply(port, settings, warn, user, err);
	}
	if (failed != ANN_OK) {
		ann_error_context(err, "%s", port->path);
	}
	return failed;
}

/* --- life ------------------------------------------------------------------------- */

/* A port without descriptor. `device` as of `path`, as far as that leads anywhere. */
static struct ann_port *port_new(const char *path)
{
	struct ann_port *port = ann_alloc(sizeof(*port));
	char *device = realpath(path, NULL);
	const char *end = device != NULL ? device : path;

	if (port != NULL) {
		port->fd = -1;
		port->path = ann_copy(path, strlen(path));
		port->device = ann_copy(end, strlen(end));
	}
	free(device);
	if (port == NULL || port->path == NULL || port->device == NULL) {
		ann_port_release(port);
		return NULL;
	}
	return port;
}

void ann_port_release(struct ann_port *port)
{
	if (port == NULL) {
		return;
	}
	if (port->ops != NULL) {
		port->ops->close(port);
	} else if (port->fd >= 0) {
		close(port->fd);
	}
	ann_free(port->path);
	ann_free(port->device);
	ann_free(port);
}

static enum ann_err no_terminal(const struct ann_port *port, struct ann_error *err)
{
	return ann_error_set(err, ANN_ECONFIG, "%s: no terminal", port->path);
}

/* A terminal that answers; a UART that is not there says EIO. */
static enum ann_err ask(const struct ann_port *port, struct ann_port_settings *seen,
	struct ann_error *err)
{
	int os = ann_termios_get(port->fd, seen);

	if (os == ENOTTY || os == EINVAL) {
		return no_terminal(port, err);
	}
	return os == 0 ? ANN_OK : ann_error_os(err, os, "%s", port->path);
}

/* Mostly because of a group that the user is not in. */
static enum ann_err denied(
	const struct ann_port *port, const struct stat *st, struct ann_error *err)
{
	const struct group *group =
		(st->st_mode & 0060) == 0060 ? getgrgid(st->st_gid) : NULL;

	return group == NULL
		       ? ann_error_os(err, EACCES, "%s", port->path)
		       : ann_error_os(err, EACCES, "%s, which is for the group %s",
				 port->path, group->gr_name);
}

/* Opens without becoming its session's terminal, and without waiting for a carrier. */
static enum ann_err open_device(struct ann_port *port, struct ann_error *err)
{
	struct ann_port_settings seen = {0};
	struct stat st = {0};

	if (stat(port->device, &st) != 0) {
		return ann_error_os(err, errno, "%s", port->path);
	}
	if (!S_ISCHR(st.st_mode)) {
		return no_terminal(port, err);
	}
	port->fd = open(port->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (port->fd < 0 && errno == EACCES) {
		return denied(port, &st, err);
	}
	if (port->fd < 0) {
		return errno == EBUSY ? ann_port_busy(-1, port->path, err)
				      : ann_error_os(err, errno, "%s", port->path);
	}
	return ask(port, &seen, err);
}

/* The first implementation that takes it; the last one takes all. */
static enum ann_err take(struct ann_port *port, struct ann_error *err)
{
	static const struct ann_port_ops *const all[] = {
		&ann_port_serial, &ann_port_termios};
	enum ann_err failed = ANN_ENOTSUP;

	for (size_t i = 0; i < ANN_LEN(all) && failed == ANN_ENOTSUP; i++) {
		failed = all[i]->take(port, err);
		port->ops = failed == ANN_OK ? all[i] : NULL;
	}
	return failed;
}

static enum ann_err set_up(struct ann_port *port,
	const struct ann_port_settings *settings, ann_error_cb warn, void *user,
	struct ann_error *err)
{
	enum ann_err failed = open_device(port, err);

	if (failed == ANN_OK) {
		failed = ann_port_lock(port->fd, port->path, err);
	}
	if (failed == ANN_OK) {
		failed = ann_port_respect(port->fd, port->path, err);
	}
	if (failed == ANN_OK) {
		failed = take(port, err);
	}
	if (failed == ANN_OK) {
		ann_port_lock_exclusive(port->fd);
		failed = ann_port_configure(port,
			settings != NULL ? settings : &ann_port_defaults, warn, user,
			err);
	}
	return failed;
}

enum ann_err ann_port_open(struct ann_port **port, const char *path,
	const struct ann_port_settings *settings, ann_error_cb warn, void *user,
	struct ann_error *err)
{
	struct ann_port *made = port_new(path);
	enum ann_err failed = ANN_OK;

	if (made == NULL) {
		return ann_error_nomem(err);
	}
	failed = set_up(made, settings, warn, user, err);
	if (failed != ANN_OK) {
		ann_port_release(made);
		return failed;
	}
	*port = made;
	return ANN_OK;
}

/* --- adoption --------------------------------------------------------------------- */

static int set_flags(int fd)
{
	int descriptor = fcntl(fd, F_GETFD);
	int status = fcntl(fd, F_GETFL);

	if (descriptor < 0 || status < 0) {
		return errno;
	}
	if ((descriptor & FD_CLOEXEC) == 0 &&
		fcntl(fd, F_SETFD, descriptor | FD_CLOEXEC) < 0) {
		return errno;
	}
	if ((status & O_NONBLOCK) == 0 && fcntl(fd, F_SETFL, status | O_NONBLOCK) < 0) {
		return errno;
	}
	return 0;
}

/*
 * A rate that is about what is wanted is what the driver made of just that the last
 * time, and setting it again would change nothing but restart the port.
 */
static enum ann_err recognise(struct ann_port *port,
	const struct ann_port_settings *want, struct ann_error *err)
{
	struct ann_port_settings seen = {0};
	enum ann_err failed = ask(port, &seen, err);
	int os = failed == ANN_OK ? set_flags(port->fd) : 0;

	if (failed != ANN_OK) {
		return failed;
	}
	if (os != 0) {
		return ann_error_os(err, os, "%s", port->path);
	}
	if (!ann_port_rate_is_off(want->baudrate, seen.baudrate)) {
		port->settings.baudrate = want->baudrate;
	}
	return ANN_OK;
}

static enum ann_err take_over(struct ann_port *port,
	const struct ann_port_settings *want, ann_error_cb warn, void *user,
	struct ann_error *err)
{
	enum ann_err failed = recognise(port, want, err);

	if (failed == ANN_OK) {
		failed = ann_port_lock(port->fd, port->path, err);
	}
	if (failed == ANN_OK) {
		ann_port_lock_exclusive(port->fd);
		failed = ann_port_configure(port, want, warn, user, err);
	}
	return failed;
}

enum ann_err ann_port_adopt(struct ann_port **port, int fd, const char *path,
	const struct ann_port_settings *settings, ann_error_cb warn, void *user,
	struct ann_error *err)
{
	struct ann_port *made = port_new(path);
	enum ann_err failed = ANN_OK;

	if (made == NULL) {
		return ann_error_nomem(err);
	}
	made->fd = fd;
	made->ops = &ann_port_termios;
	failed = take_over(made, settings != NULL ? settings : &ann_port_defaults, warn,
		user, err);
	if (failed != ANN_OK) {
		made->fd = -1; /* the caller's still */
		made->ops = NULL;
		ann_port_release(made);
		return failed;
	}
	*port = made;
	return ANN_OK;
}

/* --- what befalls it -------------------------------------------------------------- */

bool ann_port_is_gone(ssize_t got, int os)
{
	return got == 0 || (got < 0 && (os == EIO || os == ENXIO || os == ENODEV));
}

bool ann_port_is_absent(const struct ann_error *err)
{
	return err->os == ENOENT || err->os == ENXIO || err->os == ENODEV;
}

enum ann_err ann_port_counters(const struct ann_port *port,
	struct ann_port_counters *counters, struct ann_error *err)
{
	struct serial_icounter_struct all = {0};

	if (ioctl(port->fd, TIOCGICOUNT, &all) != 0) {
		return errno == ENOTTY || errno == EINVAL
			       ? ann_error_set(err, ANN_ENOTSUP,
					 "%s: the driver does not count", port->path)
			       : ann_error_os(err, errno, "%s: counters", port->path);
	}
	*counters = (struct ann_port_counters){
		.received = (uint32_t)all.rx,
		.overrun = (uint32_t)all.overrun,
		.buffer_overrun = (uint32_t)all.buf_overrun,
		.framing = (uint32_t)all.frame,
		.parity = (uint32_t)all.parity,
		.breaks = (uint32_t)all.brk,
	};
	return ANN_OK;
}

struct ann_port_counters ann_port_counters_since(
	const struct ann_port_counters *before, const struct ann_port_counters *now)
{
	return (struct ann_port_counters){
		.received = now->received - before->received,
		.overrun = now->overrun - before->overrun,
		.buffer_overrun = now->buffer_overrun - before->buffer_overrun,
		.framing = now->framing - before->framing,
		.parity = now->parity - before->parity,
		.breaks = now->breaks - before->breaks,
	};
}
