/*
 * What happens to a batch: the scanner tells where literals of the rules stand; lines
 * in which one does are looked at; there the rules' patterns are tried, what they catch
 * is looked up and becomes a candidate; and of the candidates of a line, those that
 * their rule's conditions let pass and that do not overlap become hits.
 */
#include "annotty/matcher.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"
#include "condition.h"
#include "meaning.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

/* How far back `behind` and `unless-before` look, in bytes. */
enum { BEFORE_BYTES = 64 };

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

/*
 * A line as the patterns see it: as it is, or, when terminal control sequences are in
 * it, a copy without them and with the way back.
 */
struct view {
	struct ann_line line; /* in the batch */
	struct ann_span text;
	const uint32_t
		*origin; /* per byte of `text`: its offset in the line; NULL: same */
};

/* Memory for such a copy. */
struct plain {
	char *bytes;
	uint32_t *origin;
	size_t room;
	struct ann_triggers triggers;
};

struct ann_scan {
	struct ann_matcher *matcher;
	struct ann_asker asker;
	struct ann_vectorscan_space *space; /* NULL until vectorscan is used */
	struct ann_triggers triggers;
	struct job_state *jobs;
	struct plain plain;
	struct ann_values values;     /* of the line at hand */
	struct candidate *candidates; /* the same */
	size_t candidate_count;
	size_t candidate_room;
	struct ann_span batch; /* the one at hand */
	struct ann_bare bare;  /* of the line of the last trigger */
	size_t crowd_at;       /* where in it `crowd_idle` is about */
	bool crowd_idle;       /* no job of ann_matcher::crowd matches there */
	struct ann_hits *hits;
	bool lenient; /* conditions do not count, and values may overlap */
	bool failed;  /* no memory */
};

void ann_hits_deinit(struct ann_hits *hits)
{
	ann_free(hits->at);
	*hits = (struct ann_hits){0};
}

struct ann_scan *ann_scan_new(struct ann_matcher *matcher)
{
	struct ann_scan *scan = ann_alloc(sizeof(*scan));

	if (scan == NULL) {
		return NULL;
	}
	scan->matcher = matcher;
	scan->jobs = ann_alloc(matcher->count * sizeof(*scan->jobs));
	if (ann_asker_init(&scan->asker, matcher) != ANN_OK || scan->jobs == NULL) {
		ann_scan_free(scan);
		return NULL;
	}
	return scan;
}

void ann_scan_free(struct ann_scan *scan)
{
	if (scan != NULL) {
		ann_asker_deinit(&scan->asker);
		ann_vectorscan_space_free(scan->space);
		ann_triggers_deinit(&scan->triggers);
		ann_triggers_deinit(&scan->plain.triggers);
		ann_values_deinit(&scan->values);
		ann_free(scan->plain.bytes);
		ann_free(scan->plain.origin);
		ann_free(scan->jobs);
		ann_free(scan->candidates);
		ann_free(scan);
	}
}

uint64_t ann_scan_given_up(const struct ann_scan *scan)
{
	return ann_pattern_given_up(scan->asker.state);
}

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

static void add_candidate(struct ann_scan *scan, const struct candidate *found)
{
	if (ann_grow((void **)&scan->candidates, &scan->candidate_room,
		    scan->candidate_count, sizeof(*scan->candidates)) != 0) {
		scan->failed = true;
		return;
	}
	scan->candidates[scan->candidate_count++] = *found;
}

/* The value at `place` becomes a candidate if it means anything. */
static void take_value(struct ann_scan *scan, uint32_t at, struct ann_span line,
	struct ann_range place)
{
	const struct job *job = &scan->matcher->jobs[at];
	struct candidate found = {
		.job = at, .place = place, .hit = {.rule = job->rule->name}};

	if (ann_meaning_of_number(
		    &scan->asker, job, part_of(line, place), &found.hit)) {
		add_candidate(scan, &found);
	}
}

