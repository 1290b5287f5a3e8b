/*
 * header_literal - numbers and character constants of C.
 */
#ifndef CORE_HEADER_LITERAL_H
#define CORE_HEADER_LITERAL_H

#include "table/header_integer.h"

/* Hex, octal, binary or decimal, u and l behind it in any mix. False if it is not. */
bool ann_integer_read_number(struct ann_span text, struct ann_integer *value);

/* 'A', '\n', '\x1b', '\033', and several as one number, the first byte leading. */
bool ann_integer_read_character(struct ann_span text, struct ann_integer *value);

#endif
