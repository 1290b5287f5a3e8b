/*
 * The sieve is that of Hyperscan's "Teddy": a bucket is a bit, and for each of the
 * first bytes of a literal two tables of sixteen tell which buckets have a literal with
 * such a low and such a high half of the byte there. Places that some bucket lets
 * through at each of its bytes are collected without a branch, which would be guessed
 * wrong all the time; so is the next, finer sieve, a hash of those bytes. What is left
 * is looked at with the trie.
 */
#include "match/scanner.h"

#include "annotty/alloc.h"
#include "match/prefix.h"

#if defined(__x86_64__)

#	include <immintrin.h>
#	include <string.h>

enum {
	BUCKETS = 8,
	DEPTH = ANN_PREFIX_BYTES, /* bytes that the sieve looks at */
	HALF = 32,                /* bytes in a register */
	STEP = 2 * HALF,
	STEP_SEES = STEP + DEPTH - 1, /* bytes */
	STEPS = 32,                   /* of which the places are collected */
	AT_ONCE = 4,                  /* places are stored at a time */
};

/* Which bytes a bucket lets through: one bit for each half of a byte. */
struct bucket {
	uint16_t low[DEPTH];
	uint16_t high[DEPTH];
	bool free;
	uint64_t loose; /* of all byte strings so many are let through */
};

struct ann_sieve {
	struct ann_prefixes prefixes;
	uint8_t low[DEPTH][16]; /* buckets by the low half of the byte */
	uint8_t high[DEPTH][16];
	uint8_t free; /* buckets whose literals may stand behind a letter */
};

/* Behind a letter there are more. */
__attribute__((target("popcnt"))) static uint64_t looseness(const struct bucket *bucket)
{
	uint64_t loose = bucket->free ? 4 : 1;

	for (size_t i = 0; i < DEPTH; i++) {
		loose *= (uint64_t)__builtin_popcount(bucket->low[i]) *
			 (uint64_t)__builtin_popcount(bucket->high[i]);
	}
	return loose;
}

static struct bucket bucket_of(const struct ann_prefix *prefix)
{
	struct bucket bucket = {.free = prefix->free};

	for (size_t i = 0; i < DEPTH; i++) {
		unsigned char byte = prefix->byte[i];
		bool letter = byte >= 'a' && byte <= 'z';

		bucket.low[i] = (uint16_t)(1U << (byte & 15));
		bucket.high[i] = (uint16_t)(1U << (byte >> 4));
		if (letter) {
			bucket.high[i] |= (uint16_t)(1U << ((byte >> 4) - 2));
		}
		if (i >= prefix->len) {
			bucket.low[i] = UINT16_MAX;
			bucket.high[i] = UINT16_MAX;
		}
	}
	bucket.loose = looseness(&bucket);
	return bucket;
}

static struct bucket unite(const struct bucket *a, const struct bucket *b)
{
	struct bucket both = {.free = a->free || b->free};

	for (size_t i = 0; i < DEPTH; i++) {
		both.low[i] = a->low[i] | b->low[i];
		both.high[i] = a->high[i] | b->high[i];
	}
	both.loose = looseness(&both);
	return both;
}

/* Unites the two that lose least by it. */
__attribute__((target("popcnt"))) static size_t unite_two(
	struct bucket *buckets, size_t count)
{
	uint64_t least = UINT64_MAX;
	size_t a = 0;
	size_t b = 1;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++) {
			struct bucket both = unite(&buckets[i], &buckets[j]);
			uint64_t loss =
				both.loose - buckets[i].loose - buckets[j].loose;

			/* `loss` may be a little below zero for united twins. */
			if ((int64_t)loss < (int64_t)least || least == UINT64_MAX) {
				least = loss;
				a = i;
				b = j;
			}
		}
	}
	buckets[a] = unite(&buckets[a], &buckets[b]);
	buckets[b] = buckets[count - 1];
	return count - 1;
}

