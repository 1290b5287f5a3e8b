/*
 * matcher - finds the status values in a batch of lines.
 *
 * A matcher is compiled from rules and a codebook, then only read. Each thread that
 * scans has a scan of its own. A batch is scanned as a whole for what the rules need
 * (see scanner.h); only lines in which some of it stands are looked at.
 *
 * What a line means is defined by its rules alone: every pattern is searched for again
 * and again from left to right; of the values so found, those that no family knows and
 * those that a condition rules out are dropped; of values that overlap, the one that
 * begins first has it, or, when they are of different rules, the earlier rule.
 */
#ifndef ANNOTTY_MATCHER_H
#define ANNOTTY_MATCHER_H

#include "annotty/codebook.h"
#include "annotty/rules.h"

enum {
	ANN_MEANINGS_MOST = 8, /* of one value; further ones are left out */
};

/* A status value or symbol in a line. All offsets are into the batch. */
struct ann_hit {
	size_t line_start;
	size_t line_end; /* without its line end */
	size_t start;
	size_t end;
	const char *rule;                                /* its name */
	const struct ann_code *codes[ANN_MEANINGS_MOST]; /* the likeliest first */
	unsigned count;                                  /* of codes, at least 1 */
	bool symbol; /* the name stands there, not the number */
	bool told; /* annotated in a partial batch of its line; see annotty/stream.h */
};

/* An all-zero struct is an empty list. */
struct ann_hits {
	struct ann_hit *at; /* ascending by start, not overlapping */
	size_t count;
	size_t room;
};
void ann_hits_deinit(struct ann_hits *hits);

struct ann_matcher;
struct ann_scan;

struct ann_matcher_options {
	bool annotate_ok;           /* also find codes of severity ok */
	const char *families;       /* list of the only ones to find; NULL: all */
	const char *const *stop_at; /* regexes; see ann_scan_batch() */
	size_t stop_count;
};

/*
 * `rules` and `book` (indexed) are borrowed for as long as the matcher lives.
 * ANN_ECONFIG with FILE:LINE: for a bad regex, an unknown family (with the nearest
 * one), a pattern without a `code` or `name` group; ANN_ENOMEM.
 */
ANN_MUST_USE enum ann_err ann_matcher_new(struct ann_matcher **matcher,
	const struct ann_rules *rules, const struct ann_codebook *book,
	const struct ann_matcher_options *options, struct ann_error *err);
void ann_matcher_free(struct ann_matcher *matcher);

/*
 * Prepares the fastest way to scan that there is for these rules on this machine. It
 * takes a fraction of a millisecond, or, if it has to be vectorscan, a few for a
 * hundred rules and tens for a thousand. May run on one other thread while scans go on;
 * they use it as soon as it is there, with the same results.
 */
void ann_matcher_accelerate(struct ann_matcher *matcher);

/* True when that way is in use. */
bool ann_matcher_accelerated(const struct ann_matcher *matcher);

/*
 * Rules that give no literal to look for, so that every line has to be tried: calls
 * `tell` with each.
 */
void ann_matcher_slow_rules(const struct ann_matcher *matcher,
	void (*tell)(void *user, const struct ann_rule *rule), void *user);

/* For one thread. NULL: no memory. The matcher outlives it. */
struct ann_scan *ann_scan_new(struct ann_matcher *matcher);
void ann_scan_free(struct ann_scan *scan);

/*
 * Finds the hits of a batch of whole lines, shorter than 4 GiB; a last line may be
 * without its end. `hits` is emptied first. When one of the matcher's `stop_at` matches
 * a line, nothing behind it is looked at: `*stopped` is true and `*end` is where that
 * line ends, line end included. Otherwise `*end` is batch.len.
 * ANN_ENOMEM: the hits are incomplete.
 */
ANN_MUST_USE enum ann_err ann_scan_batch(struct ann_scan *scan, struct ann_span batch,
	struct ann_hits *hits, size_t *end, bool *stopped);

/* Whether one of `stop_at` matches this line, which is without its end. */
bool ann_scan_stops(struct ann_scan *scan, struct ann_span line);

/*
 * Finds what could be hits of a line that is not over: all known values that patterns
 * find, whatever their conditions say. In no order; they may overlap. ANN_ENOMEM.
 */
ANN_MUST_USE enum ann_err ann_scan_possible(
	struct ann_scan *scan, struct ann_span line, struct ann_hits *hits);

/* How many searches were given up because a line was too hard for a pattern. */
uint64_t ann_scan_given_up(const struct ann_scan *scan);

#endif
