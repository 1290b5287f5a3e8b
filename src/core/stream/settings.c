#include "annotty/settings.h"

#include "annotty/alloc.h"
#include "annotty/buf.h"

#include <string.h>

static void free_setting(struct ann_setting *setting)
{
	ann_free(setting->key);
	ann_free(setting->value);
	ann_free(setting->origin);
}

void ann_settings_deinit(struct ann_settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		free_setting(&settings->at[i]);
	}
	ann_free(settings->at);
	*settings = (struct ann_settings){0};
}

static struct ann_setting *find(const struct ann_settings *settings, const char *key)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (strcmp(settings->at[i].key, key) == 0) {
			return &settings->at[i];
		}
	}
	return NULL;
}

enum ann_err ann_settings_set(struct ann_settings *settings, struct ann_span key,
	struct ann_span value, const char *origin, struct ann_error *err)
{
	struct ann_setting made = {
		.key = ann_copy(key.ptr, key.len),
		.value = ann_copy(value.ptr, value.len),
		.origin = ann_copy(origin, strlen(origin)),
	};
	struct ann_setting *old = NULL;

	if (made.key == NULL || made.value == NULL || made.origin == NULL ||
		ann_grow((void **)&settings->at, &settings->room, settings->count,
			sizeof(made)) != 0) {
		free_setting(&made);
		return ann_error_nomem(err);
	}
	old = find(settings, made.key);
	if (old == NULL) {
		old = &settings->at[settings->count++];
	} else {
		free_setting(old);
	}
	*old = made;
	return ANN_OK;
}

const char *ann_settings_get(const struct ann_settings *settings, const char *key)
{
	const struct ann_setting *found = find(settings, key);

	return found == NULL ? NULL : found->value;
}

static bool has_key(const struct ann_key *keys, const char *name)
{
	while (keys->name != NULL && strcmp(keys->name, name) != 0) {
		keys++;
	}
	return keys->name != NULL;
}

enum ann_err ann_settings_split(struct ann_settings *from, const struct ann_key *keys,
	struct ann_settings *to, struct ann_error *err)
{
	size_t kept = 0;
	enum ann_err failed = ANN_OK;

	for (size_t i = 0; i < from->count; i++) {
		bool moves = failed == ANN_OK && has_key(keys, from->at[i].key);

		if (moves && ann_grow((void **)&to->at, &to->room, to->count,
				     sizeof(*to->at)) != 0) {
			failed = ann_error_nomem(err);
			moves = false;
		}
		if (moves) {
			to->at[to->count++] = from->at[i];
		} else {
			from->at[kept++] = from->at[i];
		}
	}
	from->count = kept;
	from->split = keys;
	return failed;
}

bool ann_settings_equal(const struct ann_settings *a, const struct ann_settings *b)
{
	for (size_t i = 0; i < a->count; i++) {
		const char *other = ann_settings_get(b, a->at[i].key);

		if (other == NULL || strcmp(other, a->at[i].value) != 0) {
			return false;
		}
	}
	return a->count == b->count;
}

/* --- values ---------------------------------------------------------------------- */

static bool read_bool(struct ann_span text, bool *value)
{
	static const char *const words[] = {
		"no", "yes", "false", "true", "off", "on", "0", "1"};

	for (size_t i = 0; i < ANN_LEN(words); i++) {
		if (ann_span_is(text, words[i])) {
			*value = i % 2 == 1;
			return true;
		}
	}
	return false;
}

bool ann_size_parse(struct ann_span text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	const char *unit = text.len == 0 ? NULL : strchr(units, text.ptr[text.len - 1]);
	unsigned shift = unit == NULL ? 0 : 10 * (unsigned)(unit - units + 1);

	text.len -= unit != NULL;
	if (!ann_span_digits(text, 10, bytes) || *bytes > UINT64_MAX >> shift) {
		return false;
	}
	*bytes <<= shift;
	return true;
}

bool ann_duration_parse(struct ann_span text, uint64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}};
	uint64_t scale = 1000;
	size_t digits = 0;

	while (digits < text.len && text.ptr[digits] >= '0' &&
		text.ptr[digits] <= '9') {
		digits++;
	}
	struct ann_span unit = {text.ptr + digits, text.len - digits};

	if (unit.len > 0) {
		scale = 0;
	}
	for (size_t i = 0; i < ANN_LEN(units) && unit.len > 0; i++) {
		scale = ann_span_is(unit, units[i].unit) ? units[i].ms : scale;
	}
	if (scale == 0 ||
		!ann_span_digits((struct ann_span){text.ptr, digits}, 10, ms) ||
		*ms > UINT64_MAX / scale) {
		return false;
	}
	*ms *= scale;
	return true;
}

static bool read_word(struct ann_span text, const char *const *words, unsigned *at)
{
	for (unsigned i = 0; words[i] != NULL; i++) {
		if (ann_span_is(text, words[i])) {
			*at = i;
			return true;
		}
	}
	return false;
}

static bool in_range(const struct ann_key *key, uint64_t value)
{
	return value >= key->least && (key->most == 0 || value <= key->most);
}

static bool read_either(struct ann_span text, const char *const *words, bool *second)
{
	unsigned at = 0;

	if (!read_word(text, words, &at)) {
		return false;
	}
	*second = at == 1;
	return true;
}

