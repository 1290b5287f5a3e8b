/*
 * value - a number as firmware prints it.
 */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include "annotty/rules.h"
#include "annotty/span.h"

/*
 * What `digits` can mean in `base`: 0x107, 0X107, 107h and numbers with a-f are hex;
 * bare digits are decimal, hex, or for ANN_BASE_AUTO both, the decimal first. With a
 * leading zero (%08x, %04X) bare digits are hex only. ANN_BASE_BARE takes no 0x. Fills
 * `readings` and returns how many there are; 0 when it is no number or too large.
 */
size_t ann_value_read(struct ann_span digits, enum ann_base base, uint64_t readings[2]);

/* Whether it begins with 0x. */
bool ann_value_has_prefix(struct ann_span digits);

/* Whether two prints can be of the same number, say one in hex and one in decimal. */
bool ann_value_same(struct ann_span a, struct ann_span b);

#endif
