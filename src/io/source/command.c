#include "io/source/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What goes from the monitor to us. */
struct report {
	enum {
		FAILED,  /* value: the errno; it is ours */
		REFUSED, /* the same; it is the program that cannot be run */
		STARTED, /* value: the process id */
		STOPPED, /* value: the status, as of waitpid(2) */
		ENDED,
	} what;
	int value;
};

/* What the children need to know. */
struct plan {
	char *const *argv;
	int terminal; /* the program's end */
	int link;     /* the monitor's end */
	sigset_t mask;
};

/* --- the children: only what is safe between fork and exec ----------------------- */

static void send_report(const struct plan *plan, int what, int value)
{
	struct report report = {.what = what, .value = value};

	(void)!write(plan->link, &report, sizeof(report));
}

/*
 * Our handlers are not for the children: their signals have been blocked since before
 * the fork. What the user ignores (nohup) they ignore as well; SIGPIPE is ours, and
 * without SIGCHLD nobody could wait.
 */
static void reset_signals(void)
{
	struct sigaction action;

	for (int number = 1; number < NSIG; number++) {
		if (sigaction(number, NULL, &action) == 0 &&
			(action.sa_handler != SIG_IGN || number == SIGPIPE ||
				number == SIGCHLD)) {
			action = (struct sigaction){.sa_handler = SIG_DFL};
			(void)sigaction(number, &action, NULL);
		}
	}
}

static _Noreturn void run_program(const struct plan *plan, int failure)
{
	(void)setpgid(0, 0);
	(void)tcsetpgrp(plan->terminal, getpid()); /* while SIGTTOU is blocked */
	if (isatty(STDIN_FILENO)) {
		(void)dup2(plan->terminal, STDIN_FILENO);
	}
	(void)dup2(plan->terminal, STDOUT_FILENO);
	(void)dup2(plan->terminal, STDERR_FILENO);
	(void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	(void)sigprocmask(SIG_SETMASK, &plan->mask, NULL);
	execvp(plan->argv[0], plan->argv);
	(void)!write(failure, &errno, sizeof(errno));
	_exit(127);
}

/* Keeps the terminal and the link, no more: others wait for the ends of pipes. */
static void close_others(struct plan *plan)
{
	enum { LINK = STDERR_FILENO + 1 };

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		(void)dup2(plan->terminal, fd);
	}
	(void)dup2(plan->link, LINK);
	(void)close_range(LINK + 1, ~0U, 0);
	plan->terminal = STDIN_FILENO;
	plan->link = LINK;
}

/* Until the program ends, and then until it is told to go, or the terminal hangs up. */
static _Noreturn void watch_program(const struct plan *plan, pid_t program)
{
	int status = 0;

	for (;;) {
		pid_t got = waitpid(program, &status, WUNTRACED);

		if (got == program && WIFSTOPPED(status)) {
			send_report(plan, STOPPED, status);
		} else if (got == program || errno != EINTR) {
			break;
		}
	}
	send_report(plan, ENDED, status);
	for (;;) {
		(void)pause();
	}
}

static _Noreturn void run_monitor(struct plan *plan)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	pid_t program = -1;
	int failure[2];
	int os = 0;

	reset_signals();
	(void)setsid();
	if (ioctl(plan->terminal, TIOCSCTTY, 0) == 0 &&
		pipe2(failure, O_CLOEXEC) == 0) {
		program = fork();
	}
	if (program < 0) {
		send_report(plan, FAILED, errno);
		_exit(127);
	}
	if (program == 0) {
		run_program(plan, failure[1]);
	}
	close(failure[1]);
	if (read(failure[0], &os, sizeof(os)) > 0) {
		send_report(plan, REFUSED, os);
		_exit(127);
	}
	send_report(plan, STARTED, (int)program);
	close_others(plan);
	(void)sigaction(SIGHUP, &usual, NULL);
	(void)sigprocmask(SIG_SETMASK, &plan->mask, NULL);
	watch_program(plan, program);
}

