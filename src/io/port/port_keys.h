/*
 * port_keys - the settings of serial ports as the user writes them.
 *
 * The same for ports of this machine and for those behind a server (RFC 2217).
 */
#ifndef IO_PORT_KEYS_H
#define IO_PORT_KEYS_H

#include "annotty/settings.h"
#include "io/port/port.h"

/* What ann_settings_read() fills; the struct that the keys are read into begins with
 * it. */
struct ann_port_wishes {
	uint64_t baudrate;
	uint64_t databits;
	uint64_t stopbits;
	unsigned parity; /* as enum ann_parity */
	unsigned flow;   /* as enum ann_flow */
	unsigned dtr;    /* these as enum ann_pin */
	unsigned rts;
};

/* baudrate, databits, parity, stopbits, flow, dtr, rts. */
extern const struct ann_key ann_port_keys[];

/* Of ann_port_defaults. */
struct ann_port_wishes ann_port_wishes(void);

struct ann_port_settings ann_port_wished(const struct ann_port_wishes *wishes);

#endif
