#include "io/tell_hits.h"

#include "annotty/lines.h"
#include "io/log.h"

void ann_tell_hits(const char *source, const struct ann_batch *batch,
	const struct ann_hit *hits, size_t count)
{
	struct ann_line_counter counter = {batch->bytes, 0, batch->seq};

	for (size_t i = 0; i < count; i++) {
		const struct ann_code *code = hits[i].codes[0];
		uint64_t line = ann_line_number(&counter, hits[i].line_start);

		ann_log(ANN_LOG_INFO, "%s:%llu: %s %.*s by rule %s", source,
			(unsigned long long)line, ann_code_hex(code->value).text,
			ANN_SPAN_ARG(code->name), hits[i].rule);
	}
}
