/*
 * spot - what is known of the places of a batch where a rule may match.
 *
 * Each place is asked about twice: when a literal was found there, whether to look at
 * its line at all, and then which rules to try. What was found out the first time is
 * kept for the second.
 */
#ifndef CORE_SPOT_H
#define CORE_SPOT_H

#include "match/matcher_private.h"

struct ann_spot {
	const char *at; /* NULL: of no place */
	bool has_word;
	bool has_answers[CROWDS];
	struct ann_word word; /* that begins there */
	struct ann_answers answers[CROWDS];
};

/* An all-zero struct, but for the matcher, knows of no place. For one thread. */
struct ann_spots {
	const struct ann_matcher *matcher;
	struct ann_spot *kept; /* as they were kept, which is mostly ascending */
	size_t count;
	size_t room;
	size_t next;           /* none of `kept` before it is asked for again */
	struct ann_spot other; /* about a place that is not among them */
};
void ann_spots_deinit(struct ann_spots *spots);

/* Forgets all, since there is other text. */
void ann_spots_clear(struct ann_spots *spots);

/* What follows asks for places from the first one on again. */
void ann_spots_rewind(struct ann_spots *spots);

/* Forgets what is not kept, since text that was in a place of its own has gone. */
void ann_spots_clear_other(struct ann_spots *spots);

/* What is known of a place, which is valid until another place is asked for. */
struct ann_spot *ann_spots_at(struct ann_spots *spots, const char *at);

/* Keeps what is known of the place that was asked for last. False: no memory. */
bool ann_spots_keep(struct ann_spots *spots);

/* The word that begins at `at` in the text. */
const struct ann_word *ann_spots_word(
	struct ann_spots *spots, struct ann_span text, size_t at);

/* What the shapes of a crowd say there. */
const struct ann_answers *ann_spots_answers(
	struct ann_spots *spots, struct ann_span text, size_t at, enum crowd crowd);

#endif
