/*
 * command - a program on a pseudo-terminal of its own.
 *
 * Between us and the program stands a monitor, a fork of us that leads the session of
 * that terminal and is the program's parent there. Without it the program's process
 * group would be an orphaned one, which the kernel does not let Ctrl-Z stop; and it
 * keeps the terminal open until all output has been read.
 */
#ifndef IO_COMMAND_H
#define IO_COMMAND_H

#include "annotty/error.h"

#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

struct ann_command {
	int terminal;  /* our end: what it prints, and what it is typed; non-blocking */
	int monitor;   /* readable when there is a report; non-blocking */
	pid_t leader;  /* the monitor */
	pid_t program; /* and its process group */
	bool refused;  /* after a start that failed: there is no such program to be run,
			  or the system does not run it; not that we could not */
};

/*
 * Runs `argv`, which ends with NULL. `modes` and `size` of its terminal may be NULL:
 * the usual ones, unknown. Standard output and error of the program are the terminal;
 * so is standard input if ours is a terminal or closed, otherwise it is ours. Waits
 * until the program runs: ANN_ESYS with the errno if it cannot be run, which may be the
 * program's fault (`refused`).
 */
ANN_MUST_USE enum ann_err ann_command_start(struct ann_command *command,
	char *const *argv, const struct termios *modes, const struct winsize *size,
	struct ann_error *err);

enum ann_command_report {
	ANN_COMMAND_NOTHING, /* new */
	ANN_COMMAND_STOPPED, /* by a signal; ann_command_signal() with SIGCONT goes on
			      */
	ANN_COMMAND_ENDED,
	ANN_COMMAND_LOST, /* the monitor is gone, and with it the session */
};

/* `status` as of waitpid(2). */
enum ann_command_report ann_command_next(struct ann_command *command, int *status);

/* To the program and its process group. */
void ann_command_signal(const struct ann_command *command, int number);

/*
 * Hangs up, if the program still runs, and releases all. Watchers of the descriptors
 * have been closed before.
 */
void ann_command_release(struct ann_command *command);

#endif
