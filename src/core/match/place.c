#include "match/place.h"

static bool is_group(const struct ann_term *term, const char *name)
{
	return term != NULL && term->kind == ANN_TERM_CHOICE &&
	       ann_span_is(term->name, name);
}

/* How many groups of that name there are, those in lookarounds too. */
static size_t count_groups(const struct ann_regex *regex, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < regex->count; i++) {
		count += is_group(&regex->whole[i], name);
	}
	return count;
}

/* Whether all alternatives take their first text for the group, which is only there. */
static bool begins_with(const struct ann_regex *regex, const char *name)
{
	const struct ann_term *row = regex->whole->first;
	size_t rows = 0;

	for (; row != NULL; row = row->next) {
		const struct ann_term *term = row->first;

		while (term != NULL && term->kind < ANN_TERM_BYTE) {
			term = term->next;
		}
		if (!is_group(term, name)) {
			return false;
		}
		rows++;
	}
	return count_groups(regex, name) == rows;
}

static const struct ann_term *last_of(const struct ann_term *row)
{
	const struct ann_term *term = row->first;

	while (term != NULL && term->next != NULL) {
		term = term->next;
	}
	return term;
}

/* Whether the term takes only bytes of a class: \w, or \W. */
static bool takes_only(const struct ann_term *term, char class)
{
	struct ann_byteset allowed;

	if (term->kind == ANN_TERM_BYTE) {
		ann_byteset_class(class, &allowed);
		return ann_byteset_within(&term->set, &allowed);
	}
	if (term->kind == ANN_TERM_TEXT) {
		return false;
	}
	if (term->kind < ANN_TERM_BYTE) {
		return true;
	}
	for (term = term->first; term != NULL; term = term->next) {
		if (!takes_only(term, class)) {
			return false;
		}
	}
	return true;
}

/* Whether the term, or what is last in it, says that no byte of a word comes behind. */
static bool ends_word(const struct ann_term *term)
{
	struct ann_byteset away = {0};
	struct ann_byteset word;

	if (term->kind == ANN_TERM_AHEAD && term->negated) {
		ann_byteset_class('w', &word);
		ann_term_single_bytes(term->first, &away);
		return ann_byteset_within(&word, &away);
	}
	if (term->kind != ANN_TERM_CHOICE) {
		return false;
	}
	for (term = term->first; term != NULL; term = term->next) {
		const struct ann_term *last = last_of(term);

		if (last == NULL || !ends_word(last)) {
			return false;
		}
	}
	return true;
}

/* The group of the value, if the only alternative has it and no word behind it. */
static const struct ann_term *last_value(const struct ann_regex *regex)
{
	const struct ann_term *row = regex->whole->first;
	const struct ann_term *value = NULL;
	const struct ann_term *term = NULL;

	for (term = row->first; term != NULL; term = term->next) {
		if (is_group(term, "code")) {
			value = term;
		} else if (value != NULL && !takes_only(term, 'W')) {
			value = NULL;
		}
	}
	return row->next == NULL ? value : NULL;
}

struct ann_place ann_place_of(const struct ann_regex *regex)
{
	struct ann_place place = {0};
	const struct ann_term *value = NULL;

	if (regex->whole == NULL) {
		return place;
	}
	value = last_value(regex);
	place.code_first = begins_with(regex, "code");
	place.same_first = begins_with(regex, "same");
	place.last =
		value != NULL && last_of(regex->whole->first)->kind == ANN_TERM_END;
	place.plain = place.code_first && value != NULL && takes_only(value, 'w') &&
		      ends_word(value);
	return place;
}
