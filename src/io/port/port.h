/*
 * port - one serial port, or another terminal that a device's console comes through.
 *
 * The seam below the event loop: opening, locking, settings, lines and counters. The
 * descriptor is then polled, read and written by whoever asked for it. Two
 * implementations stand behind it: libserialport for real ports, and termios alone for
 * terminals that libserialport declines (pseudo-terminals, USB gadgets) and for
 * descriptors that are open already.
 *
 * Whatever the implementation, a port that has been opened
 *  - is locked: flock(2) as tio and pyserial take it, and TIOCEXCL against programs
 * that take no lock (not on pseudo-terminals, where it would outlive us);
 *  - is non-blocking and close-on-exec;
 *  - is raw: bytes pass as they are, a break reads as a NUL, a byte with a parity error
 *    as that byte;
 *  - reads with VMIN 1, so that zero bytes mean that the device is gone, and never that
 *    there is nothing to read;
 *  - has lost nothing that was in the kernel's input buffer.
 *
 * What `keep` can do for DTR and RTS: Linux itself raises both when a port is opened
 * that nobody has open, and lowers both when the last one closes it, if HUPCL is set.
 * The first cannot be avoided; a board that is reset by it is reset by the first open
 * after its plug. `keep` clears HUPCL, so that there is no edge at the close nor at any
 * later open, and touches neither line itself.
 */
#ifndef IO_PORT_H
#define IO_PORT_H

#include "annotty/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* --- settings ------------------------------------------------------------------- */

enum ann_parity {
	ANN_PARITY_NONE,
	ANN_PARITY_ODD,
	ANN_PARITY_EVEN,
	ANN_PARITY_MARK,
	ANN_PARITY_SPACE,
};

enum ann_flow {
	ANN_FLOW_NONE,
	ANN_FLOW_RTSCTS,
	ANN_FLOW_XONXOFF,
};

/* What becomes of DTR or RTS when a port is opened. */
enum ann_pin {
	ANN_PIN_KEEP, /* see above */
	ANN_PIN_ON,
	ANN_PIN_OFF,
};

struct ann_port_settings {
	uint32_t baudrate; /* bits a second, any number that the driver takes; not 0 */
	unsigned databits; /* 5 to 8 */
	enum ann_parity parity;
	unsigned stopbits; /* 1 or 2 */
	enum ann_flow flow;
	enum ann_pin dtr;
	enum ann_pin
		rts; /* with ANN_FLOW_RTSCTS the driver moves it, and this is moot */
};

/* 115200 8N1, no flow control, lines kept. */
extern const struct ann_port_settings ann_port_defaults;

/* The words for them, in the order of the enums; NULL behind the last. */
extern const char *const ann_port_parities[];
extern const char *const ann_port_flows[];
extern const char *const ann_port_pins[];

/* --- life ----------------------------------------------------------------------- */

struct ann_port_ops;

/* To be read, not to be written, by others than port*.c. */
struct ann_port {
	const struct ann_port_ops *ops;
	int fd;       /* to be polled, read and written; closed by ann_port_release() */
	char *path;   /* as it was asked for */
	char *device; /* what that is without links: /dev/ttyUSB0 */
	struct ann_port_settings settings;
	uint32_t
		real_baudrate; /* what the driver says it made of it, 0: does not say */
	void *own;             /* of the implementation */
};

/*
 * Opens `path`, links followed, and applies `settings` (NULL: the defaults). `warn`,
 * which may be NULL, is told, before this returns, what did not hinder opening but is
 * not as asked: a real baud rate that is more than 3 % off, frames that the driver does
 * not have, lines that are not there. A story names `path`; the caller adds whose it
 * is.
 *
 * ANN_ESYS with err->os; of those
 *   ENOENT, ENXIO, ENODEV   it is not there, see ann_port_is_absent();
 *   EBUSY                   somebody else has it; named if that can be found out;
 *   EACCES                  no permission, with the group that has it; also for a
 *                           moment after a plug, until udev has set the group.
 * ANN_ECONFIG: settings that no port can have, a baud rate that this one refuses, or
 * `path` is no terminal. ANN_ENOMEM. After an error nothing is open, and a port that
 * was in use is as it was: the lock is taken before anything is set.
 */
