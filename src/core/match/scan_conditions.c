#include "match/scan_private.h"

/* How far back `behind` and `unless-before` look, in bytes. */
enum { BEFORE_BYTES = 64 };

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
	struct ann_shape *shape = condition->shape;

	if (condition->regex == NULL) {
		return false;
	}
	if (condition->far && !ann_ask_literals(&scan->asker, condition)) {
		shape = condition->near;
		if (shape == NULL) {
			return false;
		}
	}
	return matches_at(
		scan, condition, ann_shape_before(shape, left, from, at), left, from);
}

static bool holds_after(struct ann_scan *scan, const struct condition *condition,
	struct ann_span line, size_t at)
{
	return condition->regex != NULL &&
	       matches_at(scan, condition, ann_shape_ahead(condition->shape, line, at),
		       line, at);
}

/* What stands beside the value. */
static bool place_allowed(struct ann_scan *scan, uint32_t job, struct ann_span line,
	struct ann_range place)
{
	const struct condition *conditions = scan->matcher->jobs[job].conditions;
	const struct condition *behind = &conditions[ANN_RULE_BEHIND];

	return (behind->regex == NULL ||
		       holds_before(scan, behind, line, place.start)) &&
	       !holds_before(
		       scan, &conditions[ANN_RULE_UNLESS_BEFORE], line, place.start) &&
	       !holds_after(scan, &conditions[ANN_RULE_UNLESS_AFTER], line, place.end);
}

/* What stands beside the value is asked first: that is cheaper. */
bool ann_scan_allowed(struct ann_scan *scan, uint32_t job, struct ann_span line,
	struct ann_range place)
{
	return place_allowed(scan, job, line, place) && line_allowed(scan, job);
}
