/*
 * What happens to a batch: a scanner tells where literals of the rules stand; those of
 * which nothing can come are passed over; and the lines of the others are looked at.
 */
#include "annotty/matcher.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"
#include "match/scan_private.h"

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
	scan->spots.matcher = matcher;
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
		ann_triggers_deinit(&scan->plain_triggers);
		ann_values_deinit(&scan->values);
		ann_plain_deinit(&scan->plain);
		ann_spots_deinit(&scan->spots);
		ann_free(scan->jobs);
		ann_free(scan->candidates);
		ann_free(scan->attempts);
		ann_free(scan);
	}
}

uint64_t ann_scan_given_up(const struct ann_scan *scan)
{
	return ann_pattern_given_up(scan->asker.state);
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
	struct ann_view view = {
		.line = *line,
		.text = {scan->batch.ptr + line->start, line->end - line->start},
	};
	size_t taken = gather(triggers, left, line->end);
	struct ann_plain *plain = &scan->plain;

	if (!has_escape(scan, triggers, taken)) {
		ann_scan_look_at(scan, &view, triggers, taken, line->start);
		return taken;
	}
	if (!ann_view_strip(plain, &view)) {
		scan->failed = true;
		return taken;
	}
	ann_automaton_scan(
		scan->matcher->patterns.automaton, view.text, &scan->plain_triggers);
	scan->failed |= scan->plain_triggers.failed;
	ann_scan_look_at(scan, &view, scan->plain_triggers.at,
		gather(scan->plain_triggers.at, scan->plain_triggers.count,
			view.text.len),
		0);
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

/* No number without 0x that a table knows stands behind that place in its line. */
static bool no_bare_behind(struct ann_scan *scan, size_t at)
{
	if (at < scan->bare.from || at >= scan->bare.line_end) {
		scan->bare = ann_known_bare(scan->matcher->known, scan->batch, at);
	}
	return scan->bare.last == SIZE_MAX || scan->bare.last < at;
}

/* Something may come of jobs of that crowd, or like it, at this place. */
static bool may_come(
	struct ann_scan *scan, size_t at, enum crowd crowd, unsigned traits)
{
	struct ann_spots *spots = &scan->spots;

	if ((traits & (ann_want_with(crowd) | ann_want_like(crowd))) == 0 ||
		(crowd == CROWD_VALUES &&
			ann_spots_word(spots, scan->batch, at)->families == 0) ||
		(crowd == CROWD_BARE && no_bare_behind(scan, at))) {
		return false;
	}
	return (traits & ann_want_like(crowd)) ||
	       ann_spots_answers(spots, scan->batch, at, crowd)->maybe != 0;
}

/*
 * Nothing can come of literals of such traits at this place. (Where terminal control
 * hides what could, that is a trigger too.)
 */
static bool is_idle(void *user, size_t at, unsigned traits)
{
	struct ann_scan *scan = user;

	if (!(traits & WANT_ANYWAY) && !may_come(scan, at, CROWD_VALUES, traits) &&
		!may_come(scan, at, CROWD_BARE, traits) &&
		!may_come(scan, at, CROWD_WORDS, traits)) {
		return true;
	}
	scan->failed |= !ann_spots_keep(&scan->spots);
	return false;
}

/* Takes out those of which nothing can come. */
static void drop_idle(struct ann_scan *scan)
{
	struct ann_triggers *triggers = &scan->triggers;
	size_t kept = 0;

	for (size_t i = 0; i < triggers->count; i++) {
		struct ann_trigger trigger = triggers->at[i];

		if (!is_idle(scan, trigger.at,
			    scan->matcher->patterns.traits[trigger.literal])) {
			triggers->at[kept++] = trigger;
		}
	}
	triggers->count = kept;
}

/*
 * By the fastest way that there is for these literals, on this machine, by now. The
 * sieve asks for each place what is asked of the triggers of the others.
 */
static void find_triggers(struct ann_scan *scan, struct ann_span batch)
{
	const struct ann_matcher *m = scan->matcher;
	const struct ann_sieve *sieve = atomic_load(&m->sieve);
	struct ann_idle idle = {is_idle, scan};

	scan->bare = (struct ann_bare){0};
	ann_spots_clear(&scan->spots);
	if (sieve != NULL) {
		ann_sieve_scan(sieve, batch, batch.len, &idle, &scan->triggers);
		return;
	}
	if (!use_vectorscan(scan, batch)) {
		ann_automaton_scan(m->patterns.automaton, batch, &scan->triggers);
	}
	drop_idle(scan);
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

bool ann_scan_stops(struct ann_scan *scan, struct ann_span line)
{
	const struct ann_matcher *m = scan->matcher;
	struct ann_range range;

	for (size_t i = 0; i < m->stop_count; i++) {
		if (ann_pattern_find(m->stops[i], scan->asker.state, line, 0, &range)) {
			return true;
		}
	}
	return false;
}

/* Every line, because a rule or the stop asks for that. Returns where it ended. */
static size_t look_at_all(struct ann_scan *scan, bool *stopped)
{
	struct ann_trigger *triggers = scan->triggers.at;
	size_t left = scan->triggers.count;

	for (size_t at = 0; at < scan->batch.len;) {
		struct ann_line line = ann_line_at(scan->batch, at);
		struct ann_span text = {scan->batch.ptr + at, line.end - at};
		size_t taken = look_at_line(scan, &line, triggers, left);

		if (taken > 0) { /* without triggers there may be no list */
			triggers += taken;
			left -= taken;
		}
		at = line.next;
		if (ann_scan_stops(scan, text)) {
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
	ann_spots_rewind(&scan->spots);
	if (scan->matcher->any > 0 || scan->matcher->stop_count > 0) {
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
