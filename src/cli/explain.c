/*
 * What a word of `annotty explain` can be, tried in this order:
 *
 *  1. a number: 0x11B, 283, 107h, and 10B, in every reading that a table knows;
 *  2. a symbol, or a part of one;
 *  3. words, all of which stand in a symbol, description or hint.
 */
#include "annotty/alloc.h"
#include "cli/near_name.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

/* The codes that have been found, each once. */
struct found {
	const struct ann_code **codes;
	size_t count;
	size_t room;
};

static void add_found(struct found *found, const struct ann_code *code)
{
	for (size_t i = 0; i < found->count; i++) {
		if (found->codes[i] == code) {
			return;
		}
	}
	if (ann_grow((void **)&found->codes, &found->room, found->count,
		    sizeof(const struct ann_code *)) == 0) {
		found->codes[found->count++] = code;
	}
}

/* False: no table has the value. */
static bool find_value(
	const struct ann_codebook *book, uint64_t value, struct found *found)
{
	const struct ann_code *const *codes = NULL;
	size_t count = ann_codebook_find(book, value, &codes);

	for (size_t i = 0; i < count; i++) {
		add_found(found, codes[i]);
	}
	return count > 0;
}

static bool word_in_code(const struct ann_code *code, struct ann_span word)
{
	return ann_span_find_nocase(code->name, word) >= 0 ||
	       ann_span_find_nocase(code->description, word) >= 0 ||
	       ann_span_find_nocase(code->hint, word) >= 0;
}

/* True when all blank-separated words of `text` stand in the code, and there is one. */
static bool words_in_code(const struct ann_code *code, struct ann_span text)
{
	struct ann_span word = ann_span_word(&text);
	bool all = word.len > 0;

	for (; word.len > 0 && all; word = ann_span_word(&text)) {
		all = word_in_code(code, word);
	}
	return all;
}

static bool part_of_name(const struct ann_code *code, struct ann_span text)
{
	return text.len > 0 && ann_span_find_nocase(code->name, text) >= 0;
}

/* False: there is none. */
static bool find_all(const struct ann_codebook *book,
	bool (*fits)(const struct ann_code *code, struct ann_span text),
	struct ann_span text, struct found *found)
{
	bool any = false;

	for (size_t f = 0; f < ann_codebook_families(book); f++) {
		const struct ann_family *family = ann_codebook_family(book, f);
		const struct ann_code *codes = ann_family_codes(family);

		for (size_t i = 0; i < family->count; i++) {
			if (fits(&codes[i], text)) {
				add_found(found, &codes[i]);
				any = true;
			}
		}
	}
	return any;
}

/* The lowest and highest value of a family above 0. False: it has none. */
static bool range_of(const struct ann_family *family, uint64_t *low, uint64_t *high)
{
	const struct ann_code *codes = ann_family_codes(family);
	size_t first = 0;

	while (first < family->count && codes[first].value == 0) {
		first++;
	}
	if (first == family->count) {
		return false;
	}
	*low = codes[first].value;
	*high = codes[family->count - 1].value;
	return true;
}

/* Says where an unknown value would be at home. */
static void tell_ranges(
	const struct ann_codebook *book, const char *word, uint64_t value)
{
	const struct ann_family *below = NULL;
	uint64_t nearest = 0;
	bool inside = false;

	fprintf(stderr, "annotty: %s (%s, %llu) is in no table", word,
		ann_code_hex(value).text, (unsigned long long)value);
	for (size_t f = 0; f < ann_codebook_families(book); f++) {
		const struct ann_family *family = ann_codebook_family(book, f);
		uint64_t low = 0;
		uint64_t high = 0;

		if (!range_of(family, &low, &high)) {
			continue;
		}
		if (value >= low && value <= high) {
			fprintf(stderr, "%s %.*s (%s to %s)",
				inside ? "," : "; it falls in the range of",
				ANN_SPAN_ARG(family->name), ann_code_hex(low).text,
				ann_code_hex(high).text);
			inside = true;
		} else if (high < value && (below == NULL || high > nearest)) {
			below = family;
			nearest = high;
		}
	}
	if (!inside && below != NULL) {
		fprintf(stderr, "; the nearest below is %s, the last of %.*s",
			ann_code_hex(nearest).text, ANN_SPAN_ARG(below->name));
	}
	fputc('\n', stderr);
}

static void tell_unknown(const struct ann_codebook *book, const char *word)
{
	struct ann_span near = ann_near_name(book, ann_span(word));

	if (near.len > 0) {
		fprintf(stderr, "annotty: \"%s\" is in no table; did you mean %.*s?\n",
			word, ANN_SPAN_ARG(near));
	} else {
		fprintf(stderr, "annotty: \"%s\" is in no table\n", word);
	}
}

static bool has_h(struct ann_span text)
{
	return text.len > 1 && (text.ptr[text.len - 1] | 0x20) == 'h';
}

/* `add` and `bad` are words before they are numbers. */
static bool is_number(struct ann_span text)
{
	bool hex = has_h(text);
	bool digits = hex;
	uint64_t value = 0;

	for (size_t i = 0; i < text.len; i++) {
		digits |= text.ptr[i] >= '0' && text.ptr[i] <= '9';
	}
	if (!hex && ann_span_number(text, &value)) {
		return true;
	}
	text.len -= hex;
	return digits && ann_span_digits(text, 16, &value);
}

