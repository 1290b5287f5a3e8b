#include "match/view.h"

#include "annotty/alloc.h"

/* The length of the control sequence at the front of `text` (ECMA-48, 5.4), or 0. */
static size_t sequence_length(struct ann_span text)
{
	size_t at = 2;

	if (text.len < 2 || text.ptr[0] != '\033' || text.ptr[1] != '[') {
		return 0;
	}
	while (at < text.len && text.ptr[at] >= 0x20 && text.ptr[at] < 0x40) {
		at++;
	}
	return at < text.len && text.ptr[at] >= 0x40 && text.ptr[at] < 0x7F ? at + 1
									    : 0;
}

static bool make_room(struct ann_plain *plain, size_t len)
{
	char *bytes = NULL;
	uint32_t *origin = NULL;

	if (len <= plain->room) {
		return true;
	}
	bytes = ann_resize_array(plain->bytes, len, sizeof(*bytes));
	plain->bytes = bytes == NULL ? plain->bytes : bytes;
	origin = ann_resize_array(plain->origin, len, sizeof(*origin));
	plain->origin = origin == NULL ? plain->origin : origin;
	plain->room = bytes == NULL || origin == NULL ? plain->room : len;
	return bytes != NULL && origin != NULL;
}

bool ann_view_strip(struct ann_plain *plain, struct ann_view *view)
{
	struct ann_span text = view->text;
	size_t kept = 0;

	if (!make_room(plain, text.len)) {
		return false;
	}
	for (size_t at = 0; at < text.len;) {
		size_t skip = sequence_length(
			(struct ann_span){text.ptr + at, text.len - at});

		if (skip == 0) {
			plain->bytes[kept] = text.ptr[at];
			plain->origin[kept++] = (uint32_t)at;
		}
		at += skip > 0 ? skip : 1;
	}
	view->text = (struct ann_span){plain->bytes, kept};
	view->origin = plain->origin;
	return true;
}

void ann_plain_deinit(struct ann_plain *plain)
{
	ann_free(plain->bytes);
	ann_free(plain->origin);
	*plain = (struct ann_plain){0};
}
