/*
 * plug PATH: a device for tests. PATH becomes a link to a new pseudo-terminal, whose
 * other end says what comes on standard input. At the end of that, or when it is
 * killed with SIGTERM, the device is unplugged: the link goes, then the terminal.
 *
 * Standard output tells what befalls the terminal: `plugged`, then a line `open` or
 * `close` whenever somebody opens or closes it, and `keys TEXT` for what is written to
 * it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

enum { INPUT, TERMINAL, EVENTS, COUNT };

static const struct timespec while_hung_up = {.tv_nsec = 20000000};
static volatile sig_atomic_t ending;
static sigset_t usual; /* SIGTERM comes only while we wait */

static void on_term(int number)
{
	(void)number;
	ending = 1;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* The link comes up whole, as udev's do. */
static int plug(const char *path, char *terminal)
{
	struct termios raw;
	int master = -1;
	int slave = -1;

	if (openpty(&master, &slave, terminal, NULL, NULL) != 0 ||
		tcgetattr(slave, &raw) != 0) {
		fail("openpty");
	}
	cfmakeraw(&raw);
	if (tcsetattr(slave, TCSANOW, &raw) != 0 || close(slave) != 0 ||
		fcntl(master, F_SETFL, O_NONBLOCK) != 0 ||
		symlink(terminal, path) != 0) {
		fail(path);
	}
	return master;
}

/* False: that was all. */
static int say(int terminal)
{
	char bytes[4096];
	ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));

	for (ssize_t done = 0; done < got && !ending;) {
		ssize_t sent = write(terminal, bytes + done, (size_t)(got - done));
		struct pollfd room = {.fd = terminal, .events = POLLOUT};

		if (sent > 0) {
			done += sent;
		} else if (errno != EAGAIN) {
			fail("write");
		} else {
			(void)ppoll(&room, 1, NULL, &usual);
		}
	}
	return got > 0 || (got < 0 && errno == EINTR);
}

/* With nobody there, reading a terminal fails, and polling it would spin, and never
 * wait long enough for a signal to come. */
static void hear(int terminal, short what)
{
	char keys[4096];
	ssize_t got = read(terminal, keys, sizeof(keys));

	if (got > 0) {
		printf("keys %.*s\n", (int)got, keys);
	} else if ((what & POLLHUP) != 0) {
		(void)ppoll(NULL, 0, &while_hung_up, &usual);
	}
}

static void tell(int events)
{
	char bytes[4096] __attribute__((aligned(8)));
	ssize_t got = read(events, bytes, sizeof(bytes));

	for (ssize_t at = 0; at < got;) {
		const struct inotify_event *event = (const void *)(bytes + at);

		puts((event->mask & IN_OPEN) != 0 ? "open" : "close");
		at += (ssize_t)(sizeof(*event) + event->len);
	}
}

int main(int argc, char **argv)
{
	const struct sigaction on_end = {.sa_handler = on_term};
	struct pollfd polled[COUNT] = {{.fd = STDIN_FILENO, .events = POLLIN}};
	char terminal[64];
	int events = inotify_init();
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	if (argc != 2 || events < 0 || sigaction(SIGTERM, &on_end, NULL) != 0 ||
		sigprocmask(SIG_BLOCK, &term, &usual) != 0) {
		fail("usage: plug PATH");
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	polled[TERMINAL] =
		(struct pollfd){.fd = plug(argv[1], terminal), .events = POLLIN};
	if (inotify_add_watch(events, terminal, IN_OPEN | IN_CLOSE) < 0) {
		fail(terminal);
	}
	polled[EVENTS] = (struct pollfd){.fd = events, .events = POLLIN};
	puts("plugged");
	while (!ending) {
		if (ppoll(polled, COUNT, NULL, &usual) < 0) {
			continue; /* a signal */
		}
		if (polled[EVENTS].revents != 0) {
			tell(events);
		}
		if (polled[TERMINAL].revents != 0) {
			hear(polled[TERMINAL].fd, polled[TERMINAL].revents);
		}
		if (polled[INPUT].revents != 0 && !say(polled[TERMINAL].fd)) {
			ending = 1;
		}
	}
	unlink(argv[1]);
	return 0;
}
