#include "annotty/select.h"

#include "annotty/alloc.h"
#include "annotty/lines.h"

#include <string.h>

/* The last lines of earlier batches that may yet be wanted as context. */
struct history {
	struct ann_buf bytes;
	uint64_t offset; /* of the first byte in the stream */
	uint64_t seq;    /* of the first line */
	size_t lines;
};

struct ann_select {
	size_t before;
	size_t after;
	enum ann_severity least;
	size_t due;         /* lines of context still to come after the last hit */
	bool shown;         /* anything yet */
	uint64_t shown_end; /* in the stream: behind the last line that was shown */
	struct history kept;
	struct ann_hit *hits; /* of a run, moved to its start */
	size_t hit_room;
};

/* A batch on its way through. */
struct pass {
	struct ann_select *select;
	const struct ann_batch *batch;
	const struct ann_hit *hits;
	size_t count;
	size_t used; /* hits that belong to lines before the one at hand */
	ann_select_cb show;
	void *user;
	enum ann_err failed;
};

struct ann_select *ann_select_new(size_t before, size_t after)
{
	struct ann_select *select = ann_alloc(sizeof(*select));

	if (select != NULL) {
		select->before = before;
		select->after = after;
	}
	return select;
}

void ann_select_free(struct ann_select *select)
{
	if (select != NULL) {
		ann_buf_deinit(&select->kept.bytes);
		ann_free(select->hits);
		ann_free(select);
	}
}

void ann_select_least(struct ann_select *select, enum ann_severity severity)
{
	if (select != NULL) {
		select->least = severity;
	}
}

static void show(struct pass *p, const struct ann_batch *run,
	const struct ann_hit *hits, size_t count)
{
	struct ann_select *s = p->select;
	bool gap = s->shown && s->shown_end != run->offset;

	s->shown = true;
	s->shown_end = run->offset + run->bytes.len;
	p->show(p->user, run, hits, count, gap);
}

/* Forgets the oldest lines until at most `most` are left. */
static void trim_history(struct history *kept, size_t most)
{
	size_t gone = 0;

	while (kept->lines > most) {
		gone = ann_line_at(ann_buf_all(&kept->bytes), gone).next;
		kept->lines--;
		kept->seq++;
	}
	if (gone > 0) {
		memmove(kept->bytes.ptr, kept->bytes.ptr + gone,
			kept->bytes.len - gone);
		kept->bytes.len -= gone;
		kept->offset += gone;
	}
}

/* The line at hand is not shown, but a hit may follow. */
static void remember(struct pass *p, const struct ann_line *line, uint64_t seq)
{
	struct history *kept = &p->select->kept;
	struct ann_span bytes = {
		p->batch->bytes.ptr + line->start, line->next - line->start};

	if (p->select->before == 0) {
		return;
	}
	trim_history(kept, p->select->before - 1);
	if (kept->lines == 0) {
		kept->offset = p->batch->offset + line->start;
		kept->seq = seq;
	}
	ann_buf_span(&kept->bytes, bytes);
	kept->lines++;
}

static void show_history(struct pass *p)
{
	struct history *kept = &p->select->kept;
	struct ann_batch run = *p->batch;

	if (kept->lines > 0) {
		run.bytes = ann_buf_all(&kept->bytes);
		run.offset = kept->offset;
		run.seq = kept->seq;
		run.cut = false;
		run.broken = false;
		show(p, &run, NULL, 0);
	}
	kept->lines = 0;
	ann_buf_clear(&kept->bytes);
}

/* The line at hand as a batch of its own, its hits moved along. */
static void show_line(
	struct pass *p, const struct ann_line *line, uint64_t seq, size_t count)
{
	struct ann_select *s = p->select;
	struct ann_batch run = *p->batch;

	while (s->hit_room < count) {
		if (ann_grow((void **)&s->hits, &s->hit_room, s->hit_room,
			    sizeof(*s->hits)) != 0) {
			p->failed = ANN_ENOMEM;
			return;
		}
	}
	for (size_t i = 0; i < count; i++) {
		s->hits[i] = p->hits[p->used + i];
		s->hits[i].line_start -= line->start;
		s->hits[i].line_end -= line->start;
		s->hits[i].start -= line->start;
		s->hits[i].end -= line->start;
	}
	run.bytes = (struct ann_span){
		p->batch->bytes.ptr + line->start, line->next - line->start};
	run.offset += line->start;
	run.seq = seq;
	show(p, &run, s->hits, count);
}

static void take_line(struct pass *p, const struct ann_line *line, uint64_t seq)
{
	struct ann_select *s = p->select;
	size_t count = 0;
	bool wanted = false;

	while (p->used + count < p->count &&
		p->hits[p->used + count].start < line->next) {
		wanted |= p->hits[p->used + count].codes[0]->severity >= s->least;
		count++;
	}
	if (wanted) {
		show_history(p);
		show_line(p, line, seq, count);
		s->due = s->after;
	} else if (s->due > 0) {
		s->due--;
		show_line(p, line, seq, count);
	} else {
		remember(p, line, seq);
	}
	p->used += count;
}

enum ann_err ann_select_batch(struct ann_select *select, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count, ann_select_cb show_cb, void *user)
{
	struct pass p = {select, batch, hits, count, 0, show_cb, user, ANN_OK};
	uint64_t seq = batch->seq;

	for (size_t at = 0; at < batch->bytes.len && p.failed == ANN_OK;) {
		struct ann_line line = ann_line_at(batch->bytes, at);

		take_line(&p, &line, seq++);
		at = line.next;
	}
	return select->kept.bytes.failed ? ANN_ENOMEM : p.failed;
}
