#include "annotty/settings.h"

#include "annotty/endpoint.h"
#include "suite.h"

#include <stddef.h>

struct things {
	const char *text;
	bool flag;
	uint64_t number;
	uint64_t size;
	uint64_t time;
	unsigned mode;
	unsigned word;
};

static const char *const words[] = {"none", "odd", "even", NULL};
static const struct ann_key some_keys[] = {
	{"text", ANN_KEY_TEXT, offsetof(struct things, text), NULL, 0, 0},
	{"flag", ANN_KEY_BOOL, offsetof(struct things, flag), NULL, 0, 0},
	{"number", ANN_KEY_NUMBER, offsetof(struct things, number), NULL, 5, 8},
	{NULL, 0, 0, NULL, 0, 0},
};
static const struct ann_key other_keys[] = {
	{"size", ANN_KEY_SIZE, offsetof(struct things, size), NULL, 0, 0},
	{"time", ANN_KEY_DURATION, offsetof(struct things, time), NULL, 1, 0},
	{"mode", ANN_KEY_MODE, offsetof(struct things, mode), NULL, 0, 0},
	{"parity", ANN_KEY_WORD, offsetof(struct things, word), words, 0, 0},
	{NULL, 0, 0, NULL, 0, 0},
};
static const struct ann_key *const keys[] = {some_keys, other_keys, NULL};

static enum ann_err read_one(const char *key, const char *value, struct things *things,
	struct ann_error *err)
{
	struct ann_settings settings = {0};
	enum ann_err failed = ann_settings_set(
		&settings, ann_span(key), ann_span(value), "a.conf:7", err);

	ck_assert_int_eq(failed, ANN_OK);
	failed = ann_settings_read(&settings, keys, things, err);
	ann_settings_deinit(&settings);
	return failed;
}

START_TEST(values_of_every_type_are_read)
{
	struct things things = {0};
	struct ann_error err = {0};

	ck_assert_int_eq(read_one("flag", "on", &things, &err), ANN_OK);
	ck_assert(things.flag);
	ck_assert_int_eq(read_one("flag", "no", &things, &err), ANN_OK);
	ck_assert(!things.flag);
	ck_assert_int_eq(read_one("number", "8", &things, &err), ANN_OK);
	ck_assert_uint_eq(things.number, 8);
	ck_assert_int_eq(read_one("size", "64K", &things, &err), ANN_OK);
	ck_assert_uint_eq(things.size, 65536);
	ck_assert_int_eq(read_one("time", "3", &things, &err), ANN_OK);
	ck_assert_uint_eq(things.time, 3000);
	ck_assert_int_eq(read_one("time", "250ms", &things, &err), ANN_OK);
	ck_assert_uint_eq(things.time, 250);
	ck_assert_int_eq(read_one("time", "2min", &things, &err), ANN_OK);
	ck_assert_uint_eq(things.time, 120000);
	ck_assert_int_eq(read_one("mode", "0660", &things, &err), ANN_OK);
	ck_assert_uint_eq(things.mode, 0660);
	ck_assert_int_eq(read_one("parity", "even", &things, &err), ANN_OK);
	ck_assert_uint_eq(things.word, 2);
}
END_TEST

static const struct {
	const char *key;
	const char *value;
	const char *story;
} mistakes[] = {
	{"flag", "maybe", "a.conf:7: flag: \"maybe\" does not fit; expected yes or no"},
	{"number", "9",
		"a.conf:7: number: \"9\" does not fit; expected a number from 5 to 8"},
	{"number", "",
		"a.conf:7: number: \"\" does not fit; expected a number from 5 to 8"},
	{"size", "1T",
		"a.conf:7: size: \"1T\" does not fit; expected a size in bytes such as "
		"4096, 64K or 10M"},
	{"size", "99999999999G",
		"a.conf:7: size: \"99999999999G\" does not fit; expected a size in bytes "
		"such as 4096, 64K or 10M"},
	{"time", "0",
		"a.conf:7: time: \"0\" does not fit; expected a time such as 500ms, 5s or "
		"2min, at least 1ms"},
	{"time", "5x",
		"a.conf:7: time: \"5x\" does not fit; expected a time such as 500ms, 5s "
		"or 2min, at least 1ms"},
	{"mode", "0890",
		"a.conf:7: mode: \"0890\" does not fit; expected a file mode such as 0660"},
	{"parity", "mark",
		"a.conf:7: parity: \"mark\" does not fit; expected none, odd or even"},
	{"party", "odd", "a.conf:7: unknown key \"party\"; did you mean \"parity\"?"},
	{"patience", "odd", "a.conf:7: unknown key \"patience\""},
	{"quite-different", "odd", "a.conf:7: unknown key \"quite-different\""},
};

