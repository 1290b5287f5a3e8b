#include "match/regex_private.h"

#include "annotty/macros.h"

/* The byte that `\c` stands for, outside of a class and in it. */
static bool escaped_byte(struct reader *r, char c, char *byte)
{
	static const char controls[] = "a\ae\033f\ft\tn\nr\r";
	const char *control = strchr(controls, c);
	uint64_t value = 0;

	if (!ann_is_word((unsigned char)c)) {
		*byte = c;
	} else if (control != NULL) {
		*byte = control[1];
	} else if (c == 'x' && r->end - r->at >= 2 &&
		   ann_span_digits((struct ann_span){r->at, 2}, 16, &value)) {
		/* With fewer digits, or in braces, it is rare, and not read. */
		r->at += 2;
		*byte = (char)value;
	} else {
		return false;
	}
	return true;
}

/* Behind `[:` in a class. What is not closed as it should be is no name. */
static void read_posix_class(struct reader *r, struct ann_byteset *set)
{
	/* As in the C locale: the first and the last byte of each range. */
	static const char *const classes[][2] = {{"alnum:]", "09AZaz"},
		{"alpha:]", "AZaz"}, {"blank:]", "\t\t  "}, {"digit:]", "09"},
		{"graph:]", "!~"}, {"lower:]", "az"}, {"print:]", " ~"},
		{"punct:]", "!/:@[`{~"}, {"space:]", "\t\r  "}, {"upper:]", "AZ"},
		{"word:]", "09AZ__az"}, {"xdigit:]", "09AFaf"}};
	bool negated = ann_reader_skips(r, "^");
	struct ann_byteset named = {0};
	const char *range = NULL;

	for (size_t i = 0; i < ANN_LEN(classes) && range == NULL; i++) {
		range = ann_reader_skips(r, classes[i][0]) ? classes[i][1] : NULL;
	}
	if (range == NULL) {
		ann_reader_give_up(r);
		return;
	}
	for (; *range != '\0'; range += 2) {
		ann_byteset_put_range(&named, (unsigned)range[0], (unsigned)range[1]);
	}
	if (r->settings.caseless) {
		ann_byteset_fold_case(&named); /* before it is turned */
	}
	if (negated) {
		ann_byteset_turn(&named);
	}
	ann_byteset_unite(set, &named);
}

/* One byte of a class, or one end of a range; false: it was several, now in `set`. */
static bool read_class_byte(struct reader *r, struct ann_byteset *set, char *byte)
{
	struct ann_byteset several;

	if (ann_reader_skips(r, "[:")) {
		read_posix_class(r, set);
		return false;
	}
	*byte = *r->at++;
	if (*byte != '\\' || r->at == r->end) {
		return true;
	}
	*byte = *r->at++;
	if (ann_byteset_class(*byte, &several)) {
		ann_byteset_unite(set, &several);
		return false;
	}
	if (*byte == 'b') {
		*byte = '\b';
	} else if (!escaped_byte(r, *byte, byte)) {
		ann_reader_give_up(r);
	}
	return true;
}

/* A byte of a class or a range of them. */
static void read_class_range(struct reader *r, struct ann_byteset *set)
{
	char from = 0;
	char to = 0;

	if (!read_class_byte(r, set, &from)) {
		return;
	}
	to = from;
	if (r->end - r->at > 1 && r->at[0] == '-' && r->at[1] != ']') {
		r->at++;
		if (!read_class_byte(r, set, &to)) {
			ann_reader_give_up(r);
		}
	}
	ann_byteset_put_range(set, (unsigned char)from, (unsigned char)to);
}

/* Behind `[`, to the end of the class. */
static void read_class(struct reader *r, struct ann_byteset *set)
{
	bool negated = ann_reader_skips(r, "^");
	const char *first = r->at;

	while (r->at < r->end && (*r->at != ']' || r->at == first)) {
		read_class_range(r, set);
	}
	if (!ann_reader_skips(r, "]")) {
		ann_reader_give_up(r);
	}
	if (r->settings.caseless) {
		ann_byteset_fold_case(set); /* before it is turned */
	}
	if (negated) {
		ann_byteset_turn(set);
	}
}

