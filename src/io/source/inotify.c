#include "io/source/inotify.h"

#include "annotty/alloc.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { GONE = -1 }; /* the kernel took the watch away, and its ear has not heard yet */

/* One add of one ear. */
struct watch {
	int number; /* of the kernel, the same for all ears at the same thing; or GONE
		     */
	struct ann_inotify_ear *ear;
};

struct ann_inotify {
	uv_poll_t poll;
	int fd;
	unsigned refs;
	struct watch *watches;
	size_t count;
	size_t room;
	struct ann_inotify *next; /* of `all` */
};

static struct ann_inotify *all;

/* --- events ----------------------------------------------------------------------- */

/* Marks the ears; an overflow of the queue is for everybody. */
static void note(struct ann_inotify *i, const struct inotify_event *event)
{
	for (size_t at = i->count; at-- > 0;) {
		struct watch *watch = &i->watches[at];

		if (watch->number == event->wd || (event->mask & IN_Q_OVERFLOW) != 0) {
			watch->ear->mask |= event->mask;
			if ((event->mask & IN_IGNORED) != 0) {
				watch->number = GONE;
			}
		}
	}
}

/* An ear that has something to hear, or NULL. */
static struct ann_inotify_ear *next_ear(const struct ann_inotify *i)
{
	for (size_t at = 0; at < i->count; at++) {
		if (i->watches[at].ear->mask != 0) {
			return i->watches[at].ear;
		}
	}
	return NULL;
}

static void drop_gone(struct ann_inotify *i, const struct ann_inotify_ear *ear)
{
	for (size_t at = i->count; at-- > 0;) {
		if (i->watches[at].ear == ear && i->watches[at].number == GONE) {
			i->watches[at] = i->watches[--i->count];
		}
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct ann_inotify *i = poll->data;
	_Alignas(struct inotify_event) char bytes[4096];
	struct ann_inotify_ear *ear = NULL;
	ssize_t got = 0;

	(void)status;
	(void)events;
	while ((got = read(i->fd, bytes, sizeof(bytes))) > 0) {
		for (const char *at = bytes; at < bytes + got;) {
			const struct inotify_event *event = (const void *)at;

			note(i, event);
			at += sizeof(*event) + event->len;
		}
	}
	i->refs++; /* an ear may go, and with it the last reference */
	while ((ear = next_ear(i)) != NULL) {
		uint32_t mask = ear->mask;

		ear->mask = 0;
		drop_gone(i, ear);
		ear->happened(ear->user, mask);
	}
	ann_inotify_unref(i);
}

/* --- life ------------------------------------------------------------------------- */

static enum ann_err open_new(
	struct ann_inotify *i, uv_loop_t *loop, struct ann_error *err)
{
	int failed = 0;

	i->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (i->fd < 0) {
		return ann_error_os(err, errno, "inotify");
	}
	failed = uv_poll_init(loop, &i->poll, i->fd);
	if (failed == 0) {
		i->poll.data = i;
		(void)uv_poll_start(&i->poll, UV_READABLE, on_readable);
		return ANN_OK;
	}
	close(i->fd);
	return ann_error_os(err, -failed, "inotify");
}

enum ann_err ann_inotify_ref(
	struct ann_inotify **inotify, uv_loop_t *loop, struct ann_error *err)
{
	struct ann_inotify *i = all;
	enum ann_err failed = ANN_OK;

	while (i != NULL && i->poll.loop != loop) {
		i = i->next;
	}
	if (i == NULL) {
		i = ann_alloc(sizeof(*i));
		if (i == NULL) {
			return ann_error_nomem(err);
		}
		failed = open_new(i, loop, err);
		if (failed != ANN_OK) {
			ann_free(i);
			return failed;
		}
		i->next = all;
		all = i;
	}
	i->refs++;
	*inotify = i;
	return ANN_OK;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct ann_inotify *i = handle->data;

	close(i->fd);
	ann_free(i->watches);
	ann_free(i);
}

void ann_inotify_unref(struct ann_inotify *inotify)
{
	struct ann_inotify **link = &all;

	if (inotify == NULL || --inotify->refs > 0) {
		return;
	}
	while (*link != inotify) {
		link = &(*link)->next;
	}
	*link = inotify->next;
	uv_close((uv_handle_t *)&inotify->poll, on_handle_closed);
}

/* --- watches ---------------------------------------------------------------------- */

int ann_inotify_add(struct ann_inotify *inotify, const char *path, uint32_t mask,
	struct ann_inotify_ear *ear)
{
	int number = -1;

	if (ann_grow((void **)&inotify->watches, &inotify->room, inotify->count,
		    sizeof(*inotify->watches)) != 0) {
		return -ENOMEM;
	}
	number = inotify_add_watch(inotify->fd, path, mask);
	if (number < 0) {
		return -errno;
	}
	inotify->watches[inotify->count++] = (struct watch){number, ear};
	return number;
}

/* Tells the kernel when nobody is left. */
static void release(struct ann_inotify *i, int number)
{
	for (size_t at = 0; at < i->count; at++) {
		if (i->watches[at].number == number) {
			return;
		}
	}
	if (number != GONE) {
		(void)inotify_rm_watch(i->fd, number);
	}
}

void ann_inotify_remove(
	struct ann_inotify *inotify, int watch, const struct ann_inotify_ear *ear)
{
	for (size_t at = 0; at < inotify->count; at++) {
		struct watch *one = &inotify->watches[at];

		if (one->number == watch && one->ear == ear) {
			*one = inotify->watches[--inotify->count];
			release(inotify, watch);
			return;
		}
	}
}

void ann_inotify_remove_all(
	struct ann_inotify *inotify, const struct ann_inotify_ear *ear)
{
	for (size_t at = inotify->count; at-- > 0;) {
		struct watch gone = inotify->watches[at];

		if (gone.ear == ear) {
			inotify->watches[at] = inotify->watches[--inotify->count];
			release(inotify, gone.number);
		}
	}
}