START_TEST(what_does_not_fit_says_what_would)
{
	struct things things = {.number = 5, .word = 1};
	struct ann_error err = {0};

	ck_assert_int_eq(read_one(mistakes[_i].key, mistakes[_i].value, &things, &err),
		ANN_ECONFIG);
	ck_assert_str_eq(err.text, mistakes[_i].story);
	ck_assert_uint_eq(things.number, 5);
	ck_assert_uint_eq(things.word, 1);
}
END_TEST

static void set(struct ann_settings *settings, const char *key, const char *value)
{
	ck_assert_int_eq(ann_settings_set(settings, ann_span(key), ann_span(value),
				 "a.conf:7", NULL),
		ANN_OK);
}

START_TEST(keys_that_were_split_off_are_meant_by_mistyped_ones_that_stayed)
{
	static const struct ann_key *const others[] = {other_keys, NULL};
	struct ann_settings settings = {0};
	struct ann_settings some = {0};
	struct things things = {0};
	struct ann_error err = {0};

	set(&settings, "number", "8");
	set(&settings, "nummber", "8");
	ck_assert_int_eq(ann_settings_split(&settings, some_keys, &some, &err), ANN_OK);
	ck_assert_uint_eq(some.count, 1);
	ck_assert_int_eq(
		ann_settings_read(&settings, others, &things, &err), ANN_ECONFIG);
	ck_assert_str_eq(err.text,
		"a.conf:7: unknown key \"nummber\"; did you mean \"number\"?");
	ann_settings_deinit(&settings);
	ann_settings_deinit(&some);
}
END_TEST

START_TEST(a_key_set_again_has_the_new_value)
{
	struct ann_settings settings = {0};

	ck_assert_int_eq(
		ann_settings_set(&settings, ann_span("a"), ann_span("1"), "x", NULL),
		ANN_OK);
	ck_assert_int_eq(
		ann_settings_set(&settings, ann_span("a"), ann_span("2"), "x", NULL),
		ANN_OK);
	ck_assert_uint_eq(settings.count, 1);
	ck_assert_str_eq(ann_settings_get(&settings, "a"), "2");
	ck_assert_ptr_null(ann_settings_get(&settings, "b"));
	ann_settings_deinit(&settings);
}
END_TEST

static const struct {
	const char *spec;
	const char *scheme;
	const char *path;
	const char *host;
	const char *port;
	size_t settings;
} places[] = {
	{"-", "-", NULL, NULL, NULL, 0},
	{"-?format=json", "-", NULL, NULL, NULL, 1},
	{"/dev/ttyUSB0", "", "/dev/ttyUSB0", NULL, NULL, 0},
	{"/dev/ttyUSB0?baudrate=9600&parity=odd", "", "/dev/ttyUSB0", NULL, NULL, 2},
	{"/dev/serial/by-path/pci-0:1.0", "", "/dev/serial/by-path/pci-0:1.0", NULL,
		NULL, 0},
	{"C:log", "", "C:log", NULL, NULL, 0},
	{"tcp://host:4000", "tcp", NULL, "host", "4000", 0},
	{"tcp://[::1]:4000?a=b", "tcp", NULL, "::1", "4000", 1},
	{"tcp-listen://:4000", "tcp-listen", NULL, "", "4000", 0},
	{"tcp-listen://4000", "tcp-listen", NULL, "", "4000", 0},
	{"tcp-listen://:syslog", "tcp-listen", NULL, "", "syslog", 0},
	{"unix:/run/x", "unix", "/run/x", NULL, NULL, 0},
	{"unix-listen:/run/x?mode=0660", "unix-listen", "/run/x", NULL, NULL, 1},
	{"file:a b", "file", "a b", NULL, NULL, 0},
	{"syslog:", "syslog", "", NULL, NULL, 0},
	{"syslog+tcp://h:514", "syslog+tcp", NULL, "h", "514", 0},
	{"journal:", "journal", "", NULL, NULL, 0},
};

static void check_text(const char *have, const char *want)
{
	if (want == NULL) {
		ck_assert_ptr_null(have);
	} else {
		ck_assert_str_eq(have, want);
	}
}