static void fill_tables(
	struct ann_sieve *sieve, const struct bucket *buckets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t bit = (uint8_t)(1U << i);

		sieve->free |= buckets[i].free ? bit : 0;
		for (size_t at = 0; at < DEPTH; at++) {
			for (size_t half = 0; half < 16; half++) {
				if (buckets[i].low[at] >> half & 1) {
					sieve->low[at][half] |= bit;
				}
				if (buckets[i].high[at] >> half & 1) {
					sieve->high[at][half] |= bit;
				}
			}
		}
	}
}

struct ann_sieve *ann_sieve_new(
	const struct ann_literal *literals, const uint8_t *traits, size_t count)
{
	struct bucket buckets[ANN_PREFIXES_MOST];
	struct ann_sieve *sieve = NULL;
	size_t used = 0;

	if (!__builtin_cpu_supports("avx2")) {
		return NULL;
	}
	sieve = ann_alloc(sizeof(*sieve));
	if (sieve == NULL ||
		!ann_prefixes_init(&sieve->prefixes, literals, traits, count)) {
		ann_sieve_free(sieve);
		return NULL;
	}
	for (; used < sieve->prefixes.count; used++) {
		buckets[used] = bucket_of(&sieve->prefixes.at[used]);
	}
	while (used > BUCKETS) {
		used = unite_two(buckets, used);
	}
	fill_tables(sieve, buckets, used);
	return sieve;
}

void ann_sieve_free(struct ann_sieve *sieve)
{
	if (sieve != NULL) {
		ann_prefixes_deinit(&sieve->prefixes);
		ann_free(sieve);
	}
}

struct tables {
	__m256i low[DEPTH];
	__m256i high[DEPTH];
	__m256i free;
};

__attribute__((target("avx2"))) static inline __m256i twice(const uint8_t *table)
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
}

/* The buckets that let the byte at each place through. */
__attribute__((target("avx2"))) static inline __m256i sift(
	const struct tables *tables, size_t at, __m256i bytes)
{
	__m256i half = _mm256_set1_epi8(15);
	__m256i low = _mm256_and_si256(bytes, half);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);

	return _mm256_and_si256(_mm256_shuffle_epi8(tables->low[at], low),
		_mm256_shuffle_epi8(tables->high[at], high));
}

__attribute__((target("avx2"))) static inline uint32_t letters(__m256i bytes)
{
	__m256i lower = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
	__m256i place = _mm256_sub_epi8(lower, _mm256_set1_epi8('a'));
	__m256i least = _mm256_min_epu8(place, _mm256_set1_epi8(25));

	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(place, least));
}

__attribute__((target("avx2"))) static inline uint32_t not_zero(__m256i bytes)
{
	return ~(uint32_t)_mm256_movemask_epi8(
		_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256()));
}

/*
 * The places among the 32 at `text`, behind which DEPTH - 1 more bytes can be read,
 * that may begin a literal. `*letter` says if a letter stands before, and before the
 * next.
 */
__attribute__((target("avx2"))) static inline uint32_t places_in_half(
	const struct tables *tables, const char *text, uint32_t *letter)
{
	__m256i first = _mm256_loadu_si256((const __m256i *)text);
	__m256i found = sift(tables, 0, first);
	uint32_t own = letters(first);
	uint32_t behind_letter = own << 1 | *letter;

	for (size_t at = 1; at < DEPTH; at++) {
		found = _mm256_and_si256(found,
			sift(tables, at,
				_mm256_loadu_si256((const __m256i *)(text + at))));
	}
	*letter = own >> 31;
	return (not_zero(found) & ~behind_letter) |
	       not_zero(_mm256_and_si256(found, tables->free));
}

__attribute__((target("avx2"))) static inline uint64_t places(
	const struct tables *tables, const char *text, uint32_t *letter)
{
	uint64_t first = places_in_half(tables, text, letter);

	return first | (uint64_t)places_in_half(tables, text + HALF, letter) << HALF;
}

/* Of the places of a step those among the first `len`. */
static inline uint64_t within(size_t len)
{
	return len < STEP ? (UINT64_C(1) << len) - 1 : UINT64_MAX;
}

