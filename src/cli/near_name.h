/*
 * near_name - what was meant by a name that no table has.
 */
#ifndef CLI_NEAR_NAME_H
#define CLI_NEAR_NAME_H

#include "annotty/codebook.h"

/* The name that is most like `word`, if a third of it is wrong at most; else empty. */
struct ann_span ann_near_name(const struct ann_codebook *book, struct ann_span word);

#endif
