#include "annotty/partial.h"

#include "annotty/alloc.h"
#include "utf8.h"

#include <string.h>

enum { SEQUENCE_BYTES = 32 }; /* terminal control sequences are shorter */

void ann_partial_deinit(struct ann_partial *partial)
{
	ann_hits_deinit(&partial->hits);
	ann_hits_deinit(&partial->told);
	*partial = (struct ann_partial){0};
}

static bool was_told(const struct ann_partial *partial, const struct ann_hit *hit)
{
	for (size_t i = 0; i < partial->told.count; i++) {
		if (partial->told.at[i].end == hit->end) {
			return true;
		}
	}
	return false;
}

/* Where the first value ends that has not been shown and told; `*len` if there is none.
 */
static bool find_value(const struct ann_partial *partial, size_t *len)
{
	for (size_t i = 0; i < partial->hits.count; i++) {
		if (partial->hits.at[i].end >= partial->shown &&
			!was_told(partial, &partial->hits.at[i])) {
			*len = partial->hits.at[i].end;
			return true;
		}
	}
	return false;
}

static bool remember(struct ann_partial *partial, const struct ann_hit *hit)
{
	struct ann_hits *told = &partial->told;

	if (ann_grow((void **)&told->at, &told->room, told->count, sizeof(*hit)) != 0) {
		return false;
	}
	told->at[told->count++] = *hit;
	return true;
}

/* Marks what has been told and remembers what now is. False: no memory. */
static bool tell_hits(struct ann_partial *partial, bool *any)
{
	for (size_t i = 0; i < partial->hits.count; i++) {
		struct ann_hit *hit = &partial->hits.at[i];

		hit->told = was_told(partial, hit);
		if (hit->told || hit->end < partial->shown) {
			continue;
		}
		*any = true;
		if (!remember(partial, hit)) {
			return false;
		}
	}
	return true;
}

bool ann_partial_show(struct ann_partial *partial, struct ann_scan *scan,
	struct ann_span line, bool late, struct ann_batch *batch)
{
	size_t len = line.len;
	bool stopped = false;
	bool any = false;

	if (ann_scan_batch(scan, line, &partial->hits, &len, &stopped) != ANN_OK) {
		return false;
	}
	len = line.len;
	partial->held = !late && find_value(partial, &len);
	if (!late) {
		partial->hits.count = 0;
	} else if (!tell_hits(partial, &any)) {
		return false;
	}
	if (len <= partial->shown && !any) {
		return false;
	}
	*batch = (struct ann_batch){
		.bytes = {line.ptr, len}, .partial = true, .shown = partial->shown};
	partial->shown = len;
	return true;
}

/* The line goes on `len` bytes later, in another batch. */
static void move_on(struct ann_partial *partial, size_t len)
{
	struct ann_hits *told = &partial->told;
	size_t kept = 0;

	for (size_t i = 0; i < told->count; i++) {
		if (told->at[i].end > len) {
			told->at[kept] = told->at[i];
			told->at[kept++].end -= len;
		}
	}
	told->count = kept;
	partial->shown -= len;
}

void ann_partial_end(
	struct ann_partial *partial, struct ann_batch *batch, struct ann_hits *hits)
{
	size_t len = batch->bytes.len;

	batch->shown = partial->shown < len ? partial->shown : len;
	for (size_t i = 0; i < hits->count; i++) {
		hits->at[i].told = was_told(partial, &hits->at[i]);
	}
	if (batch->cut && partial->shown > len) {
		move_on(partial, len);
	} else {
		partial->shown = 0;
		partial->told.count = 0;
	}
}
