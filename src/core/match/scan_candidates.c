#include "annotty/alloc.h"
#include "match/scan_private.h"

#include <stdlib.h>

struct candidate *ann_scan_next_candidate(struct ann_scan *scan, uint32_t job)
{
	struct candidate *next = NULL;

	if (ann_grow((void **)&scan->candidates, &scan->candidate_room,
		    scan->candidate_count, sizeof(*scan->candidates)) != 0) {
		scan->failed = true;
		return NULL;
	}
	next = &scan->candidates[scan->candidate_count];
	next->job = job;
	next->holds = false;
	next->hit.rule = scan->matcher->jobs[job].rule->name;
	next->hit.count = 0;
	next->hit.symbol = false;
	next->hit.told = false;
	return next;
}

/* In order of place, the earlier rule first. */
static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a;
	const struct candidate *y = b;

	if (x->place.start != y->place.start) {
		return x->place.start < y->place.start ? -1 : 1;
	}
	return x->job < y->job ? -1 : x->job > y->job;
}

/* The candidate with its place in the batch becomes a hit; if `instead`, for the last.
 */
static void put_hit(struct ann_scan *scan, const struct ann_view *view,
	const struct candidate *candidate, bool instead)
{
	struct ann_hits *hits = scan->hits;
	size_t start = candidate->place.start;
	size_t end = candidate->place.end;
	struct ann_hit *hit = NULL;

	hits->count -= instead;
	if (ann_grow((void **)&hits->at, &hits->room, hits->count, sizeof(*hit)) != 0) {
		scan->failed = true;
		return;
	}
	if (view->origin != NULL && end > start) {
		end = view->origin[end - 1] + 1;
		start = view->origin[start];
	}
	hit = &hits->at[hits->count++];
	*hit = candidate->hit;
	hit->line_start = view->line.start;
	hit->line_end = view->line.end;
	hit->start = view->line.start + start;
	hit->end = view->line.start + end;
}

static void put_all(struct ann_scan *scan, const struct ann_view *view)
{
	for (size_t i = 0; i < scan->candidate_count; i++) {
		put_hit(scan, view, &scan->candidates[i], false);
	}
}

void ann_scan_decide(struct ann_scan *scan, const struct ann_view *view)
{
	const struct candidate *held = NULL; /* owner of the last hit */

	if (scan->lenient) {
		put_all(scan, view);
		return;
	}
	if (scan->candidate_count > 1) {
		qsort(scan->candidates, scan->candidate_count,
			sizeof(*scan->candidates), compare_candidates);
	}
	for (size_t i = 0; i < scan->candidate_count && !scan->failed; i++) {
		const struct candidate *one = &scan->candidates[i];
		bool overlaps = held != NULL && one->place.start < held->place.end;

		if ((!overlaps || one->job < held->job) &&
			(one->holds || ann_scan_allowed(scan, one->job, view->text,
					       one->place))) {
			put_hit(scan, view, one, overlaps);
			held = one;
		}
	}
}