/* --- we --------------------------------------------------------------------------- */

/* New descriptors are not to become standard ones. */
static void fill_standard(void)
{
	while (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) < 0 ||
		fcntl(STDERR_FILENO, F_GETFD) < 0) {
		if (open("/dev/null", O_RDWR) < 0) {
			return;
		}
	}
}

/* Both ends, close-on-exec; only ours is non-blocking. Zero, or the errno. */
static int open_terminal(
	const struct termios *modes, const struct winsize *size, int *ours, int *theirs)
{
	*ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (*ours < 0) {
		return errno;
	}
	*theirs = -1;
	if (grantpt(*ours) == 0 && unlockpt(*ours) == 0) {
		*theirs = ioctl(*ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	}
	if (*theirs < 0) {
		int os = errno;

		close(*ours);
		return os;
	}
	if (modes != NULL) {
		(void)tcsetattr(*theirs, TCSANOW, modes);
	}
	if (size != NULL) {
		(void)ioctl(*theirs, TIOCSWINSZ, size);
	}
	return 0;
}

/* A fork with all signals blocked in the child. */
static pid_t fork_monitor(struct plan *plan)
{
	sigset_t all;
	pid_t leader = -1;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &plan->mask);
	leader = fork();
	if (leader == 0) {
		run_monitor(plan);
	}
	(void)sigprocmask(SIG_SETMASK, &plan->mask, NULL);
	return leader;
}

/* What the monitor has to say first. */
static int await_start(struct ann_command *command)
{
	struct report report = {.what = FAILED, .value = EIO};
	ssize_t got = 0;

	do {
		got = read(command->monitor, &report, sizeof(report));
	} while (got < 0 && errno == EINTR);
	command->refused = got == (ssize_t)sizeof(report) && report.what == REFUSED;
	if (got != (ssize_t)sizeof(report) || report.what != STARTED) {
		return report.value;
	}
	command->program = report.value;
	(void)fcntl(command->monitor, F_SETFL, O_NONBLOCK);
	return 0;
}

static void reap(pid_t leader)
{
	(void)kill(leader, SIGKILL);
	while (waitpid(leader, NULL, 0) < 0 && errno == EINTR) {
	}
}

enum ann_err ann_command_start(struct ann_command *command, char *const *argv,
	const struct termios *modes, const struct winsize *size, struct ann_error *err)
{
	struct plan plan = {.argv = argv};
	int ends[2];
	int os = 0;

	*command = (struct ann_command){.terminal = -1};
	fill_standard();
	os = open_terminal(modes, size, &command->terminal, &plan.terminal);
	if (os != 0) {
		return ann_error_os(err, os, "pseudo-terminal");
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		os = errno;
		goto close_terminal;
	}
	command->monitor = ends[0];
	plan.link = ends[1];
	command->leader = fork_monitor(&plan);
	os = command->leader < 0 ? errno : 0;
	close(ends[1]);
	if (os == 0) {
		os = await_start(command);
		if (os == 0) {
			close(plan.terminal);
			return ANN_OK;
		}
		reap(command->leader);
	}
	close(ends[0]);
close_terminal:
	close(plan.terminal);
	close(command->terminal);
	return ann_error_os(err, os, "cannot run %s", argv[0]);
}

enum ann_command_report ann_command_next(struct ann_command *command, int *status)
{
	struct report report;
	ssize_t got = read(command->monitor, &report, sizeof(report));

	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return ANN_COMMAND_NOTHING;
	}
	if (got != (ssize_t)sizeof(report)) {
		return ANN_COMMAND_LOST;
	}
	*status = report.value;
	return report.what == ENDED ? ANN_COMMAND_ENDED : ANN_COMMAND_STOPPED;
}

void ann_command_signal(const struct ann_command *command, int number)
{
	(void)kill(-command->program, number);
}

void ann_command_release(struct ann_command *command)
{
	reap(command->leader); /* which hangs up: SIGHUP to who is in front */
	close(command->monitor);
	close(command->terminal);
}