/* `.` and \N. A line end, which (?s) would let in, is not part of a line. */
static void put_any(struct ann_byteset *set)
{
	ann_byteset_put(set, '\n');
	ann_byteset_turn(set);
}

/* Behind a backslash; false: it is no byte, or none that is understood. */
static bool read_escape(struct reader *r, struct ann_byteset *set)
{
	char c = '\0';

	if (r->at == r->end) {
		return false;
	}
	c = *r->at++;
	if (c == 'N') {
		put_any(set);
		return true;
	}
	if (ann_byteset_class(c, set)) {
		return true;
	}
	if (!escaped_byte(r, c, &c)) {
		return false;
	}
	ann_byteset_put(set, (unsigned char)c);
	return true;
}

bool ann_reader_bytes(struct reader *r, struct ann_byteset *set)
{
	const char *from = r->at;
	char c = *r->at++;

	*set = (struct ann_byteset){0};
	if (memchr("(^$", c, 3) != NULL || (c == '\\' && !read_escape(r, set))) {
		r->at = from;
		return false;
	}
	if (c == '[') {
		read_class(r, set);
		return true;
	}
	if (c == '.') {
		put_any(set);
	} else if (c != '\\') {
		ann_byteset_put(set, (unsigned char)c);
	}
	if (r->settings.caseless) {
		ann_byteset_fold_case(set);
	}
	return true;
}

static void skip_to(struct reader *r, char c)
{
	while (r->at < r->end && *r->at != c) {
		r->at++;
	}
	r->at += r->at < r->end;
}

void ann_reader_blanks(struct reader *r)
{
	while (ann_reader_sees(r, "(?#") || (r->settings.extended && r->at < r->end)) {
		if (ann_reader_skips(r, "(?#")) {
			skip_to(r, ')');
		} else if (*r->at == '#') {
			skip_to(r, '\n');
		} else if (memchr(" \t\n\r\f\v", *r->at, 6) != NULL) {
			r->at++;
		} else if (*r->at == '\x85') {
			ann_reader_give_up(r); /* a blank to some versions of PCRE2 */
		} else {
			return;
		}
	}
}

/* PCRE2 refuses what does not fit. */
static uint32_t read_number(struct reader *r)
{
	uint32_t number = 0;

	while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
		number = number * 10 + (uint32_t)(*r->at++ - '0');
	}
	return number;
}

/* `{2,}` and its like; false, and nothing read, when the brace is a plain one. */
static bool read_braces(struct reader *r, struct ann_term *repeat)
{
	const char *from = r->at++;
	const char *digits = r->at;

	repeat->least = read_number(r);
	repeat->most = repeat->least;
	if (r->at > digits && ann_reader_skips(r, ",")) {
		const char *more = r->at;

		repeat->most = read_number(r);
		repeat->most = r->at > more ? repeat->most : ANN_TERM_UNLIMITED;
	}
	if (r->at > digits && ann_reader_skips(r, "}")) {
		return true;
	}
	/* From PCRE2 10.43 on, {,3} repeats, and so does { 1, 3 }. */
	if (r->at < r->end && memchr(", \t", *r->at, 3) != NULL) {
		ann_reader_give_up(r);
	} else {
		r->at = from;
	}
	return false;
}

bool ann_reader_counts(struct reader *r, struct ann_term *repeat)
{
	repeat->least = 0;
	repeat->most = ANN_TERM_UNLIMITED;
	if (ann_reader_skips(r, "?")) {
		repeat->most = 1;
	} else if (ann_reader_skips(r, "+")) {
		repeat->least = 1;
	} else if (ann_reader_sees(r, "{")) {
		if (!read_braces(r, repeat)) {
			return false;
		}
	} else if (!ann_reader_skips(r, "*")) {
		return false;
	}
	ann_reader_blanks(r);
	repeat->atomic = !ann_reader_skips(r, "?") && ann_reader_skips(r, "+");
	return true;
}
