/*
 * summary - which codes came, how often, where first and where last.
 */
#ifndef ANNOTTY_SUMMARY_H
#define ANNOTTY_SUMMARY_H

#include "annotty/framer.h"
#include "annotty/matcher.h"

enum ann_summary_format {
	ANN_SUMMARY_TEXT,
	ANN_SUMMARY_MARKDOWN,
	ANN_SUMMARY_JSON,
	ANN_SUMMARY_GITHUB, /* a workflow command for each code */
};

struct ann_summary;

/* Counts codes of `book`, which outlives it. NULL: no memory. */
struct ann_summary *ann_summary_new(const struct ann_codebook *book);
void ann_summary_free(struct ann_summary *summary);

/*
 * Counts the hits of a batch, each for its likeliest meaning. `batch->seq` has to be
 * filled. `source` names the input; borrowed for as long as the summary lives.
 */
void ann_summary_add(struct ann_summary *summary, const char *source,
	const struct ann_batch *batch, const struct ann_hit *hits, size_t count);

/*
 * Appends the summary, the commonest code first. Sets `out->failed` also when there was
 * no memory to count with.
 */
void ann_summary_write(const struct ann_summary *summary,
	enum ann_summary_format format, struct ann_buf *out);

#endif
