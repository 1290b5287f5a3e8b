#include "chance.h"

#include <stdio.h>
#include <stdlib.h>

struct test_chance test_chance(int which)
{
	const char *wish = getenv("TEST_SEED");
	uint64_t seed = wish == NULL ? 1 : strtoull(wish, NULL, 0);

	printf("run %d with TEST_SEED=%llu\n", which, (unsigned long long)seed);
	return (struct test_chance){seed * 1000003 + (uint64_t)which};
}

/* splitmix64 (public domain by Sebastiano Vigna). */
static uint64_t next(struct test_chance *chance)
{
	uint64_t z = chance->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

uint32_t test_below(struct test_chance *chance, uint32_t most)
{
	return (uint32_t)((next(chance) >> 32) % most);
}

bool test_once_in(struct test_chance *chance, uint32_t times)
{
	return test_below(chance, times) == 0;
}

void test_scatter(struct test_chance *chance, const char *alphabet, size_t len,
	size_t count, struct ann_buf *out)
{
	while (count-- > 0) {
		ann_buf_char(out, alphabet[test_below(chance, (uint32_t)len)]);
	}
}
