#include "match/meaning.h"

#include "match/value.h"

/* A code that may be meant, before they are put in order. */
struct meaning {
	const struct ann_code *code;
	unsigned rank; /* lower is likelier */
};

/* More than are shown: which ones those are is only known when all are in order. */
enum { WEIGHED_MOST = 4 * ANN_MEANINGS_MOST };

/* Meanings ordered by rank; those that are as likely stay as they were found. */
struct meanings {
	struct meaning at[WEIGHED_MOST];
	size_t count;
};

static void add_meaning(
	struct meanings *meanings, const struct ann_code *code, unsigned rank)
{
	size_t at = meanings->count;

	if (at == WEIGHED_MOST) {
		if (meanings->at[at - 1].rank <= rank) {
			return;
		}
		at = --meanings->count;
	}
	while (at > 0 && meanings->at[at - 1].rank > rank) {
		meanings->at[at] = meanings->at[at - 1];
		at--;
	}
	meanings->at[at] = (struct meaning){code, rank};
	meanings->count++;
}

static void add_reading(const struct ann_matcher *m, const struct job *job,
	uint64_t value, struct meanings *meanings)
{
	const struct ann_code *const *codes = NULL;
	size_t count = ann_codebook_find(m->book, value, &codes);

	for (size_t i = 0; i < count; i++) {
		unsigned rank = job->rank[codes[i]->family->order];

		if (rank != NOT_LISTED && (codes[i]->severity != ANN_SEVERITY_OK ||
						  m->options.annotate_ok)) {
			add_meaning(meanings, codes[i], rank);
		}
	}
}

/* Families of which the line speaks come before those of which it does not. */
static void weigh_words(struct ann_asker *asker, struct meanings *meanings)
{
	const struct condition *words = asker->matcher->words;
	struct meanings weighed;

	weighed.count = 0;
	for (size_t i = 0; i < meanings->count; i++) {
		struct meaning meaning = meanings->at[i];
		const struct condition *spoken = &words[meaning.code->family->order];

		if (!ann_ask(asker, spoken)) {
			meaning.rank += NOT_LISTED;
		}
		add_meaning(&weighed, meaning.code, meaning.rank);
	}
	*meanings = weighed;
}

static bool one_family(const struct meanings *meanings)
{
	for (size_t i = 1; i < meanings->count; i++) {
		if (meanings->at[i].code->family != meanings->at[0].code->family) {
			return false;
		}
	}
	return true;
}

/* Where such a value is recalled, if it is. */
static struct ann_recalled *place_of(struct ann_recall *recall, const struct job *job,
	const uint64_t readings[2], size_t count)
{
	uint64_t hash = readings[0] * UINT64_C(0x9e3779b97f4a7c15);

	if (count > 1) {
		hash ^= readings[1] * UINT64_C(0xc2b2ae3d27d4eb4f);
	}
	hash ^= (uint64_t)job->number * UINT64_C(0x165667b19e3779f9);
	return &recall->at[hash >> (64 - ANN_RECALLED_BITS)];
}

static bool is_of(const struct ann_recalled *recalled, const struct job *job,
	const uint64_t readings[2], size_t count)
{
	return recalled->job == job && recalled->readings == count &&
	       recalled->reading[0] == readings[0] &&
	       (count < 2 || recalled->reading[1] == readings[1]);
}

static void recall_as(struct ann_recalled *recalled, const struct job *job,
	const uint64_t readings[2], size_t count, const struct ann_hit *hit)
{
	recalled->job = job;
	recalled->readings = (uint8_t)count;
	for (size_t i = 0; i < count; i++) {
		recalled->reading[i] = readings[i];
	}
	recalled->count = (uint8_t)hit->count;
	for (size_t i = 0; i < hit->count; i++) {
		recalled->codes[i] = hit->codes[i];
	}
}

/* Puts what a value means on the line into the hit; false: on another it may differ. */
static bool find_meaning(struct ann_asker *asker, const struct job *job,
	const uint64_t readings[2], size_t count, struct ann_hit *hit)
{
	struct meanings meanings; /* mostly one is used; to clear all takes a while */
	bool same_everywhere = true;

	meanings.count = 0;
	for (size_t i = 0; i < count; i++) {
		add_reading(asker->matcher, job, readings[i], &meanings);
	}
	if (!one_family(&meanings)) {
		weigh_words(asker, &meanings);
		same_everywhere = false;
	}
	while (hit->count < ANN_MEANINGS_MOST && hit->count < meanings.count) {
		hit->codes[hit->count] = meanings.at[hit->count].code;
		hit->count++;
	}
	return same_everywhere;
}

bool ann_meaning_of_number(struct ann_recall *recall, struct ann_asker *asker,
	const struct job *job, struct ann_span digits, struct ann_hit *hit)
{
	uint64_t readings[2];
	size_t count = ann_value_read(digits, job->rule->base, readings);
	struct ann_recalled *recalled = NULL;

	if (count == 0) {
		return false;
	}
	recalled = place_of(recall, job, readings, count);
	if (!is_of(recalled, job, readings, count)) {
		if (find_meaning(asker, job, readings, count, hit) &&
			hit->count <= ANN_RECALLED_CODES) {
			recall_as(recalled, job, readings, count, hit);
		}
		return hit->count > 0;
	}
	for (; hit->count < recalled->count; hit->count++) {
		hit->codes[hit->count] = recalled->codes[hit->count];
	}
	return hit->count > 0;
}

bool ann_meaning_of_symbol(const struct ann_matcher *m, const struct job *job,
	struct ann_span symbol, struct ann_hit *hit)
{
	const struct ann_code *code = ann_codebook_find_name(m->book, symbol);

	if (code == NULL || job->rank[code->family->order] == NOT_LISTED ||
		(code->severity == ANN_SEVERITY_OK && !m->options.annotate_ok)) {
		return false;
	}
	hit->codes[0] = code;
	hit->count = 1;
	hit->symbol = true;
	return true;
}
