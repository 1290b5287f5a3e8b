/*
 * inotify - one inotify descriptor a loop, for all who watch files and directories.
 *
 * Descriptors of this kind are few (128 a user by default), watches are many. libuv
 * shares one as well, but watches directories for every write in them: in /dev that is
 * each write to /dev/null of any process.
 */
#ifndef IO_INOTIFY_H
#define IO_INOTIFY_H

#include "annotty/error.h"

#include <stdint.h>
#include <uv.h>

/* Who is told. `mask` belongs to the implementation, and is 0 at the beginning. */
struct ann_inotify_ear {
	/* Something happened, several things at once perhaps; may add and remove. */
	void (*happened)(void *user, uint32_t mask);
	void *user;
	uint32_t mask;
};

struct ann_inotify;

/*
 * The one of the loop, made if there is none. ANN_ESYS (too many of them), ANN_ENOMEM.
 * The last ann_inotify_unref() begins to close it; NULL is fine there.
 */
ANN_MUST_USE enum ann_err ann_inotify_ref(
	struct ann_inotify **inotify, uv_loop_t *loop, struct ann_error *err);
void ann_inotify_unref(struct ann_inotify *inotify);

/*
 * Tells `ear` of the events of `mask` (inotify(7)) at `path`. Everybody who watches the
 * same thing gives the same mask. Returns a number for ann_inotify_remove(), or the
 * negative errno. When the thing goes, ears hear IN_IGNORED and need not remove it.
 */
int ann_inotify_add(struct ann_inotify *inotify, const char *path, uint32_t mask,
	struct ann_inotify_ear *ear);

/* Takes back one add of this ear. A number that is not known is fine. */
void ann_inotify_remove(
	struct ann_inotify *inotify, int watch, const struct ann_inotify_ear *ear);

/* Takes back all adds of this ear, which is not called any more. */
void ann_inotify_remove_all(
	struct ann_inotify *inotify, const struct ann_inotify_ear *ear);

#endif
