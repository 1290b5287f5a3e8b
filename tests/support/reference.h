/*
 * reference - the hits of a batch, found the long way.
 *
 * Does what matcher.h says a line means, and nothing to be fast: every pattern is
 * searched for in every line by PCRE2 as it is, every value is looked for in all
 * tables. Shares no code with the matcher but the reading of rules.
 */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

#include "annotty/matcher.h"

struct test_reference;

/* As for ann_matcher_new(), with rules that are right. */
struct test_reference *test_reference_new(const struct ann_rules *rules,
	const struct ann_codebook *book, const struct ann_matcher_options *options);
void test_reference_free(struct test_reference *reference);

/* Fills `hits`, emptied first. */
void test_reference_scan(const struct test_reference *reference, struct ann_span batch,
	struct ann_hits *hits);

#endif
