#include "table/header_integer.h"

#include "annotty/macros.h"

#include <string.h>

const char *ann_why_text(enum ann_why why)
{
	static const char *const texts[] = {
#define X(name, text) text,
		ANN_WHY_MAP(X)
#undef X
	};

	return texts[why];
}

struct ann_integer ann_integer_truth(bool is)
{
	return (struct ann_integer){.bits = is};
}

static struct ann_integer fit(struct ann_integer value)
{
	if (value.is_unsigned && !value.wide) {
		value.bits &= UINT32_MAX;
	}
	return value;
}

struct ann_integer ann_integer_complement(struct ann_integer value)
{
	value.bits = ~value.bits;
	return fit(value);
}

bool ann_integer_is_negative(struct ann_integer value)
{
	return !value.is_unsigned && value.bits >> 63 != 0;
}

/* C's usual arithmetic conversions: the wider type wins, then the unsigned one. */
static void balance(struct ann_integer *a, struct ann_integer *b)
{
	bool wide = a->wide || b->wide;
	bool is_unsigned = (a->is_unsigned && a->wide == wide) ||
			   (b->is_unsigned && b->wide == wide);

	*a = fit((struct ann_integer){a->bits, is_unsigned, wide});
	*b = fit((struct ann_integer){b->bits, is_unsigned, wide});
}

static bool is_less(struct ann_integer a, struct ann_integer b)
{
	return a.is_unsigned ? a.bits < b.bits : (int64_t)a.bits < (int64_t)b.bits;
}

static bool compare(enum ann_op op, struct ann_integer a, struct ann_integer b)
{
	switch (op) {
	case ANN_OP_OR_ELSE:
		return a.bits != 0 || b.bits != 0;
	case ANN_OP_AND_THEN:
		return a.bits != 0 && b.bits != 0;
	case ANN_OP_EQUAL:
		return a.bits == b.bits;
	case ANN_OP_UNEQUAL:
		return a.bits != b.bits;
	case ANN_OP_LESS:
		return is_less(a, b);
	case ANN_OP_MORE:
		return is_less(b, a);
	case ANN_OP_AT_MOST:
		return !is_less(b, a);
	default:
		return !is_less(a, b);
	}
}

static uint64_t shift_right(struct ann_integer a, uint64_t by)
{
	uint64_t sign = ann_integer_is_negative(a) ? UINT64_MAX : 0;

	/* Flipped around the shift, what comes in from the left is the sign. */
	return ((a.bits ^ sign) >> by) ^ sign;
}

static enum ann_why shift(enum ann_op op, struct ann_integer *a, uint64_t by)
{
	struct ann_integer from = *a;

	if (by > 63) {
		return ANN_WHY_SHIFT;
	}
	if (op == ANN_OP_RIGHT) {
		a->bits = shift_right(from, by);
		return ANN_WHY_NONE;
	}
	a->bits <<= by;
	if (!a->is_unsigned && shift_right(*a, by) != from.bits) {
		return ANN_WHY_OVERFLOW;
	}
	*a = fit(*a);
	return ANN_WHY_NONE;
}

static enum ann_why divide(enum ann_op op, struct ann_integer *a, struct ann_integer b)
{
	int64_t x = (int64_t)a->bits;
	int64_t y = (int64_t)b.bits;

	if (b.bits == 0) {
		return ANN_WHY_DIVISION;
	}
	if (a->is_unsigned) {
		a->bits = op == ANN_OP_DIVIDE ? a->bits / b.bits : a->bits % b.bits;
		return ANN_WHY_NONE;
	}
	if (x == INT64_MIN && y == -1) {
		return ANN_WHY_OVERFLOW;
	}
	a->bits = (uint64_t)(op == ANN_OP_DIVIDE ? x / y : x % y);
	return ANN_WHY_NONE;
}

static enum ann_why reckon(enum ann_op op, struct ann_integer *a, struct ann_integer b)
{
	int64_t x = (int64_t)a->bits;
	int64_t y = (int64_t)b.bits;
	int64_t result;
	bool lost;

