#include "io/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static int wake[2] = {-1, -1};
static atomic_int ending;
static atomic_bool reopen_due;

static void on_signal(int number)
{
	int saved = errno;

	if (number == SIGHUP) {
		atomic_store(&reopen_due, true);
	} else {
		atomic_store(&ending, number);
		ann_signals_wake();
	}
	errno = saved;
}

static void catch_signal(int number, int flags)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

enum ann_err ann_signals_start(bool reopen, struct ann_error *err)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0) {
		return ann_error_os(err, errno, "pipe");
	}
	catch_signal(SIGINT, SA_RESETHAND);
	catch_signal(SIGTERM, SA_RESETHAND);
	if (reopen) {
		catch_signal(SIGHUP, SA_RESTART);
	}
	sigaction(SIGPIPE, &ignore, NULL);
	return ANN_OK;
}

int ann_signals_wake_fd(void)
{
	return wake[0];
}

void ann_signals_wake(void)
{
	/* A full pipe is readable already. */
	if (write(wake[1], "", 1) < 0) {
		return;
	}
}

int ann_signals_ending(void)
{
	return atomic_load(&ending);
}

bool ann_signals_take_reopen(void)
{
	return atomic_exchange(&reopen_due, false);
}
