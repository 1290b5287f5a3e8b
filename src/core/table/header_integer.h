/*
 * header_integer - numbers as C reckons with them.
 *
 * Types are those of a 32-bit device: int and long have 32 bits, long long has 64. What
 * is unsigned wraps at its width, so ~0u is 0xFFFFFFFF. What is signed has 64 bits to
 * be in, so 1 << 31 is what its author meant. A cast to an unsigned type cuts to its
 * width; any other cast changes no bit, so (HRESULT)0x80070005 stays as people read it.
 */
#ifndef CORE_HEADER_INTEGER_H
#define CORE_HEADER_INTEGER_H

#include "annotty/span.h"

struct ann_integer {
	uint64_t bits;    /* two's complement */
	bool is_unsigned; /* or signed */
	bool wide;        /* 64 bits by its type, not 32 */
};

/* Why there is no value; the text is followed by the culprit in quotes. */
#define ANN_WHY_MAP(X)                                                   \
	X(ANN_WHY_NONE, "no fault")                                      \
	X(ANN_WHY_UNEXPECTED, "no integer expression: unexpected")       \
	X(ANN_WHY_END, "the expression ends too early")                  \
	X(ANN_WHY_NUMBER, "no integer of 64 bits:")                      \
	X(ANN_WHY_CHARACTER, "no character constant:")                   \
	X(ANN_WHY_CALL, "calls are not evaluated:")                      \
	X(ANN_WHY_UNKNOWN, "unknown name")                               \
	X(ANN_WHY_VALUELESS, "made of what has no value:")               \
	X(ANN_WHY_CYCLE, "defined by itself, through")                   \
	X(ANN_WHY_COUNT, "counts on from what the preprocessor decides") \
	X(ANN_WHY_DIVISION, "division by zero:")                         \
	X(ANN_WHY_SHIFT, "shift by less than 0 or more than 63 bits:")   \
	X(ANN_WHY_OVERFLOW, "does not fit 64 bits:")                     \
	X(ANN_WHY_DEPTH, "nested too deeply:")

enum ann_why {
#define X(name, text) name,
	ANN_WHY_MAP(X)
#undef X
};

/* Static; ready to print before the culprit. */
const char *ann_why_text(enum ann_why why);

enum ann_op {
	ANN_OP_OR_ELSE,  /* || */
	ANN_OP_AND_THEN, /* && */
	ANN_OP_OR,
	ANN_OP_XOR,
	ANN_OP_AND,
	ANN_OP_EQUAL,
	ANN_OP_UNEQUAL,
	ANN_OP_LESS,
	ANN_OP_MORE,
	ANN_OP_AT_MOST,
	ANN_OP_AT_LEAST,
	ANN_OP_LEFT,  /* << */
	ANN_OP_RIGHT, /* >> */
	ANN_OP_ADD,
	ANN_OP_SUBTRACT,
	ANN_OP_MULTIPLY,
	ANN_OP_DIVIDE,
	ANN_OP_REMAINDER,
};

/* Sets `*a` to `*a op b`, or says why there is no such value. */
enum ann_why ann_integer_apply(
	enum ann_op op, struct ann_integer *a, struct ann_integer b);

struct ann_integer ann_integer_truth(bool is);
struct ann_integer ann_integer_complement(struct ann_integer value);
bool ann_integer_is_negative(struct ann_integer value);

/* What stands in the parentheses of a cast. */
struct ann_type {
	unsigned bits;    /* 8 to 64; 0 not said */
	bool is_unsigned; /* or signed */
	bool known;       /* every word of it is */
	bool sure;        /* by its looks it cannot be a value */
	size_t words;     /* so far */
};

/* A type without words; ann_type_add() gives it one more. */
struct ann_type ann_type(void);
void ann_type_add(struct ann_type *type, struct ann_span word);
struct ann_integer ann_type_cast(const struct ann_type *type, struct ann_integer value);

#endif
