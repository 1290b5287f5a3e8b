/*
 * relp_peer - a server that speaks RELP on a socket and remembers what it was sent.
 */
#ifndef TESTS_RELP_PEER_H
#define TESTS_RELP_PEER_H

#include "annotty/span.h"

#include <stddef.h>

struct test_relp_peer {
	int fd;    /* does not block; -1: nobody is connected */
	char *raw; /* of this connection, not taken apart yet */
	size_t raw_len;
	char *lines; /* all records, each with a LF behind it */
	size_t lines_len;
	size_t records;                          /* that it has taken or refused */
	bool (*refuses)(struct ann_span record); /* NULL: none */
	size_t answers; /* that it has left to give; SIZE_MAX: no limit */
	size_t most;    /* bytes of lines behind which it does not read on */
	bool closed;    /* the client has closed the session */
};

void test_relp_peer_init(struct test_relp_peer *peer);
void test_relp_peer_deinit(struct test_relp_peer *peer);

/* A client has connected; the peer owns the socket. Records stay. */
void test_relp_peer_meet(struct test_relp_peer *peer, int fd);
void test_relp_peer_leave(struct test_relp_peer *peer);

/* Reads and answers what has come. Returns all lines, until the next call. */
struct ann_span test_relp_peer_work(struct test_relp_peer *peer);

#endif
