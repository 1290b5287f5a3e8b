/*
 * accuracy CORPUS... - how well the default rules find what is labelled.
 *
 * A corpus has a line a case, `shape<TAB>spans<TAB>line`: a span is `start:end:value`
 * of a number that is a status (byte offsets), `-` says that there is none, `name` that
 * a symbol stands there; `\x1b` is the escape character. Prints recall and precision
 * for each shape and for all, and every miss and false hit. Exits with 1 when recall is
 * below 0.98 or precision below 0.99.
 */
#include "annotty/alloc.h"
#include "annotty/embedded.h"
#include "annotty/matcher.h"
#include "annotty/table.h"
#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPES_MOST = 64, SPANS_MOST = 16 };

struct score {
	char shape[32];
	unsigned lines;
	unsigned wanted; /* statuses that are there */
	unsigned found;  /* of those */
	unsigned wrong;  /* hits that are none */
};

struct span {
	uint64_t start;
	uint64_t end;
	uint64_t value;
	bool found;
};

struct run {
	struct ann_scan *scan;
	struct ann_hits hits;
	struct score shapes[SHAPES_MOST];
	size_t count;
};

static void die(const char *what)
{
	fprintf(stderr, "accuracy: %s\n", what);
	exit(2);
}

static struct score *score_of(struct run *run, struct ann_span shape)
{
	for (size_t i = 0; i < run->count; i++) {
		if (ann_span_is(shape, run->shapes[i].shape)) {
			return &run->shapes[i];
		}
	}
	if (run->count == SHAPES_MOST || shape.len >= sizeof(run->shapes[0].shape)) {
		die("too many shapes, or too long a name");
	}
	memcpy(run->shapes[run->count].shape, shape.ptr, shape.len);
	return &run->shapes[run->count++];
}

static size_t read_spans(struct ann_span text, struct span *spans)
{
	size_t count = 0;

	while (text.len > 0) {
		struct ann_span one = ann_span_next(&text, ',');
		struct ann_span start = ann_span_next(&one, ':');
		struct ann_span end = ann_span_next(&one, ':');
		struct span *span = &spans[count++];

		if (count == SPANS_MOST || !ann_span_number(start, &span->start) ||
			!ann_span_number(end, &span->end) ||
			!ann_span_number(one, &span->value)) {
			die("a span is start:end:value");
		}
		span->found = false;
	}
	return count;
}

static void unescape(struct ann_span text, struct ann_buf *out)
{
	ann_buf_clear(out);
	while (text.len > 0) {
		bool escape = text.len >= 4 && memcmp(text.ptr, "\\x1b", 4) == 0;

		ann_buf_char(out, escape ? '\033' : text.ptr[0]);
		text.ptr += escape ? 4 : 1;
		text.len -= escape ? 4 : 1;
	}
}

/* True for a hit that is labelled. */
static bool take_hit(const struct ann_hit *hit, struct span *spans, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (hit->start == spans[i].start && hit->end == spans[i].end &&
			hit->codes[0]->value == spans[i].value && !spans[i].found) {
			spans[i].found = true;
			return true;
		}
	}
	return false;
}

static void judge_numbers(struct run *run, struct score *score, struct ann_span line,
	struct ann_span labels)
{
	struct span spans[SPANS_MOST];
	size_t count = ann_span_is(labels, "-") ? 0 : read_spans(labels, spans);

	for (size_t i = 0; i < run->hits.count; i++) {
		if (!take_hit(&run->hits.at[i], spans, count)) {
			score->wrong++;
			printf("false (%s): %.*s\n", run->hits.at[i].rule,
				ANN_SPAN_ARG(line));
		}
	}
	for (size_t i = 0; i < count; i++) {
		score->wanted++;
		score->found += spans[i].found;
		if (!spans[i].found) {
			printf("missed 0x%llX: %.*s\n",
				(unsigned long long)spans[i].value, ANN_SPAN_ARG(line));
		}
	}
}

static void judge(struct run *run, struct ann_span row, struct ann_buf *text)
{
	struct score *score = score_of(run, ann_span_next(&row, '\t'));
	struct ann_span labels = ann_span_next(&row, '\t');
	bool stopped = false;
	size_t end = 0;

	unescape(row, text);
	if (ann_scan_batch(run->scan, ann_buf_all(text), &run->hits, &end, &stopped) !=
		ANN_OK) {
		die("out of memory");
	}
	score->lines++;
	if (!ann_span_is(labels, "name")) {
		judge_numbers(run, score, row, labels);
		return;
	}
	score->wanted++;
	score->found += run->hits.count > 0 && run->hits.at[0].symbol;
}

static void judge_file(struct run *run, const char *path)
{
	struct ann_error err = {0};
	struct ann_buf file = {0};
	struct ann_buf text = {0};
	struct ann_span rest;

	if (ann_file_read(path, &file, &err) != ANN_OK) {
		die(err.text);
	}
	rest = ann_buf_all(&file);
	while (rest.len > 0) {
		struct ann_span row = ann_span_next(&rest, '\n');

		if (row.len > 0) {
			judge(run, row, &text);
		}
	}
	ann_buf_deinit(&text);
	ann_buf_deinit(&file);
}

static double share(unsigned part, unsigned whole)
{
	return whole == 0 ? 1 : (double)part / whole;
}

static void print_score(const struct score *score)
{
	printf("%-14s %6u %7u %7u %7u   %6.4f    %6.4f\n", score->shape, score->lines,
		score->wanted, score->found, score->wrong,
		share(score->found, score->wanted),
		share(score->found, score->found + score->wrong));
}

static bool report(const struct run *run)
{
	struct score all = {.shape = "all"};

	printf("%-14s %6s %7s %7s %7s   %s %s\n", "shape", "lines", "status", "found",
		"false", "recall", "precision");
	for (size_t i = 0; i < run->count; i++) {
		print_score(&run->shapes[i]);
		all.lines += run->shapes[i].lines;
		all.wanted += run->shapes[i].wanted;
		all.found += run->shapes[i].found;
		all.wrong += run->shapes[i].wrong;
	}
	print_score(&all);
	return all.wanted > 0 && share(all.found, all.wanted) >= 0.98 &&
	       share(all.found, all.found + all.wrong) >= 0.99;
}

int main(int argc, char **argv)
{
	const struct ann_matcher_options options = {0};
	struct ann_codebook *book = ann_codebook_new();
	struct ann_rules *rules = ann_rules_new();
	struct ann_matcher *matcher = NULL;
	struct ann_error err = {0};
	struct run run = {0};
	bool good = false;

	for (const struct ann_embedded *e = ann_embedded_tables; e->name != NULL; e++) {
		if (ann_table_add(book, e->text, e->name, &err) != ANN_OK) {
			die(err.text);
		}
	}
	for (const struct ann_embedded *e = ann_embedded_rules; e->name != NULL; e++) {
		if (ann_rules_add(rules, e->text, e->name, &err) != ANN_OK) {
			die(err.text);
		}
	}
	if (ann_codebook_index(book) != ANN_OK ||
		ann_matcher_new(&matcher, rules, book, &options, &err) != ANN_OK) {
		die(err.text);
	}
	run.scan = ann_scan_new(matcher);
	for (int i = 1; i < argc; i++) {
		judge_file(&run, argv[i]);
	}
	good = report(&run);
	ann_scan_free(run.scan);
	ann_hits_deinit(&run.hits);
	ann_matcher_free(matcher);
	ann_rules_free(rules);
	ann_codebook_free(book);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
