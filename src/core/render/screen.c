#include "render/screen.h"

#include <string.h>

enum { BACKSPACE = 0x08, VERTICAL_TAB = 0x0B, FORM_FEED = 0x0C, BELL = 0x07 };
enum { CANCEL = 0x18, SUBSTITUTE = 0x1A, ESCAPE = 0x1B };

bool ann_screen_is_drawn(const struct ann_screen *screen)
{
	return screen->alternate || screen->edited;
}

void ann_screen_end_line(struct ann_screen *screen)
{
	screen->edited = false;
}

/* The alternate screen, by each of the modes that xterm has for it. */
static bool is_alternate(struct ann_span mode)
{
	return ann_span_is(mode, "1049") || ann_span_is(mode, "1047") ||
	       ann_span_is(mode, "47");
}

/* CSI ? … h or l. Other modes show and hide the cursor, report the mouse and so on. */
static void set_modes(struct ann_screen *screen, struct ann_span modes, bool on)
{
	while (modes.len > 0) {
		if (is_alternate(ann_span_next(&modes, ';'))) {
			screen->alternate = on;
			screen->edited = true;
		}
	}
}

/* CSI, parameters, and `final`, which says what it is. */
static void end_sequence(struct ann_screen *screen, char final)
{
	struct ann_span given = {screen->parameters, screen->len};
	bool private = given.len > 0 && given.ptr[0] == '?';

	screen->state = ANN_SCREEN_TEXT;
	if (private && (final == 'h' || final == 'l')) {
		given.ptr++;
		given.len--;
		set_modes(screen, given, final == 'h');
	} else if (final == 'K') {
		screen->edited |= given.len > 0 && !ann_span_is(given, "0");
	} else {
		/* Colours, modes, reports, the window, the look of the cursor. */
		screen->edited |= strchr("mhlnctq", final) == NULL;
	}
}

static void see_in_sequence(struct ann_screen *screen, char byte)
{
	if (byte >= 0x40 && byte < 0x7F) {
		end_sequence(screen, byte);
	} else if (byte < 0x20 || screen->len == sizeof(screen->parameters)) {
		/* Broken off, or not one of ours. */
		screen->state = byte == ESCAPE ? ANN_SCREEN_ESCAPE : ANN_SCREEN_TEXT;
		screen->edited = true;
	} else {
		screen->parameters[screen->len++] = byte;
	}
}

/* ESC and this byte. */
static void see_escape(struct ann_screen *screen, char byte)
{
	screen->state = ANN_SCREEN_TEXT;
	screen->len = 0;
	switch (byte) {
	case '[':
		screen->state = ANN_SCREEN_SEQUENCE;
		break;
	case '(':
	case ')':
	case '*':
	case '+':
		screen->state = ANN_SCREEN_CHARSET;
		break;
	case ']':
	case 'P':
	case 'X':
	case '^':
	case '_':
		screen->state = ANN_SCREEN_STRING;
		screen->edited = true;
		break;
	case '=':
	case '>':
	case '\\': /* the end of a string */
		break;
	case 'c': /* all as it was when the terminal was switched on */
		screen->alternate = false;
		screen->edited = true;
		break;
	default:
		screen->edited = true;
		break;
	}
}

/* A string ends with BEL or ESC \; who breaks it off in another way ends it too. */
static void see_in_string(struct ann_screen *screen, char byte)
{
	if (byte == ESCAPE) {
		screen->state = ANN_SCREEN_STRING_ESCAPE;
	} else if (byte == BELL || byte == CANCEL || byte == SUBSTITUTE) {
		screen->state = ANN_SCREEN_TEXT;
	}
}

static void see_byte(struct ann_screen *screen, char byte)
{
	switch (screen->state) {
	case ANN_SCREEN_TEXT:
		if (byte == ESCAPE) {
			screen->state = ANN_SCREEN_ESCAPE;
		}
		screen->edited |=
			byte == BACKSPACE || byte == VERTICAL_TAB || byte == FORM_FEED;
		break;
	case ANN_SCREEN_ESCAPE:
	case ANN_SCREEN_STRING_ESCAPE:
		see_escape(screen, byte);
		break;
	case ANN_SCREEN_CHARSET:
		screen->state = ANN_SCREEN_TEXT;
		break;
	case ANN_SCREEN_SEQUENCE:
		see_in_sequence(screen, byte);
		break;
	case ANN_SCREEN_STRING:
		see_in_string(screen, byte);
		break;
	}
}

void ann_screen_see(struct ann_screen *screen, struct ann_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		see_byte(screen, bytes.ptr[i]);
	}
}
