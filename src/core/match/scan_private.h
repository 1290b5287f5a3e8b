/*
 * scan_private - a thread's scan, between those who find lines to look at (scan.c),
 * look at them (scan_line.c), ask the conditions of rules (scan_conditions.c) and
 * choose among the values found (scan_candidates.c).
 */
#ifndef CORE_SCAN_PRIVATE_H
#define CORE_SCAN_PRIVATE_H

#include "match/condition.h"
#include "match/meaning.h"
#include "match/spot.h"
#include "match/view.h"

/* What a scan remembers of a job while it is on one line. */
struct job_state {
	uint64_t line;  /* the line this is about */
	size_t next;    /* where its next match may begin */
	uint64_t asked; /* the line `allowed` is about */
	bool allowed;   /* `when` and `unless` let this line pass */
};

/* A value found by a pattern, conditions not asked yet. */
struct candidate {
	uint32_t job;
	struct ann_range place; /* in the text that was looked at */
	bool holds;             /* its rule's conditions have been asked, and hold */
	struct ann_hit hit;     /* without its offsets */
};

/* A pattern to be tried on the line at hand. */
struct attempt {
	uint32_t job;
	bool asked;           /* its shape, which has */
	enum ann_answer said; /* that */
	size_t from;
};

struct ann_scan {
	struct ann_matcher *matcher;
	struct ann_asker asker;
	struct ann_recall recall;
	struct ann_vectorscan_space *space; /* NULL until vectorscan is used */
	struct ann_triggers triggers;
	struct job_state *jobs;
	struct ann_plain plain;
	struct ann_triggers plain_triggers; /* in it */
	struct ann_values values;           /* of the line at hand */
	struct attempt *attempts;           /* the same, by job, then place */
	size_t attempt_count;
	size_t attempt_room;
	struct candidate *candidates; /* the same */
	size_t candidate_count;
	size_t candidate_room;
	struct ann_span batch;  /* the one at hand */
	struct ann_bare bare;   /* of the line of the last trigger */
	struct ann_spots spots; /* the same */
	struct ann_hits *hits;
	bool lenient; /* conditions do not count, and values may overlap */
	bool failed;  /* no memory */
};

/*
 * Looks at one line, in which the `count` triggers stand, and adds what holds to the
 * scan's hits. `base` is what the triggers count from.
 */
void ann_scan_look_at(struct ann_scan *scan, const struct ann_view *view,
	const struct ann_trigger *triggers, size_t count, size_t base);

/* Whether the conditions of a job let a value on the line at hand pass. */
bool ann_scan_allowed(struct ann_scan *scan, uint32_t job, struct ann_span line,
	struct ann_range place);

/* Room for one more candidate, which counts once it is found to be one. NULL: none. */
struct candidate *ann_scan_next_candidate(struct ann_scan *scan, uint32_t job);

/* Of the candidates of a line, those that hold and do not overlap become hits. */
void ann_scan_decide(struct ann_scan *scan, const struct ann_view *view);

#endif
