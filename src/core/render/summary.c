#include "annotty/summary.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"
#include "annotty/render.h"

#include <stdlib.h>
#include <string.h>

struct place {
	const char *source;
	uint64_t line; /* from 1 */
};

struct count {
	const struct ann_code *code;
	uint64_t hits;
	struct place first;
	struct place last;
};

struct ann_summary {
	const struct ann_codebook *book;
	struct count **counts; /* per family: a count per code, or NULL while unused */
	const char *source;    /* the last one */
	bool many_sources;
	uint64_t lines;
	uint64_t lines_hit;
	uint64_t hits;
	bool failed; /* no memory: the counts of a family are left out */
};

struct ann_summary *ann_summary_new(const struct ann_codebook *book)
{
	struct ann_summary *summary = ann_alloc(sizeof(*summary));

	if (summary == NULL) {
		return NULL;
	}
	summary->book = book;
	summary->counts =
		ann_alloc(ann_codebook_families(book) * sizeof(struct count *));
	if (summary->counts == NULL) {
		ann_free(summary);
		return NULL;
	}
	return summary;
}

void ann_summary_free(struct ann_summary *summary)
{
	if (summary == NULL) {
		return;
	}
	for (size_t i = 0; i < ann_codebook_families(summary->book); i++) {
		ann_free(summary->counts[i]);
	}
	ann_free(summary->counts);
	ann_free(summary);
}

/* NULL when there is no memory. */
static struct count *count_of(struct ann_summary *summary, const struct ann_code *code)
{
	const struct ann_family *family = code->family;
	struct count **counts = &summary->counts[family->order];

	if (*counts == NULL) {
		*counts = ann_alloc(family->count * sizeof(**counts));
	}
	return *counts == NULL ? NULL : &(*counts)[code - ann_family_codes(family)];
}

static void add_hit(
	struct ann_summary *summary, const struct ann_hit *hit, struct place place)
{
	struct count *count = count_of(summary, hit->codes[0]);

	summary->hits++;
	if (count == NULL) {
		summary->failed = true;
		return;
	}
	if (count->hits++ == 0) {
		count->code = hit->codes[0];
		count->first = place;
	}
	count->last = place;
}

/* As the framer numbers them: what has no line end, or goes on, is one too. */
static uint64_t lines_of(struct ann_span bytes)
{
	char last = bytes.len == 0 ? '\n' : bytes.ptr[bytes.len - 1];

	return ann_lines_count(bytes) + (last != '\n' && last != '\r');
}

void ann_summary_add(struct ann_summary *summary, const char *source,
	const struct ann_batch *batch, const struct ann_hit *hits, size_t count)
{
	struct ann_line_counter counter = {batch->bytes, 0, batch->seq};

	summary->many_sources |=
		summary->source != NULL && strcmp(summary->source, source) != 0;
	summary->source = source;
	summary->lines += lines_of(batch->bytes);
	for (size_t i = 0; i < count; i++) {
		bool same = i > 0 && hits[i].line_start == counter.at;
		uint64_t line = ann_line_number(&counter, hits[i].line_start);

		summary->lines_hit += !same;
		add_hit(summary, &hits[i], (struct place){source, line});
	}
}

static int compare_counts(const void *a, const void *b)
{
	const struct count *x = *(const struct count *const *)a;
	const struct count *y = *(const struct count *const *)b;

	if (x->hits != y->hits) {
		return x->hits > y->hits ? -1 : 1;
	}
	if (x->code->value != y->code->value) {
		return x->code->value < y->code->value ? -1 : 1;
	}
	if (x->code->family != y->code->family) {
		return x->code->family->order < y->code->family->order ? -1 : 1;
	}
	return x->code < y->code ? -1 : x->code > y->code;
}