ANN_MUST_USE enum ann_err ann_port_open(struct ann_port **port, const char *path,
	const struct ann_port_settings *settings, ann_error_cb warn, void *user,
	struct ann_error *err);

/*
 * The same for a descriptor that is open already, such as one that a service manager
 * kept over a restart. What is already as wanted is not set again: neither a line
 * moves nor does the driver hear of it when all of it is. The port owns `fd` if this
 * succeeds; after an error it is the caller's still. `path` names it in messages, and
 * should be what would be opened to get the same device.
 */
ANN_MUST_USE enum ann_err ann_port_adopt(struct ann_port **port, int fd,
	const char *path, const struct ann_port_settings *settings, ann_error_cb warn,
	void *user, struct ann_error *err);

/*
 * Applies other settings to an open port, as ann_port_adopt() does: without closing it,
 * losing input, or setting what is as wanted. After an error the port stays open, its
 * settings may be partly the new ones, and port->settings tells the old ones.
 */
ANN_MUST_USE enum ann_err ann_port_configure(struct ann_port *port,
	const struct ann_port_settings *settings, ann_error_cb warn, void *user,
	struct ann_error *err);

/*
 * Gives up the lock, closes and frees. NULL is fine. Watchers of port->fd must have
 * been closed before. The settings stay as they are, as after stty(1): what opens the
 * port next sets what it wants, and putting back those of somebody who left long ago
 * would only disturb the device. DTR and RTS stay with `keep`; if both were set by the
 * user, HUPCL is as usual, and the kernel lowers them.
 */
void ann_port_release(struct ann_port *port);

/*
 * Gives up the lock of a descriptor that is of no use any more, because its device is
 * gone: also for other copies of it, which the lock would otherwise outlive in.
 */
void ann_port_unlock(int fd);

/*
 * Whether two nodes are of one terminal, wherever they stand in the file system. Only
 * of pseudo-terminals each mount of devpts may count its own: two of the same number.
 */
bool ann_port_is_same(const struct stat *a, const struct stat *b);

/*
 * Tells of every other process that has the port open: one that takes no lock (picocom,
 * screen, cat) and came before us, so that each gets a part of the bytes. Of processes
 * of other users only root can know. Looks through all of /proc, which takes
 * milliseconds: for the start, not for each reconnection. Says nothing of
 * pseudo-terminals: programs that simulate a device often keep our side open
 * themselves.
 */
void ann_port_tell_sharers(const struct ann_port *port, ann_error_cb warn, void *user);

/* --- what befalls it ------------------------------------------------------------ */

/*
 * Whether what read(2) or write(2) answered (`got`, with `os` the errno if that is -1)
 * means that the device is gone: zero bytes read, EIO, ENXIO, ENODEV. Call with a write
 * only if it failed. A hang-up that poll(2) tells (POLLHUP) without anything to read
 * shows in the next read as one of these.
 */
bool ann_port_is_gone(ssize_t got, int os);

/* Whether opening failed because there is no such device now; it may yet come. */
bool ann_port_is_absent(const struct ann_error *err);

/* Since the driver began to count, usually at the plug. They wrap around. */
struct ann_port_counters {
	uint32_t received;       /* bytes */
	uint32_t overrun;        /* the hardware lost bytes, times */
	uint32_t buffer_overrun; /* the kernel lost bytes, times */
	uint32_t framing;        /* stop bits that were none: a wrong rate, or noise */
	uint32_t parity;         /* bytes with a wrong parity */
	uint32_t breaks;
};

/*
 * Reads the kernel's counters (TIOCGICOUNT). ANN_ENOTSUP: the driver does not count, as
 * those of pseudo-terminals; will be so the next time. ANN_ESYS: usually, it is gone.
 */
ANN_MUST_USE enum ann_err ann_port_counters(const struct ann_port *port,
	struct ann_port_counters *counters, struct ann_error *err);

/* What was counted from `before` to `now`, each member for itself. */
struct ann_port_counters ann_port_counters_since(
	const struct ann_port_counters *before, const struct ann_port_counters *now);

/* --- for tests ------------------------------------------------------------------ */

/* Whether `real` bits a second are too far (more than 3 %) from `wanted` to talk. A
 * rate of 0 is one that is not known, and fine. */
bool ann_port_rate_is_off(uint32_t wanted, uint32_t real);

#endif
