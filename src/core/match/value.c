#include "match/value.h"

bool ann_value_has_prefix(struct ann_span digits)
{
	return digits.len > 2 && digits.ptr[0] == '0' && (digits.ptr[1] | 0x20) == 'x';
}

/* These two take off what says that a number is hex. */
static bool strip_prefix(struct ann_span *digits)
{
	if (!ann_value_has_prefix(*digits)) {
		return false;
	}
	digits->ptr += 2;
	digits->len -= 2;
	return true;
}

static bool strip_suffix(struct ann_span *digits)
{
	if (digits->len > 1 && (digits->ptr[digits->len - 1] | 0x20) == 'h') {
		digits->len--;
		return true;
	}
	return false;
}

size_t ann_value_read(struct ann_span digits, enum ann_base base, uint64_t readings[2])
{
	bool prefixed = strip_prefix(&digits);
	bool marked = prefixed || strip_suffix(&digits);
	bool padded = digits.len > 1 && digits.ptr[0] == '0';
	bool hex = marked || base != ANN_BASE_DEC;
	bool dec = !marked && base != ANN_BASE_HEX && (base == ANN_BASE_DEC || !padded);
	size_t count = 0;

	if (prefixed && base == ANN_BASE_BARE) {
		return 0;
	}
	if (dec && ann_span_digits(digits, 10, &readings[count])) {
		count++;
	}
	if (hex && ann_span_digits(digits, 16, &readings[count])) {
		count += count == 0 || readings[0] != readings[1];
	}
	return count;
}

bool ann_value_same(struct ann_span a, struct ann_span b)
{
	uint64_t of_a[2];
	uint64_t of_b[2];
	size_t count_a = ann_value_read(a, ANN_BASE_AUTO, of_a);
	size_t count_b = ann_value_read(b, ANN_BASE_AUTO, of_b);

	for (size_t i = 0; i < count_a; i++) {
		for (size_t j = 0; j < count_b; j++) {
			if (of_a[i] == of_b[j]) {
				return true;
			}
		}
	}
	return false;
}
