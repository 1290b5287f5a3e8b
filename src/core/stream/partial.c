#include "annotty/partial.h"

#include "annotty/alloc.h"

enum {
	NEAR_BYTES = 24,     /* how far behind a value a pattern looks to rule it out */
	SEQUENCE_BYTES = 32, /* terminal control sequences are shorter */
};

void ann_partial_deinit(struct ann_partial *partial)
{
	ann_hits_deinit(&partial->hits);
	ann_hits_deinit(&partial->told);
	*partial = (struct ann_partial){0};
}

static bool was_told(const struct ann_partial *partial, const struct ann_hit *hit)
{
	for (size_t i = 0; i < partial->told.count; i++) {
		if (partial->told.at[i].end == hit->end) {
			return true;
		}
	}
	return false;
}

/* --- while the line may go on ---------------------------------------------------- */

/*
 * Moves `*end` to where the first possible value ends that has not been shown and told,
 * if that is before it. False: there is no memory.
 */
static bool find_value(struct ann_partial *partial, struct ann_scan *scan,
	struct ann_span line, size_t *end)
{
	if (ann_scan_possible(scan, line, &partial->hits) != ANN_OK) {
		return false;
	}
	for (size_t i = 0; i < partial->hits.count; i++) {
		const struct ann_hit *hit = &partial->hits.at[i];

		if (hit->end >= partial->shown && hit->end <= *end &&
			!was_told(partial, hit)) {
			*end = hit->end;
			partial->held = true;
		}
	}
	return true;
}

/*
 * Patterns look behind the value as well: `12 s` is no status, `12 so` may be one. So
 * the line is also looked at as it was when it ended with each of its last words.
 */
static bool find_values(struct ann_partial *partial, struct ann_scan *scan,
	struct ann_span line, size_t *end)
{
	size_t from = line.len > NEAR_BYTES ? line.len - NEAR_BYTES : 1;
	bool found = find_value(partial, scan, line, end);

	for (size_t at = from > partial->shown ? from : partial->shown;
		at < *end && found; at++) {
		if (at > 0 && ann_is_word((unsigned char)line.ptr[at - 1]) &&
			!ann_is_word((unsigned char)line.ptr[at])) {
			found = find_value(
				partial, scan, (struct ann_span){line.ptr, at}, end);
		}
	}
	return found;
}

/* ESC, or ESC [ and parameters, and then nothing (ECMA-48, 5.4). */
static bool is_open_sequence(struct ann_span text)
{
	size_t at = 2;

	while (at < text.len && text.ptr[at] >= 0x20 && text.ptr[at] < 0x40) {
		at++;
	}
	return text.len < 2 || (text.ptr[1] == '[' && at == text.len);
}

/* How long the line is without a control sequence at its end that is not over. */
static size_t without_sequence(struct ann_span line)
{
	size_t least = line.len > SEQUENCE_BYTES ? line.len - SEQUENCE_BYTES : 0;

	for (size_t at = line.len; at > least; at--) {
		struct ann_span rest = {line.ptr + at - 1, line.len - at + 1};

		if (rest.ptr[0] == '\033') {
			return is_open_sequence(rest) ? at - 1 : line.len;
		}
	}
	return line.len;
}

/* The same of a character: a first byte and too few others. */
static size_t without_character(struct ann_span line)
{
	size_t others = 0;

	while (others < 3 && others < line.len &&
		((unsigned char)line.ptr[line.len - 1 - others] & 0xC0) == 0x80) {
		others++;
	}
	if (others == line.len) {
		return line.len;
	}
	unsigned char first = (unsigned char)line.ptr[line.len - 1 - others];
	size_t wanted = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;

	return others < wanted ? line.len - 1 - others : line.len;
}

/* How much may be shown while the line may go on. False: there is no memory. */
static bool measure(struct ann_partial *partial, struct ann_scan *scan,
	struct ann_span line, size_t *len)
{
	*len = without_sequence(line);
	*len = without_character((struct ann_span){line.ptr, *len});
	partial->held = *len < line.len;
	return find_values(partial, scan, line, len);
}

/* --- when it is late -------------------------------------------------------------- */

static bool remember(struct ann_partial *partial, const struct ann_hit *hit)
{
	struct ann_hits *told = &partial->told;

	if (ann_grow((void **)&told->at, &told->room, told->count, sizeof(*hit)) != 0) {
		return false;
	}
	told->at[told->count++] = *hit;
	return true;
}

/*
 * Finds all hits; marks those that have been told, and remembers those that now are,
 * if there are `*any`. False: there is no memory.
 */
static bool tell_values(struct ann_partial *partial, struct ann_scan *scan,
	struct ann_span line, bool *any)
{
	size_t before = partial->told.count;
	bool stopped = false;
	size_t end = 0;

	if (ann_scan_batch(scan, line, &partial->hits, &end, &stopped) != ANN_OK) {
		return false;
	}
	for (size_t i = 0; i < partial->hits.count; i++) {
		struct ann_hit *hit = &partial->hits.at[i];

		hit->told = was_told(partial, hit);
		if (hit->told || hit->end < partial->shown) {
			continue;
		}
		if (!remember(partial, hit)) {
			partial->told.count = before;
			return false;
		}
		*any = true;
	}
	return true;
}

bool ann_partial_show(struct ann_partial *partial, struct ann_scan *scan,
	struct ann_span line, bool late, struct ann_batch *batch)
{
	/* Behind a CR there is nothing to come of the line but perhaps its LF. */
	bool ended = line.len > 0 && line.ptr[line.len - 1] == '\r';
	bool overlong = partial->least > 0 && line.len > partial->least;
	bool any = false;
	size_t len = 0;

	late |= ended;
	line.len = overlong && !late ? partial->least : line.len - ended;
	len = line.len;
	partial->held = !late;
	if (late ? !tell_values(partial, scan, line, &any)
		 : !measure(partial, scan, line, &len)) {
		return false;
	}
	partial->held |= overlong && !late;
	if (len <= partial->shown && !any) {
		return false;
	}
	if (!late) {
		partial->hits.count = 0;
	}
	*batch = (struct ann_batch){
		.bytes = {line.ptr, len},
		.partial = true,
		.shown = partial->shown,
	};
	partial->shown = len;
	return true;
}

/* --- at its end ------------------------------------------------------------------ */

void ann_partial_reset(struct ann_partial *partial)
{
	partial->shown = 0;
	partial->told.count = 0;
	partial->held = false;
}

/* The line goes on `len` bytes later, in another batch. */
static void go_on(
	struct ann_partial *partial, const struct ann_partial *before, size_t len)
{
	partial->shown = before->shown - len;
	for (size_t i = 0; i < before->told.count; i++) {
		struct ann_hit hit = before->told.at[i];

		if (hit.end > len) {
			hit.end -= len;
			/* Without memory it is told twice. */
			(void)remember(partial, &hit);
		}
	}
}

void ann_partial_end(
	struct ann_partial *partial, struct ann_batch *batch, struct ann_partial *ended)
{
	size_t len = batch->bytes.len;
	struct ann_hits spare = ended->told;

	ended->shown = partial->shown;
	ended->told = partial->told;
	partial->told = spare;
	ann_partial_reset(partial);
	batch->shown = ended->shown < len ? ended->shown : len;
	if (batch->cut && ended->shown > len) {
		go_on(partial, ended, len);
	}
}

void ann_partial_tell(const struct ann_partial *ended, struct ann_hits *hits)
{
	for (size_t i = 0; i < hits->count; i++) {
		hits->at[i].told = was_told(ended, &hits->at[i]);
	}
}
