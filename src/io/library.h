/*
 * library - shared libraries that only some runs need, loaded when they do.
 *
 * libsystemd and libmicrohttpd bring twenty more with them, which cost every start some
 * milliseconds: too much for a filter and for `annotty explain`.
 */
#ifndef IO_LIBRARY_H
#define IO_LIBRARY_H

#include "annotty/error.h"

struct ann_symbol {
	const char *name;
	void **to; /* where the address of the function goes */
};

/*
 * Loads `soname` for the rest of the run and finds `count` functions in it. ANN_ENOTSUP
 * names the library that is not installed, or the function that it lacks.
 */
ANN_MUST_USE enum ann_err ann_library_load(const char *soname,
	const struct ann_symbol *symbols, size_t count, struct ann_error *err);

#endif
