/*
 * telnet - a device's bytes without the telnet around them.
 *
 * The client's side of RFC 854 on libtelnet, without sockets: bytes of the server go
 * in, bytes of the device and replies come out. One object a connection.
 *
 * BINARY and SUPPRESS-GO-AHEAD are agreed to in both directions, ECHO by the server;
 * all other options are refused. Where the server does not speak BINARY, CR NUL is a
 * CR. With port settings, the object also asks for COM-PORT-OPTION (RFC 2217), sets the
 * server's serial port and counts the errors that the server reports.
 *
 * The server is not trusted. It cannot make this use more than some 20 KiB of memory,
 * nor reply for ever.
 */
#ifndef IO_TELNET_H
#define IO_TELNET_H

#include "annotty/span.h"
#include "io/source/com_port.h"

/* All spans are borrowed for the call. The object may not be freed in a callback. */
struct ann_telnet_events {
	/* Bytes of the device; of one feed, together no more than were fed. */
	void (*data)(void *user, struct ann_span bytes);
	/* Bytes for the server. */
	void (*send)(void *user, struct ann_span bytes);
	/* The server's port is not as it should be: a text for the log. */
	void (*warn)(void *user, const char *text);
};

struct ann_telnet;

/*
 * `port` NULL: no COM-PORT-OPTION; otherwise it is borrowed. NULL: no memory.
 */
struct ann_telnet *ann_telnet_new(const struct ann_port_settings *port,
	const struct ann_telnet_events *events, void *user);
void ann_telnet_free(struct ann_telnet *telnet);

/*
 * Says what a client says first. Plain telnet says nothing by itself, so that a port
 * that does not speak telnet gets no bytes that it does not understand.
 */
void ann_telnet_begin(struct ann_telnet *telnet);

/*
 * Takes bytes of the server. False: no memory, or the server does what it may not; the
 * connection is of no use any more.
 */
ANN_MUST_USE bool ann_telnet_feed(struct ann_telnet *telnet, struct ann_span bytes);

/* Bytes for the device. */
void ann_telnet_write(struct ann_telnet *telnet, struct ann_span bytes);

/* Whether the server has agreed to set its port. */
bool ann_telnet_has_port(const struct ann_telnet *telnet);

/* What it has reported about that port. */
const struct ann_com_port_counts *ann_telnet_counts(const struct ann_telnet *telnet);

#endif
