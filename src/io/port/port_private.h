/*
 * port_private - what the parts of a port know of each other.
 */
#ifndef IO_PORT_PRIVATE_H
#define IO_PORT_PRIVATE_H

#include "io/port/port.h"

/* The implementations; port->fd is open and locked before they see a port. */
struct ann_port_ops {
	/* Makes the port one of its own; may exchange port->fd for another number.
	 * ANN_ENOTSUP: not for this implementation; port is as before. Stories name
	 * the port. */
	enum ann_err (*take)(struct ann_port *port, struct ann_error *err);
	/* Sets what is not as `want` says, except DTR and RTS. port->settings tells
	 * what was asked for the last time, with a baudrate of 0 if nothing was. */
	enum ann_err (*configure)(struct ann_port *port,
		const struct ann_port_settings *want, struct ann_error *err);
	/* Closes port->fd and releases port->own. */
	void (*close)(struct ann_port *port);
};

extern const struct ann_port_ops ann_port_serial;  /* libserialport */
extern const struct ann_port_ops ann_port_termios; /* any terminal */

/* ANN_ECONFIG if no port can have such settings. */
ANN_MUST_USE enum ann_err ann_port_settings_check(
	const struct ann_port_settings *settings, struct ann_error *err);

/* What is to become of RTS: with its flow control it is the driver's to move. */
enum ann_pin ann_port_rts(const struct ann_port_settings *settings);

/* Tells `warn` of each setting that the driver does not have as it was wanted. Of what
 * was `seen`, lines are on, off, or `keep` if there are none. */
void ann_port_compare(const char *path, const struct ann_port_settings *want,
	const struct ann_port_settings *seen, ann_error_cb warn, void *user);

/* The story of a failed system call while setting a port: EINVAL means that the driver
 * refuses what is wanted (ANN_ECONFIG), all else is ANN_ESYS. */
enum ann_err ann_port_refused(
	int os, const struct ann_port_settings *want, struct ann_error *err);

/* --- port_termios.c: the kernel's view of a terminal ------------------------------ */

/*
 * Makes the terminal raw with the frame and flow control of `want`; the rate only if
 * `rate`. At once, without waiting and without flushing; nothing at all if all of it is
 * so already. Answers with an errno, 0 if fine.
 */
int ann_termios_set(int fd, const struct ann_port_settings *want, bool rate);

/*
 * What the driver has. The lines are on or off, or `keep` if there are none to ask for.
 * An errno, 0 if fine; ENOTTY when `fd` is no terminal.
 */
int ann_termios_get(int fd, struct ann_port_settings *seen);

/* Moves those lines that shall be on or off and are not. An errno; 0 also if the driver
 * has no lines. */
int ann_termios_set_pins(int fd, enum ann_pin dtr, enum ann_pin rts);

/* --- port_lock.c: alone on a terminal --------------------------------------------- */

/* Takes the lock, or answers ANN_ESYS with EBUSY. */
ANN_MUST_USE enum ann_err ann_port_lock(
	int fd, const char *path, struct ann_error *err);

/* ANN_ESYS with EBUSY if somebody shut others out before `fd` was opened, and is still
 * there. */
ANN_MUST_USE enum ann_err ann_port_respect(
	int fd, const char *path, struct ann_error *err);

/* Also shuts out programs that take no lock, ourselves too: to be called when nothing
 * needs to open the terminal again. */
void ann_port_lock_exclusive(int fd);

/* ANN_ESYS with EBUSY, and a story that names who has the terminal if that is known.
 * `fd` is ours on it, or -1. */
enum ann_err ann_port_busy(int fd, const char *path, struct ann_error *err);

#endif
