/*
 * loop - a libuv loop under test: run until something is so, closed without a rest.
 */
#ifndef TESTS_LOOP_H
#define TESTS_LOOP_H

#include <stdbool.h>
#include <uv.h>

/* Also ignores SIGPIPE, as the program does. */
void test_loop_init(uv_loop_t *loop);

/* Must succeed: prints the handles that are left otherwise. */
void test_loop_deinit(uv_loop_t *loop);

/* Runs until `done` says so; 20 seconds without that fail the test, which names `what`.
 */
void test_loop_until(
	uv_loop_t *loop, const char *what, bool (*done)(void *user), void *user);

/* Runs what is due now, and what that brings at once: for what should not happen. */
void test_loop_settle(uv_loop_t *loop);

#endif
