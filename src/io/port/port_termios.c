/*
 * Terminals by way of the kernel's own struct termios2, which holds any rate as a
 * number. glibc's <termios.h> knows rates only as constants, and cannot be included
 * beside the kernel's.
 */
#include "io/port/port_private.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef TCGETS2 /* powerpc: there, the one struct has always had the rates */
#	define termios2 termios
#	define TCGETS2  TCGETS
#	define TCSETS2  TCSETS
#endif

enum {
	FRAME = CSIZE | CSTOPB | PARENB | PARODD,
	START = 0x11, /* XON, DC1 */
	STOP = 0x13,  /* XOFF, DC3 */
};

static tcflag_t frame_of(const struct ann_port_settings *want)
{
	static const tcflag_t sizes[] = {CS5, CS6, CS7, CS8};
	static const tcflag_t parities[] = {
		[ANN_PARITY_NONE] = 0,
		[ANN_PARITY_ODD] = PARENB | PARODD,
		[ANN_PARITY_EVEN] = PARENB,
		[ANN_PARITY_MARK] = PARENB | PARODD | CMSPAR,
		[ANN_PARITY_SPACE] = PARENB | CMSPAR,
	};

	return sizes[want->databits - 5] | parities[want->parity] |
	       (want->stopbits == 2 ? CSTOPB : 0);
}

/* HUPCL lowers both lines at the close, so it has to go if either shall stay. */
static bool hangs_up(const struct ann_port_settings *want)
{
	return want->dtr != ANN_PIN_KEEP && ann_port_rts(want) != ANN_PIN_KEEP;
}

/* Without INPCK and IGNPAR, no driver leaves out bytes that came damaged. */
static void make_raw(struct termios2 *t)
{
	t->c_iflag &=
		~(tcflag_t)(IGNBRK | BRKINT | IGNPAR | PARMRK | INPCK | ISTRIP | INLCR |
			    IGNCR | ICRNL | IUCLC | IXON | IXANY | IXOFF | IMAXBEL);
	t->c_oflag &= ~(tcflag_t)OPOST;
	t->c_lflag &= ~(tcflag_t)(ISIG | ICANON | ECHO | ECHONL | IEXTEN);
	/* With VMIN 0, a read says 0 both when nothing has come and when the device is
	 * gone; O_NONBLOCK does not help. */
	t->c_cc[VMIN] = 1;
	t->c_cc[VTIME] = 0;
}

static void wish(struct termios2 *t, const struct ann_port_settings *want)
{
	make_raw(t);
	t->c_cflag &= ~((tcflag_t)FRAME | CMSPAR | CRTSCTS | HUPCL);
	t->c_cflag |= frame_of(want) | CREAD | CLOCAL;
	t->c_cflag |= want->flow == ANN_FLOW_RTSCTS ? CRTSCTS : 0;
	t->c_cflag |= hangs_up(want) ? HUPCL : 0;
	if (want->flow == ANN_FLOW_XONXOFF) {
		t->c_iflag |= IXON | IXOFF;
		t->c_cc[VSTART] = START;
		t->c_cc[VSTOP] = STOP;
	}
}

/* Rates that have a constant get it, for other programs to know them by. */
static tcflag_t rate_code(uint32_t rate)
{
	static const struct {
		uint32_t rate;
		tcflag_t code;
	} known[] = {
		{9600, B9600},
		{19200, B19200},
		{38400, B38400},
		{57600, B57600},
		{115200, B115200},
		{230400, B230400},
		{460800, B460800},
		{921600, B921600},
		{1000000, B1000000},
		{1500000, B1500000},
		{2000000, B2000000},
		{3000000, B3000000},
	};

	for (size_t i = 0; i < ANN_LEN(known); i++) {
		if (known[i].rate == rate) {
			return known[i].code;
		}
	}
	return BOTHER;
}

/* The input rate's code 0 means: as the output's. */
static void wish_rate(struct termios2 *t, uint32_t rate)
{
	t->c_cflag &= ~(tcflag_t)(CBAUD | CIBAUD);
	t->c_cflag |= rate_code(rate);
	t->c_ispeed = rate;
	t->c_ospeed = rate;
}

