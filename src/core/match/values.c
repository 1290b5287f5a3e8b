#include "match/values.h"

#include "annotty/alloc.h"
#include "match/numbers.h"

enum {
	SMALL = 4096,
	LONGEST = 16,           /* digits that are read; more are not told apart */
	SIEVE_BITS_LEAST = 16,  /* as a power of two */
	SIEVE_BITS_PER_CODE = 4 /* the same */
};

struct ann_known {
	const struct ann_codebook *book;
	ann_families wanted;
	bool ok;
	unsigned hex_digits;       /* of the greatest value */
	ann_families small[SMALL]; /* by value: most are small */
	unsigned shift;            /* of a hash, to an index in `sieve` */
	uint64_t sieve[];          /* a bit for each value's hash */
};

static inline bool is_word_at(struct ann_span text, size_t at)
{
	return ann_is_word((unsigned char)text.ptr[at]);
}

static ann_families look_up(const struct ann_known *known, uint64_t value)
{
	const struct ann_code *const *codes = NULL;
	size_t count = ann_codebook_find(known->book, value, &codes);
	ann_families families = 0;

	for (size_t i = 0; i < count; i++) {
		if (known->ok || codes[i]->severity != ANN_SEVERITY_OK) {
			families |= ann_family_bit(codes[i]->family->order);
		}
	}
	return families & known->wanted;
}

static inline uint64_t hash(const struct ann_known *known, uint64_t value)
{
	return value * UINT64_C(0x9e3779b97f4a7c15) >> known->shift;
}

static unsigned hex_digits_of(uint64_t value)
{
	unsigned digits = 1;

	while ((value >>= 4) != 0) {
		digits++;
	}
	return digits;
}

static void add_codes(struct ann_known *known, const struct ann_family *family)
{
	const struct ann_code *codes = ann_family_codes(family);
	ann_families bit = ann_family_bit(family->order);

	if ((known->wanted & bit) == 0) {
		return;
	}
	if (family->count > 0) {
		unsigned digits = hex_digits_of(codes[family->count - 1].value);

		known->hex_digits =
			digits > known->hex_digits ? digits : known->hex_digits;
	}
	for (size_t i = 0; i < family->count; i++) {
		uint64_t value = codes[i].value;
		uint64_t at = hash(known, value);

		known->sieve[at / 64] |= UINT64_C(1) << at % 64;
		if (value < SMALL &&
			(known->ok || codes[i].severity != ANN_SEVERITY_OK)) {
			known->small[value] |= bit;
		}
	}
}

struct ann_known *ann_known_new(
	const struct ann_codebook *book, ann_families wanted, bool ok)
{
	unsigned bits = SIEVE_BITS_LEAST;
	size_t codes = 0;

	for (size_t i = 0; i < ann_codebook_families(book); i++) {
		codes += ann_codebook_family(book, i)->count;
	}
	while (codes >> (bits - SIEVE_BITS_PER_CODE) != 0) {
		bits++;
	}
	struct ann_known *known = ann_alloc(sizeof(*known) + ((size_t)1 << (bits - 3)));

	if (known == NULL) {
		return NULL;
	}
	known->book = book;
	known->wanted = wanted;
	known->ok = ok;
	known->shift = 64 - bits;
	for (size_t i = 0; i < ann_codebook_families(book); i++) {
		add_codes(known, ann_codebook_family(book, i));
	}
	return known;
}

void ann_known_free(struct ann_known *known)
{
	ann_free(known);
}

static inline ann_families find(const struct ann_known *known, uint64_t value)
{
	uint64_t at = hash(known, value);

	if (value < SMALL) {
		return known->small[value];
	}
	return known->sieve[at / 64] >> at % 64 & 1 ? look_up(known, value) : 0;
}

static bool has_prefix(struct ann_span word)
{
	return word.len > 2 && word.ptr[0] == '0' && (word.ptr[1] | 0x20) == 'x';
}

/* Without the prefix and the zeros behind it, of which one may be the last digit. */
static size_t first_digit(struct ann_span word)
{
	size_t at = 2;

	while (at + 1 < word.len && word.ptr[at] == '0') {
		at++;
	}
	return at;
}

ann_families ann_known_word(const struct ann_known *known, struct ann_span word)
{
	bool prefixed = has_prefix(word);
	bool suffixed =
		!prefixed && word.len > 1 && (word.ptr[word.len - 1] | 0x20) == 'h';
	size_t from = prefixed ? first_digit(word) : 0;
	size_t end = word.len - suffixed;
	uint64_t hex = 0;
	uint64_t decimal = 0;
	bool letters = prefixed || suffixed;

	if (end > LONGEST) {
		return known->wanted;
	}
	/* Most numbers with a prefix are addresses. */
	if (end - from > known->hex_digits && prefixed) {
		return 0;
	}
	for (size_t at = from; at < end; at++) {
		uint8_t kind = ann_byte_kinds[(unsigned char)word.ptr[at]];

		if (kind == ANN_BYTE_OTHER) {
			return 0;
		}
		letters |= kind > 10;
		hex = hex << 4 | (unsigned)(kind - 1);
		decimal = decimal * 10 + (unsigned)(kind - 1);
	}
	return find(known, hex) | (letters ? 0 : find(known, decimal));
}