/* A number in all its readings. False: no table has one, which is told. */
static bool explain_number(
	const struct ann_codebook *book, const char *word, struct found *found)
{
	struct ann_span text = ann_span(word);
	uint64_t value = 0;
	uint64_t as_hex = 0;
	bool hex = has_h(text);
	bool decimal = !hex && ann_span_number(text, &value);
	bool known = decimal && find_value(book, value, found);

	text.len -= hex;
	if (ann_span_digits(text, 16, &as_hex)) {
		value = decimal ? value : as_hex;
		known |= find_value(book, as_hex, found);
	}
	if (!known) {
		tell_ranges(book, word, value);
	}
	return known;
}

/* False: nothing found, and told. */
static bool explain_word(
	const struct ann_codebook *book, const char *word, struct found *found)
{
	const struct ann_code *exact = ann_codebook_find_name(book, ann_span(word));
	bool known = false;

	if (is_number(ann_span(word))) {
		return explain_number(book, word, found);
	}
	if (exact != NULL) {
		add_found(found, exact);
		return true;
	}
	known = find_all(book, part_of_name, ann_span(word), found) ||
		find_all(book, words_in_code, ann_span(word), found);
	if (!known) {
		tell_unknown(book, word);
	}
	return known;
}

static void add_code(const struct ann_code *code, struct ann_buf *out)
{
	const struct ann_family *family = code->family;

	ann_buf_printf(out, "%s (%llu)  %.*s\n", ann_code_hex(code->value).text,
		(unsigned long long)code->value, ANN_SPAN_ARG(code->name));
	if (code->description.len > 0) {
		ann_buf_printf(out, "    %.*s\n", ANN_SPAN_ARG(code->description));
	}
	if (code->hint.len > 0) {
		ann_buf_printf(out, "    Check: %.*s\n", ANN_SPAN_ARG(code->hint));
	}
	ann_buf_printf(out, "    %s, family %.*s", ann_severity_name(code->severity),
		ANN_SPAN_ARG(family->name));
	if (family->source.len > 0) {
		ann_buf_printf(out, ", from %.*s", ANN_SPAN_ARG(family->source));
	}
	ann_buf_char(out, '\n');
}

static int print_found(const struct found *found, bool json)
{
	struct ann_buf out = {0};

	ann_buf_str(&out, json ? "[" : "");
	for (size_t i = 0; i < found->count; i++) {
		if (json) {
			ann_buf_str(&out, i > 0 ? ",\n" : "");
			ann_render_code(found->codes[i], &out);
		} else {
			ann_buf_str(&out, i > 0 ? "\n" : "");
			add_code(found->codes[i], &out);
		}
	}
	ann_buf_str(&out, json ? "]\n" : "");
	return ann_print(&out);
}

/* `annotty explain X509 expired`: several words are one search, if they are no more. */
static bool are_words(const struct ann_codebook *book, const struct ann_inputs *words)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->path[i];

		if (is_number(ann_span(word)) || strchr(word, '_') != NULL ||
			ann_codebook_find_name(book, ann_span(word)) != NULL) {
			return false;
		}
	}
	return words->count > 1;
}

static bool explain_words(const struct ann_codebook *book,
	const struct ann_inputs *words, struct found *found)
{
	struct ann_buf text = {0};

	for (size_t i = 0; i < words->count; i++) {
		ann_buf_str(&text, i > 0 ? " " : "");
		ann_buf_str(&text, words->path[i]);
	}
	bool known = find_all(book, words_in_code, ann_buf_all(&text), found);

	if (!known) {
		fprintf(stderr, "annotty: no code has all of the words \"%.*s\"\n",
			ANN_SPAN_ARG(ann_buf_all(&text)));
	}
	ann_buf_deinit(&text);
	return known;
}

static int explain_all(
	const struct ann_codebook *book, const struct ann_options *options)
{
	struct found found = {0};
	bool all = true;
	int status = ANN_EXIT_DONE;

	if (are_words(book, &options->inputs)) {
		all = explain_words(book, &options->inputs, &found);
	} else {
		for (size_t i = 0; i < options->inputs.count; i++) {
			all &= explain_word(book, options->inputs.path[i], &found);
		}
	}
	status = print_found(&found, options->json);
	ann_free((void *)found.codes);
	return status == ANN_EXIT_DONE && !all ? ANN_EXIT_FAILED_ON : status;
}

int ann_main_explain(int argc, char **argv)
{
	struct ann_options options;
	struct ann_codebook *book = NULL;
	struct ann_error err = {0};
	int status = ann_options_read(&options, ANN_COMMAND_EXPLAIN, argc, argv);

	if (status >= 0) {
		return status;
	}
	if (options.inputs.count == 0) {
		fputs("annotty: explain needs a code, a name or words, such as: annotty "
		      "explain 0x107\n",
			stderr);
		return ANN_EXIT_USAGE;
	}
	if (ann_load_book(&book, &options.tables, !options.quiet, &err) != ANN_OK) {
		return ann_fail(&err);
	}
	status = explain_all(book, &options);
	ann_codebook_free(book);
	return status;
}
