#include "match/prefix.h"

/* The prefix of a literal, added if it is new. False: it is too short or one too many.
 */
static bool add_prefix(
	struct ann_prefixes *p, const struct ann_literal *literal, unsigned traits)
{
	struct ann_prefix fresh = {
		.len = literal->len < ANN_PREFIX_BYTES ? literal->len
						       : ANN_PREFIX_BYTES,
		.free = !literal->letter_start && !literal->word_start,
		.traits = traits,
	};

	memcpy(fresh.byte, literal->text, fresh.len);
	for (size_t i = 0; i < p->count; i++) {
		if (p->at[i].len == fresh.len &&
			memcmp(p->at[i].byte, fresh.byte, fresh.len) == 0) {
			p->at[i].free |= fresh.free;
			p->at[i].traits |= traits;
			return true;
		}
	}
	if (fresh.len < ANN_PREFIX_LEAST || p->count == ANN_PREFIXES_MOST) {
		return false;
	}
	p->at[p->count++] = fresh;
	return true;
}

/* Makes the prefix findable. */
static void enter(struct ann_prefixes *p, struct ann_prefix *prefix)
{
	unsigned char mask[ANN_PREFIX_BYTES] = {0};
	uint32_t bytes = 0;
	uint32_t hash = 0;

	for (size_t i = 0; i < prefix->len; i++) {
		mask[i] = ann_is_letter(prefix->byte[i]) ? 0xDF : 0xFF;
		prefix->state = ann_trie_step(&p->trie, prefix->state, prefix->byte[i]);
	}
	memcpy(&prefix->bytes, prefix->byte, sizeof(prefix->bytes));
	memcpy(&prefix->mask, mask, sizeof(prefix->mask));
	prefix->bytes &= prefix->mask;
	bytes = ann_prefix_bytes((const char *)prefix->byte);
	p->passes[ann_prefix_hash(bytes, prefix->len)] = true;
	hash = ann_prefix_hash(bytes, ANN_PREFIX_LEAST);
	prefix->next = p->first[hash];
	p->first[hash] = (uint8_t)(prefix - p->at + 1);
}

bool ann_prefixes_init(struct ann_prefixes *prefixes,
	const struct ann_literal *literals, const uint8_t *traits, size_t count)
{
	*prefixes = (struct ann_prefixes){0};
	for (size_t i = 0; i < count; i++) {
		if (!add_prefix(
			    prefixes, &literals[i], traits == NULL ? 0 : traits[i])) {
			return false;
		}
	}
	if (ann_trie_init(&prefixes->trie, literals, count) != ANN_OK) {
		return false;
	}
	for (size_t i = 0; i < prefixes->count; i++) {
		enter(prefixes, &prefixes->at[i]);
	}
	return true;
}

void ann_prefixes_deinit(struct ann_prefixes *prefixes)
{
	ann_trie_deinit(&prefixes->trie);
}

static void add_ends(const struct ann_trie *trie, uint32_t state, struct ann_span batch,
	size_t end, struct ann_triggers *triggers)
{
	for (uint32_t i = trie->ends[state]; i != 0; i = trie->same[i - 1]) {
		ann_triggers_add(triggers, trie->literals, batch, end, i - 1);
	}
}

/* Literals with this prefix: a shorter one than could be has no more than its bytes. */
static void follow(const struct ann_trie *trie, const struct ann_prefix *prefix,
	struct ann_span batch, size_t at, struct ann_triggers *triggers)
{
	size_t end = at + prefix->len;
	uint32_t state = prefix->state;

	if (end > batch.len) {
		return; /* what stands there is not of the batch */
	}
	add_ends(trie, state, batch, end, triggers);
	while (prefix->len == ANN_PREFIX_BYTES && end < batch.len) {
		state = ann_trie_step(trie, state, (unsigned char)batch.ptr[end++]);
		if (state == 0) {
			return;
		}
		add_ends(trie, state, batch, end, triggers);
	}
}

void ann_prefixes_look(const struct ann_prefixes *prefixes, struct ann_span batch,
	size_t at, uint32_t bytes, const struct ann_idle *idle,
	struct ann_triggers *triggers)
{
	uint8_t i = prefixes->first[ann_prefix_hash(bytes, ANN_PREFIX_LEAST)];

	while (i != 0) {
		const struct ann_prefix *prefix = &prefixes->at[i - 1];

		if ((bytes & prefix->mask) == prefix->bytes &&
			(idle == NULL || !idle->is(idle->user, at, prefix->traits))) {
			follow(&prefixes->trie, prefix, batch, at, triggers);
		}
		i = prefix->next;
	}
}
