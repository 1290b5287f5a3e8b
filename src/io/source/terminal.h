/*
 * terminal - the terminal that the user sits at, raw for a while.
 *
 * One for the process: standard input. However the process ends, short of SIGKILL, the
 * terminal gets its modes back.
 */
#ifndef IO_TERMINAL_H
#define IO_TERMINAL_H

#include "annotty/error.h"

#include <sys/ioctl.h>
#include <termios.h>

/* Whether standard input is a terminal, and we are the job that it is there for. */
bool ann_terminal_is_ours(void);

/*
 * Every key arrives as its bytes at once, Ctrl-C too, and nothing is echoed. If
 * standard output is a terminal, what is written there is not changed either: a line
 * then ends with CR LF. ANN_ESYS.
 */
ANN_MUST_USE enum ann_err ann_terminal_set_raw(struct ann_error *err);

/* Back to the modes before. Any time, also from signal handlers. */
void ann_terminal_restore(void);

/* The modes as they are without us. False: standard input is no terminal. */
bool ann_terminal_modes(struct termios *modes);

/* Of the first of standard output, input and error that has one. False: none has. */
bool ann_terminal_size(struct winsize *size);

#endif
