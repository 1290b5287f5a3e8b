/*
 * supervisor - the service manager that annotty runs under, if there is one: systemd.
 *
 * Without it (no NOTIFY_SOCKET, or built without libsystemd) everything here does
 * nothing, and that is fine.
 */
#ifndef IO_SUPERVISOR_H
#define IO_SUPERVISOR_H

#include "annotty/macros.h"

#include <stdbool.h>
#include <uv.h>

struct ann_supervisor {
	uv_timer_t watchdog;
	void (*served)(void *user); /* after each service; NULL: nobody asks */
	void *user;
	bool serves; /* the watchdog wants to be served, and its timer runs */
};

/*
 * Serves the watchdog from the loop, at half of its time; what hangs the loop is seen.
 * Close it before the loop is closed. What should not wake the loop for itself can be
 * done in `served`, which the caller sets before.
 */
void ann_supervisor_start(struct ann_supervisor *supervisor, uv_loop_t *loop);
void ann_supervisor_close(struct ann_supervisor *supervisor);

/* All sources and listeners stand. `status` in words, for systemctl status. */
void ann_supervisor_ready(const char *status);

/* The configuration is being read anew; ann_supervisor_ready() ends it. */
void ann_supervisor_reloading(void);

/* The words stay what they are: that parts are closed one by one is not worth a word.
 */
void ann_supervisor_stopping(void);

/* Only the words, if they are others than those that were told last. */
void ann_supervisor_status(const char *status);

/*
 * Descriptors that outlive this process: the manager keeps a copy of `fd` under `name`
 * (in place of an earlier one of that name) and hands it to the next run. A name has at
 * most 255 characters, no control characters and no colon. False: nobody keeps it.
 */
bool ann_supervisor_keep(const char *name, int fd);
void ann_supervisor_forget(const char *name);

/*
 * Takes the first of those descriptors that an earlier run has kept, or that the
 * manager has opened (socket activation), of which `fits` says so. It belongs to the
 * caller then, and has close-on-exec; `*name`, valid until the next call, is what it
 * was handed over as. -1: there is none, or it is taken already.
 */
int ann_supervisor_take(bool (*fits)(const void *user, const char *name, int fd),
	const void *user, const char **name);

/*
 * Closes and forgets kept descriptors that nobody has taken: of sources that are no
 * more. From then on there is nothing to take.
 */
void ann_supervisor_drop_rest(void);

#endif
