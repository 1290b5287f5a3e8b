#include "match/spot.h"

#include "annotty/alloc.h"

void ann_spots_deinit(struct ann_spots *spots)
{
	ann_free(spots->kept);
	spots->kept = NULL;
}

void ann_spots_clear(struct ann_spots *spots)
{
	spots->count = 0;
	spots->next = 0;
	ann_spots_clear_other(spots);
}

void ann_spots_rewind(struct ann_spots *spots)
{
	spots->next = 0;
	ann_spots_clear_other(spots);
}

void ann_spots_clear_other(struct ann_spots *spots)
{
	spots->other.at = NULL;
}

struct ann_spot *ann_spots_at(struct ann_spots *spots, const char *at)
{
	struct ann_spot *other = &spots->other;

	while (spots->next < spots->count &&
		(uintptr_t)spots->kept[spots->next].at < (uintptr_t)at) {
		spots->next++;
	}
	if (spots->next < spots->count && spots->kept[spots->next].at == at) {
		return &spots->kept[spots->next];
	}
	if (other->at != at) {
		other->at = at;
		other->has_word = false;
		for (size_t i = 0; i < CROWDS; i++) {
			other->has_answers[i] = false;
		}
	}
	return other;
}

bool ann_spots_keep(struct ann_spots *spots)
{
	if (spots->other.at == NULL) {
		return true;
	}
	if (ann_grow((void **)&spots->kept, &spots->room, spots->count,
		    sizeof(*spots->kept)) != 0) {
		return false;
	}
	spots->kept[spots->count++] = spots->other;
	spots->other.at = NULL;
	return true;
}

const struct ann_word *ann_spots_word(
	struct ann_spots *spots, struct ann_span text, size_t at)
{
	struct ann_spot *spot = ann_spots_at(spots, text.ptr + at);
	struct ann_span rest = {text.ptr + at, text.len - at};

	if (!spot->has_word) {
		spot->has_word = true;
		ann_known_first(spots->matcher->known, rest, &spot->word);
	}
	return &spot->word;
}

const struct ann_answers *ann_spots_answers(
	struct ann_spots *spots, struct ann_span text, size_t at, enum crowd crowd)
{
	struct ann_spot *spot = ann_spots_at(spots, text.ptr + at);

	if (!spot->has_answers[crowd]) {
		spot->has_answers[crowd] = true;
		ann_shape_all_ahead(
			spots->matcher->crowds[crowd], text, at, &spot->answers[crowd]);
	}
	return &spot->answers[crowd];
}