/* What the last match has captured becomes a candidate if it means anything. */
static void take_match(struct ann_scan *scan, uint32_t at, struct ann_span line)
{
	const struct ann_matcher *m = scan->matcher;
	const struct job *job = &m->jobs[at];
	struct candidate found = {.job = at, .hit = {.rule = job->rule->name}};
	struct ann_range family = {0};

	struct ann_range same = {0};

	/* Asked before other patterns are tried, which lose the captures. */
	bool named = ann_pattern_group(scan->asker.state, &job->family, &family);
	bool twice = ann_pattern_group(scan->asker.state, &job->same, &same);
	bool known = false;

	if (ann_pattern_group(scan->asker.state, &job->code, &found.place)) {
		known = (job->rule->inside_word || stands_free(line, found.place)) &&
			(!twice || ann_value_same(part_of(line, found.place),
					   part_of(line, same))) &&
			ann_meaning_of_number(&scan->asker, job,
				part_of(line, found.place), &found.hit);
	} else if (ann_pattern_group(scan->asker.state, &job->name, &found.place)) {
		known = ann_meaning_of_symbol(
			m, job, part_of(line, found.place), &found.hit);
	}
	if (known && named) {
		keep_family(&found.hit, part_of(line, family));
	}
	if (known) {
		add_candidate(scan, &found);
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

static size_t word_end(struct ann_span line, size_t at)
{
	while (at < line.len && ann_is_word((unsigned char)line.ptr[at])) {
		at++;
	}
	return at;
}

/* Tries a job from `from` on; `*next` is where to go on. False: no match. */
static bool try_job(struct ann_scan *scan, uint32_t at, struct ann_span line,
	size_t from, size_t *next)
{
	const struct job *job = &scan->matcher->jobs[at];
	enum ann_answer matches = job->where == WHERE_TRIGGERED
					  ? ann_shape_ahead(job->shape, line, from)
					  : ANN_MAYBE;
	struct ann_range whole = {from, 0};

	if (matches == ANN_NO) {
		return false;
	}
	if (matches == ANN_YES && job->plain) {
		whole.end = word_end(line, from);
		*next = whole.end;
		take_value(scan, at, line, whole);
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
	size_t read_from;      /* its values from here on are in ann_scan::values */
	size_t first;          /* 1 + the place that `of_first` is about */
	ann_families of_first; /* that may know the value that begins there */
	bool knows_last;
	size_t last;          /* where its last word begins */
	ann_families of_last; /* that may know that word */
};

static ann_families first_families(
	const struct ann_scan *scan, struct look *look, size_t at)
{
	struct ann_span rest = {look->line.ptr + at, look->line.len - at};

	if (look->first != at + 1) {
		look->first = at + 1;
		look->of_first = ann_known_first(scan->matcher->known, rest);
	}
	return look->of_first;
}

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

/*
 * False when the job cannot find anything from `from` on, since no table of it knows a
 * value there. Cheap against trying its pattern.
 */
static bool worth_trying(
	struct ann_scan *scan, const struct job *job, struct look *look, size_t from)
{
	bool triggered = job->where == WHERE_TRIGGERED;
	bool first = triggered && (job->code_first || job->same_first);
	bool bare = job->rule->base == ANN_BASE_BARE;
	size_t least = triggered ? from : 0;

	if (!job->whole) {
		return true;
	}
	if (first && (first_families(scan, look, from) & job->families) == 0) {
		return false;
	}
	if (first && job->code_first) {
		return true;
	}
	if (job->last && (last_families(scan, look, least) & job->families) == 0) {
		return false;
	}
	read_values(scan, look, least);
	for (size_t i = scan->values.count; i > 0; i--) {
		const struct ann_value *value = &scan->values.at[i - 1];

		/* What says the same is not the value itself. */
		if (value->start < least || (first && value->start == from)) {
			return false;
		}
		if (!(bare && value->prefixed) &&
			(value->families & job->families) != 0) {
			return true;
		}
		if (job->last) {
			return false;
		}
	}
	return false;
}

/* `when` and `unless`, once a line. */
static bool line_allowed(struct ann_scan *scan, uint32_t at)
{
	const struct job *job = &scan->matcher->jobs[at];
	struct job_state *state = &scan->jobs[at];
	const struct condition *when = &job->conditions[ANN_RULE_WHEN];
	const struct condition *unless = &job->conditions[ANN_RULE_UNLESS];

	if (state->asked != scan->asker.line_number) {
		state->asked = scan->asker.line_number;
		state->allowed = (when->regex == NULL || ann_ask(&scan->asker, when)) &&
				 !ann_ask(&scan->asker, unless);
	}
	return state->allowed;
}

/* Whether a condition on what stands beside a value holds: where its shape says maybe.
 */
static bool matches_at(struct ann_scan *scan, const struct condition *condition,
	enum ann_answer answer, struct ann_span text, size_t from)
{
	struct ann_range range;

	return answer == ANN_YES ||
	       (answer == ANN_MAYBE && ann_pattern_find(condition->regex,
					       scan->asker.state, text, from, &range));
}

static bool holds_before(struct ann_scan *scan, const struct condition *condition,
	struct ann_span line, size_t at)
{
	size_t from = at > BEFORE_BYTES ? at - BEFORE_BYTES : 0;
	struct ann_span left = {line.ptr, at};

	return condition->regex != NULL &&
	       matches_at(scan, condition,
		       ann_shape_before(condition->shape, left, from, at), left, from);
}

static bool holds_after(struct ann_scan *scan, const struct condition *condition,
	struct ann_span line, size_t at)
{
	return condition->regex != NULL &&
	       matches_at(scan, condition, ann_shape_ahead(condition->shape, line, at),
		       line, at);
}

/* What stands beside the value. */
static bool place_allowed(
	struct ann_scan *scan, const struct candidate *candidate, struct ann_span line)
{
	const struct condition *conditions =
		scan->matcher->jobs[candidate->job].conditions;
	const struct condition *behind = &conditions[ANN_RULE_BEHIND];
	struct ann_range place = candidate->place;

	return (behind->regex == NULL ||
		       holds_before(scan, behind, line, place.start)) &&
	       !holds_before(
		       scan, &conditions[ANN_RULE_UNLESS_BEFORE], line, place.start) &&
	       !holds_after(scan, &conditions[ANN_RULE_UNLESS_AFTER], line, place.end);
}

/*
 * True when the last candidate begins at `from` and holds: then no later rule can have
 * that place, so there is no need to try them there.
 */
static bool settled(struct ann_scan *scan, struct ann_span line, size_t from)
{
	struct candidate *last = scan->candidate_count == 0
					 ? NULL
					 : &scan->candidates[scan->candidate_count - 1];

	if (last == NULL || last->place.start != from) {
		return false;
	}
	if (!last->holds) {
		last->holds = line_allowed(scan, last->job) &&
			      place_allowed(scan, last, line);
	}
	return last->holds;
}

/* A literal stands at `from` in the line. */
static void follow_trigger(
	struct ann_scan *scan, uint32_t literal, struct look *look, size_t from)
{
	const struct ann_matcher *m = scan->matcher;
	const struct want *want = &m->patterns.wants[literal];
	bool taken = false; /* by a rule before those still to be tried */

	for (size_t i = 0; i < want->count; i++) {
		uint32_t at = want->who[i];
		const struct job *job = &m->jobs[at];
		struct job_state *state = on_line(scan, at);

		if (from < state->next || (taken && job->code_first) ||
			!worth_trying(scan, job, look, from)) {
			continue;
		}
		if (job->where == WHERE_MENTIONED) {
			search_line(scan, at, look->line);
		} else if (try_job(scan, at, look->line, from, &state->next) &&
			   job->code_first) {
			taken = settled(scan, look->line, from);
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

/* The candidate's place in the batch. */
static struct ann_hit hit_at(const struct view *view, const struct candidate *candidate)
{
	struct ann_hit hit = candidate->hit;
	size_t start = candidate->place.start;
	size_t end = candidate->place.end;

	if (view->origin != NULL && end > start) {
		end = view->origin[end - 1] + 1;
		start = view->origin[start];
	}
	hit.line_start = view->line.start;
	hit.line_end = view->line.end;
	hit.start = view->line.start + start;
	hit.end = view->line.start + end;
	return hit;
}

/* The next hit, or, if `instead`, another one for the last. */
static void put_hit(struct ann_scan *scan, const struct ann_hit *hit, bool instead)
{
	struct ann_hits *hits = scan->hits;

	hits->count -= instead;
	if (ann_grow((void **)&hits->at, &hits->room, hits->count, sizeof(*hit)) != 0) {
		scan->failed = true;
		return;
	}
	hits->at[hits->count++] = *hit;
}

static void put_all(struct ann_scan *scan, const struct view *view)
{
	for (size_t i = 0; i < scan->candidate_count; i++) {
		struct ann_hit hit = hit_at(view, &scan->candidates[i]);

		put_hit(scan, &hit, false);
	}
}

/* Of the candidates of a line, those that hold and do not overlap become hits. */
static void decide(struct ann_scan *scan, const struct view *view)
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
			(one->holds || (line_allowed(scan, one->job) &&
					       place_allowed(scan, one, view->text)))) {
			struct ann_hit hit = hit_at(view, one);

			put_hit(scan, &hit, overlaps);
			held = one;
		}
	}
}

/* Looks at one line, in which the `count` triggers stand; `base` is its offset there.
 */
static void look_at(struct ann_scan *scan, const struct view *view,
	const struct ann_trigger *triggers, size_t count, size_t base)
{
	const struct ann_matcher *m = scan->matcher;
	struct look look = {.line = view->text, .read_from = SIZE_MAX};

	ann_asker_next(&scan->asker, view->text);
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

/* The length of the control sequence at the front of `text` (ECMA-48, 5.4), or 0. */
static size_t sequence_length(struct ann_span text)
{
	size_t at = 2;

	if (text.len < 2 || text.ptr[0] != '\033' || text.ptr[1] != '[') {
		return 0;
	}
	while (at < text.len && text.ptr[at] >= 0x20 && text.ptr[at] < 0x40) {
		at++;
	}
	return at < text.len && text.ptr[at] >= 0x40 && text.ptr[at] < 0x7F ? at + 1
									    : 0;
}

static bool make_room(struct plain *plain, size_t len)
{
	char *bytes = NULL;
	uint32_t *origin = NULL;

	if (len <= plain->room) {
		return true;
	}
	bytes = ann_resize_array(plain->bytes, len, sizeof(*bytes));
	plain->bytes = bytes == NULL ? plain->bytes : bytes;
	origin = ann_resize_array(plain->origin, len, sizeof(*origin));
	plain->origin = origin == NULL ? plain->origin : origin;
	plain->room = bytes == NULL || origin == NULL ? plain->room : len;
	return bytes != NULL && origin != NULL;
}

/* The view without control sequences, in memory that the next call takes back. */
static bool strip(struct plain *plain, struct view *view)
{
	struct ann_span text = view->text;
	size_t kept = 0;

	if (!make_room(plain, text.len)) {
		return false;
	}
	for (size_t at = 0; at < text.len;) {
		size_t skip = sequence_length(
			(struct ann_span){text.ptr + at, text.len - at});

		if (skip == 0) {
			plain->bytes[kept] = text.ptr[at];
			plain->origin[kept++] = (uint32_t)at;
		}
		at += skip > 0 ? skip : 1;
	}
	view->text = (struct ann_span){plain->bytes, kept};
	view->origin = plain->origin;
	return true;
}

static bool has_escape(
	const struct ann_scan *scan, const struct ann_trigger *triggers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (triggers[i].literal == scan->matcher->escape) {
			return true;
		}
	}
	return false;
}

/* Triggers of one line come in order of their ends; searches want their starts. */
static size_t gather(struct ann_trigger *triggers, size_t count, size_t line_end)
{
	size_t taken = 0;

	for (; taken < count && triggers[taken].at < line_end; taken++) {
		struct ann_trigger moved = triggers[taken];
		size_t at = taken;

		while (at > 0 && triggers[at - 1].at > moved.at) {
			triggers[at] = triggers[at - 1];
			at--;
		}
		triggers[at] = moved;
	}
	return taken;
}

/* Looks at a line with its triggers, which are at the front of `triggers`. */
static size_t look_at_line(struct ann_scan *scan, const struct ann_line *line,
	struct ann_trigger *triggers, size_t left)
{
	struct view view = {
		.line = *line,
		.text = {scan->batch.ptr + line->start, line->end - line->start},
	};
	size_t taken = gather(triggers, left, line->end);
	struct plain *plain = &scan->plain;

	if (!has_escape(scan, triggers, taken)) {
		look_at(scan, &view, triggers, taken, line->start);
		return taken;
	}
	if (!strip(plain, &view)) {
		scan->failed = true;
		return taken;
	}
	ann_automaton_scan(
		scan->matcher->patterns.automaton, view.text, &plain->triggers);
	scan->failed |= plain->triggers.failed;
	look_at(scan, &view, plain->triggers.at,
		gather(plain->triggers.at, plain->triggers.count, view.text.len), 0);
	return taken;
}

static bool use_vectorscan(struct ann_scan *scan, struct ann_span batch)
{
	const struct ann_vectorscan *database = atomic_load(&scan->matcher->vectorscan);

	if (database == NULL) {
		return false;
	}
	if (scan->space == NULL) {
		scan->space = ann_vectorscan_space_new(database);
	}
	return scan->space != NULL &&
	       ann_vectorscan_scan(database, scan->space, batch, &scan->triggers);
}

/* By the fastest way that there is for these literals, on this machine, by now. */
static void find_triggers(struct ann_scan *scan, struct ann_span batch)
{
	const struct ann_matcher *m = scan->matcher;
	const struct ann_sieve *sieve = atomic_load(&m->sieve);

	if (sieve != NULL) {
		ann_sieve_scan(sieve, batch, &scan->triggers);
	} else if (!use_vectorscan(scan, batch)) {
		ann_automaton_scan(m->patterns.automaton, batch, &scan->triggers);
	}
}

/* A number stands there, but no table knows it. */
static bool is_unknown(const struct ann_scan *scan, size_t at)
{
	struct ann_span rest = {scan->batch.ptr + at, scan->batch.len - at};

	return ann_known_first(scan->matcher->known, rest) == 0;
}

/* No number without 0x that a table knows stands behind that place in its line. */
static bool no_bare_behind(struct ann_scan *scan, size_t at)
{
	if (at >= scan->bare.line_end) {
		scan->bare = ann_known_bare(scan->matcher->known, scan->batch, at);
	}
	return scan->bare.last == SIZE_MAX || scan->bare.last < at;
}

/*
 * Nothing can come of the trigger. (Where terminal control hides what could, that is a
 * trigger too.)
 */
static bool is_idle(struct ann_scan *scan, struct ann_trigger trigger)
{
	const struct ann_matcher *m = scan->matcher;
	const struct want *want = &m->patterns.wants[trigger.literal];

	if (want->value) {
		return is_unknown(scan, trigger.at);
	}
	if (want->bare && no_bare_behind(scan, trigger.at)) {
		return true;
	}
	if (want->crowd && scan->crowd_at != trigger.at) {
		scan->crowd_at = trigger.at;
		scan->crowd_idle =
			ann_shape_ahead(m->crowd, scan->batch, trigger.at) == ANN_NO;
	}
	return want->crowd && scan->crowd_idle;
}

/* Lines with triggers only. */
static void look_at_mentioned(struct ann_scan *scan)
{
	struct ann_trigger *triggers = scan->triggers.at;
	size_t left = scan->triggers.count;

	scan->bare = (struct ann_bare){0};
	scan->crowd_at = SIZE_MAX;
	while (left > 0) {
		size_t taken = 1;

		if (!is_idle(scan, *triggers)) {
			struct ann_line line =
				ann_line_around(scan->batch, triggers[0].at);

			taken = look_at_line(scan, &line, triggers, left);
		}
		triggers += taken;
		left -= taken;
	}
}

/* Every line, because a rule or the stop asks for that. Returns where it ended. */
static size_t look_at_all(struct ann_scan *scan, bool *stopped)
{
	struct ann_trigger *triggers = scan->triggers.at;
	size_t left = scan->triggers.count;
	struct ann_pattern *stop = scan->matcher->stop;
	struct ann_range range;

	for (size_t at = 0; at < scan->batch.len;) {
		struct ann_line line = ann_line_at(scan->batch, at);
		struct ann_span text = {scan->batch.ptr + at, line.end - at};
		size_t taken = look_at_line(scan, &line, triggers, left);

		if (taken > 0) { /* without triggers there may be no list */
			triggers += taken;
			left -= taken;
		}
		at = line.next;
		if (stop != NULL &&
			ann_pattern_find(stop, scan->asker.state, text, 0, &range)) {
			*stopped = true;
			return at;
		}
	}
	return scan->batch.len;
}

enum ann_err ann_scan_batch(struct ann_scan *scan, struct ann_span batch,
	struct ann_hits *hits, size_t *end, bool *stopped)
{
	scan->batch = batch;
	scan->hits = hits;
	scan->failed = false;
	scan->asker.failed = false;
	hits->count = 0;
	*end = batch.len;
	*stopped = false;
	find_triggers(scan, batch);
	if (scan->matcher->any > 0 || scan->matcher->stop != NULL) {
		*end = look_at_all(scan, stopped);
	} else {
		look_at_mentioned(scan);
	}
	return scan->failed || scan->triggers.failed || scan->asker.failed ? ANN_ENOMEM
									   : ANN_OK;
}

enum ann_err ann_scan_possible(
	struct ann_scan *scan, struct ann_span line, struct ann_hits *hits)
{
	enum ann_err failed = ANN_OK;
	bool stopped = false;
	size_t end = 0;

	scan->lenient = true;
	failed = ann_scan_batch(scan, line, hits, &end, &stopped);
	scan->lenient = false;
	return failed;
}
