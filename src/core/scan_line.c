/*
 * What happens to a line: the patterns of the rules whose literals stand there are
 * tried; what they catch is looked up and becomes a candidate; and of the candidates,
 * those that their rule's conditions let pass and that do not overlap become hits.
 */
#include "annotty/alloc.h"
#include "meaning.h"
#include "scan_private.h"
#include "value.h"

#include <stdlib.h>

/* A group `family` that names one keeps the others out. */
static void keep_family(struct ann_hit *hit, struct ann_span family)
{
	for (unsigned i = 0; i < hit->count; i++) {
		if (ann_span_equal_nocase(hit->codes[i]->family->name, family)) {
			hit->codes[0] = hit->codes[i];
			hit->count = 1;
			return;
		}
	}
}

static struct ann_span part_of(struct ann_span line, struct ann_range range)
{
	return (struct ann_span){line.ptr + range.start, range.end - range.start};
}

/* No letter, digit or underscore stands beside it. */
static bool stands_free(struct ann_span line, struct ann_range place)
{
	return (place.start == 0 ||
		       !ann_is_word((unsigned char)line.ptr[place.start - 1])) &&
	       (place.end >= line.len ||
		       !ann_is_word((unsigned char)line.ptr[place.end]));
}

/* Room for one more candidate, which counts once it is found to be one. NULL: none. */
static struct candidate *next_candidate(struct ann_scan *scan, uint32_t job)
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

/* What stands beside the value is asked first: that is cheaper. */
static bool allowed(struct ann_scan *scan, uint32_t job, struct ann_span line,
	struct ann_range place)
{
	return ann_scan_place_allowed(scan, job, line, place) &&
	       ann_scan_line_allowed(scan, job);
}

/*
 * The value at `place` becomes a candidate if it means anything, which most values do
 * that have come so far; so the conditions are asked before.
 */
static void take_value(struct ann_scan *scan, uint32_t at, struct ann_span line,
	struct ann_range place)
{
	const struct job *job = &scan->matcher->jobs[at];

	if (!scan->lenient && !allowed(scan, at, line, place)) {
		return;
	}
	struct candidate *found = next_candidate(scan, at);

	if (found != NULL &&
		ann_meaning_of_number(&scan->recall, &scan->asker, job,
			part_of(line, place), &found->hit)) {
		found->place = place;
		found->holds = !scan->lenient;
		scan->candidate_count++;
	}
}

/* What the last match has captured becomes a candidate if it means anything. */
static void take_match(struct ann_scan *scan, uint32_t at, struct ann_span line)
{
	const struct ann_matcher *m = scan->matcher;
	const struct job *job = &m->jobs[at];
	struct candidate *found = next_candidate(scan, at);
	struct ann_range family = {0};
	struct ann_range same = {0};

	/* Asked before other patterns are tried, which lose the captures. */
	bool named = ann_pattern_group(scan->asker.state, &job->family, &family);
	bool twice = ann_pattern_group(scan->asker.state, &job->same, &same);
	bool known = false;

	if (found == NULL) {
		return;
	}
	if (ann_pattern_group(scan->asker.state, &job->code, &found->place)) {
		known = (job->rule->inside_word || stands_free(line, found->place)) &&
			(!twice || ann_value_same(part_of(line, found->place),
					   part_of(line, same))) &&
			ann_meaning_of_number(&scan->recall, &scan->asker, job,
				part_of(line, found->place), &found->hit);
	} else if (ann_pattern_group(scan->asker.state, &job->name, &found->place)) {
		known = ann_meaning_of_symbol(
			m, job, part_of(line, found->place), &found->hit);
	}
	if (known && named) {
		keep_family(&found->hit, part_of(line, family));
	}
	if (known) {
		scan->candidate_count++;
	}
}

/* The state of a job on the line at hand. */
static struct job_state *on_line(struct ann_scan *scan, uint32_t at)
{
	struct job_state *state = &scan->jobs[at];

	if (state->line != scan->asker.line_number) {
		state->line = scan->asker.line_number;
		state->next = 0;
	}
	return state;
}

/* What the shape of a job says of a place; that of a crowd has been asked there. */
static enum ann_answer ask_shape(struct ann_scan *scan, const struct job *job,
	struct ann_span line, size_t from)
{
	const struct ann_answers *answers = NULL;

