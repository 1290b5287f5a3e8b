#include "table/header_literal.h"

/* C gives unsigned types to numbers without u too, but only to hex and its like. */
static struct ann_integer typed(uint64_t number, bool decimal, bool u, bool ll)
{
	uint64_t narrow_max = u || !decimal ? UINT32_MAX : INT32_MAX;
	bool wide = ll || number > narrow_max;
	uint64_t signed_max = wide ? INT64_MAX : INT32_MAX;

	return (struct ann_integer){number, u || number > signed_max, wide};
}

bool ann_integer_read_number(struct ann_span text, struct ann_integer *value)
{
	struct ann_span digits = text;
	size_t ls = 0;
	bool u = false;
	int base = 10;
	uint64_t number;

	for (; digits.len > 0; digits.len--) {
		char c = (char)(digits.ptr[digits.len - 1] | 0x20);

		if (c != 'u' && c != 'l') {
			break;
		}
		u = u || c == 'u';
		ls += c == 'l';
	}
	if (digits.len > 1 && digits.ptr[0] == '0') {
		char c = (char)(digits.ptr[1] | 0x20);
		size_t mark = c == 'x' || c == 'b' ? 2 : 1;

		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		digits.ptr += mark;
		digits.len -= mark;
	}
	if (!ann_span_digits(digits, base, &number)) {
		return false;
	}
	*value = typed(number, base == 10, u, ls > 1);
	return true;
}

/* Up to `most` digits of `base` off the front, as a byte. */
static bool take_digits(struct ann_span *rest, int base, size_t most, uint64_t *byte)
{
	size_t len = 0;
	bool valid = false;

	while (len < rest->len && len < most &&
		ann_span_digits((struct ann_span){rest->ptr, len + 1}, base, byte)) {
		len++;
		valid = *byte <= UINT8_MAX;
	}
	rest->ptr += len;
	rest->len -= len;
	return valid;
}

/* What follows a backslash. */
static bool take_escape(struct ann_span *rest, uint64_t *byte)
{
	static const char plain[] = "a\ab\be\033f\fn\nr\rt\tv\v\\\\''\"\"??";
	char c = rest->len == 0 ? '\0' : rest->ptr[0];

	if (c >= '0' && c <= '7') {
		return take_digits(rest, 8, 3, byte);
	}
	if (rest->len > 0) {
		rest->ptr++;
		rest->len--;
	}
	if (c == 'x') {
		return take_digits(rest, 16, 8, byte);
	}
	for (size_t i = 0; plain[i] != '\0'; i += 2) {
		if (plain[i] == c) {
			*byte = (unsigned char)plain[i + 1];
			return true;
		}
	}
	return false;
}

bool ann_integer_read_character(struct ann_span text, struct ann_integer *value)
{
	enum { MOST_CHARACTERS = 4 };
	struct ann_span rest = {text.ptr + 1, text.len - 1};
	uint64_t number = 0;
	size_t count = 0;

	for (; rest.len > 0 && rest.ptr[0] != '\''; count++) {
		uint64_t byte = (unsigned char)rest.ptr[0];

		rest.ptr++;
		rest.len--;
		if (byte == '\\' && !take_escape(&rest, &byte)) {
			return false;
		}
		number = number << 8 | byte;
	}
	*value = (struct ann_integer){.bits = number};
	return count > 0 && count <= MOST_CHARACTERS && rest.len == 1;
}