	if (op == ANN_OP_ADD) {
		lost = __builtin_add_overflow(x, y, &result);
	} else if (op == ANN_OP_SUBTRACT) {
		lost = __builtin_sub_overflow(x, y, &result);
	} else {
		lost = __builtin_mul_overflow(x, y, &result);
	}
	if (lost && !a->is_unsigned) {
		return ANN_WHY_OVERFLOW;
	}
	a->bits = (uint64_t)result; /* wrapped, which is right for unsigned */
	*a = fit(*a);
	return ANN_WHY_NONE;
}

enum ann_why ann_integer_apply(
	enum ann_op op, struct ann_integer *a, struct ann_integer b)
{
	if (op == ANN_OP_LEFT || op == ANN_OP_RIGHT) {
		return shift(op, a, b.bits); /* the type stays that of the left */
	}
	balance(a, &b);
	switch (op) {
	case ANN_OP_OR:
		a->bits |= b.bits;
		return ANN_WHY_NONE;
	case ANN_OP_XOR:
		a->bits ^= b.bits;
		return ANN_WHY_NONE;
	case ANN_OP_AND:
		a->bits &= b.bits;
		return ANN_WHY_NONE;
	case ANN_OP_ADD:
	case ANN_OP_SUBTRACT:
	case ANN_OP_MULTIPLY:
		return reckon(op, a, b);
	case ANN_OP_DIVIDE:
	case ANN_OP_REMAINDER:
		return divide(op, a, b);
	default:
		*a = ann_integer_truth(compare(op, *a, b));
		return ANN_WHY_NONE;
	}
}

static const struct {
	const char *word;
	unsigned bits;
	bool is_unsigned;
} words[] = {
	{"unsigned", 0, true},
	{"signed", 0, false},
	{"const", 0, false},
	{"volatile", 0, false},
	{"char", 8, false},
	{"short", 16, false},
	{"int", 0, false},
	{"long", 32, false},
	{"uint8_t", 8, true},
	{"uint16_t", 16, true},
	{"uint32_t", 32, true},
	{"uint64_t", 64, true},
	{"int8_t", 8, false},
	{"int16_t", 16, false},
	{"int32_t", 32, false},
	{"int64_t", 64, false},
	{"u8", 8, true},
	{"u16", 16, true},
	{"u32", 32, true},
	{"u64", 64, true},
	{"CHAR", 8, false},
	{"UCHAR", 8, true},
	{"BYTE", 8, true},
	{"SHORT", 16, false},
	{"USHORT", 16, true},
	{"WORD", 16, true},
	{"INT", 32, false},
	{"UINT", 32, true},
	{"LONG", 32, false},
	{"ULONG", 32, true},
	{"DWORD", 32, true},
	{"HRESULT", 32, false},
	{"ULONG64", 64, true},
};

struct ann_type ann_type(void)
{
	return (struct ann_type){.known = true, .sure = true};
}

static bool ends_in_t(struct ann_span word)
{
	return word.len > 2 && memcmp(word.ptr + word.len - 2, "_t", 2) == 0;
}

void ann_type_add(struct ann_type *type, struct ann_span word)
{
	bool again = ann_span_is(word, "long") && type->bits == 32;

	type->words++;
	for (size_t i = 0; i < ANN_LEN(words); i++) {
		if (ann_span_is(word, words[i].word)) {
			type->is_unsigned = type->is_unsigned || words[i].is_unsigned;
			if (words[i].bits > 0) {
				type->bits = again ? 64 : words[i].bits;
			}
			type->sure = true;
			return;
		}
	}
	type->known = false;
	type->sure = type->words > 1 || ends_in_t(word);
}

struct ann_integer ann_type_cast(const struct ann_type *type, struct ann_integer value)
{
	unsigned bits = type->bits == 0 ? 32 : type->bits;

	if (!type->known) {
		return value;
	}
	if (type->is_unsigned && bits < 64) {
		value.bits &= (UINT64_C(1) << bits) - 1;
	}
	value.is_unsigned =
		type->is_unsigned && bits >= 32; /* smaller ones become int */
	value.wide = bits == 64;
	return value;
}