/* Where the word that goes on at `at` ends. */
static size_t end_of_word(struct ann_span text, size_t at)
{
	while (at < text.len && is_word_at(text, at)) {
		at++;
	}
	return at;
}

void ann_known_first(
	const struct ann_known *known, struct ann_span text, struct ann_word *word)
{
	size_t len = end_of_word(text, 0);

	word->len = len;
	word->families =
		len == 0 ? 0 : ann_known_word(known, (struct ann_span){text.ptr, len});
}

void ann_values_deinit(struct ann_values *values)
{
	ann_free(values->at);
	*values = (struct ann_values){0};
}

static enum ann_err add(const struct ann_known *known, struct ann_span line,
	size_t start, size_t end, struct ann_values *values)
{
	struct ann_span word = {line.ptr + start, end - start};
	ann_families families = ann_known_word(known, word);

	if (families == 0) {
		return ANN_OK;
	}
	if (ann_grow((void **)&values->at, &values->room, values->count,
		    sizeof(*values->at)) != 0) {
		return ANN_ENOMEM;
	}
	values->at[values->count++] =
		(struct ann_value){(uint32_t)start, has_prefix(word), families};
	return ANN_OK;
}

/* Those of a block that are values. */
static enum ann_err add_all(const struct ann_known *known, struct ann_span line,
	const struct ann_numbers *numbers, struct ann_values *values)
{
	enum ann_err failed = ANN_OK;

	for (uint64_t each = numbers->ends | numbers->prefixes;
		each != 0 && failed == ANN_OK; each &= each - 1) {
		struct ann_span word = ann_numbers_first(numbers, line, each);
		size_t start = (size_t)(word.ptr - line.ptr);

		failed = add(known, line, start, start + word.len, values);
	}
	return failed;
}

enum ann_err ann_values_find(const struct ann_known *known, struct ann_span line,
	size_t from, struct ann_values *values)
{
	struct ann_numbers numbers = {.next = from};
	enum ann_err failed = ANN_OK;

	values->count = 0;
	while (numbers.next < line.len && !numbers.line_ends && failed == ANN_OK) {
		ann_numbers_read(&numbers, line, numbers.next);
		if (numbers.long_word) {
			numbers.next = end_of_word(line, numbers.next);
			failed = add(known, line, numbers.at, numbers.next, values);
		} else {
			failed = add_all(known, line, &numbers, values);
		}
	}
	return failed;
}

/* Of the numbers without 0x, the last one that is known; SIZE_MAX: none. */
static size_t last_bare(const struct ann_known *known, struct ann_span text,
	const struct ann_numbers *numbers)
{
	uint64_t ends = numbers->ends;

	while (ends != 0) {
		struct ann_span word = ann_numbers_last(numbers, text, ends);

		if (ann_known_word(known, word) != 0) {
			return (size_t)(word.ptr - text.ptr);
		}
		ends ^= UINT64_C(1) << (63 - (unsigned)__builtin_clzll(ends));
	}
	return SIZE_MAX;
}

struct ann_bare ann_known_bare(
	const struct ann_known *known, struct ann_span text, size_t from)
{
	struct ann_bare found = {.last = SIZE_MAX, .from = from, .line_end = from};
	bool line_ends = from >= text.len;

	while (!line_ends) {
		struct ann_numbers numbers;

		ann_numbers_read(&numbers, text, found.line_end);
		size_t last = numbers.long_word ? numbers.at
						: last_bare(known, text, &numbers);

		found.last = last != SIZE_MAX ? last : found.last;
		found.line_end = numbers.long_word ? end_of_word(text, numbers.next)
						   : numbers.next;
		line_ends = numbers.line_ends || found.line_end == text.len;
	}
	return found;
}

ann_families ann_known_last(
	const struct ann_known *known, struct ann_span line, size_t *start)
{
	size_t end = line.len;

	while (end > 0 && !is_word_at(line, end - 1)) {
		end--;
	}
	*start = end;
	while (*start > 0 && is_word_at(line, *start - 1)) {
		--*start;
	}
	return end == *start
		       ? 0
		       : ann_known_word(known,
				 (struct ann_span){line.ptr + *start, end - *start});
}
