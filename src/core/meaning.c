#include "meaning.h"

#include "value.h"

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

bool ann_meaning_of_number(struct ann_asker *asker, const struct job *job,
	struct ann_span digits, struct ann_hit *hit)
{
	struct meanings meanings; /* mostly one is used; to clear all takes a while */
	uint64_t readings[2];
	size_t count = ann_value_read(digits, job->rule->base, readings);

	meanings.count = 0;
	for (size_t i = 0; i < count; i++) {
		add_reading(asker->matcher, job, readings[i], &meanings);
	}
	if (meanings.count == 0) {
		return false;
	}
	if (!one_family(&meanings)) {
		weigh_words(asker, &meanings);
	}
	while (hit->count < ANN_MEANINGS_MOST && hit->count < meanings.count) {
		hit->codes[hit->count] = meanings.at[hit->count].code;
		hit->count++;
	}
	return true;
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
