#include "render/line_hits.h"

#include "annotty/alloc.h"

enum ann_err ann_line_hits(struct ann_hits *own, const struct ann_line *line,
	const struct ann_hit *hits, size_t count)
{
	own->count = 0;
	while (own->count < count && hits[own->count].start < line->next) {
		struct ann_hit hit = hits[own->count];

		if (ann_grow((void **)&own->at, &own->room, own->count, sizeof(hit)) !=
			0) {
			return ANN_ENOMEM;
		}
		hit.line_start -= line->start;
		hit.line_end -= line->start;
		hit.start -= line->start;
		hit.end -= line->start;
		own->at[own->count++] = hit;
	}
	return ANN_OK;
}
