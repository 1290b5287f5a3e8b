#include "base/byteset.h"

#include "annotty/macros.h"

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
	for (unsigned c = 'a'; c <= 'z'; c++) {
		unsigned char small = (unsigned char)c;
		unsigned char large = (unsigned char)(c - 32);

		if (ann_byteset_has(set, small) || ann_byteset_has(set, large)) {
			ann_byteset_put(set, small);
			ann_byteset_put(set, large);
		}
	}
}

/* \d and its like. */
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
	default:
		return false;
	}
	if (c < 'a') {
		ann_byteset_turn(set);
	}
	return true;
}