/* All counts above zero, in the order they are shown; to be freed. False: no memory. */
static bool collect(
	const struct ann_summary *summary, const struct count ***counts, size_t *found)
{
	const struct count **all = NULL;
	size_t room = 0;

	*found = 0;
	for (size_t f = 0; f < ann_codebook_families(summary->book); f++) {
		const struct count *of_family = summary->counts[f];
		size_t codes = ann_codebook_family(summary->book, f)->count;

		for (size_t i = 0; of_family != NULL && i < codes; i++) {
			if (of_family[i].hits == 0) {
				continue;
			}
			if (ann_grow((void **)&all, &room, *found,
				    sizeof(const struct count *)) != 0) {
				ann_free((void *)all);
				return false;
			}
			all[(*found)++] = &of_family[i];
		}
	}
	if (*found > 1) {
		qsort(all, *found, sizeof(const struct count *), compare_counts);
	}
	*counts = all;
	return true;
}

/* "12 status values of 3 codes on 11 of 2000 lines" */
static void add_totals(
	const struct ann_summary *summary, size_t codes, struct ann_buf *out)
{
	ann_buf_count(out, summary->hits, "status value");
	ann_buf_str(out, " of ");
	ann_buf_count(out, codes, "code");
	ann_buf_str(out, " on ");
	ann_buf_u64(out, summary->lines_hit);
	ann_buf_str(out, " of ");
	ann_buf_count(out, summary->lines, "line");
}

static void add_place(const struct ann_summary *summary, const struct place *place,
	struct ann_buf *out)
{
	int width = 10; /* of the column; names of sources have any */

	if (summary->many_sources) {
		ann_buf_printf(out, "%s:", place->source);
		width = 0;
	}
	ann_buf_printf(out, "%*llu", width, (unsigned long long)place->line);
}

static void write_text(const struct ann_summary *summary,
	const struct count *const *counts, size_t found, struct ann_buf *out)
{
	add_totals(summary, found, out);
	ann_buf_char(out, '\n');
	if (found > 0) {
		ann_buf_str(out, "   count      first       last  code\n");
	}
	for (size_t i = 0; i < found; i++) {
		ann_buf_printf(out, "%8llu ", (unsigned long long)counts[i]->hits);
		add_place(summary, &counts[i]->first, out);
		ann_buf_char(out, ' ');
		add_place(summary, &counts[i]->last, out);
		ann_buf_printf(out, "  %s %.*s\n",
			ann_code_hex(counts[i]->code->value).text,
			ANN_SPAN_ARG(counts[i]->code->name));
	}
}

/* What stands in a cell of a table: GitHub Flavored Markdown, 4.10 and 6.1. */
static void add_cell(struct ann_buf *out, struct ann_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (strchr("\\|<`*", c) != NULL && c != '\0') {
			ann_buf_char(out, '\\');
		}
		ann_buf_char(out, (unsigned char)c < ' ' ? ' ' : c);
	}
}

static void add_place_cell(const struct ann_summary *summary, const struct place *place,
	struct ann_buf *out)
{
	if (summary->many_sources) {
		add_cell(out, ann_span(place->source));
		ann_buf_char(out, ':');
	}
	ann_buf_u64(out, place->line);
}

static void write_markdown(const struct ann_summary *summary,
	const struct count *const *counts, size_t found, struct ann_buf *out)
{
	add_totals(summary, found, out);
	ann_buf_str(
		out, found == 0 ? "\n"
				: "\n\n| count | code | name | meaning | first | last |"
				  "\n| ---: | --- | --- | --- | ---: | ---: |\n");
	for (size_t i = 0; i < found; i++) {
		const struct ann_code *code = counts[i]->code;

		ann_buf_printf(out, "| %llu | %s | %.*s | ",
			(unsigned long long)counts[i]->hits,
			ann_code_hex(code->value).text, ANN_SPAN_ARG(code->name));
		add_cell(out, code->description);
		ann_buf_str(out, " | ");
		add_place_cell(summary, &counts[i]->first, out);
		ann_buf_str(out, " | ");
		add_place_cell(summary, &counts[i]->last, out);
		ann_buf_str(out, " |\n");
	}
}

