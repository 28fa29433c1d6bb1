/* SPDX-License-Identifier: MIT */
/* screen.c - prints on terminals of all kinds, and into files. */
#include "screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int width = 80, colours, unicode;

static const char* setting(const char* name) {
  const char* const value = getenv(name);
  return value != NULL && *value != '\0' ? value : NULL;
}

/* Whether the locale says UTF-8. Containers often have none at all; their terminals are modern. */
static int locale_is_utf8(void) {
  const char* locale = setting("LC_ALL");
  if (locale == NULL) locale = setting("LC_CTYPE");
  if (locale == NULL) locale = setting("LANG");
  if (locale == NULL) return 1;
  return strcasestr(locale, "utf-8") != NULL || strcasestr(locale, "utf8") != NULL;
}

void screen_setup(int ascii) {
  const char* const terminal = setting("TERM");
  const int capable =
      isatty(STDOUT_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0 && !ascii;
  colours = capable && setting("NO_COLOR") == NULL;
  unicode = capable && locale_is_utf8();
  struct winsize size;
  const char* const columns = setting("COLUMNS");
  if (columns != NULL && atoi(columns) > 0) {
    width = atoi(columns);
  } else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    width = size.ws_col;
  }
  if (width < 40) width = 40;
  if (width > 120) width = 120;
}

int screen_width(void) { return width; }

const char* glyph(const char* in_unicode, const char* in_ascii) {
  return unicode ? in_unicode : in_ascii;
}

void paint(enum colour colour, const char* format, ...) {
  static const char* const codes[] = {"0", "1", "2", "1;31", "32", "33", "35", "36"};
  va_list arguments;
  va_start(arguments, format);
  if (colours && colour != kPlain) printf("\033[%sm", codes[colour]);
  vprintf(format, arguments);
  if (colours && colour != kPlain) printf("\033[0m");
  va_end(arguments);
}

/* Columns that UTF-8 text takes: the bytes that do not continue a character. */
static int columns_of(const char* text, size_t bytes) {
  int columns = 0;
  for (size_t i = 0; i < bytes; ++i) columns += ((unsigned char)text[i] & 0xc0) != 0x80;
  return columns;
}

void say(const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const int room = (width < 100 ? width : 100) - 1;
  int column = 0;
  for (const char* word = text; *word != '\0';) {
    const size_t bytes = strcspn(word, " ");
    const int columns = columns_of(word, bytes);
    if (column != 0 && column + 1 + columns > room) {
      putchar('\n');
      column = 0;
    }
    column += printf("%s%.*s", column == 0 ? "" : " ", (int)bytes, word) - (int)bytes + columns;
    word += bytes + strspn(word + bytes, " ");
  }
  putchar('\n');
}

void heading(const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  putchar('\n');
  paint(kBold, "%s", text);
  putchar(' ');
  for (int i = length + 1; i < width - 1; ++i) paint(kDim, "%s", glyph("─", "-"));
  puts("\n");
}

const char* time_text(int64_t ns) {
  static char texts[8][16];
  static unsigned next;
  char* const text = texts[next++ % 8];
  const double value = (double)ns;
  if (ns < 999500) {
    snprintf(text, sizeof *texts, "%.0f %s", value / 1e3, glyph("µs", "us"));
  } else if (ns < 99950000) {
    snprintf(text, sizeof *texts, "%.1f ms", value / 1e6);
  } else if (ns < 999500000) {
    snprintf(text, sizeof *texts, "%.0f ms", value / 1e6);
  } else {
    snprintf(text, sizeof *texts, "%.2f s", value / 1e9);
  }
  return text;
}

void die(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  fputs("lwp-demo: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

void* must(void* object) {
  if (object == NULL) die("out of memory");
  return object;
}
