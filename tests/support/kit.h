/*
 * kit - a matcher made of texts, and what it finds in a text.
 */
#ifndef TESTS_KIT_H
#define TESTS_KIT_H

#include "annotty/matcher.h"
#include "annotty/render.h"

/* Tables with values that collide, an alias and a success; used by many tests. */
extern const char *const test_tables[];

struct test_kit {
	struct ann_codebook *book;
	struct ann_rules *rules;
	struct ann_matcher *matcher; /* NULL until test_kit_compile() */
	struct ann_scan *scan;
	struct ann_hits hits; /* of the last text */
	struct ann_buf out;
};

/* An indexed book of `tables`, which end with NULL, and the rules; both are right. */
void test_kit_init(struct test_kit *kit, const char *const *tables, const char *rules);
void test_kit_deinit(struct test_kit *kit);

/* Must succeed. `options` may be NULL. */
void test_kit_compile(struct test_kit *kit, const struct ann_matcher_options *options);

/* The three above in one, with test_tables and without options. */
void test_kit_start(struct test_kit *kit, const char *rules);

/* With the tables and rules that are compiled in. */
void test_kit_start_default(struct test_kit *kit);

/* The hits of `text` into kit->hits. */
void test_kit_scan(struct test_kit *kit, struct ann_span text);

/* `text` with the names of its hits behind them, until the next call. */
const char *test_kit_annotate(struct test_kit *kit, const char *text);

/* The hits as "4-9 rule NAME|NAME, ...", until the next call. */
const char *test_kit_list(struct test_kit *kit, struct ann_span text);

/* The message with which the matcher refuses the rules; until the next call. */
const char *test_kit_refusal(
	struct test_kit *kit, const struct ann_matcher_options *options);

/* Whether two lists of hits are the same in every member. */
bool test_same_hits(const struct ann_hits *a, const struct ann_hits *b);

/* Appends hits as test_kit_list() does. */
void test_print_hits(const struct ann_hits *hits, struct ann_buf *out);

#endif
