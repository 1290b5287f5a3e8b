#include "io/fail_on.h"

static bool has_name(const struct ann_fail_on *fail_on, struct ann_span name)
{
	for (size_t i = 0; i < fail_on->name_count; i++) {
		if (ann_span_equal(fail_on->names[i], name)) {
			return true;
		}
	}
	return false;
}

static bool meets(const struct ann_fail_on *fail_on, const struct ann_code *code)
{
	return fail_on->any ||
	       (fail_on->by_severity && code->severity >= fail_on->severity) ||
	       has_name(fail_on, code->name);
}

bool ann_fail_on_met(
	const struct ann_fail_on *fail_on, const struct ann_hit *hits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (meets(fail_on, hits[i].codes[0])) {
			return true;
		}
	}
	return false;
}
