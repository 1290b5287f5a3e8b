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
	for (size_t i = 0; i < READINGS; i++) {
		ann_triggers_deinit(&asker->read[i].triggers);
	}
	ann_free(asker->seen);
}

void ann_asker_next(struct ann_asker *asker, struct ann_span line, size_t readable)
{
	asker->line = line;
	asker->readable = readable;
	asker->line_number++;
}

/* Marks the conditions of which a literal stands in the line. */
static void read_line(struct ann_asker *asker, enum reading reading)
{
	const struct ann_matcher *m = asker->matcher;
	const struct index *index = &m->conditions[reading];
	const struct ann_sieve *sieve =
		reading == READ_VETOES ? atomic_load(&m->veto_sieve) : NULL;
	struct ann_triggers *triggers = &asker->read[reading].triggers;

	if (sieve != NULL) {
		ann_sieve_scan(sieve, asker->line, asker->readable, NULL, triggers);
	} else {
		ann_automaton_scan(index->automaton, asker->line, triggers);
	}
	asker->failed |= triggers->failed;
	for (size_t i = 0; i < triggers->count; i++) {
		const struct want *want = &index->wants[triggers->at[i].literal];

		for (size_t j = 0; j < want->count; j++) {
			asker->seen[want->who[j]] = asker->line_number;
		}
	}
	asker->read[reading].number = asker->line_number;
}

bool ann_ask_literals(struct ann_asker *asker, const struct condition *condition)
{
	if (asker->read[condition->reading].number != asker->line_number) {
		read_line(asker, condition->reading);
	}
	return asker->seen[condition->number] == asker->line_number;
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
	const struct index *index = &asker->matcher->conditions[condition->reading];
	const struct ann_triggers *triggers = &asker->read[condition->reading].triggers;
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

	if (condition->regex == NULL ||
		(condition->listed && !ann_ask_literals(asker, condition))) {
		return false;
	}
	return condition->leading ? ask_there(asker, condition)
				  : ann_pattern_find(condition->regex, asker->state,
					    asker->line, 0, &range);
}
