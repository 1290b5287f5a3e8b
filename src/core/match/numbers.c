#include "match/numbers.h"

#include <string.h>

enum { BLOCK = 64 };

/* A bit for each byte of a block. */
struct block {
	uint64_t digits; /* hexadecimal ones */
	uint64_t words;  /* letters, all digits, underscores */
	uint64_t line_ends;
};

#ifdef __SSE2__

#	include <emmintrin.h>

enum { AT_ONCE = sizeof(__m128i) };

static uint64_t bits(__m128i which)
{
	return (unsigned)_mm_movemask_epi8(which);
}

static __m128i is(__m128i bytes, char c)
{
	return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
}

/* From `first` on, `count` bytes. */
static __m128i among(__m128i bytes, char first, char count)
{
	__m128i place = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
	__m128i least = _mm_min_epu8(place, _mm_set1_epi8((char)(count - 1)));

	return _mm_cmpeq_epi8(place, least);
}

static void classify(const char *text, unsigned shift, struct block *block)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)text);
	__m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
	__m128i digits = among(bytes, '0', 10);
	__m128i letters = among(lower, 'a', 26);
	__m128i words = _mm_or_si128(_mm_or_si128(digits, letters), is(bytes, '_'));

	block->digits |= bits(_mm_or_si128(digits, among(lower, 'a', 6))) << shift;
	block->words |= bits(words) << shift;
	block->line_ends |= bits(_mm_or_si128(is(bytes, '\n'), is(bytes, '\r')))
			    << shift;
}

#else

enum { AT_ONCE = 1 };

static bool is_digit(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static void classify(const char *text, unsigned shift, struct block *block)
{
	unsigned char c = (unsigned char)*text;

	block->digits |= (uint64_t)is_digit(c) << shift;
	block->words |= (uint64_t)ann_is_word(c) << shift;
	block->line_ends |= (uint64_t)(c == '\n' || c == '\r') << shift;
}

#endif

static struct block read_block(struct ann_span text, size_t at)
{
	struct block block = {0};
	char tail[BLOCK] = {0};
	const char *from = text.ptr + at;

	if (text.len - at < BLOCK) {
		memcpy(tail, from, text.len - at);
		from = tail;
	}
	for (unsigned i = 0; i < BLOCK; i += AT_ONCE) {
		classify(from + i, i, &block);
	}
	return block;
}

/* What is not of the line that begins with the block is taken for blanks. */
static size_t keep_line(struct block *block, size_t len)
{
	size_t line = block->line_ends == 0 ? BLOCK
					    : (size_t)__builtin_ctzll(block->line_ends);
	size_t end = line < len ? line : len;

	if (end < BLOCK) {
		block->words &= (UINT64_C(1) << end) - 1;
		block->digits &= block->words;
	}
	return end;
}

/* The ends of words of digits, and of those with no more than one byte behind them. */
static void find_ends(struct ann_numbers *numbers, const struct block *block)
{
	uint64_t starts = block->words & ~(block->words << 1);
	uint64_t ends = ((starts & block->digits) + block->digits) & ~block->digits;

	numbers->outside = ~block->words;
	numbers->ends = (ends | (ends & block->words) << 1) & numbers->outside;
	numbers->prefixes = ends & starts << 1 & block->words & block->words >> 1;
}

/* It may go on, and is read again with what is behind it. */
static void leave_last_word(struct ann_numbers *numbers)
{
	numbers->long_word = numbers->outside == 0;
	numbers->line_ends = false;
	if (!numbers->long_word) {
		unsigned len = (unsigned)__builtin_clzll(numbers->outside);

		numbers->next -= len;
		numbers->prefixes &= UINT64_MAX >> len;
	}
}

void ann_numbers_read(struct ann_numbers *numbers, struct ann_span text, size_t at)
{
	struct block block = read_block(text, at);
	size_t end = keep_line(&block, text.len - at);

	find_ends(numbers, &block);
	numbers->at = at;
	numbers->next = at + end;
	numbers->long_word = false;
	numbers->line_ends = end < BLOCK || numbers->next == text.len;
	if (end == BLOCK && numbers->outside >> (BLOCK - 1) == 0) {
		leave_last_word(numbers);
	}
}
