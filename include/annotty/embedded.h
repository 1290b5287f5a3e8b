/*
 * embedded - the tables and rules that are compiled in.
 *
 * The files of config/tables/ and config/rules/, byte for byte, in the order in which
 * families lead. Each list ends with an entry whose name is NULL.
 */
#ifndef ANNOTTY_EMBEDDED_H
#define ANNOTTY_EMBEDDED_H

#include "annotty/span.h"

struct ann_embedded {
	const char *name;     /* "tables/nx.tsv", for messages */
	struct ann_span text; /* the file */
};

extern const struct ann_embedded ann_embedded_tables[];
extern const struct ann_embedded ann_embedded_rules[];

#endif