/* Writes the places of a step, and perhaps some more that do not count, to `to`. */
__attribute__((target("avx2,bmi,popcnt"))) static inline size_t collect(
	uint64_t found, uint32_t base, uint32_t *to)
{
	size_t count = (size_t)__builtin_popcountll(found);

	for (size_t i = 0; i < count; i += AT_ONCE) {
		for (size_t j = 0; j < AT_ONCE; j++) {
			to[i + j] = base + (uint32_t)_tzcnt_u64(found);
			found &= found - 1;
		}
	}
	return count;
}

/* Keeps those of the places, DEPTH bytes before the end, whose bytes are hashed. */
static size_t sift_finer(const struct ann_sieve *sieve, struct ann_span batch,
	uint32_t *places, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t bytes = ann_prefix_bytes(batch.ptr + places[i]);

		places[kept] = places[i];
		kept += ann_prefixes_pass(&sieve->prefixes, bytes);
	}
	return kept;
}

__attribute__((target("avx2"))) static void make_tables(
	const struct ann_sieve *sieve, struct tables *tables)
{
	tables->free = _mm256_set1_epi8((char)sieve->free);
	for (size_t at = 0; at < DEPTH; at++) {
		tables->low[at] = twice(sieve->low[at]);
		tables->high[at] = twice(sieve->high[at]);
	}
}

/*
 * The last bytes of a batch, fewer than a step can see. Where not enough can be read
 * behind them, they are copied to where it can.
 */
__attribute__((target("avx2"))) static void scan_tail(const struct ann_sieve *sieve,
	const struct tables *tables, struct ann_span batch, size_t from,
	size_t readable, const struct ann_idle *idle, struct ann_triggers *triggers)
{
	enum { NEEDED = 2 * STEP_SEES };
	char copy[NEEDED];
	const char *text = batch.ptr + from;
	size_t len = batch.len - from;
	uint32_t letter = 0; /* one letter more costs a look, no trigger */

	if (readable - from < NEEDED) {
		memset(copy, 0, sizeof(copy));
		memcpy(copy, text, len);
		text = copy;
	}
	for (size_t at = 0; at < len; at += STEP) {
		uint64_t found = places(tables, text + at, &letter) & within(len - at);

		for (; found != 0; found &= found - 1) {
			size_t place = at + (size_t)__builtin_ctzll(found);
			uint32_t bytes = ann_prefix_bytes(text + place);

			if (ann_prefixes_pass(&sieve->prefixes, bytes)) {
				ann_prefixes_look(&sieve->prefixes, batch, from + place,
					bytes, idle, triggers);
			}
		}
	}
}

__attribute__((target("avx2,bmi,popcnt"))) void ann_sieve_scan(
	const struct ann_sieve *sieve, struct ann_span batch, size_t readable,
	const struct ann_idle *idle, struct ann_triggers *triggers)
{
	uint32_t at[STEPS * STEP + AT_ONCE];
	struct tables tables;
	uint32_t letter = 0;
	size_t from = 0;

	triggers->count = 0;
	triggers->failed = false;
	make_tables(sieve, &tables);
	while (batch.len - from >= STEP_SEES) {
		size_t count = 0;

		for (size_t i = 0; i < STEPS && batch.len - from >= STEP_SEES; i++) {
			uint64_t found = places(&tables, batch.ptr + from, &letter);

			count += collect(found, (uint32_t)from, at + count);
			from += STEP;
		}
		count = sift_finer(sieve, batch, at, count);
		for (size_t i = 0; i < count; i++) {
			ann_prefixes_look(&sieve->prefixes, batch, at[i],
				ann_prefix_bytes(batch.ptr + at[i]), idle, triggers);
		}
	}
	if (from < batch.len) {
		scan_tail(sieve, &tables, batch, from, readable, idle, triggers);
	}
}

#else

struct ann_sieve *ann_sieve_new(
	const struct ann_literal *literals, const uint8_t *traits, size_t count)
{
	(void)literals;
	(void)traits;
	(void)count;
	return NULL;
}

void ann_sieve_free(struct ann_sieve *sieve)
{
	(void)sieve;
}

void ann_sieve_scan(const struct ann_sieve *sieve, struct ann_span batch,
	size_t readable, const struct ann_idle *idle, struct ann_triggers *triggers)
{
	(void)sieve;
	(void)batch;
	(void)readable;
	(void)idle;
	(void)triggers;
}

#endif