START_TEST(specifications_are_taken_apart)
{
	struct ann_endpoint endpoint = {0};
	struct ann_error err = {0};

	ck_assert_int_eq(
		ann_endpoint_init(&endpoint, NULL, places[_i].spec, NULL, &err),
		ANN_OK);
	check_text(endpoint.scheme, places[_i].scheme);
	check_text(endpoint.path, places[_i].path);
	check_text(endpoint.host, places[_i].host);
	check_text(endpoint.port, places[_i].port);
	ck_assert_uint_eq(endpoint.settings.count, places[_i].settings);
	ann_endpoint_deinit(&endpoint);
}
END_TEST

static const struct {
	const char *spec;
	const char *story;
} wrong_places[] = {
	{"", "\"\": expected an input or output"},
	{"?a=b", "\"?a=b\": expected an input or output"},
	{"tcp://", "\"tcp://\": expected HOST:PORT"},
	{"tcp://host:", "\"tcp://host:\": expected HOST:PORT"},
	{"tcp://host", "\"tcp://host\": expected HOST:PORT"},
	{"tcp://[::1]", "\"tcp://[::1]\": expected [ADDRESS]:PORT"},
	{"tcp://[::1]4000", "\"tcp://[::1]4000\": expected [ADDRESS]:PORT"},
	{"tcp://[::1", "\"tcp://[::1\": expected [ADDRESS]:PORT"},
	{"tcp://::1:4000",
		"\"tcp://::1:4000\": an address with colons stands in brackets: "
		"[ADDRESS]:PORT"},
};

START_TEST(wrong_specifications_say_what_is_right)
{
	struct ann_endpoint endpoint = {0};
	struct ann_error err = {0};

	ck_assert_int_eq(
		ann_endpoint_init(&endpoint, NULL, wrong_places[_i].spec, NULL, &err),
		ANN_ECONFIG);
	ck_assert_str_eq(err.text, wrong_places[_i].story);
}
END_TEST

static bool always(const char *path)
{
	(void)path;
	return true;
}

START_TEST(a_question_mark_of_a_file_that_exists_is_a_letter)
{
	struct ann_endpoint endpoint = {0};

	ck_assert_int_eq(
		ann_endpoint_init(&endpoint, "x", "what?.log", always, NULL), ANN_OK);
	ck_assert_str_eq(endpoint.path, "what?.log");
	ck_assert_str_eq(endpoint.name, "x");
	ck_assert_uint_eq(endpoint.settings.count, 0);
	ann_endpoint_deinit(&endpoint);
}
END_TEST

START_TEST(endpoints_are_equal_by_place_and_settings)
{
	struct ann_endpoint a = {0};
	struct ann_endpoint b = {0};
	struct ann_endpoint c = {0};

	ck_assert_int_eq(
		ann_endpoint_init(&a, "a", "tcp://h:1?x=1&y=2", NULL, NULL), ANN_OK);
	ck_assert_int_eq(
		ann_endpoint_init(&b, "b", "tcp://h:1?y=2&x=1", NULL, NULL), ANN_OK);
	ck_assert_int_eq(
		ann_endpoint_init(&c, "a", "tcp://h:1?x=1&y=3", NULL, NULL), ANN_OK);
	ck_assert(ann_endpoint_equal(&a, &b));
	ck_assert(!ann_endpoint_equal(&a, &c));
	ann_endpoint_deinit(&a);
	ann_endpoint_deinit(&b);
	ann_endpoint_deinit(&c);
}
END_TEST

START_TEST(every_allocation_fails_once)
{
	struct ann_endpoint endpoint = {0};
	struct ann_error err = {0};

	test_heap_begin(_i);
	enum ann_err failed =
		ann_endpoint_init(&endpoint, NULL, "tcp://h:1?x=1", NULL, &err);

	if (failed == ANN_OK) {
		failed = ann_endpoint_set_origin(&endpoint, "a.conf:7", &err);
	}
	ann_endpoint_deinit(&endpoint);
	ck_assert_int_eq(failed, test_heap_end() ? ANN_ENOMEM : ANN_OK);
}
END_TEST

void test_cases(Suite *suite)
{
	test_add(suite, values_of_every_type_are_read);
	test_add_loop(suite, what_does_not_fit_says_what_would, ANN_LEN(mistakes));
	test_add(
		suite, keys_that_were_split_off_are_meant_by_mistyped_ones_that_stayed);
	test_add(suite, a_key_set_again_has_the_new_value);
	test_add_loop(suite, specifications_are_taken_apart, ANN_LEN(places));
	test_add_loop(
		suite, wrong_specifications_say_what_is_right, ANN_LEN(wrong_places));
	test_add(suite, a_question_mark_of_a_file_that_exists_is_a_letter);
	test_add(suite, endpoints_are_equal_by_place_and_settings);
	test_add_loop(suite, every_allocation_fails_once, 20);
}
