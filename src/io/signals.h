/*
 * signals - Ctrl-C and its kin as something that poll(2) can wait for.
 *
 * One for the process. A handler only sets a flag and makes a pipe readable; whoever
 * waits for input waits for the pipe as well.
 */
#ifndef IO_SIGNALS_H
#define IO_SIGNALS_H

#include "annotty/error.h"

/*
 * Catches SIGINT and SIGTERM once (the second one ends the process the usual way),
 * SIGHUP if `reopen`, and ignores SIGPIPE, so that a closed reader is an EPIPE.
 */
ANN_MUST_USE enum ann_err ann_signals_start(bool reopen, struct ann_error *err);

/* Readable once somebody has to stop; nobody reads it. */
int ann_signals_wake_fd(void);

/* Makes the descriptor readable, for threads that wait for input. */
void ann_signals_wake(void);

/* SIGINT or SIGTERM if one came, else 0. */
int ann_signals_ending(void);

/* True once for each SIGHUP, or several that came together. */
bool ann_signals_take_reopen(void);

#endif