static bool is_same(const struct termios2 *a, const struct termios2 *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
	       a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
	       a->c_ispeed == b->c_ispeed && a->c_ospeed == b->c_ospeed &&
	       memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

int ann_termios_set(int fd, const struct ann_port_settings *want, bool rate)
{
	struct termios2 has = {0};
	struct termios2 wanted = {0};

	if (ioctl(fd, TCGETS2, &has) != 0) {
		return errno;
	}
	wanted = has;
	wish(&wanted, want);
	if (rate) {
		wish_rate(&wanted, want->baudrate);
	}
	if (is_same(&wanted, &has)) {
		return 0;
	}
	return ioctl(fd, TCSETS2, &wanted) != 0 ? errno : 0;
}

static enum ann_parity parity_of(tcflag_t cflag)
{
	bool odd = (cflag & PARODD) != 0;

	if ((cflag & PARENB) == 0) {
		return ANN_PARITY_NONE;
	}
	if ((cflag & CMSPAR) != 0) {
		return odd ? ANN_PARITY_MARK : ANN_PARITY_SPACE;
	}
	return odd ? ANN_PARITY_ODD : ANN_PARITY_EVEN;
}

static unsigned databits_of(tcflag_t cflag)
{
	switch (cflag & CSIZE) {
	case CS5:
		return 5;
	case CS6:
		return 6;
	case CS7:
		return 7;
	default:
		return 8;
	}
}

static enum ann_flow flow_of(const struct termios2 *t)
{
	if ((t->c_cflag & CRTSCTS) != 0) {
		return ANN_FLOW_RTSCTS;
	}
	return (t->c_iflag & IXON) != 0 ? ANN_FLOW_XONXOFF : ANN_FLOW_NONE;
}

int ann_termios_get(int fd, struct ann_port_settings *seen)
{
	struct termios2 t = {0};
	int bits = 0;

	if (ioctl(fd, TCGETS2, &t) != 0) {
		return errno;
	}
	*seen = (struct ann_port_settings){
		.baudrate = t.c_ospeed,
		.databits = databits_of(t.c_cflag),
		.parity = parity_of(t.c_cflag),
		.stopbits = (t.c_cflag & CSTOPB) != 0 ? 2 : 1,
		.flow = flow_of(&t),
	};
	if (ioctl(fd, TIOCMGET, &bits) == 0) {
		seen->dtr = (bits & TIOCM_DTR) != 0 ? ANN_PIN_ON : ANN_PIN_OFF;
		seen->rts = (bits & TIOCM_RTS) != 0 ? ANN_PIN_ON : ANN_PIN_OFF;
	}
	return 0;
}

/* Those of `bits` that a policy wants to be `state` and that are not. */
static int to_move(int bits, enum ann_pin state, enum ann_pin dtr, enum ann_pin rts)
{
	int asked = (dtr == state ? TIOCM_DTR : 0) | (rts == state ? TIOCM_RTS : 0);

	return asked & (state == ANN_PIN_ON ? ~bits : bits);
}

int ann_termios_set_pins(int fd, enum ann_pin dtr, enum ann_pin rts)
{
	int bits = 0;
	int up = 0;
	int down = 0;

	if (ioctl(fd, TIOCMGET, &bits) != 0) {
		/* Drivers without lines answer one of the first two. */
		return errno == ENOTTY || errno == EINVAL ? 0 : errno;
	}
	up = to_move(bits, ANN_PIN_ON, dtr, rts);
	down = to_move(bits, ANN_PIN_OFF, dtr, rts);
	if ((up != 0 && ioctl(fd, TIOCMBIS, &up) != 0) ||
		(down != 0 && ioctl(fd, TIOCMBIC, &down) != 0)) {
		return errno;
	}
	return 0;
}

/* --- the implementation for any terminal ------------------------------------------ */

static enum ann_err take(struct ann_port *port, struct ann_error *err)
{
	(void)port;
	(void)err;
	return ANN_OK;
}

static enum ann_err configure(struct ann_port *port,
	const struct ann_port_settings *want, struct ann_error *err)
{
	bool rate = want->baudrate != port->settings.baudrate;
	int os = ann_termios_set(port->fd, want, rate);

	return os == 0 ? ANN_OK : ann_port_refused(os, want, err);
}

static void close_port(struct ann_port *port)
{
	close(port->fd);
}

const struct ann_port_ops ann_port_termios = {
	.take = take,
	.configure = configure,
	.close = close_port,
};
