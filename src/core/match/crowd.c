#include "match/crowd.h"

#include "annotty/alloc.h"

/* The crowd of a job, if it has room for it. */
static enum crowd crowd_of(const struct job *job)
{
	if (job->where != WHERE_TRIGGERED) {
		return CROWD_NONE;
	}
	if (job->whole && (job->place.code_first || job->place.same_first)) {
		return CROWD_VALUES;
	}
	return job->whole && job->rule->base == ANN_BASE_BARE ? CROWD_BARE
							      : CROWD_WORDS;
}

/* Those of which there are too many are asked one by one. */
static enum ann_err make_crowd(struct ann_matcher *m, enum crowd crowd)
{
	struct ann_shape *shapes[ANN_SHAPE_PARTS];
	uint8_t count = 0;

	for (size_t i = 0; i < m->count; i++) {
		struct job *job = &m->jobs[i];

		if (crowd_of(job) == crowd && count < ANN_SHAPE_PARTS) {
			job->crowd = crowd;
			job->part = count;
			m->members[crowd][count] = (uint32_t)i;
			if (crowd == CROWD_VALUES && job->place.code_first) {
				m->code_first |= UINT64_C(1) << count;
			}
			shapes[count++] = job->shape;
		}
	}
	m->crowds[crowd] = ann_shape_of_all(shapes, count);
	return m->crowds[crowd] == NULL ? ANN_ENOMEM : ANN_OK;
}

static enum ann_err make_all(struct ann_matcher *m)
{
	enum ann_err failed = ANN_OK;

	for (size_t i = 0; i < m->count; i++) {
		m->jobs[i].crowd = CROWD_NONE;
	}
	for (enum crowd crowd = 0; crowd < CROWDS && failed == ANN_OK; crowd++) {
		failed = make_crowd(m, crowd);
	}
	return failed;
}

static unsigned traits_of_job(const struct job *job)
{
	if (job->crowd != CROWD_NONE) {
		return ann_want_with(job->crowd);
	}
	return crowd_of(job) == CROWD_NONE ? WANT_ANYWAY : ann_want_like(crowd_of(job));
}

/* A literal that no job wants is the escape. */
static uint8_t sum_up_want(const struct ann_matcher *m, struct want *want)
{
	unsigned traits = want->count > 0 ? 0 : WANT_ANYWAY;
	size_t others = 0;

	for (size_t i = 0; i < want->count; i++) {
		const struct job *job = &m->jobs[want->who[i]];

		traits |= traits_of_job(job);
		if (job->crowd == CROWD_NONE) {
			want->who[others++] = want->who[i];
		} else {
			want->parts[job->crowd] |= UINT64_C(1) << job->part;
		}
	}
	want->count = others;
	return (uint8_t)traits;
}

static enum ann_err sum_up_wants(struct ann_matcher *m)
{
	struct index *index = &m->patterns;

	index->traits = ann_resize_array(NULL, index->count, sizeof(*index->traits));
	for (size_t i = 0; index->traits != NULL && i < index->count; i++) {
		index->traits[i] = sum_up_want(m, &index->wants[i]);
	}
	return index->traits == NULL ? ANN_ENOMEM : ANN_OK;
}

enum ann_err ann_crowds_make(struct ann_matcher *matcher)
{
	return make_all(matcher) == ANN_OK && sum_up_wants(matcher) == ANN_OK
		       ? ANN_OK
		       : ANN_ENOMEM;
}
