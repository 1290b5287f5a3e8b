#include "feed.h"

#include "suite.h"

#include <stdlib.h>
#include <string.h>

static void take_batches(struct ann_framer *framer, struct ann_span block, bool final,
	test_batch_cb take, void *user)
{
	struct ann_batch batch;

	while (ann_framer_next(framer, block, final, &batch)) {
		ck_assert_ptr_eq(batch.bytes.ptr, block.ptr);
		ck_assert_uint_gt(batch.bytes.len, 0);
		ck_assert_uint_le(batch.bytes.len, block.len);
		take(user, &batch);
		block.ptr += batch.bytes.len;
		block.len -= batch.bytes.len;
	}
	ck_assert(!final || block.len == 0);
	ck_assert_int_eq(ann_framer_end(framer, block), ANN_OK);
}

void test_feed(const struct test_feed *feed, struct ann_span stream, test_batch_cb take,
	void *user)
{
	size_t piece = feed->first;
	struct ann_framer framer;

	ann_framer_init(&framer, feed->limit, feed->count);
	while (stream.len > 0 || framer.rest.len > 0) {
		piece = piece > stream.len ? stream.len : piece;

		size_t room = framer.rest.len + piece;
		char *block = malloc(room == 0 ? 1 : room);
		size_t kept = ann_framer_begin(&framer, block);
		bool final = piece == stream.len;

		memcpy(block + kept, stream.ptr, piece);
		stream.ptr += piece;
		stream.len -= piece;
		take_batches(
			&framer, (struct ann_span){block, room}, final, take, user);
		free(block);
		piece = feed->others == 0 ? stream.len : feed->others;
	}
	ann_framer_deinit(&framer);
}
