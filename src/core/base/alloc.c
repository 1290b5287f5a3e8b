#include "annotty/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *libc_resize(void *user, void *block, size_t size)
{
	(void)user;
	return realloc(block, size);
}

static void libc_release(void *user, void *block)
{
	(void)user;
	free(block);
}

static const struct ann_heap libc_heap = {
	.resize = libc_resize,
	.release = libc_release,
};

static const struct ann_heap *heap = &libc_heap;

void ann_heap_set(const struct ann_heap *other)
{
	heap = other == NULL ? &libc_heap : other;
}

void *ann_alloc(size_t size)
{
	void *block = NULL;

	if (heap == &libc_heap) {
		return calloc(1, size == 0 ? 1 : size); /* fresh pages are zero */
	}
	block = heap->resize(heap->user, NULL, size == 0 ? 1 : size);
	return block == NULL ? NULL : memset(block, 0, size);
}

void *ann_resize_array(void *block, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size) {
		return NULL;
	}
	return heap->resize(heap->user, block, count * size == 0 ? 1 : count * size);
}

char *ann_copy(const char *bytes, size_t len)
{
	char *copy = ann_resize_array(NULL, len + 1, 1);

	if (copy == NULL) {
		return NULL;
	}
	if (len > 0) {
		memcpy(copy, bytes, len);
	}
	copy[len] = '\0';
	return copy;
}

void ann_free(void *block)
{
	heap->release(heap->user, block);
}

int ann_grow_now(void **array, size_t *room, size_t size)
{
	size_t more = *room == 0 ? 8 : *room * 2;
	void *grown = ann_resize_array(*array, more, size);

	if (grown == NULL) {
		return -1;
	}
	*array = grown;
	*room = more;
	return 0;
}
