/*
 * alloc - the one heap of the core.
 *
 * Everything in the core allocates through these, PCRE2 included, so that a test
 * can count blocks and let every allocation fail in turn.
 */
#ifndef ANNOTTY_ALLOC_H
#define ANNOTTY_ALLOC_H

#include "annotty/macros.h"

#include <stddef.h>

struct ann_heap {
	void *(*resize)(
		void *user, void *block, size_t size); /* as realloc(3); NULL = new */
	void (*release)(void *user, void *block);      /* as free(3); NULL is fine */
	void *user;                                    /* handed to both */
};

/*
 * Replaces the heap, for tests; NULL brings the C library's back. Blocks go back to
 * the heap they came from, so switch only while none is out. Not thread-safe.
 */
void ann_heap_set(const struct ann_heap *heap);

/* `size` bytes, zeroed; NULL when there are none. Free with ann_free(). */
ANN_MUST_USE void *ann_alloc(size_t size);

/*
 * Room for `count` elements of `size` bytes, old content kept, new content undefined.
 * NULL on overflow or out of memory, and `block` is then as it was.
 */
ANN_MUST_USE void *ann_resize_array(void *block, size_t count, size_t size);

/* A NUL-terminated copy of `len` bytes; NULL when there is no memory. */
ANN_MUST_USE char *ann_copy(const char *bytes, size_t len);

/* NULL is fine. */
void ann_free(void *block);

/* For ann_grow(): doubles the room. */
ANN_MUST_USE int ann_grow_now(void **array, size_t *room, size_t size);

/*
 * Makes room for one more element in an array that doubles.
 * `*array` holds `count` elements of `size` bytes in room for `*room`.
 * 0, or -1 when there is no memory; the array is then as it was.
 */
ANN_MUST_USE static inline int ann_grow(
	void **array, size_t *room, size_t count, size_t size)
{
	return count < *room ? 0 : ann_grow_now(array, room, size);
}

#endif
