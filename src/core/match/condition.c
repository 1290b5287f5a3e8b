#include "match/condition.h"

#include "annotty/alloc.h"

enum ann_err ann_asker_init(struct ann_asker *asker, const struct ann_matcher *matcher)
{
	*asker = (struct ann_asker){.matcher = matcher};
	asker->state = ann_pattern_state_new();
	asker->seen = ann_alloc(matcher->condition_count * sizeof(*asker->seen));
	return asker->state == NULL || asker->seen == NULL ? ANN_ENOMEM : ANN_OK;
}

void ann_asker_deinit(struct ann_asker *asker)
{
	ann_pattern_state_free(asker->state);
	ann_triggers_deinit(&asker->triggers);
	ann_triggers_deinit(&asker->far);
	ann_free(asker->seen);
}

void ann_asker_next(struct ann_asker *asker, struct ann_span line)
{
	asker->line = line;
	asker->line_number++;
}

/* Marks the conditions of which a literal stands in the line. */
static void read_line(struct ann_asker *asker)
{
	const struct index *index = &asker->matcher->conditions;

	ann_automaton_scan(index->automaton, asker->line, &asker->triggers);
	asker->failed |= asker->triggers.failed;
	for (size_t i = 0; i < asker->triggers.count; i++) {
		const struct want *want = &index->wants[asker->triggers.at[i].literal];

		for (size_t j = 0; j < want->count; j++) {
			asker->seen[want->who[j]] = asker->line_number;
		}
	}
	asker->read_number = asker->line_number;
}

static bool wants(const struct want *want, uint32_t number)
{
	for (size_t i = 0; i < want->count; i++) {
		if (want->who[i] == number) {
			return true;
		}
	}
	return false;
}

/* Tries the condition only where its literals stand. */
static bool ask_there(struct ann_asker *asker, const struct condition *condition)
{
	const struct index *index = &asker->matcher->conditions;
	const struct ann_triggers *triggers = &asker->triggers;
	size_t tried = SIZE_MAX; /* several literals may begin at one place */
	struct ann_range range;

	for (size_t i = 0; i < triggers->count; i++) {
		struct ann_trigger trigger = triggers->at[i];

		if (trigger.at == tried ||
			!wants(&index->wants[trigger.literal], condition->number)) {
			continue;
		}
		tried = trigger.at;
		if (ann_pattern_find(condition->regex, asker->state, asker->line, tried,
			    &range)) {
			return true;
		}
	}
	return false;
}

bool ann_ask(struct ann_asker *asker, const struct condition *condition)
{
	struct ann_range range;

	if (condition->regex == NULL) {
		return false;
	}
	if (condition->listed && asker->read_number != asker->line_number) {
		read_line(asker);
	}
	if (condition->listed && asker->seen[condition->number] != asker->line_number) {
		return false;
	}
	return condition->leading ? ask_there(asker, condition)
				  : ann_pattern_find(condition->regex, asker->state,
					    asker->line, 0, &range);
}

bool ann_ask_far(struct ann_asker *asker, struct ann_span left)
{
	const struct ann_sieve *sieve = atomic_load(&asker->matcher->far_sieve);
	const char *end = left.ptr + left.len;

	if (sieve == NULL) {
		return true;
	}
	if (asker->far_number != asker->line_number || asker->far_end != end) {
		asker->far_number = asker->line_number;
		asker->far_end = end;
		ann_sieve_scan(sieve, left, NULL, &asker->far);
		asker->failed |= asker->far.failed;
		asker->far_seen = asker->far.count > 0;
	}
	return asker->far_seen;
}