	if (job->where != WHERE_TRIGGERED) {
		return ANN_MAYBE;
	}
	if (job->crowd == CROWD_NONE) {
		return ann_shape_ahead(job->shape, line, from);
	}
	answers = ann_spots_answers(&scan->spots, line, from, job->crowd);
	if (answers->yes >> job->part & 1) {
		return ANN_YES;
	}
	return answers->maybe >> job->part & 1 ? ANN_MAYBE : ANN_NO;
}

/* Tries a job from `from` on; `*next` is where to go on. False: no match. */
static bool try_job(struct ann_scan *scan, uint32_t at, struct ann_span line,
	size_t from, size_t *next)
{
	const struct job *job = &scan->matcher->jobs[at];
	enum ann_answer matches = ask_shape(scan, job, line, from);
	struct ann_range whole = {from, 0};

	if (matches == ANN_NO) {
		return false;
	}
	if (matches == ANN_YES && job->place.plain) {
		whole.end = from + ann_spots_word(&scan->spots, line, from)->len;
		*next = whole.end;
		if (from == 0 || !ann_is_word((unsigned char)line.ptr[from - 1])) {
			take_value(scan, at, line, whole);
		}
		return true;
	}
	if (!ann_pattern_find(job->pattern, scan->asker.state, line, from, &whole)) {
		return false;
	}
	*next = whole.end > from && whole.end > whole.start ? whole.end : whole.end + 1;
	take_match(scan, at, line);
	return true;
}

/* All matches in the line, once a line. */
static void search_line(struct ann_scan *scan, uint32_t at, struct ann_span line)
{
	struct job_state *state = on_line(scan, at);

	while (state->next <= line.len &&
		try_job(scan, at, line, state->next, &state->next)) {
	}
	state->next = line.len + 1;
}

/* The line at hand, and what is found out about it only when it is needed. */
struct look {
	struct ann_span line;
	size_t read_from; /* its values from here on are in ann_scan::values */
	bool knows_last;
	size_t last;          /* where its last word begins */
	ann_families of_last; /* that may know that word */
	size_t settled;       /* a value that a rule has, and no later rule can have */
	uint32_t settled_by;  /* the job of that rule */
};

/* The families that may know the last word, if it begins at `least` or behind it. */
static ann_families last_families(
	const struct ann_scan *scan, struct look *look, size_t least)
{
	if (!look->knows_last) {
		look->knows_last = true;
		look->of_last =
			ann_known_last(scan->matcher->known, look->line, &look->last);
	}
	return look->last >= least ? look->of_last : 0;
}

static void read_values(struct ann_scan *scan, struct look *look, size_t from)
{
	if (from < look->read_from) {
		look->read_from = from;
		scan->failed |= ann_values_find(scan->matcher->known, look->line, from,
					&scan->values) != ANN_OK;
	}
}

/* Whether a value without 0x stands at `from` or behind it. */
static bool bare_behind(struct ann_scan *scan, struct look *look, size_t from)
{
	read_values(scan, look, from);
	for (size_t i = scan->values.count; i > 0; i--) {
		const struct ann_value *value = &scan->values.at[i - 1];

		if (value->start < from || !value->prefixed) {
			return value->start >= from;
		}
	}
	return false;
}

/*
 * False when the job cannot find anything from `from` on, since no table of it knows a
 * value there. Cheap against trying its pattern.
 */
static bool worth_trying(
	struct ann_scan *scan, uint32_t at, struct look *look, size_t from)
{
	const struct job *job = &scan->matcher->jobs[at];
	bool triggered = job->where == WHERE_TRIGGERED;
	bool first = triggered && (job->place.code_first || job->place.same_first);
	bool bare = job->rule->base == ANN_BASE_BARE;
	size_t least = triggered ? from : 0;

	if (!job->whole) {
		return true;
	}
	if (first) {
		const struct ann_word *word =
			ann_spots_word(&scan->spots, look->line, from);

		if (job->place.code_first || (word->families & job->families) == 0) {
			return (word->families & job->families) != 0;
		}
		least += word->len; /* what says the same is not the value itself */
	}
	if (job->place.last &&
		(last_families(scan, look, least) & job->families) == 0) {
		return false;
	}
	read_values(scan, look, least);
	for (size_t i = scan->values.count; i > 0; i--) {
		const struct ann_value *value = &scan->values.at[i - 1];

		if (value->start < least) {
			return false;
		}
		bool taken = value->start == look->settled && look->settled_by < at;

		if (!taken && !(bare && value->prefixed) &&
			(value->families & job->families) != 0) {
			return true;
		}
		if (job->place.last) {
			return false;
		}
	}
	return false;
}

