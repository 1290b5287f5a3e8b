/*
 * What happens to a line: the patterns of the rules whose literals stand there are
 * tried, first those that begin with a value, then the others, each time those of
 * earlier rules first, for what one has need not be looked for again; what they catch
 * is looked up and becomes a candidate; and of the candidates, those that their rule's
 * conditions let pass and that do not overlap become hits.
 */
#include "annotty/alloc.h"
#include "match/meaning.h"
#include "match/scan_private.h"
#include "match/value.h"

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

/*
 * The value at `place` becomes a candidate if it means anything, which most values do
 * that have come so far; so the conditions are asked before.
 */
static void take_value(struct ann_scan *scan, uint32_t at, struct ann_span line,
	struct ann_range place)
{
	const struct job *job = &scan->matcher->jobs[at];

	if (!scan->lenient && !ann_scan_allowed(scan, at, line, place)) {
		return;
	}
	struct candidate *found = ann_scan_next_candidate(scan, at);

	if (found != NULL && ann_meaning_of_number(&scan->recall, &scan->asker, job,
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
	struct candidate *found = ann_scan_next_candidate(scan, at);
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

/*
 * Tries a job from `from` on, of which its shape has said something; `*next` is where
 * to go on. False: no match.
 */
static bool try_job(struct ann_scan *scan, uint32_t at, struct ann_span line,
	size_t from, enum ann_answer said, size_t *next)
{
	const struct job *job = &scan->matcher->jobs[at];
	struct ann_range whole = {from, 0};

	if (said == ANN_NO) {
		return false;
	}
	if (said == ANN_YES && job->place.plain) {
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
		try_job(scan, at, line, state->next, ANN_MAYBE, &state->next)) {
	}
	state->next = line.len + 1;
}

enum { TAKEN_MOST = 8 }; /* so that a long line full of values takes no longer */

/* The line at hand, and what is found out about it only when it is needed. */
struct look {
	struct ann_span line;
	size_t read_from; /* its values from here on are in ann_scan::values */
	bool knows_last;
	size_t last;          /* where its last word begins */
	ann_families of_last; /* that may know that word */
	/* The values that rules have, of which no more than these are remembered. */
	struct taken {
		size_t start;
		uint32_t job; /* of that rule */
	} taken[TAKEN_MOST];
	size_t taken_count; /* that there ever were */
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

/* Whether an earlier rule has the value that begins there, so that no later one can. */
static bool is_taken(const struct look *look, size_t start, uint32_t job)
{
	for (size_t i = 0; i < look->taken_count && i < TAKEN_MOST; i++) {
		if (look->taken[i].start == start && look->taken[i].job < job) {
			return true;
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
	if (job->place.code_first && triggered && is_taken(look, from, at)) {
		return false;
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
		if (!(bare && value->prefixed) &&
			(value->families & job->families) != 0 &&
			!is_taken(look, value->start, at)) {
			return true;
		}
		if (job->place.last) {
			return false;
		}
	}
	return false;
}

/* Asks whether the last candidate holds: then no later rule is tried at its place. */
static void settle(struct ann_scan *scan, struct look *look)
{
	struct candidate *last = &scan->candidates[scan->candidate_count - 1];

	if (!last->holds && !scan->lenient) {
		last->holds =
			ann_scan_allowed(scan, last->job, look->line, last->place);
	}
	if (last->holds) {
		look->taken[look->taken_count++ % TAKEN_MOST] =
			(struct taken){last->place.start, last->job};
	}
}

/* Whether to settle a value as soon as it is found, not when all rules are tried. */
static bool settles(const struct job *job)
{
	return job->place.code_first || job->conditions[ANN_RULE_WHEN].regex == NULL;
}

static void add_attempt(struct ann_scan *scan, struct attempt attempt)
{
	if (ann_grow((void **)&scan->attempts, &scan->attempt_room, scan->attempt_count,
		    sizeof(*scan->attempts)) != 0) {
		scan->failed = true;
		return;
	}
	scan->attempts[scan->attempt_count++] = attempt;
}

/* Earlier rules first, each from left to right. */
static int compare_attempts(const void *a, const void *b)
{
	const struct attempt *x = a;
	const struct attempt *y = b;

	if (x->job != y->job) {
		return x->job < y->job ? -1 : 1;
	}
	return x->from < y->from ? -1 : x->from > y->from;
}

/* Mostly there are a few, which are nearly in order. */
static void sort_attempts(struct attempt *attempts, size_t count)
{
	enum { FEW = 32 };

	if (count > FEW) {
		qsort(attempts, count, sizeof(*attempts), compare_attempts);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		struct attempt moved = attempts[i];
		size_t at = i;

		for (; at > 0 && attempts[at - 1].job > moved.job; at--) {
			attempts[at] = attempts[at - 1];
		}
		attempts[at] = moved;
	}
}

static void make_attempt(
	struct ann_scan *scan, struct attempt attempt, struct look *look)
{
	const struct job *job = &scan->matcher->jobs[attempt.job];
	struct job_state *state = on_line(scan, attempt.job);
	size_t before = scan->candidate_count;

	if (attempt.from < state->next ||
		!worth_trying(scan, attempt.job, look, attempt.from)) {
		return;
	}
	if (job->where == WHERE_TRIGGERED && !attempt.asked) {
		attempt.said = ann_shape_ahead(job->shape, look->line, attempt.from);
	}
	if (job->where == WHERE_MENTIONED) {
		search_line(scan, attempt.job, look->line);
	} else if (!try_job(scan, attempt.job, look->line, attempt.from, attempt.said,
			   &state->next)) {
		state->next = attempt.from + 1; /* another literal may stand here */
	} else if (scan->candidate_count > before && settles(job)) {
		settle(scan, look);
	}
}

/*
 * Those of a crowd's jobs that their shapes do not rule out. Those whose matches begin
 * with the value are tried at once, until one has it; others take their turn.
 */
static void ask_crowd(struct ann_scan *scan, struct look *look, size_t from,
	enum crowd crowd, uint64_t parts)
{
	const struct ann_matcher *m = scan->matcher;
	struct ann_answers answers =
		*ann_spots_answers(&scan->spots, look->line, from, crowd);

	parts &= answers.maybe;
	while (parts != 0) {
		unsigned part = (unsigned)__builtin_ctzll(parts);
		struct attempt attempt = {m->members[crowd][part], answers.told,
			ann_answer_of(&answers, part), from};

		parts &= parts - 1;
		if (crowd != CROWD_VALUES) {
			add_attempt(scan, attempt);
			continue;
		}
		make_attempt(scan, attempt, look);
		if (is_taken(look, from, attempt.job + 1)) {
			parts &= ~m->code_first; /* the rest are of later rules */
		}
	}
}

/* A literal stands at `from` in the line. */
static void follow_trigger(
	struct ann_scan *scan, uint32_t literal, struct look *look, size_t from)
{
	const struct want *want = &scan->matcher->patterns.wants[literal];

	for (enum crowd crowd = 0; crowd < CROWDS; crowd++) {
		if (want->parts[crowd] != 0 &&
			(crowd != CROWD_BARE || bare_behind(scan, look, from))) {
			ask_crowd(scan, look, from, crowd, want->parts[crowd]);
		}
	}
	for (size_t i = 0; i < want->count; i++) {
		add_attempt(
			scan, (struct attempt){want->who[i], false, ANN_MAYBE, from});
	}
}

/* Looks at one line, in which the `count` triggers stand; `base` is its offset there.
 */
void ann_scan_look_at(struct ann_scan *scan, const struct ann_view *view,
	const struct ann_trigger *triggers, size_t count, size_t base)
{
	const struct ann_matcher *m = scan->matcher;
	const char *end = view->origin == NULL ? scan->batch.ptr + scan->batch.len
					       : view->text.ptr + view->text.len;
	struct look look; /* what is remembered of values is not cleared each time */

	look.line = view->text;
	look.read_from = SIZE_MAX;
	look.knows_last = false;
	look.taken_count = 0;
	ann_asker_next(&scan->asker, view->text, (size_t)(end - view->text.ptr));
	if (view->origin != NULL) {
		ann_spots_clear_other(&scan->spots); /* its memory is used again */
	}
	scan->candidate_count = 0;
	scan->attempt_count = 0;
	for (size_t i = 0; i < count; i++) {
		follow_trigger(scan, triggers[i].literal, &look, triggers[i].at - base);
	}
	sort_attempts(scan->attempts, scan->attempt_count);
	for (size_t i = 0; i < scan->attempt_count; i++) {
		make_attempt(scan, scan->attempts[i], &look);
	}
	for (size_t i = 0; m->any > 0 && i < m->count; i++) {
		if (m->jobs[i].where == WHERE_ANY) {
			search_line(scan, (uint32_t)i, view->text);
		}
	}
	if (scan->candidate_count > 0) {
		ann_scan_decide(scan, view);
	}
}
