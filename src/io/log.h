/*
 * log - what annotty has to say about itself, on standard error.
 *
 * Plain on a terminal (which may be raw) and in files, with the `<N>` prefix of
 * sd-daemon(3) when standard error is the journal (JOURNAL_STREAM names it). Never
 * repeated: whoever logs says a change of state once.
 */
#ifndef IO_LOG_H
#define IO_LOG_H

#include "annotty/error.h"

/* The numbers of syslog(3). */
enum ann_log_level {
	ANN_LOG_ERROR = 3,
	ANN_LOG_WARNING = 4,
	ANN_LOG_NOTICE = 5, /* the default: what is logged up to here is shown */
	ANN_LOG_INFO = 6,   /* with -v */
	ANN_LOG_DEBUG = 7,
};

/* Shows messages up to `most`; -q is ANN_LOG_ERROR. */
void ann_log_start(enum ann_log_level most);

void ann_log(enum ann_log_level level, const char *format, ...) ANN_PRINTF(2, 3);

/*
 * `ahead` is called before each message on a terminal: who shows lines there ends the
 * one that it is in. Not from inside itself. NULL ends it.
 */
void ann_log_ahead(void (*ahead)(void *user), void *user);

/* The story of an error. */
void ann_log_error(enum ann_log_level level, const struct ann_error *err);

/* For tests: gets every message up to the level in place of standard error; NULL ends.
 */
void ann_log_capture(
	void (*take)(void *user, enum ann_log_level level, const char *text),
	void *user);

#endif
