#include "base/byteset.h"

#include "annotty/macros.h"

unsigned ann_byteset_next(const struct ann_byteset *set, unsigned from)
{
	while (from < 256) {
		uint64_t bits = set->bits[from / 64] >> from % 64;

		if (bits != 0) {
			return from + (unsigned)__builtin_ctzll(bits);
		}
		from = (from / 64 + 1) * 64;
	}
	return from;
}

bool ann_byteset_within(const struct ann_byteset *set, const struct ann_byteset *other)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < ANN_LEN(set->bits); i++) {
		missing |= set->bits[i] & ~other->bits[i];
	}
	return missing == 0;
}

void ann_byteset_put(struct ann_byteset *set, unsigned char byte)
{
	set->bits[byte / 64] |= UINT64_C(1) << byte % 64;
}

void ann_byteset_put_range(struct ann_byteset *set, unsigned from, unsigned to)
{
	for (unsigned byte = from; byte <= to; byte++) {
		ann_byteset_put(set, (unsigned char)byte);
	}
}

void ann_byteset_turn(struct ann_byteset *set)
{
	for (size_t i = 0; i < ANN_LEN(set->bits); i++) {
		set->bits[i] = ~set->bits[i];
	}
}

void ann_byteset_unite(struct ann_byteset *set, const struct ann_byteset *other)
{
	for (size_t i = 0; i < ANN_LEN(set->bits); i++) {
		set->bits[i] |= other->bits[i];
	}
}

void ann_byteset_fold_case(struct ann_byteset *set)
{
	const uint64_t large =
		UINT64_C(0x7fffffe); /* A to Z; the small ones 32 behind */
	uint64_t letters = (set->bits[1] | set->bits[1] >> 32) & large;

	set->bits[1] |= letters | letters << 32;
}

bool ann_byteset_class(char c, struct ann_byteset *set)
{
	*set = (struct ann_byteset){0};
	switch (c | 0x20) {
	case 'd':
		ann_byteset_put_range(set, '0', '9');
		break;
	case 'w':
		ann_byteset_put_range(set, '0', '9');
		ann_byteset_put_range(set, 'a', 'z');
		ann_byteset_put_range(set, 'A', 'Z');
		ann_byteset_put(set, '_');
		break;
	case 's':
		ann_byteset_put_range(set, '\t', '\r');
		ann_byteset_put(set, ' ');
		break;
	case 'h':
		ann_byteset_put(set, '\t');
		ann_byteset_put(set, ' ');
		ann_byteset_put(set, 0xa0);
		break;
	case 'v':
		ann_byteset_put_range(set, '\n', '\r');
		ann_byteset_put(set, 0x85);
		break;
	default:
		return false;
	}
	if (c < 'a') {
		ann_byteset_turn(set);
	}
	return true;
}
