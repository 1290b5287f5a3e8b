/*
 * port_tally - what the driver of a port has counted since it was opened.
 */
#ifndef IO_PORT_TALLY_H
#define IO_PORT_TALLY_H

#include "io/port/port.h"

/* An all-zero struct has counted nothing. */
struct ann_port_tally {
	struct ann_port_counters counters; /* since ann_port_tally_begin() */
	/* The rest is private. */
	struct ann_port_counters base;
	bool counts; /* the driver does, as far as we know */
	uint64_t counted_mono_ns;
	uint64_t taken; /* of the overruns */
};

/* All is zero for a port that has just been opened. */
void ann_port_tally_begin(struct ann_port_tally *tally, const struct ann_port *port);

/* Asks the driver. After a failure, which means that the port goes, all stays. */
void ann_port_tally_count(struct ann_port_tally *tally, const struct ann_port *port);

/* Whether the driver counts and was last asked a second ago. */
bool ann_port_tally_is_due(const struct ann_port_tally *tally);

/* How often the hardware or the kernel had no room, a byte at least each time. */
uint64_t ann_port_tally_overruns(const struct ann_port_tally *tally);

/* The same since it was last asked. */
uint64_t ann_port_tally_take_overruns(struct ann_port_tally *tally);

#endif
