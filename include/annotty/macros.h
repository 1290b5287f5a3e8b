/*
 * macros - the only compiler macros of the project.
 */
#ifndef ANNOTTY_MACROS_H
#define ANNOTTY_MACROS_H

#if defined(__GNUC__)
#	define ANN_MUST_USE         __attribute__((warn_unused_result))
#	define ANN_PRINTF(text, va) __attribute__((format(printf, text, va)))
#else
#	define ANN_MUST_USE
#	define ANN_PRINTF(text, va)
#endif

/* Elements of an array (not of a pointer). */
#define ANN_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif
