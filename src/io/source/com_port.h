/*
 * com_port - the telnet option that sets a serial port at the other end (RFC 2217).
 *
 * Only the messages: what goes into and comes out of the sub-negotiations of option 44,
 * as the client's side. Telnet itself is in io/source/telnet.h.
 */
#ifndef IO_COM_PORT_H
#define IO_COM_PORT_H

#include "annotty/span.h"
#include "io/port/port.h"

enum { ANN_COM_PORT_OPTION = 44 };

/* What the server's UART has reported. */
struct ann_com_port_counts {
	uint64_t overruns;
	uint64_t framing_errors;
	uint64_t parity_errors;
	uint64_t breaks;
};

/*
 * Says all requests for `settings`, one sub-negotiation each: the line, DTR and RTS if
 * they are not to be kept, and that line errors are to be reported, but modem lines are
 * not. Nothing is purged.
 */
void ann_com_port_request(const struct ann_port_settings *settings,
	void (*say)(void *user, struct ann_span request), void *user);

/*
 * Takes a sub-negotiation of the server. Line errors are counted. A confirmation that
 * is not what was requested is told to `warn` as a text; what is broken or unknown is
 * passed over.
 */
void ann_com_port_take(const struct ann_port_settings *settings, struct ann_span answer,
	struct ann_com_port_counts *counts, void (*warn)(void *user, const char *text),
	void *user);

#endif