/* False: the value does not fit the key. */
static bool read_value(const struct ann_key *key, const char *value, void *into)
{
	struct ann_span text = ann_span(value);
	void *member = (char *)into + key->at;
	uint64_t number = 0;
	bool fits = false;

	switch (key->type) {
	case ANN_KEY_TEXT:
		*(const char **)member = value;
		return true;
	case ANN_KEY_BOOL:
		return read_bool(text, member);
	case ANN_KEY_WORD:
		return read_word(text, key->words, member);
	case ANN_KEY_EITHER:
		return read_either(text, key->words, member);
	case ANN_KEY_MODE:
		fits = ann_span_digits(text, 8, &number) && number <= 07777;
		if (fits) {
			*(unsigned *)member = (unsigned)number;
		}
		return fits;
	case ANN_KEY_NUMBER:
		fits = ann_span_digits(text, 10, &number);
		break;
	case ANN_KEY_SIZE:
		fits = ann_size_parse(text, &number);
		break;
	case ANN_KEY_DURATION:
		fits = ann_duration_parse(text, &number);
		break;
	}
	if (fits && in_range(key, number)) {
		*(uint64_t *)member = number;
		return true;
	}
	return false;
}

/* --- mistakes -------------------------------------------------------------------- */

static void tell_words(const struct ann_key *key, struct ann_buf *text)
{
	for (size_t i = 0; key->words[i] != NULL; i++) {
		bool last = key->words[i + 1] == NULL;

		ann_buf_str(text, i == 0 ? "" : last ? " or " : ", ");
		ann_buf_str(text, key->words[i]);
	}
}

/* What the key wants, as in "expected …". */
static void tell_wanted(const struct ann_key *key, struct ann_buf *text)
{
	static const char *const wanted[] = {
		[ANN_KEY_TEXT] = "a text",
		[ANN_KEY_BOOL] = "yes or no",
		[ANN_KEY_NUMBER] = "a number",
		[ANN_KEY_SIZE] = "a size in bytes such as 4096, 64K or 10M",
		[ANN_KEY_DURATION] = "a time such as 500ms, 5s or 2min",
		[ANN_KEY_MODE] = "a file mode such as 0660",
		[ANN_KEY_WORD] = "one of its words",
		[ANN_KEY_EITHER] = "one of its words",
	};

	if (key->words != NULL) {
		tell_words(key, text);
		return;
	}
	ann_buf_str(text, wanted[key->type]);
	if (key->most > 0 && key->type == ANN_KEY_NUMBER) {
		ann_buf_printf(text, " from %llu to %llu",
			(unsigned long long)key->least, (unsigned long long)key->most);
	} else if (key->least > 0) {
		ann_buf_printf(text, ", at least %llu%s",
			(unsigned long long)key->least,
			key->type == ANN_KEY_DURATION ? "ms" : "");
	}
}

static enum ann_err wrong_value(const struct ann_setting *setting,
	const struct ann_key *key, struct ann_error *err)
{
	struct ann_buf wanted = {0};
	enum ann_err failed = ANN_ENOMEM;

	tell_wanted(key, &wanted);
	if (wanted.failed) {
		failed = ann_error_nomem(err);
	} else {
		failed = ann_error_set(err, ANN_ECONFIG,
			"%s: %s: \"%s\" does not fit; expected %.*s", setting->origin,
			setting->key, setting->value,
			ANN_SPAN_ARG(ann_buf_all(&wanted)));
	}
	ann_buf_deinit(&wanted);
	return failed;
}

/* The key that is most like a word, so far. */
struct likeness {
	struct ann_span word;
	const char *best; /* NULL: none is like it */
	unsigned distance;
};

static void look_for_like(struct likeness *like, const struct ann_key *keys)
{
	for (const struct ann_key *key = keys; key->name != NULL; key++) {
		unsigned distance = ann_span_distance(like->word, ann_span(key->name));

		if (distance < like->distance) {
			like->distance = distance;
			like->best = key->name;
		}
	}
}

static enum ann_err unknown_key(const struct ann_settings *settings,
	const struct ann_setting *setting, ann_keys keys, struct ann_error *err)
{
	/* A slip in a short word, up to three in a long one: "clients" is not "lines".
	 */
	enum { LIKE_MOST = 3, LETTERS_A_SLIP = 4 };
	struct ann_span word = ann_span(setting->key);
	size_t most = 1 + word.len / LETTERS_A_SLIP;
	struct likeness like = {.word = word,
		.distance = (unsigned)(most < LIKE_MOST ? most : LIKE_MOST) + 1};

	for (; *keys != NULL; keys++) {
		look_for_like(&like, *keys);
	}
	if (settings->split != NULL) {
		look_for_like(&like, settings->split);
	}
	return like.best == NULL
		       ? ann_error_set(err, ANN_ECONFIG, "%s: unknown key \"%s\"",
				 setting->origin, setting->key)
		       : ann_error_set(err, ANN_ECONFIG,
				 "%s: unknown key \"%s\"; did you mean \"%s\"?",
				 setting->origin, setting->key, like.best);
}

static const struct ann_key *find_key(ann_keys keys, const char *name)
{
	for (; *keys != NULL; keys++) {
		for (const struct ann_key *key = *keys; key->name != NULL; key++) {
			if (strcmp(key->name, name) == 0) {
				return key;
			}
		}
	}
	return NULL;
}

enum ann_err ann_settings_read(const struct ann_settings *settings, ann_keys keys,
	void *into, struct ann_error *err)
{
	bool told = false;

	for (size_t i = 0; i < settings->count; i++) {
		const struct ann_setting *setting = &settings->at[i];
		const struct ann_key *key = find_key(keys, setting->key);
		enum ann_err failed = ANN_OK;

		if (key == NULL) {
			failed = unknown_key(settings, setting, keys, err);
		} else if (!read_value(key, setting->value, into)) {
			failed = wrong_value(setting, key, err);
		}
		if (failed != ANN_OK && !ann_error_tell(err, failed)) {
			return failed;
		}
		told |= failed != ANN_OK;
	}
	return told ? ANN_ECONFIG : ANN_OK;
}
