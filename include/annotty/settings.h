/*
 * settings - keys and values that the user gave to something, and their types.
 *
 * The same keys come from `?key=value&…` behind an input or output of the command line
 * and from a section of the configuration. What takes settings has a table of the keys
 * that it knows.
 */
#ifndef ANNOTTY_SETTINGS_H
#define ANNOTTY_SETTINGS_H

#include "annotty/error.h"
#include "annotty/span.h"

struct ann_setting {
	char *key;
	char *value;
	char *origin; /* FILE:LINE, or the specification it stands in; for messages */
};

struct ann_key;

/* An all-zero struct is empty. */
struct ann_settings {
	struct ann_setting *at;
	size_t count;
	size_t room;
	/* Keys of ann_settings_split(), which might be meant by an unknown one. */
	const struct ann_key *split;
};
void ann_settings_deinit(struct ann_settings *settings);

/* Copies all. A key that is there gets the new value. ANN_ENOMEM. */
ANN_MUST_USE enum ann_err ann_settings_set(struct ann_settings *settings,
	struct ann_span key, struct ann_span value, const char *origin,
	struct ann_error *err);

/* Value of `key`, or NULL. */
const char *ann_settings_get(const struct ann_settings *settings, const char *key);

/*
 * Moves the settings whose keys the list `keys` has from `from` to `to`, in which none
 * of them is yet. `from` remembers the list, which is static, for those who read what
 * is left: a mistyped key of it is among that. ANN_ENOMEM: some may have been moved.
 */
ANN_MUST_USE enum ann_err ann_settings_split(struct ann_settings *from,
	const struct ann_key *keys, struct ann_settings *to, struct ann_error *err);

/* Same keys with the same values, in any order. */
bool ann_settings_equal(const struct ann_settings *a, const struct ann_settings *b);

/* ANN_KEY_SIZE and ANN_KEY_DURATION by themselves. False: `text` is none. */
bool ann_size_parse(struct ann_span text, uint64_t *bytes);
bool ann_duration_parse(struct ann_span text, uint64_t *ms);

enum ann_key_type {
	ANN_KEY_TEXT,   /* const char *, borrowed from the settings */
	ANN_KEY_BOOL,   /* bool: yes, no, true, false, on, off, 1, 0 */
	ANN_KEY_NUMBER, /* uint64_t: decimal */
	ANN_KEY_SIZE,   /* uint64_t: bytes, with K, M or G behind it: powers of 1024 */
	ANN_KEY_DURATION, /* uint64_t, ms: seconds, or with ms, s, min, h behind it */
	ANN_KEY_MODE,     /* unsigned: octal, as of chmod */
	ANN_KEY_WORD,     /* unsigned: which of `words` */
	ANN_KEY_EITHER,   /* bool: which of the two `words` */
};

struct ann_key {
	const char *name;
	enum ann_key_type type;
	size_t at;                /* offsetof the member that it sets */
	const char *const *words; /* of ANN_KEY_WORD and EITHER; ends with NULL */
	uint64_t least;           /* of numbers, sizes, durations */
	uint64_t most;            /* 0: no limit */
};

/* A list of keys ends with a name of NULL; a list of lists with NULL. */
typedef const struct ann_key *const *ann_keys;

/*
 * Sets the members of `into` that the settings name; others stay. All lists of `keys`
 * are about the same struct. ANN_ECONFIG with the setting's origin for an unknown key
 * (with the nearest one, of those that were split off as well) and for a value that
 * does not fit (with what would).
 */
ANN_MUST_USE enum ann_err ann_settings_read(const struct ann_settings *settings,
	ann_keys keys, void *into, struct ann_error *err);

#endif
