#include "io/source/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static struct termios before;
static volatile sig_atomic_t is_raw;

/* --- the end of the process ------------------------------------------------------ */

/* What ends a process by accident. */
static const int crashes[] = {
	SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
static struct sigaction others[ANN_LEN(crashes)];

/* Then goes on to whatever would have happened. */
static void on_crash(int number)
{
	ann_terminal_restore();
	for (size_t i = 0; i < ANN_LEN(crashes); i++) {
		if (crashes[i] == number) {
			(void)sigaction(number, &others[i], NULL);
		}
	}
	(void)raise(number); /* comes when this handler returns */
}

static void prepare_for_the_end(void)
{
	static bool prepared;
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};

	if (prepared) {
		return;
	}
	prepared = true;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ANN_LEN(crashes); i++) {
		(void)sigaction(crashes[i], &action, &others[i]);
	}
	(void)atexit(ann_terminal_restore);
}

/* --- modes ----------------------------------------------------------------------- */

bool ann_terminal_is_ours(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

bool ann_terminal_modes(struct termios *modes)
{
	if (is_raw) {
		*modes = before;
		return true;
	}
	return tcgetattr(STDIN_FILENO, modes) == 0;
}

enum ann_err ann_terminal_set_raw(struct ann_error *err)
{
	struct termios raw;

	if (!ann_terminal_modes(&before)) {
		return ann_error_os(err, errno, "standard input");
	}
	raw = before;
	cfmakeraw(&raw);
	if (!isatty(STDOUT_FILENO)) {
		raw.c_oflag = before.c_oflag; /* only messages go there */
	}
	prepare_for_the_end();
	is_raw = 1;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) {
		is_raw = 0;
		return ann_error_os(err, errno, "standard input");
	}
	return ANN_OK;
}

void ann_terminal_restore(void)
{
	int saved = errno;

	/* In the background the modes are those of another job by now. */
	if (is_raw && tcgetpgrp(STDIN_FILENO) == getpgrp()) {
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	}
	is_raw = 0;
	errno = saved;
}

bool ann_terminal_size(struct winsize *size)
{
	static const int places[] = {STDOUT_FILENO, STDIN_FILENO, STDERR_FILENO};

	for (size_t i = 0; i < ANN_LEN(places); i++) {
		if (ioctl(places[i], TIOCGWINSZ, size) == 0) {
			return true;
		}
	}
	return false;
}
