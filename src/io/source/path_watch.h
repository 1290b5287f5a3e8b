/*
 * path_watch - says when what stands at a path may have changed: come, gone, been
 * replaced, or got other permissions; and when what has been opened there has grown.
 *
 * inotify watches the directory of the name, and of each name that it leads to if it is
 * a symbolic link; for a directory that is not there itself (/dev/serial/by-id goes
 * with the last port) the deepest one above it that is. While nothing happens there is
 * no wake-up. Where inotify is of no use (a network file system, /proc, or there are
 * too many watches) the path is looked at every second instead.
 *
 * What it says is a reason to look, not a fact: it may come for nothing.
 */
#ifndef IO_PATH_WATCH_H
#define IO_PATH_WATCH_H

#include "io/source/inotify.h"

/* A part of what uses it; its members are private. */
struct ann_path_watch {
	uv_timer_t slow;
	struct ann_inotify *inotify; /* NULL: not started, or of no use */
	struct ann_inotify_ear ear;
	const char *path; /* NULL: not started */
	bool net;         /* the slow look is wanted in any case */
	bool blind;       /* inotify would not tell all */
	int directories[16];
	size_t count; /* of `directories` */
	void (*changed)(void *user);
	void (*closed)(void *user);
	void *user;
};

void ann_path_watch_init(struct ann_path_watch *watch, uv_loop_t *loop,
	void (*changed)(void *user), void *user);

/*
 * Watches `path`, which is borrowed until the stop. `net`: look every second as well,
 * whatever the file system says. Look once by yourself after this.
 */
void ann_path_watch_start(struct ann_path_watch *watch, const char *path, bool net);

/* Nothing more is told, and nothing of the system is held. May be called any time. */
void ann_path_watch_stop(struct ann_path_watch *watch);

/* Also tells when the open file `fd` is written to, whatever it is called by then. A
 * number for ann_path_watch_forget(), or -1. */
int ann_path_watch_file(struct ann_path_watch *watch, int fd);
void ann_path_watch_forget(struct ann_path_watch *watch, int number);

/* Once; `closed` is called later, with the `user` of before. */
void ann_path_watch_close(struct ann_path_watch *watch, void (*closed)(void *user));

#endif
