/*
 * header - code tables made from C headers.
 *
 * Reads object-like macros with integer values and enumerators. Expressions may hold
 * hex, octal, binary and decimal numbers with u, l suffixes, character constants, casts
 * to integer types, parentheses, the operators of C's integer constant expressions, and
 * names of macros and enumerators of the same headers, also of later ones. They mean
 * what they mean on a 32-bit device: (UINT) -1 is 0xFFFFFFFF.
 *
 * The comment behind a definition, or else the one on the lines directly before it, is
 * its description: without comment marks, stars and rules, on one line of valid UTF-8,
 * at most 512 bytes. A plain comment over several definitions, the second of which has
 * none, is their heading and describes none.
 *
 * This is a reader of facts, not a preprocessor: all branches of #if are read. Of two
 * definitions of one name the first counts. Whatever cannot be evaluated is skipped
 * and noted, also an enumerator that counts on from a branch of an #if. There is no
 * input that is an error.
 */
#ifndef ANNOTTY_HEADER_H
#define ANNOTTY_HEADER_H

#include "annotty/codebook.h"

/* One header file: its bytes and the name for messages. Both borrowed for the call. */
struct ann_header {
	struct ann_span text;
	const char *origin;
};

/* A definition that was left out. `note` is ready to print: "a.h:12: NAME: why". */
typedef void (*ann_header_note_cb)(void *user, const char *note);

/*
 * Adds one family with the codes of all `count` headers; names in one may refer to
 * names in another. Only names that start with `prefix` (may be empty) become codes,
 * the others still serve in expressions. Value 0 is ok, all else an error. The codes
 * that share a value keep the order of the headers; the family's source is their file
 * names, its origin the first of them.
 *
 * What is plainly no number (function-like macros, empty ones, strings, include guards)
 * becomes no code and goes unsaid. `note` (NULL: nobody) is told, in the order of the
 * headers, of every name with the prefix that looked like a code and was left out: no
 * integer expression, a negative value, a second definition with another value.
 *
 * The family is added, and replaces one of its name, even if it ends up with no codes:
 * look at its count.
 *
 * ANN_ENOMEM only; the book is then as before.
 */
ANN_MUST_USE enum ann_err ann_header_add(struct ann_codebook *book,
	struct ann_span family, const struct ann_header *headers, size_t count,
	struct ann_span prefix, ann_header_note_cb note, void *user,
	struct ann_error *err);

#endif
