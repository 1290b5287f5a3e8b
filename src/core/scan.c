/*
 * What happens to a batch: the scanner tells where literals of the rules stand; lines
 * in which one does are looked at; there the rules' patterns are tried, what they catch
 * is looked up and becomes a candidate; and of the candidates of a line, those that
 * their rule's conditions let pass and that do not overlap become hits.
 */
#include "annotty/matcher.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"
#include "matcher_private.h"
#include "meaning.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

/* How far back `unless-before` looks, in bytes. */
enum { BEFORE_BYTES = 64 };

/* What a scan remembers of a job while it is on one line. */
struct job_state {
	uint64_t line;      /* the line this is about */
	size_t next;        /* where its next match may begin */
	uint64_t asked;     /* the line `allowed` is about */
	bool allowed;       /* `when` and `unless` let this line pass */
};

/* A value found by a pattern, conditions not asked yet. */
struct candidate {
	uint32_t job;
	struct ann_range place; /* in the text that was looked at */
	struct ann_hit hit;     /* without its offsets */
};

/*
 * A line as the patterns see it: as it is, or, when terminal control sequences are in
 * it, a copy without them and with the way back.
 */
struct view {
	struct ann_line line;  /* in the batch */
	struct ann_span text;
	const uint32_t *origin; /* per byte of `text`: its offset in the line; NULL: same */
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
	struct ann_pattern_state *state;
	struct ann_vectorscan_space *space; /* NULL until vectorscan is used */
	struct ann_triggers triggers;
	struct job_state *jobs;
	struct plain plain;
	struct candidate *candidates; /* of the line at hand */
	size_t candidate_count;
	size_t candidate_room;
	uint64_t line;         /* counts lines looked at; 0 is none */
	struct ann_span batch; /* the one at hand */
	struct ann_hits *hits;
	bool failed; /* no memory */
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
	scan->state = ann_pattern_state_new();
	scan->jobs = ann_alloc(matcher->count * sizeof(*scan->jobs));
	if (scan->state == NULL || scan->jobs == NULL) {
		ann_scan_free(scan);
		return NULL;
	}
	return scan;
}

void ann_scan_free(struct ann_scan *scan)
{
	if (scan != NULL) {
		ann_pattern_state_free(scan->state);
		ann_vectorscan_space_free(scan->space);
		ann_triggers_deinit(&scan->triggers);
		ann_triggers_deinit(&scan->plain.triggers);
		ann_free(scan->plain.bytes);
		ann_free(scan->plain.origin);
		ann_free(scan->jobs);
		ann_free(scan->candidates);
		ann_free(scan);
	}
}

