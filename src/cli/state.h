/*
 * state - where annotty keeps what outlives a run.
 */
#ifndef CLI_STATE_H
#define CLI_STATE_H

/*
 * $STATE_DIRECTORY, which systemd sets, the first of them if there are several; else
 * annotty in $XDG_STATE_HOME, by default ~/.local/state. Static; it need not be there.
 * NULL: nobody has a home.
 */
const char *ann_state_directory(void);

#endif
