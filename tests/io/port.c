/* Tests of port: everything that can be asked of it without hardware, on ptys. */
#include "io/port/port.h"

#include "annotty/alloc.h"
#include "io/port/port_keys.h"
#include "io/port/port_private.h"

#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { DEADLINE_MS = 5000 };

/* --- material --------------------------------------------------------------------- */

/* A device that is simulated: we have the master. */
struct device {
	int master;
	int slave; /* the test's own eye on the terminal, without a lock */
	char path[64];
};

static struct device device_new(void)
{
	struct device device = {0};

	ck_assert_int_eq(
		openpty(&device.master, &device.slave, device.path, NULL, NULL), 0);
	return device;
}

static void device_free(const struct device *device)
{
	close(device->master);
	close(device->slave);
}

static struct ann_port *opened(
	const struct device *device, const struct ann_port_settings *settings)
{
	struct ann_error err = {0};
	struct ann_port *port = NULL;

	ck_assert_msg(ann_port_open(&port, device->path, settings, NULL, NULL, &err) ==
			      ANN_OK,
		"%s", err.text);
	return port;
}

static struct termios attributes(int fd)
{
	struct termios t = {0};

	ck_assert_int_eq(tcgetattr(fd, &t), 0);
	return t;
}

/* What was told, a line each. */
struct told {
	char text[2048];
};

static void on_warning(void *user, const struct ann_error *err)
{
	struct told *told = user;
	size_t used = strlen(told->text);

	snprintf(told->text + used, sizeof(told->text) - used, "%s\n", err->text);
}

static bool comes(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, DEADLINE_MS) == 1;
}

/* Reads `len` bytes that are to come. */
static void expect_input(const struct ann_port *port, const char *expected)
{
	char got[256] = "";
	size_t len = 0;

	while (len < strlen(expected)) {
		ssize_t n = 0;

		ck_assert(comes(port->fd, POLLIN));
		n = read(port->fd, got + len, sizeof(got) - 1 - len);
		ck_assert_int_gt(n, 0);
		len += (size_t)n;
	}
	ck_assert_str_eq(got, expected);
}

/* Another process that has done `act` to the terminal and goes on living. */
static pid_t neighbour(const char *path, void (*act)(int fd))
{
	int ready[2];
	char byte = 0;
	pid_t pid = 0;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int fd = open(path, O_RDWR | O_NOCTTY);

		act(fd);
		byte = fd >= 0 ? 1 : 0;
		(void)!write(ready[1], &byte, 1);
		for (;;) {
			pause();
		}
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 1);
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void take_flock(int fd)
{
	(void)flock(fd, LOCK_EX | LOCK_NB);
}

static void take_exclusive(int fd)
{
	(void)ioctl(fd, TIOCEXCL);
}

static void expect_busy(const char *path, pid_t holder)
{
	struct ann_error err = {0};
	struct ann_port *port = NULL;
	char pid[32];

	snprintf(pid, sizeof(pid), "(pid %ld)", (long)holder);
	ck_assert_int_eq(ann_port_open(&port, path, NULL, NULL, NULL, &err), ANN_ESYS);
	ck_assert_int_eq(err.os, EBUSY);
	ck_assert_ptr_null(port);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	ck_assert_msg(strstr(err.text, pid) != NULL, "no %s in: %s", pid, err.text);
	ck_assert(!ann_port_is_absent(&err));
}

