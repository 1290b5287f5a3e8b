/* Stands in for scanner_vectorscan.c in builds without vectorscan. */
#include "match/scanner.h"

struct ann_vectorscan *ann_vectorscan_new(
	const struct ann_literal *literals, size_t count)
{
	(void)literals;
	(void)count;
	return NULL;
}

void ann_vectorscan_free(struct ann_vectorscan *database)
{
	(void)database;
}

struct ann_vectorscan_space *ann_vectorscan_space_new(
	const struct ann_vectorscan *database)
{
	(void)database;
	return NULL;
}

void ann_vectorscan_space_free(struct ann_vectorscan_space *space)
{
	(void)space;
}

bool ann_vectorscan_scan(const struct ann_vectorscan *database,
	struct ann_vectorscan_space *space, struct ann_span batch,
	struct ann_triggers *triggers)
{
	(void)database;
	(void)space;
	(void)batch;
	(void)triggers;
	return false;
}
