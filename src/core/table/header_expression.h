/*
 * header_expression - integer constant expressions of C.
 */
#ifndef CORE_HEADER_EXPRESSION_H
#define CORE_HEADER_EXPRESSION_H

#include "table/header_integer.h"

struct ann_fault {
	enum ann_why why;        /* ANN_WHY_NONE: there is a value */
	struct ann_span culprit; /* may be empty; into the text */
};

/* Sets `*value` to that of `name`, or says why not. */
typedef enum ann_why (*ann_name_cb)(
	void *user, struct ann_span name, struct ann_integer *value);

/*
 * Sets `*value` to that of the expression, or tells the fault. What `?:`, `&&` and `||`
 * do not reach must be well-formed, but its names are not asked for. Allocates nothing,
 * takes time by the length of `text`.
 */
struct ann_fault ann_expression_value(
	struct ann_span text, ann_name_cb find, void *user, struct ann_integer *value);

#endif