/*
 * Whether the last candidate holds: then no later rule can have that place, so there is
 * no need to try them there.
 */
static bool settle(struct ann_scan *scan, struct look *look)
{
	struct candidate *last = &scan->candidates[scan->candidate_count - 1];

	if (!last->holds && !scan->lenient) {
		last->holds = allowed(scan, last->job, look->line, last->place);
	}
	if (last->holds) {
		look->settled = last->place.start;
		look->settled_by = last->job;
	}
	return last->holds;
}

/* Whether to settle a value as soon as it is found, not when all rules are tried. */
static bool settles(const struct job *job)
{
	return job->place.code_first || job->conditions[ANN_RULE_WHEN].regex == NULL;
}

/* A literal stands at `from` in the line. */
static void follow_trigger(
	struct ann_scan *scan, uint32_t literal, struct look *look, size_t from)
{
	const struct ann_matcher *m = scan->matcher;
	const struct want *want = &m->patterns.wants[literal];
	bool bare = (m->patterns.traits[literal] & WANT_BARE) != 0;
	bool taken = false; /* by a rule before those still to be tried */

	if (bare && !bare_behind(scan, look, from)) {
		return;
	}
	for (size_t i = 0; i < want->count; i++) {
		uint32_t at = want->who[i];
		const struct job *job = &m->jobs[at];
		struct job_state *state = NULL;
		size_t before = scan->candidate_count;

		if ((taken && job->place.code_first) ||
			(job->crowd != CROWD_NONE &&
				ask_shape(scan, job, look->line, from) == ANN_NO)) {
			continue;
		}
		state = on_line(scan, at);
		if (from < state->next || !worth_trying(scan, at, look, from)) {
			continue;
		}
		if (job->where == WHERE_MENTIONED) {
			search_line(scan, at, look->line);
		} else if (!try_job(scan, at, look->line, from, &state->next)) {
			state->next = from + 1; /* another literal may stand here */
		} else if (scan->candidate_count > before && settles(job) &&
			   settle(scan, look)) {
			taken |= look->settled == from;
		}
	}
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

/* The candidate with its place in the batch becomes a hit; if `instead`, for the last. */
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

/* Of the candidates of a line, those that hold and do not overlap become hits. */
static void decide(struct ann_scan *scan, const struct ann_view *view)
{
	const struct candidate *held = NULL; /* owner of the last hit */

	if (scan->candidate_count > 1) {
		qsort(scan->candidates, scan->candidate_count,
			sizeof(*scan->candidates), compare_candidates);
	}
	for (size_t i = 0; i < scan->candidate_count && !scan->failed; i++) {
		const struct candidate *one = &scan->candidates[i];
		bool overlaps = held != NULL && one->place.start < held->place.end;

		if ((!overlaps || one->job < held->job) &&
			(one->holds ||
				allowed(scan, one->job, view->text, one->place))) {
			put_hit(scan, view, one, overlaps);
			held = one;
		}
	}
}

/* Looks at one line, in which the `count` triggers stand; `base` is its offset there.
 */
void ann_scan_look_at(struct ann_scan *scan, const struct ann_view *view,
	const struct ann_trigger *triggers, size_t count, size_t base)
{
	const struct ann_matcher *m = scan->matcher;
	struct look look = {
		.line = view->text, .read_from = SIZE_MAX, .settled = SIZE_MAX};

	ann_asker_next(&scan->asker, view->text);
	if (view->origin != NULL) {
		ann_spots_clear_other(&scan->spots); /* its memory is used again */
	}
	scan->candidate_count = 0;
	for (size_t i = 0; i < count; i++) {
		follow_trigger(scan, triggers[i].literal, &look, triggers[i].at - base);
	}
	for (size_t i = 0; m->any > 0 && i < m->count; i++) {
		if (m->jobs[i].where == WHERE_ANY) {
			search_line(scan, (uint32_t)i, view->text);
		}
	}
	if (scan->lenient) {
		put_all(scan, view);
	} else if (scan->candidate_count > 0) {
		decide(scan, view);
	}
}