/* What stands in a workflow command behind the last colons. */
static void add_message(struct ann_buf *out, struct ann_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '%' || c == '\r' || c == '\n') {
			ann_buf_printf(out, "%%%02X", (unsigned)c);
		} else {
			ann_buf_char(out, c);
		}
	}
}

static void add_place_message(
	const char *before, const struct place *place, struct ann_buf *out)
{
	ann_buf_str(out, before);
	add_message(out, ann_span(place->source));
	ann_buf_char(out, ':');
	ann_buf_u64(out, place->line);
}

/* Workflow commands of GitHub Actions: the page of the run shows an annotation each. */
static void write_github(const struct ann_summary *summary,
	const struct count *const *counts, size_t found, struct ann_buf *out)
{
	static const char *const commands[] = {
		[ANN_SEVERITY_OK] = "notice",
		[ANN_SEVERITY_INFO] = "notice",
		[ANN_SEVERITY_WARNING] = "warning",
		[ANN_SEVERITY_ERROR] = "error",
	};

	add_totals(summary, found, out);
	ann_buf_char(out, '\n');
	for (size_t i = 0; i < found; i++) {
		const struct ann_code *code = counts[i]->code;

		ann_buf_printf(out, "::%s title=%.*s::%s", commands[code->severity],
			ANN_SPAN_ARG(code->name), ann_code_hex(code->value).text);
		add_place_message(" at ", &counts[i]->first, out);
		if (counts[i]->hits > 1) {
			add_place_message(" to ", &counts[i]->last, out);
			ann_buf_printf(out, ", %llu times",
				(unsigned long long)counts[i]->hits);
		}
		if (code->description.len > 0) {
			ann_buf_str(out, ": ");
			add_message(out, code->description);
		}
		ann_buf_char(out, '\n');
	}
}

static void add_json_place(
	const char *key, const struct place *place, struct ann_buf *out)
{
	ann_buf_str(out, key);
	ann_buf_str(out, "{\"source\":");
	ann_render_json_string(ann_span(place->source), out);
	ann_buf_str(out, ",\"line\":");
	ann_buf_u64(out, place->line);
	ann_buf_char(out, '}');
}

static void write_json(const struct ann_summary *summary,
	const struct count *const *counts, size_t found, struct ann_buf *out)
{
	ann_buf_printf(out,
		"{\"lines\":%llu,\"lines_annotated\":%llu,\"values\":%llu,"
		"\"codes\":[",
		(unsigned long long)summary->lines,
		(unsigned long long)summary->lines_hit,
		(unsigned long long)summary->hits);
	for (size_t i = 0; i < found; i++) {
		ann_buf_str(out, i > 0 ? ",{\"count\":" : "{\"count\":");
		ann_buf_u64(out, counts[i]->hits);
		add_json_place(",\"first\":", &counts[i]->first, out);
		add_json_place(",\"last\":", &counts[i]->last, out);
		ann_buf_str(out, ",\"meaning\":");
		ann_render_code(counts[i]->code, out);
		ann_buf_char(out, '}');
	}
	ann_buf_str(out, "]}\n");
}

void ann_summary_write(const struct ann_summary *summary,
	enum ann_summary_format format, struct ann_buf *out)
{
	size_t found = 0;
	const struct count **counts = NULL;

	if (summary->failed || !collect(summary, &counts, &found)) {
		out->failed = true;
		return;
	}
	switch (format) {
	case ANN_SUMMARY_TEXT:
		write_text(summary, counts, found, out);
		break;
	case ANN_SUMMARY_MARKDOWN:
		write_markdown(summary, counts, found, out);
		break;
	case ANN_SUMMARY_JSON:
		write_json(summary, counts, found, out);
		break;
	case ANN_SUMMARY_GITHUB:
		write_github(summary, counts, found, out);
		break;
	}
	ann_free((void *)counts);
}
