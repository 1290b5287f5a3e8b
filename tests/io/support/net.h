/*
 * net - the other end of a socket under test. What does not work fails the test.
 */
#ifndef TESTS_NET_H
#define TESTS_NET_H

#include "annotty/span.h"

#include <uv.h>

/* Listens on a free port of the loopback, or on a path. Returns a descriptor. */
int test_net_listen_tcp(unsigned *port);
int test_net_listen_unix(const char *path);

/* Runs the loop until somebody connects. */
int test_net_accept(uv_loop_t *loop, int listener);

int test_net_connect_tcp(unsigned port);
int test_net_connect_unix(const char *path);

void test_net_say(int fd, struct ann_span bytes);

/* Runs the loop until these bytes have come, and no others. */
void test_net_hear(uv_loop_t *loop, int fd, struct ann_span bytes);

/* Runs the loop until the other end has closed. */
void test_net_hear_end(uv_loop_t *loop, int fd);

/* Closes so that the other end sees a reset. */
void test_net_reset(int fd);

#endif
