/*
 * control - a socket that tells how an application stands to everyone who connects.
 *
 * A client gets one line of JSON (annotty(1), `status --json`), then the same as text,
 * then the end. What clients send is never looked at.
 */
#ifndef IO_CONTROL_H
#define IO_CONTROL_H

#include "io/app/app.h"

struct ann_control;

/*
 * Where the socket is when nobody says: control.sock in $RUNTIME_DIRECTORY, in
 * /run/annotty for root, else in $XDG_RUNTIME_DIR/annotty. Static; NULL: no such place.
 */
const char *ann_control_default_path(void);

/*
 * Listens at `path`; a stale socket is replaced, one that somebody listens on is not.
 * ANN_ESYS, ANN_ENOMEM.
 */
ANN_MUST_USE enum ann_err ann_control_start(struct ann_control **control,
	struct ann_app *app, const char *path, struct ann_error *err);

/* Stops listening and removes the socket; the loop releases the rest. NULL is fine. */
void ann_control_close(struct ann_control *control);

#endif
