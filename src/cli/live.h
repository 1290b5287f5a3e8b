/*
 * live - the filter on consoles, connections and commands: on the event loop.
 */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "cli/options.h"

/*
 * True when an input or output needs the loop: anything but standard input, FIFOs and
 * files read to their end, written to standard output and files. Those are read in
 * large blocks on all processors instead, see io/bulk/filter.h.
 */
bool ann_live_wanted(const struct ann_options *options);

/* Runs to the end; the exit status. */
int ann_live(struct ann_options *options);

#endif
