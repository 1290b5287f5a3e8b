/*
 * spool_path - where the spool of an output is.
 */
#ifndef IO_SPOOL_PATH_H
#define IO_SPOOL_PATH_H

#include "annotty/error.h"

/*
 * DIRECTORY/NAME.spool, where bytes of the name other than letters, digits, `_`, `-`
 * and inner dots are %XX; a long name is cut, and has a hash of the whole behind it. To
 * be freed with ann_free(). NULL: no memory.
 */
char *ann_spool_path(const char *directory, const char *name);

/* Makes the directory and those above it that are not there, mode 0700. ANN_ESYS. */
ANN_MUST_USE enum ann_err ann_make_directory(const char *path, struct ann_error *err);

#endif
