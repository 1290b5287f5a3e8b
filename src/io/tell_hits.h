/*
 * tell_hits - which rule has found what, for those who write rules.
 */
#ifndef IO_TELL_HITS_H
#define IO_TELL_HITS_H

#include "annotty/framer.h"
#include "annotty/matcher.h"

/* Logs a line at ANN_LOG_INFO for each hit: source, line, code, symbol, rule. */
void ann_tell_hits(const char *source, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count);

#endif
