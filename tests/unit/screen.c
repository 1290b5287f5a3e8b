/* Which lines a program draws on, so that nothing may be put into them. */
#include "render/screen.h"

#include "suite.h"

#include <stdio.h>
#include <string.h>

/* What is said of `text` when it comes in pieces of `step` bytes. */
static bool is_drawn(struct ann_screen *screen, const char *text, size_t step)
{
	struct ann_span left = ann_span(text);

	while (left.len > 0) {
		size_t len = step < left.len ? step : left.len;

		ann_screen_see(screen, (struct ann_span){left.ptr, len});
		left.ptr += len;
		left.len -= len;
	}
	return ann_screen_is_drawn(screen);
}

static void expect(const char *text, bool drawn)
{
	for (size_t step = 1; step <= strlen(text); step++) {
		struct ann_screen screen = {0};

		ck_assert_msg(is_drawn(&screen, text, step) == drawn,
			"%s, in steps of %zu", text + 1, step);
	}
}

START_TEST(colours_modes_reports_and_character_sets_are_harmless)
{
	static const char *const texts[] = {"plain \t text\a", "\033[m",
		"\033[1;31mred", "\033[38:5:1m",
		"\033[01;31m\033[Kerror:\033[m\033[K gcc", "\033[0K", "\033[?25l",
		"\033[?2004h$ ", "\033[4h", "\033[6n", "\033[0c", "\033[2 q",
		"\033[22;0;0t", "\033(B", "\033)0", "\033=", "\033>",
		"\302\233 \233 \377"};

	expect(texts[_i], false);
}
END_TEST

START_TEST(what_moves_the_cursor_or_changes_other_text_edits)
{
	static const char *const texts[] = {"a\bb", "\f", "\v", "\033[A", "\033[12C",
		"\033[1;1H", "\033[H\033[2J", "\033[1K", "\033[2K", "\033[P", "\033[3@",
		"\033[L", "\033[2M", "\033[10X", "\033[1;24r", "\033[s", "\033[u",
		"\033[3b", "\033[5S", "\0337", "\0338", "\033M", "\033D", "\033E",
		"\033c", "\033#8", "\033%G", "\033[!p", "\033[31\r", "\033[31\033",
		"\033]0;title\a", "\033]8;;http://x\033\\", "\033Pq\033\\"};

	expect(texts[_i], true);
}
END_TEST

START_TEST(a_line_is_edited_to_its_end_and_no_further)
{
	struct ann_screen screen = {0};

	ck_assert(is_drawn(&screen, "up\033[A", 9));
	ck_assert(is_drawn(&screen, "\rand over it", 99));
	ann_screen_end_line(&screen);
	ck_assert(!is_drawn(&screen, "next", 9));
}
END_TEST

START_TEST(the_alternate_screen_is_drawn_on_until_it_is_left)
{
	static const char *const modes[] = {"1049", "1047", "47", "1;1049;25"};
	struct ann_screen screen = {0};
	char text[32];

	snprintf(text, sizeof(text), "\033[?%sh", modes[_i]);
	ck_assert(is_drawn(&screen, text, 1));
	ann_screen_end_line(&screen);
	ck_assert(is_drawn(&screen, "text", 1));
	ann_screen_end_line(&screen);
	snprintf(text, sizeof(text), "\033[?%sl", modes[_i]);
	ck_assert(is_drawn(&screen, text, 1)); /* to the end of that line */
	ann_screen_end_line(&screen);
	ck_assert(!is_drawn(&screen, "$ ", 1));
}
END_TEST

START_TEST(a_terminal_that_is_reset_has_left_the_alternate_screen)
{
	struct ann_screen screen = {0};

	ck_assert(is_drawn(&screen, "\033[?1049h\033c", 1));
	ann_screen_end_line(&screen);
	ck_assert(!is_drawn(&screen, "text", 1));
}
END_TEST

START_TEST(modes_of_other_kinds_are_not_the_alternate_screen)
{
	static const char *const texts[] = {
		"\033[1049h", "\033[?10490h", "\033[?1048h", "\033[?104;9h", "\033[?h"};
	struct ann_screen screen = {0};

	(void)is_drawn(&screen, texts[_i], 1);
	ann_screen_end_line(&screen);
	ck_assert(!is_drawn(&screen, "text", 1));
}
END_TEST

START_TEST(what_stands_in_a_string_is_not_obeyed)
{
	struct ann_screen screen = {0};

	ck_assert(is_drawn(&screen, "\033]0;[?1049h[?1049h\a", 1));
	ann_screen_end_line(&screen);
	ck_assert(!is_drawn(&screen, "text", 1));
	(void)is_drawn(&screen, "\033]0;title\033[?1049h", 1); /* broken off */
	ann_screen_end_line(&screen);
	ck_assert(is_drawn(&screen, "text", 1));
}
END_TEST

START_TEST(endless_sequences_end)
{
	struct ann_screen screen = {0};
	char text[1000] = "\033[";

	memset(text + 2, '1', sizeof(text) - 3);
	text[sizeof(text) - 1] = '\0';
	ck_assert(is_drawn(&screen, text, 7));
	ann_screen_end_line(&screen);
	ck_assert(!is_drawn(&screen, "text", 1));
}
END_TEST

void test_cases(Suite *suite)
{
	test_add_loop(suite, colours_modes_reports_and_character_sets_are_harmless, 18);
	test_add_loop(suite, what_moves_the_cursor_or_changes_other_text_edits, 33);
	test_add(suite, a_line_is_edited_to_its_end_and_no_further);
	test_add_loop(suite, the_alternate_screen_is_drawn_on_until_it_is_left, 4);
	test_add(suite, a_terminal_that_is_reset_has_left_the_alternate_screen);
	test_add_loop(suite, modes_of_other_kinds_are_not_the_alternate_screen, 5);
	test_add(suite, what_stands_in_a_string_is_not_obeyed);
	test_add(suite, endless_sequences_end);
}
