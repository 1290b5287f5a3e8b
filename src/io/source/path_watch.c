#include "io/source/path_watch.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { SLOW_MS = 1000, LINKS_MOST = 8 };

static const uint32_t directory_mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM |
				       IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF |
				       IN_MOVE_SELF | IN_ONLYDIR;

/* --- file systems ----------------------------------------------------------------- */

/* What others change there, or the kernel by itself, inotify does not tell. */
static bool is_silent(const char *path)
{
	enum {
		/* Not in linux/magic.h; from the sources of Linux and its relatives. */
		NFS_SUPER = 0x6969,
		LUSTRE_SUPER = 0x0bd00bd0,
		GPFS_SUPER = 0x47504653,
		GFS2_SUPER = 0x01161970,
	};
	struct statfs system;

	if (statfs(path, &system) != 0) {
		return false;
	}
	switch ((uint32_t)system.f_type) {
	case NFS_SUPER:
	case LUSTRE_SUPER:
	case GPFS_SUPER:
	case GFS2_SUPER:
	case OCFS2_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case CIFS_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
	case CEPH_SUPER_MAGIC:
	case AFS_SUPER_MAGIC:
	case AFS_FS_MAGIC:
	case CODA_SUPER_MAGIC:
	case V9FS_MAGIC:
	case FUSE_SUPER_MAGIC:
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
		return true;
	default:
		return false;
	}
}

/* --- directories ------------------------------------------------------------------ */

/* Zero, or the errno. */
static int add_directory(struct ann_path_watch *w, const char *path)
{
	int number = -ENOSPC;

	if (w->count < ANN_LEN(w->directories)) {
		number = ann_inotify_add(w->inotify, path, directory_mask, &w->ear);
	}
	if (number < 0) {
		return -number;
	}
	w->directories[w->count++] = number;
	w->blind |= is_silent(path);
	return 0;
}

static void watch_above(struct ann_path_watch *w, char *path);

/* Watches a directory or, where it is not there, the deepest above it that is. */
static void watch_directory(struct ann_path_watch *w, char *path)
{
	int failed = add_directory(w, path);

	if (failed == ENOENT || failed == ENOTDIR) {
		watch_above(w, path);
		/* It may have come while nobody watched what is above. */
		(void)add_directory(w, path);
	} else if (failed != 0) {
		w->blind = true;
	}
}

/* Watches the directory of what `path` names. */
static void watch_above(struct ann_path_watch *w, char *path)
{
	char root[] = "/";
	char here[] = ".";
	char *slash = strrchr(path, '/');

	if (strcmp(path, root) == 0 || strcmp(path, here) == 0) {
		w->blind = true; /* even that is not there: nothing to hold on to */
	} else if (slash == NULL) {
		watch_directory(w, here);
	} else if (slash == path) {
		watch_directory(w, root);
	} else {
		*slash = '\0';
		watch_directory(w, path);
		*slash = '/';
	}
}

/* Puts in place of `path`, a symbolic link, what it leads to. False: it is none. */
static bool follow_link(char path[PATH_MAX])
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	char *slash = strrchr(path, '/');
	size_t kept = len > 0 && target[0] != '/' && slash != NULL
			      ? (size_t)(slash - path) + 1
			      : 0;

	if (len <= 0 || kept + (size_t)len >= PATH_MAX) {
		return false;
	}
	memcpy(path + kept, target, (size_t)len);
	path[kept + (size_t)len] = '\0';
	return true;
}

static void let_go(struct ann_path_watch *w, const int *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ann_inotify_remove(w->inotify, numbers[i], &w->ear);
	}
}

/* Watches the directories that now count, and then lets go of those of before. */
static void arm(struct ann_path_watch *w)
{
	int before[ANN_LEN(w->directories)];
	size_t count = w->count;
	char path[PATH_MAX];
	int links = 0;

	if (w->inotify == NULL || strlen(w->path) >= sizeof(path)) {
		w->blind = true;
		return;
	}
	memcpy(before, w->directories, sizeof(before));
	memcpy(path, w->path, strlen(w->path) + 1);
	w->count = 0;
	w->blind = false;
	do {
		watch_above(w, path);
	} while (follow_link(path) && ++links < LINKS_MOST);
	let_go(w, before, count);
}

/* --- telling ---------------------------------------------------------------------- */

static void on_slow(uv_timer_t *timer);

static void set_slow(struct ann_path_watch *w)
{
	if (!w->blind && !w->net) {
		(void)uv_timer_stop(&w->slow);
	} else if (!uv_is_active((uv_handle_t *)&w->slow)) {
		(void)uv_timer_start(&w->slow, on_slow, SLOW_MS, SLOW_MS);
	}
}

static void look(struct ann_path_watch *w, bool directories)
{
	if (directories) {
		arm(w);
		set_slow(w);
	}
	w->changed(w->user);
}

static void on_slow(uv_timer_t *timer)
{
	look(timer->data, true);
}

static void on_happened(void *user, uint32_t mask)
{
	look(user, (mask & ~(uint32_t)IN_MODIFY) != 0);
}

/* --- life ------------------------------------------------------------------------- */

void ann_path_watch_init(struct ann_path_watch *watch, uv_loop_t *loop,
	void (*changed)(void *user), void *user)
{
	*watch = (struct ann_path_watch){.changed = changed, .user = user};
	watch->ear = (struct ann_inotify_ear){.happened = on_happened, .user = watch};
	(void)uv_timer_init(loop, &watch->slow); /* cannot fail */
	watch->slow.data = watch;
}

void ann_path_watch_start(struct ann_path_watch *watch, const char *path, bool net)
{
	if (watch->path != NULL) {
		return;
	}
	watch->path = path;
	watch->net = net;
	if (ann_inotify_ref(&watch->inotify, watch->slow.loop, NULL) != ANN_OK) {
		watch->inotify = NULL; /* the slow look does it */
	}
	arm(watch);
	set_slow(watch);
}

void ann_path_watch_stop(struct ann_path_watch *watch)
{
	(void)uv_timer_stop(&watch->slow);
	if (watch->inotify != NULL) {
		ann_inotify_remove_all(watch->inotify, &watch->ear);
		ann_inotify_unref(watch->inotify);
	}
	watch->inotify = NULL;
	watch->count = 0;
	watch->path = NULL;
}

int ann_path_watch_file(struct ann_path_watch *watch, int fd)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(fd)];
	int number = -1;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (watch->inotify != NULL) {
		number = ann_inotify_add(watch->inotify, path, IN_MODIFY, &watch->ear);
	}
	if (number < 0) {
		watch->net = true;
		set_slow(watch);
	}
	return number;
}

void ann_path_watch_forget(struct ann_path_watch *watch, int number)
{
	if (watch->inotify != NULL) {
		ann_inotify_remove(watch->inotify, number, &watch->ear);
	}
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct ann_path_watch *w = handle->data;

	w->closed(w->user);
}

void ann_path_watch_close(struct ann_path_watch *watch, void (*closed)(void *user))
{
	ann_path_watch_stop(watch);
	watch->closed = closed;
	uv_close((uv_handle_t *)&watch->slow, on_handle_closed);
}