START_TEST(a_port_that_is_for_a_group_names_it)
{
	struct device device = device_new();
	const struct group *group = getgrnam("daemon");
	struct ann_error err = {0};
	struct ann_port *port = NULL;
	char told[128];

	if (geteuid() != 0 || group == NULL) {
		device_free(&device); /* only root gives a device away */
		return;
	}
	ck_assert_int_eq(fchown(device.slave, 0, group->gr_gid), 0);
	ck_assert_int_eq(fchmod(device.slave, 0660), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(
		ann_port_open(&port, device.path, NULL, NULL, NULL, &err), ANN_ESYS);
	ck_assert_int_eq(seteuid(0), 0);
	snprintf(told, sizeof(told), "%s, which is for the group daemon: %s",
		device.path, strerror(EACCES));
	ck_assert_str_eq(err.text, told);
	ck_assert_int_eq(err.os, EACCES);
	device_free(&device);
}
END_TEST

/* --- words and numbers ------------------------------------------------------------ */

/* What the settings make of `key=word`; false: it does not fit. */
static bool wish(const char *key, const char *word, struct ann_port_wishes *wishes)
{
	static const struct ann_key *const keys[] = {ann_port_keys, NULL};
	struct ann_settings settings = {0};

	*wishes = (struct ann_port_wishes){0};
	ck_assert_int_eq(
		ann_settings_set(&settings, ann_span(key), ann_span(word), "", NULL),
		ANN_OK);
	enum ann_err failed = ann_settings_read(&settings, keys, wishes, NULL);

	ann_settings_deinit(&settings);
	return failed == ANN_OK;
}

START_TEST(words_stand_for_their_enums)
{
	struct ann_port_wishes wishes;

	ck_assert(wish("parity", "space", &wishes));
	ck_assert_uint_eq(wishes.parity, ANN_PARITY_SPACE);
	ck_assert(wish("parity", "even", &wishes));
	ck_assert_uint_eq(wishes.parity, ANN_PARITY_EVEN);
	ck_assert(wish("flow", "xonxoff", &wishes));
	ck_assert_uint_eq(wishes.flow, ANN_FLOW_XONXOFF);
	ck_assert(wish("dtr", "on", &wishes));
	ck_assert_uint_eq(wishes.dtr, ANN_PIN_ON);
	ck_assert(wish("rts", "off", &wishes));
	ck_assert_uint_eq(wishes.rts, ANN_PIN_OFF);
	ck_assert_str_eq(ann_port_parities[ANN_PARITY_MARK], "mark");
	ck_assert_str_eq(ann_port_flows[ANN_FLOW_RTSCTS], "rtscts");
	ck_assert_str_eq(ann_port_pins[ANN_PIN_KEEP], "keep");
}
END_TEST

START_TEST(other_words_are_refused)
{
	struct ann_port_wishes wishes;

	ck_assert(!wish("parity", "evens", &wishes));
	ck_assert(!wish("parity", "", &wishes));
	ck_assert(!wish("flow", "RTSCTS", &wishes));
	ck_assert(!wish("dtr", "1", &wishes));
}
END_TEST

START_TEST(settings_that_no_port_can_have_are_refused)
{
	static const struct {
		uint32_t baudrate;
		unsigned databits;
		unsigned stopbits;
		const char *word;
	} wrong[] = {
		{0, 8, 1, "baudrate 0"},
		{(uint32_t)INT_MAX + 1, 8, 1, "baudrate 2147483648"},
		{9600, 4, 1, "databits 4"},
		{9600, 9, 1, "databits 9"},
		{9600, 8, 0, "stopbits 0"},
		{9600, 8, 3, "stopbits 3"},
	};
	struct device device = device_new();
	struct ann_port_settings settings = ann_port_defaults;
	struct ann_port *port = NULL;
	struct ann_error err = {0};

	settings.baudrate = wrong[_i].baudrate;
	settings.databits = wrong[_i].databits;
	settings.stopbits = wrong[_i].stopbits;
	ck_assert_int_eq(ann_port_open(&port, device.path, &settings, NULL, NULL, &err),
		ANN_ECONFIG);
	ck_assert_ptr_null(port);
	ck_assert_ptr_nonnull(strstr(err.text, device.path));
	ck_assert_ptr_nonnull(strstr(err.text, wrong[_i].word));
	device_free(&device);
}
END_TEST

START_TEST(a_rate_is_off_when_more_than_three_percent_away)
{
	ck_assert(!ann_port_rate_is_off(115200, 115200));
	ck_assert(!ann_port_rate_is_off(100000, 103000));
	ck_assert(ann_port_rate_is_off(100000, 103001));
	ck_assert(!ann_port_rate_is_off(100000, 97000));
	ck_assert(ann_port_rate_is_off(100000, 96999));
	ck_assert(ann_port_rate_is_off(5000000, 9600));
	ck_assert(ann_port_rate_is_off(9600, 0));
	ck_assert(ann_port_rate_is_off(UINT32_MAX, 1));
	ck_assert(!ann_port_rate_is_off(UINT32_MAX, UINT32_MAX - 1));
}
END_TEST

START_TEST(what_the_driver_made_otherwise_is_told)
{
	struct ann_port_settings want = ann_port_defaults;
	struct ann_port_settings seen = ann_port_defaults;
	struct told told = {""};

	seen.dtr = seen.rts = ANN_PIN_ON;
	ann_port_compare("p", &want, &seen, on_warning, &told);
	ck_assert_str_eq(told.text, "");

	want.baudrate = 5000000;
	want.parity = ANN_PARITY_MARK;
	want.flow = ANN_FLOW_RTSCTS;
	want.dtr = want.rts =
		ANN_PIN_OFF; /* RTS is the driver's with this flow control */
	seen.baudrate = 9600;
	ann_port_compare("p", &want, &seen, on_warning, &told);
	ck_assert_str_eq(told.text,
		"p: asked for 5000000 baud, but the driver runs at 9600 (-99.8 %)\n"
		"p: asked for 8 databits, parity mark, 1 stopbits, but the driver has 8, "
		"none, 1\n"
		"p: the driver has no flow control rtscts\n"
		"p: DTR does not switch off\n");
}
END_TEST

START_TEST(a_terminal_without_wire_is_not_told_to_have_a_wrong_rate)
{
	struct ann_port_settings want = ann_port_defaults;
	struct ann_port_settings seen = ann_port_defaults;
	struct told told = {""};

	seen.baudrate = 9600;
	want.rts = ANN_PIN_ON;
	ann_port_compare("p", &want, &seen, on_warning, &told);
	ck_assert_str_eq(told.text, "p: has no RTS to switch on\n");
}
END_TEST

/* --- opening ---------------------------------------------------------------------- */

START_TEST(an_open_port_is_raw)
{
	struct device device = device_new();
	struct ann_port *port = opened(&device, NULL);
	struct termios t = attributes(device.slave);

	ck_assert_uint_eq(
		t.c_iflag & (IGNBRK | BRKINT | IGNPAR | PARMRK | INPCK | ISTRIP |
				    INLCR | IGNCR | ICRNL | IXON | IXOFF),
		0);
	ck_assert_uint_eq(t.c_oflag & OPOST, 0);
	ck_assert_uint_eq(t.c_lflag & (ICANON | ECHO | ISIG | IEXTEN), 0);
	ck_assert_uint_eq(t.c_cflag & (CREAD | CLOCAL), CREAD | CLOCAL);
	ck_assert_uint_eq(t.c_cc[VMIN], 1);
	ck_assert_uint_eq(t.c_cc[VTIME], 0);
	ck_assert_uint_eq(cfgetospeed(&t), B115200);
	ck_assert_uint_eq(port->real_baudrate, 115200);
	ann_port_release(port);
	device_free(&device);
}
END_TEST

START_TEST(settings_reach_the_terminal)
{
	struct device device = device_new();
	struct ann_port_settings settings = {
		.baudrate = 250000, /* there is no constant for it */
		.databits = 8,      /* all that a pty has */
		.stopbits = 2,
		.flow = ANN_FLOW_XONXOFF,
	};
	struct ann_port *port = opened(&device, &settings);
	struct termios t = attributes(device.slave);

	ck_assert_uint_eq(port->real_baudrate, 250000);
	ck_assert_uint_eq(t.c_cflag & CSTOPB, CSTOPB);
	ck_assert_uint_eq(t.c_iflag & (IXON | IXOFF), IXON | IXOFF);
	ck_assert_uint_eq(t.c_cflag & CRTSCTS, 0);

	settings = ann_port_defaults;
	settings.flow = ANN_FLOW_RTSCTS;
	ck_assert_int_eq(ann_port_configure(port, &settings, NULL, NULL, NULL), ANN_OK);
	t = attributes(device.slave);
	ck_assert_uint_eq(port->real_baudrate, 115200);
	ck_assert_uint_eq(t.c_cflag & (CSTOPB | CRTSCTS), CRTSCTS);
	ck_assert_uint_eq(t.c_iflag & (IXON | IXOFF), 0);
	ck_assert_int_eq(port->settings.flow, ANN_FLOW_RTSCTS);
	ann_port_release(port);
	device_free(&device);
}
END_TEST

START_TEST(lines_that_are_kept_are_kept_at_the_close)
{
	static const struct {
		enum ann_pin dtr;
		enum ann_pin rts;
		bool hangs_up;
	} policies[] = {
		{ANN_PIN_KEEP, ANN_PIN_KEEP, false},
		{ANN_PIN_ON, ANN_PIN_KEEP, false},
		{ANN_PIN_KEEP, ANN_PIN_OFF, false},
		{ANN_PIN_OFF, ANN_PIN_ON, true},
	};
	struct device device = device_new();
	struct ann_port_settings settings = ann_port_defaults;
	struct termios t = attributes(device.slave);
	struct ann_port *port = NULL;

	t.c_cflag |= HUPCL;
	ck_assert_int_eq(tcsetattr(device.slave, TCSANOW, &t), 0);
	settings.dtr = policies[_i].dtr;
	settings.rts = policies[_i].rts;
	port = opened(&device, &settings);
	ck_assert_int_eq(
		(attributes(device.slave).c_cflag & HUPCL) != 0, policies[_i].hangs_up);
	ann_port_release(port);
	ck_assert_int_eq(
		(attributes(device.slave).c_cflag & HUPCL) != 0, policies[_i].hangs_up);
	device_free(&device);
}
END_TEST

START_TEST(lines_that_are_not_there_are_told)
{
	struct device device = device_new();
	struct ann_port_settings settings = ann_port_defaults;
	struct ann_port *port = NULL;
	struct told told = {""};

	settings.dtr = ANN_PIN_OFF;
	ck_assert_int_eq(
		ann_port_open(&port, device.path, &settings, on_warning, &told, NULL),
		ANN_OK);
	ck_assert_ptr_nonnull(strstr(told.text, ": has no DTR to switch off\n"));
	ck_assert_ptr_null(strstr(told.text, "RTS"));
	ann_port_release(port);
	device_free(&device);
}
END_TEST

START_TEST(what_waited_in_the_kernel_is_not_lost)
{
	static const char waiting[] = "a line\nand half a li";
	struct device device = device_new();
	struct ann_port *port = NULL;
	int count = 0;

	/* Until the port is opened, the terminal waits for whole lines. */
	ck_assert_uint_eq(attributes(device.slave).c_lflag & ICANON, ICANON);
	ck_assert_int_eq(
		write(device.master, waiting, strlen(waiting)), strlen(waiting));
	ck_assert(comes(device.slave, POLLIN));
	ck_assert_int_eq(ioctl(device.slave, FIONREAD, &count), 0);
	ck_assert_int_eq(count, strlen("a line\n"));
	port = opened(&device, NULL);
	expect_input(port, waiting);
	ann_port_release(port);
	device_free(&device);
}
END_TEST

START_TEST(the_descriptor_does_not_wait_and_is_not_inherited)
{
	struct device device = device_new();
	struct ann_port *port = opened(&device, NULL);

	ck_assert_int_eq(fcntl(port->fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(fcntl(port->fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	ann_port_release(port);
	device_free(&device);
}
END_TEST

START_TEST(links_are_followed)
{
	struct device device = device_new();
	char directory[] = "/tmp/annotty-port.XXXXXX";
	char link[64];
	struct ann_port *port = NULL;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(link, sizeof(link), "%s/usb-Maker_Board-if00", directory);
	ck_assert_int_eq(symlink(device.path, link), 0);
	ck_assert_int_eq(ann_port_open(&port, link, NULL, NULL, NULL, NULL), ANN_OK);
	ck_assert_str_eq(port->path, link);
	ck_assert_str_eq(port->device, device.path);
	expect_busy(link, getpid());
	ann_port_release(port);
	ck_assert_int_eq(unlink(link), 0);
	ck_assert_int_eq(rmdir(directory), 0);
	device_free(&device);
}
END_TEST

START_TEST(what_is_not_there_is_absent)
{
	struct ann_error err = {0};
	struct ann_port *port = NULL;

	ck_assert_int_eq(
		ann_port_open(&port, "/dev/ttyNotThere0", NULL, NULL, NULL, &err),
		ANN_ESYS);
	ck_assert(ann_port_is_absent(&err));
	ck_assert_str_eq(err.text, "/dev/ttyNotThere0: No such file or directory");
}
END_TEST

START_TEST(what_is_no_terminal_is_refused)
{
	static const char *const others[] = {"/dev/null", "/", "/proc/self/exe"};
	struct ann_error err = {0};
	struct ann_port *port = NULL;

	ck_assert_int_eq(
		ann_port_open(&port, others[_i], NULL, NULL, NULL, &err), ANN_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, ": no terminal"));
	ck_assert(!ann_port_is_absent(&err));
}
END_TEST

START_TEST(opening_survives_every_allocation_that_fails)
{
	struct device device = device_new();
	struct ann_error err = {0};
	struct ann_port *port = NULL;
	enum ann_err failed = ANN_OK;

	test_heap_begin(_i);
	failed = ann_port_open(&port, device.path, NULL, NULL, NULL, &err);
	ck_assert(failed == ANN_OK || failed == ANN_ENOMEM);
	ann_port_release(port);
	ck_assert_int_eq(test_heap_end(), failed == ANN_ENOMEM);

	ann_port_release(opened(&device, NULL)); /* nothing holds it */
	device_free(&device);
}
END_TEST

/* --- alone ------------------------------------------------------------------------ */

START_TEST(a_second_open_is_refused_and_names_the_first)
{
	struct device device = device_new();
	struct ann_port *port = opened(&device, NULL);

	expect_busy(device.path, getpid());
	ann_port_release(port);
	ann_port_release(opened(&device, NULL));
	device_free(&device);
}
END_TEST

START_TEST(a_port_in_use_is_not_disturbed)
{
	struct device device = device_new();
	struct ann_port_settings settings = ann_port_defaults;
	struct ann_port *port = NULL;
	struct termios t;

	settings.baudrate = 9600;
	port = opened(&device, &settings);
	expect_busy(device.path, getpid());
	t = attributes(device.slave);
	ck_assert_uint_eq(cfgetospeed(&t), B9600);
	ann_port_release(port);
	device_free(&device);
}
END_TEST

START_TEST(the_process_that_has_the_lock_is_named)
{
	struct device device = device_new();
	pid_t other = neighbour(device.path, take_flock);

	expect_busy(device.path, other);
	end(other);
	ann_port_release(opened(&device, NULL));
	device_free(&device);
}
END_TEST

START_TEST(a_process_that_shuts_out_others_is_respected_and_named)
{
	struct device device = device_new();
	pid_t other = 0;

	close(device.slave);
	other = neighbour(device.path, take_exclusive);
	expect_busy(device.path, other);
	end(other);
	if (geteuid() == 0) {
		/* The master keeps the flag alive, but nobody is behind it. */
		ann_port_release(opened(&device, NULL));
	}
	close(device.master);
}
END_TEST

START_TEST(a_pseudo_terminal_is_that_of_its_file_system)
{
	const struct stat pty = {
		.st_mode = S_IFCHR, .st_rdev = makedev(136, 4), .st_dev = 7};
	struct stat namesake = pty;
	struct stat port = pty;
	struct stat other_node = {0};

	namesake.st_dev = 8;
	port.st_rdev = makedev(188, 0);
	other_node = port;
	other_node.st_dev = 8;
	ck_assert(ann_port_is_same(&pty, &pty));
	ck_assert(!ann_port_is_same(&pty, &namesake));
	ck_assert(!ann_port_is_same(&pty, &port));
	ck_assert(ann_port_is_same(&port, &other_node));
}
END_TEST

/* One with the same number in a devpts of the child's own, if that is to be had. */
static void open_namesake(int fd)
{
	const char *path = ttyname(fd);
	unsigned wanted = (unsigned)atoi(strrchr(path, '/') + 1);
	unsigned number = 0;
	int no = 0;

	close(fd);
	if (unshare(CLONE_NEWNS) != 0 ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666") !=
			0) {
		return;
	}
	do {
		int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY);

		if (ioctl(master, TIOCGPTN, &number) != 0 ||
			ioctl(master, TIOCSPTLCK, &no) != 0) {
			return;
		}
	} while (number < wanted);
	(void)open(path, O_RDWR | O_NOCTTY);
}

START_TEST(a_namesake_in_another_devpts_is_no_user)
{
	struct device device = device_new();
	struct stat ours = {0};
	struct stat theirs = {0};
	char path[128];
	pid_t other = 0;

	ck_assert_int_eq(fstat(device.slave, &ours), 0);
	/* As somebody has left it who wanted to be alone. */
	ck_assert_int_eq(ioctl(device.slave, TIOCEXCL), 0);
	close(device.slave);
	other = geteuid() == 0 ? neighbour(device.path, open_namesake) : getpid();
	snprintf(path, sizeof(path), "/proc/%ld/root%s", (long)other, device.path);
	if (stat(path, &theirs) == 0 && ours.st_dev != theirs.st_dev) {
		ck_assert_uint_eq(ours.st_rdev, theirs.st_rdev);
		ann_port_release(opened(&device, NULL));
	} else {
		puts("skipped: no devpts can be mounted here");
	}
	if (other != getpid()) {
		end(other);
	}
	close(device.master);
}
END_TEST

START_TEST(a_pseudo_terminal_does_not_stay_shut_behind_us)
{
	struct device device = device_new();
	struct ann_port *port = opened(&device, NULL);
	int exclusive = 1;

	ck_assert_int_eq(ioctl(device.slave, TIOCGEXCL, &exclusive), 0);
	ck_assert_int_eq(exclusive, 0);
	ann_port_release(port);
	device_free(&device);
}
END_TEST

START_TEST(sharers_of_a_pseudo_terminal_are_no_news)
{
	struct device device = device_new();
	struct ann_port *port = opened(&device, NULL);
	struct told told = {""};

	ann_port_tell_sharers(port, on_warning, &told);
	ck_assert_str_eq(told.text, "");
	ann_port_release(port);
	device_free(&device);
}
END_TEST

/* --- adoption --------------------------------------------------------------------- */

/* From now on, the master is told each time that the terminal's settings are set, be
 * they the same: in packet mode, with EXTPROC, the driver says so (tty_ioctl(4)). */
static void watch_settings(const struct device *device)
{
	struct termios t = attributes(device->slave);
	int on = 1;

	t.c_lflag |= EXTPROC;
	ck_assert_int_eq(tcsetattr(device->slave, TCSANOW, &t), 0);
	ck_assert_int_eq(ioctl(device->master, TIOCPKT, &on), 0);
}

/* Whether they were, since the last call. */
static bool were_set(const struct device *device)
{
	struct pollfd p = {.fd = device->master, .events = POLLIN | POLLPRI};
	unsigned char status = 0;

	return poll(&p, 1, 0) == 1 && read(device->master, &status, 1) == 1 &&
	       (status & TIOCPKT_IOCTL) != 0;
}

START_TEST(adopting_a_port_that_is_as_wanted_sets_nothing)
{
	struct device device = device_new();
	struct ann_port_settings settings = ann_port_defaults;
	struct ann_port *port = NULL;
	int kept = -1;

	settings.baudrate = 9600;
	port = opened(&device, &settings);
	kept = dup(port->fd); /* as a service manager does */
	ann_port_release(port);
	watch_settings(&device);

	ck_assert_int_eq(
		ann_port_adopt(&port, kept, device.path, &settings, NULL, NULL, NULL),
		ANN_OK);
	ck_assert(!were_set(&device));
	ck_assert_int_eq(ann_port_configure(port, &settings, NULL, NULL, NULL), ANN_OK);
	ck_assert(!were_set(&device));
	settings.baudrate = 19200;
	ck_assert_int_eq(ann_port_configure(port, &settings, NULL, NULL, NULL), ANN_OK);
	ck_assert(were_set(&device));
	ann_port_release(port);
	device_free(&device);
}
END_TEST

START_TEST(what_a_driver_made_of_a_rate_is_not_set_again)
{
	struct device device = device_new();
	struct ann_port_settings settings = ann_port_defaults;
	struct ann_port *port = NULL;
	int kept = -1;

	settings.baudrate = 9700; /* what a coarse divisor makes of 9600 */
	port = opened(&device, &settings);
	kept = dup(port->fd);
	ann_port_release(port);
	watch_settings(&device);

	settings.baudrate = 9600;
	ck_assert_int_eq(
		ann_port_adopt(&port, kept, device.path, &settings, NULL, NULL, NULL),
		ANN_OK);
	ck_assert(!were_set(&device));
	ck_assert_uint_eq(port->real_baudrate, 9700);
	ck_assert_uint_eq(port->settings.baudrate, 9600);
	ann_port_release(port);
	device_free(&device);
}
END_TEST

START_TEST(an_adopted_port_gets_what_it_lacks)
{
	struct device device = device_new();
	struct ann_port *port = NULL;
	int fd = open(device.path, O_RDWR | O_NOCTTY);

	ck_assert_int_eq(
		ann_port_adopt(&port, fd, device.path, NULL, NULL, NULL, NULL), ANN_OK);
	ck_assert_int_eq(port->fd, fd);
	ck_assert_uint_eq(attributes(device.slave).c_lflag & (ICANON | ECHO), 0);
	ck_assert_uint_eq(port->real_baudrate, 115200);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	expect_busy(device.path, getpid());
	ann_port_release(port);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	device_free(&device);
}
END_TEST

START_TEST(a_kept_descriptor_keeps_the_lock)
{
	struct device device = device_new();
	struct ann_port *port = opened(&device, NULL);
	int kept = dup(port->fd);

	ann_port_release(port);
	expect_busy(device.path, getpid());
	ck_assert_int_eq(
		ann_port_adopt(&port, kept, device.path, NULL, NULL, NULL, NULL),
		ANN_OK);
	ann_port_release(port);
	ann_port_release(opened(&device, NULL));
	device_free(&device);
}
END_TEST

START_TEST(what_cannot_be_adopted_stays_the_callers)
{
	struct device device = device_new();
	struct ann_port *port = opened(&device, NULL);
	struct ann_port *other = NULL;
	struct ann_error err = {0};
	int ends[2];

	ck_assert_int_eq(ann_port_adopt(&other, device.slave, device.path, NULL, NULL,
				 NULL, &err),
		ANN_ESYS);
	ck_assert_int_eq(err.os, EBUSY);
	ck_assert_int_ge(fcntl(device.slave, F_GETFD), 0);
	ann_port_release(port);

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(
		ann_port_adopt(&other, ends[0], "a pipe", NULL, NULL, NULL, &err),
		ANN_ECONFIG);
	ck_assert_str_eq(err.text, "a pipe: no terminal");
	ck_assert_int_ge(fcntl(ends[0], F_GETFD), 0);
	ck_assert_ptr_null(other);
	close(ends[0]);
	close(ends[1]);
	device_free(&device);
}
END_TEST

/* --- what befalls it -------------------------------------------------------------- */

START_TEST(an_idle_port_is_not_gone)
{
	struct device device = device_new();
	struct ann_port *port = opened(&device, NULL);
	char byte = 0;
	ssize_t got = read(port->fd, &byte, 1);
	int os = errno;

	ck_assert_int_eq(got, -1);
	ck_assert_int_eq(os, EAGAIN);
	ck_assert(!ann_port_is_gone(got, os));
	ann_port_release(port);
	device_free(&device);
}
END_TEST

START_TEST(a_port_whose_device_left_is_gone)
{
	struct device device = device_new();
	struct ann_port *port = opened(&device, NULL);
	char byte = 0;
	ssize_t got = 0;

	device_free(&device);
	ck_assert(comes(port->fd, POLLIN));
	got = read(port->fd, &byte, 1);
	ck_assert_int_le(got, 0);
	ck_assert(ann_port_is_gone(got, errno));
	got = write(port->fd, "x", 1);
	ck_assert_int_eq(got, -1);
	ck_assert(ann_port_is_gone(got, errno));
	ann_port_release(port);
}
END_TEST

START_TEST(only_some_answers_mean_gone)
{
	ck_assert(ann_port_is_gone(0, 0));
	ck_assert(ann_port_is_gone(0, EAGAIN)); /* an old errno says nothing */
	ck_assert(ann_port_is_gone(-1, EIO));
	ck_assert(ann_port_is_gone(-1, ENXIO));
	ck_assert(ann_port_is_gone(-1, ENODEV));
	ck_assert(!ann_port_is_gone(-1, EAGAIN));
	ck_assert(!ann_port_is_gone(-1, EINTR));
	ck_assert(!ann_port_is_gone(1, EIO));
}
END_TEST

START_TEST(drivers_that_do_not_count_say_so)
{
	struct device device = device_new();
	struct ann_port *port = opened(&device, NULL);
	struct ann_port_counters counters = {0};
	struct ann_error err = {0};

	ck_assert_int_eq(ann_port_counters(port, &counters, &err), ANN_ENOTSUP);
	ck_assert_ptr_nonnull(strstr(err.text, device.path));
	ann_port_release(port);
	device_free(&device);
}
END_TEST

START_TEST(counters_may_wrap_around)
{
	struct ann_port_counters before = {
		.received = UINT32_MAX - 1, .framing = 7, .overrun = 1};
	struct ann_port_counters now = {
		.received = 3, .framing = 9, .overrun = 1, .breaks = 2};
	struct ann_port_counters since = ann_port_counters_since(&before, &now);

	ck_assert_uint_eq(since.received, 5);
	ck_assert_uint_eq(since.framing, 2);
	ck_assert_uint_eq(since.overrun, 0);
	ck_assert_uint_eq(since.breaks, 2);
	ck_assert_uint_eq(since.parity, 0);
	ck_assert_uint_eq(since.buffer_overrun, 0);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, a_port_that_is_for_a_group_names_it);
	test_add(suite, words_stand_for_their_enums);
	test_add(suite, other_words_are_refused);
	test_add_loop(suite, settings_that_no_port_can_have_are_refused, 6);
	test_add(suite, a_rate_is_off_when_more_than_three_percent_away);
	test_add(suite, what_the_driver_made_otherwise_is_told);
	test_add(suite, a_terminal_without_wire_is_not_told_to_have_a_wrong_rate);
	test_add(suite, an_open_port_is_raw);
	test_add(suite, settings_reach_the_terminal);
	test_add_loop(suite, lines_that_are_kept_are_kept_at_the_close, 4);
	test_add(suite, lines_that_are_not_there_are_told);
	test_add(suite, what_waited_in_the_kernel_is_not_lost);
	test_add(suite, the_descriptor_does_not_wait_and_is_not_inherited);
	test_add(suite, links_are_followed);
	test_add(suite, what_is_not_there_is_absent);
	test_add_loop(suite, what_is_no_terminal_is_refused, 3);
	test_add_loop(suite, opening_survives_every_allocation_that_fails, 5);
	test_add(suite, a_second_open_is_refused_and_names_the_first);
	test_add(suite, a_port_in_use_is_not_disturbed);
	test_add(suite, the_process_that_has_the_lock_is_named);
	test_add(suite, a_process_that_shuts_out_others_is_respected_and_named);
	test_add(suite, a_pseudo_terminal_is_that_of_its_file_system);
	test_add(suite, a_namesake_in_another_devpts_is_no_user);
	test_add(suite, a_pseudo_terminal_does_not_stay_shut_behind_us);
	test_add(suite, sharers_of_a_pseudo_terminal_are_no_news);
	test_add(suite, adopting_a_port_that_is_as_wanted_sets_nothing);
	test_add(suite, what_a_driver_made_of_a_rate_is_not_set_again);
	test_add(suite, an_adopted_port_gets_what_it_lacks);
	test_add(suite, a_kept_descriptor_keeps_the_lock);
	test_add(suite, what_cannot_be_adopted_stays_the_callers);
	test_add(suite, an_idle_port_is_not_gone);
	test_add(suite, a_port_whose_device_left_is_gone);
	test_add(suite, only_some_answers_mean_gone);
	test_add(suite, drivers_that_do_not_count_say_so);
	test_add(suite, counters_may_wrap_around);
}
