/*
 * logged - what has been said in the log.
 */
#ifndef TESTS_LOGGED_H
#define TESTS_LOGGED_H

/* From now on, up to info, in place of standard error. */
void test_log_begin(void);

/* How many messages since then hold `text`. */
unsigned test_logged(const char *text);

/* The latest message that holds `text`, until the next one; NULL: none. */
const char *test_last_logged(const char *text);

#endif
