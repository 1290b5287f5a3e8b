/*
 * Real ports, by way of libserialport. Of its release 0.1.1, from its source and from
 * traces of what it does:
 *  - It opens by name only, sets no close-on-exec, takes no lock, and sets the port raw
 *    and writes DTR and RTS back as soon as it has opened it. So the port is opened and
 *    locked before, and the descriptor that libserialport opens is replaced by ours.
 *  - It leaves VMIN 0, HUPCL, IGNPAR and IXANY, and flips the bit of CRTSCTS in the
 *    wrong word. ann_termios_set() has the last word on these; it sets nothing when
 *    there is nothing to mend.
 *  - It sets at once (TCSANOW) and flushes nothing.
 * Release 0.1.2 takes the lock itself; then its descriptor is the one to stay.
 */
#include "io/port/port_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <sys/file.h>
#include <unistd.h>

static enum ann_err story(
	enum sp_return answer, const struct ann_port *port, struct ann_error *err)
{
	int os = errno; /* libserialport's own error code is that */

	switch (answer) {
	case SP_ERR_FAIL:
		return os == EWOULDBLOCK ? ann_port_busy(port->fd, port->path, err)
					 : ann_error_os(err, os, "%s", port->path);
	case SP_ERR_MEM:
		return ann_error_nomem(err);
	default:
		return ANN_ENOTSUP;
	}
}

/* libserialport needs sysfs to know a device and TIOCMGET to open it; the terminals
 * that lack either are the other implementation's. */
static bool is_declined(enum sp_return answer)
{
	return answer == SP_ERR_ARG || answer == SP_ERR_SUPP ||
	       (answer == SP_ERR_FAIL && (errno == ENOTTY || errno == EINVAL));
}

/*
 * When libserialport wants the lock, ours is in its way and let go for the moment;
 * somebody who takes it in between has the port. `locked`: it has been.
 */
static enum sp_return open_serial(
	const struct ann_port *port, struct sp_port *serial, bool *locked)
{
	enum sp_return answer = sp_open(serial, SP_MODE_READ_WRITE);

	*locked = answer == SP_ERR_FAIL && errno == EWOULDBLOCK;
	if (*locked) {
		sp_close(serial); /* which it does not do itself */
		(void)flock(port->fd, LOCK_UN);
		answer = sp_open(serial, SP_MODE_READ_WRITE);
	}
	return answer;
}

/* Leaves one descriptor, with the lock, under the number that libserialport knows.
 * After a failure there are still two. */
static enum ann_err join(struct ann_port *port, struct sp_port *serial, bool locked,
	struct ann_error *err)
{
	int theirs = -1;
	enum ann_err failed = ANN_OK;

	if (sp_get_port_handle(serial, &theirs) != SP_OK ||
		(locked ? fcntl(theirs, F_SETFD, FD_CLOEXEC)
			: dup3(port->fd, theirs, O_CLOEXEC)) < 0) {
		return ann_error_os(err, errno, "%s", port->path);
	}
	failed = ann_port_lock(theirs, port->path, err);
	if (failed == ANN_OK) {
		close(port->fd);
		port->fd = theirs;
	}
	return failed;
}

/* After libserialport has failed: the lock as it was, and what that means. */
static enum ann_err step_back(const struct ann_port *port, enum sp_return answer,
	bool locked, struct ann_error *err)
{
	bool declined = is_declined(answer);
	enum ann_err failed = declined ? ANN_ENOTSUP : story(answer, port, err);

	if (declined && locked && ann_port_lock(port->fd, port->path, err) != ANN_OK) {
		return ANN_ESYS;
	}
	return failed;
}

static enum ann_err take(struct ann_port *port, struct ann_error *err)
{
	struct sp_port *serial = NULL;
	enum sp_return answer = sp_get_port_by_name(port->device, &serial);
	enum ann_err failed = ANN_OK;
	bool locked = false;

	if (answer != SP_OK) {
		return step_back(port, answer, false, err);
	}
	answer = open_serial(port, serial, &locked);
	if (answer != SP_OK) {
		failed = step_back(port, answer, locked, err);
		sp_free_port(serial);
		return failed;
	}
	failed = join(port, serial, locked, err);
	if (failed != ANN_OK) {
		sp_close(serial);
		sp_free_port(serial);
		return failed;
	}
	port->own = serial;
	return ANN_OK;
}

static enum sp_parity parity_of(enum ann_parity parity)
{
	static const enum sp_parity known[] = {
		[ANN_PARITY_NONE] = SP_PARITY_NONE,
		[ANN_PARITY_ODD] = SP_PARITY_ODD,
		[ANN_PARITY_EVEN] = SP_PARITY_EVEN,
		[ANN_PARITY_MARK] = SP_PARITY_MARK,
		[ANN_PARITY_SPACE] = SP_PARITY_SPACE,
	};

	return known[parity];
}

/* What a fresh configuration does not say is left alone: the lines, CRTSCTS. */
static enum sp_return fill(
	struct sp_port_config *config, const struct ann_port_settings *want)
{
	enum sp_xonxoff xonxoff =
		want->flow == ANN_FLOW_XONXOFF ? SP_XONXOFF_INOUT : SP_XONXOFF_DISABLED;

	if (sp_set_config_baudrate(config, (int)want->baudrate) != SP_OK ||
		sp_set_config_bits(config, (int)want->databits) != SP_OK ||
		sp_set_config_parity(config, parity_of(want->parity)) != SP_OK ||
		sp_set_config_stopbits(config, (int)want->stopbits) != SP_OK ||
		sp_set_config_xon_xoff(config, xonxoff) != SP_OK) {
		return SP_ERR_ARG;
	}
	return SP_OK;
}

static enum ann_err configure(struct ann_port *port,
	const struct ann_port_settings *want, struct ann_error *err)
{
	struct sp_port_config *config = NULL;
	enum sp_return answer = SP_OK;
	int os = 0;

	/* libserialport sets all that it knows; of a port that is set already, only
	 * what differs is touched. */
	if (port->settings.baudrate != 0) {
		return ann_port_termios.configure(port, want, err);
	}
	answer = sp_new_config(&config);
	if (answer == SP_OK) {
		answer = fill(config, want);
	}
	if (answer == SP_OK) {
		answer = sp_set_config(port->own, config);
	}
	os = answer == SP_ERR_FAIL ? sp_last_error_code() : 0;
	sp_free_config(config);
	if (answer == SP_ERR_MEM) {
		return ann_error_nomem(err);
	}
	if (answer != SP_OK) {
		return ann_port_refused(answer == SP_ERR_FAIL ? os : EINVAL, want, err);
	}
	os = ann_termios_set(port->fd, want, false);
	return os == 0 ? ANN_OK : ann_port_refused(os, want, err);
}

static void close_port(struct ann_port *port)
{
	sp_close(port->own);
	sp_free_port(port->own);
}

const struct ann_port_ops ann_port_serial = {
	.take = take,
	.configure = configure,
	.close = close_port,
};