uint64_t ann_scan_given_up(const struct ann_scan *scan)
{
	return ann_pattern_given_up(scan->state);
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

/* What the last match has captured becomes a candidate if it means anything. */
static void take_match(struct ann_scan *scan, uint32_t at, struct ann_span line)
{
	const struct ann_matcher *m = scan->matcher;
	const struct job *job = &m->jobs[at];
	struct candidate found = {.job = at, .hit = {.rule = job->rule->name}};
	struct ann_range family = {0};

	struct ann_range same = {0};

	/* Asked before other patterns are tried, which lose the captures. */
	bool named = ann_pattern_group(scan->state, &job->family, &family);
	bool twice = ann_pattern_group(scan->state, &job->same, &same);
	bool known = false;

	if (ann_pattern_group(scan->state, &job->code, &found.place)) {
		known = (!twice || ann_value_same(part_of(line, found.place),
					   part_of(line, same))) &&
			ann_meaning_of_number(m, scan->state, job, line,
			part_of(line, found.place), &found.hit);
	} else if (ann_pattern_group(scan->state, &job->name, &found.place)) {
		known = ann_meaning_of_symbol(
			m, job, part_of(line, found.place), &found.hit);
	}
	if (!known) {
		return;
	}
	if (named) {
		keep_family(&found.hit, part_of(line, family));
	}
	if (ann_grow((void **)&scan->candidates, &scan->candidate_room,
		    scan->candidate_count, sizeof(*scan->candidates)) != 0) {
		scan->failed = true;
		return;
	}
	scan->candidates[scan->candidate_count++] = found;
}

/* The state of a job on the line at hand. */
static struct job_state *on_line(struct ann_scan *scan, uint32_t at)
{
	struct job_state *state = &scan->jobs[at];

	if (state->line != scan->line) {
		state->line = scan->line;
		state->next = 0;
	}
	return state;
}

/* Tries a job from `from` on; `*next` is where to go on. False: no match. */
static bool try_job(struct ann_scan *scan, uint32_t at, struct ann_span line, size_t from,
	size_t *next)
{
	struct ann_pattern *pattern = scan->matcher->jobs[at].regex[ANN_RULE_PATTERN];
	struct ann_range whole;

	if (!ann_pattern_find(pattern, scan->state, line, from, &whole)) {
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

/* A literal stands at `from` in the line. */
static void follow_trigger(
	struct ann_scan *scan, uint32_t literal, struct ann_span line, size_t from)
{
	const struct ann_matcher *m = scan->matcher;
	const struct want *want = &m->wants[literal];

	for (size_t i = 0; i < want->count; i++) {
		uint32_t at = want->jobs[i];

		if (m->jobs[at].where == WHERE_MENTIONED) {
			search_line(scan, at, line);
			continue;
		}
		struct job_state *state = on_line(scan, at);

		if (from >= state->next) {
			(void)try_job(scan, at, line, from, &state->next);
		}
	}
}

/* `when` and `unless`, once a line. */
static bool line_allowed(struct ann_scan *scan, uint32_t at, struct ann_span line)
{
	const struct job *job = &scan->matcher->jobs[at];
	struct job_state *state = &scan->jobs[at];
	struct ann_pattern *when = job->regex[ANN_RULE_WHEN];
	struct ann_pattern *unless = job->regex[ANN_RULE_UNLESS];
	struct ann_range range;

	if (state->asked != scan->line) {
		state->asked = scan->line;
		state->allowed =
			(when == NULL ||
				ann_pattern_find(when, scan->state, line, 0, &range)) &&
			(unless == NULL ||
				!ann_pattern_find(unless, scan->state, line, 0, &range));
	}
	return state->allowed;
}

static bool place_allowed(struct ann_scan *scan, const struct candidate *candidate,
	struct ann_span line)
{
	const struct job *job = &scan->matcher->jobs[candidate->job];
	struct ann_pattern *before = job->regex[ANN_RULE_UNLESS_BEFORE];
	struct ann_pattern *after = job->regex[ANN_RULE_UNLESS_AFTER];
	size_t start = candidate->place.start;
	size_t end = candidate->place.end;
	struct ann_span left = {line.ptr, start};
	struct ann_range range;

	return (before == NULL ||
		       !ann_pattern_find(before, scan->state, left,
			       start > BEFORE_BYTES ? start - BEFORE_BYTES : 0, &range)) &&
		(after == NULL ||
			!ann_pattern_find(after, scan->state, line, end, &range));
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

/* Of the candidates of a line, those that hold and do not overlap become hits. */
static void decide(struct ann_scan *scan, const struct view *view)
{
	const struct candidate *held = NULL; /* owner of the last hit */

	if (scan->candidate_count > 1) {
		qsort(scan->candidates, scan->candidate_count, sizeof(*scan->candidates),
			compare_candidates);
	}
	for (size_t i = 0; i < scan->candidate_count && !scan->failed; i++) {
		const struct candidate *one = &scan->candidates[i];
		bool overlaps = held != NULL && one->place.start < held->place.end;

		if ((!overlaps || one->job < held->job) &&
			line_allowed(scan, one->job, view->text) &&
			place_allowed(scan, one, view->text)) {
			struct ann_hit hit = hit_at(view, one);

			put_hit(scan, &hit, overlaps);
			held = one;
		}
	}
}

/* Looks at one line, in which the `count` triggers stand; `base` is its offset there. */
static void look_at(struct ann_scan *scan, const struct view *view,
	const struct ann_trigger *triggers, size_t count, size_t base)
{
	const struct ann_matcher *m = scan->matcher;

	scan->line++;
	scan->candidate_count = 0;
	for (size_t i = 0; i < count; i++) {
		follow_trigger(
			scan, triggers[i].literal, view->text, triggers[i].at - base);
	}
	for (size_t i = 0; m->any > 0 && i < m->count; i++) {
		if (m->jobs[i].where == WHERE_ANY) {
			search_line(scan, (uint32_t)i, view->text);
		}
	}
	if (scan->candidate_count > 0) {
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
	return at < text.len && text.ptr[at] >= 0x40 && text.ptr[at] < 0x7F ? at + 1 : 0;
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
	ann_automaton_scan(scan->matcher->automaton, view.text, &plain->triggers);
	scan->failed |= plain->triggers.failed;
	look_at(scan, &view, plain->triggers.at,
		gather(plain->triggers.at, plain->triggers.count, view.text.len), 0);
	return taken;
}

static bool use_vectorscan(struct ann_scan *scan, struct ann_span batch)
{
	const struct ann_vectorscan *database = ann_matcher_vectorscan(scan->matcher);

	if (database == NULL) {
		return false;
	}
	if (scan->space == NULL) {
		scan->space = ann_vectorscan_space_new(database);
	}
	return scan->space != NULL &&
		ann_vectorscan_scan(database, scan->space, batch, &scan->triggers);
}

/* Lines with triggers only. */
static void look_at_mentioned(struct ann_scan *scan)
{
	struct ann_trigger *triggers = scan->triggers.at;
	size_t left = scan->triggers.count;

	while (left > 0) {
		struct ann_line line = ann_line_around(scan->batch, triggers[0].at);
		size_t taken = look_at_line(scan, &line, triggers, left);

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
			ann_pattern_find(stop, scan->state, text, 0, &range)) {
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
	hits->count = 0;
	*end = batch.len;
	*stopped = false;
	if (!use_vectorscan(scan, batch)) {
		ann_automaton_scan(scan->matcher->automaton, batch, &scan->triggers);
	}
	if (scan->matcher->any > 0 || scan->matcher->stop != NULL) {
		*end = look_at_all(scan, stopped);
	} else {
		look_at_mentioned(scan);
	}
	return scan->failed || scan->triggers.failed ? ANN_ENOMEM : ANN_OK;
}
