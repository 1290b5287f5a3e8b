#include "io/net/backoff.h"

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void ann_backoff_init(
	struct ann_backoff *backoff, uint64_t least_ms, uint64_t most_ms, uint64_t seed)
{
	least_ms = larger(least_ms, 1);
	*backoff = (struct ann_backoff){
		.least_ms = least_ms,
		.most_ms = larger(most_ms, least_ms),
		.now_ms = least_ms,
		.chance = seed,
	};
}

/* The linear congruential generator of Knuth's MMIX; its upper bits are good enough. */
static uint64_t draw(struct ann_backoff *backoff)
{
	backoff->chance = backoff->chance * 6364136223846793005U + 1442695040888963407U;
	return backoff->chance >> 32;
}

uint64_t ann_backoff_next(struct ann_backoff *backoff)
{
	uint64_t longest = backoff->now_ms;
	uint64_t half = longest / 2;

	backoff->now_ms =
		longest > backoff->most_ms / 2 ? backoff->most_ms : longest * 2;
	return longest - draw(backoff) % (half + 1);
}

void ann_backoff_lost(struct ann_backoff *backoff, uint64_t lasted_ms)
{
	if (lasted_ms >= ANN_BACKOFF_LASTED_MS) {
		backoff->now_ms = backoff->least_ms;
	}
}
