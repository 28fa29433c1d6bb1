/* SPDX-License-Identifier: MIT */
/* screen.h - what the output can show: its width, colours, and block characters or plain ASCII. */
#ifndef DEMO_SCREEN_H
#define DEMO_SCREEN_H

#include <stdint.h>

enum colour { kPlain, kBold, kDim, kRed, kGreen, kYellow, kMagenta, kCyan };

/* Looks at stdout and the environment. `ascii` asks for plain text whatever they say. */
void screen_setup(int ascii);
int screen_width(void);

/* The first on a screen that can show it, the second elsewhere. */
const char* glyph(const char* unicode, const char* ascii);

/* Prints in a colour, or as it is where there are none. */
void paint(enum colour colour, const char* format, ...) __attribute__((format(printf, 2, 3)));

/* Prints a paragraph, broken into lines that fit. */
void say(const char* format, ...) __attribute__((format(printf, 1, 2)));

void heading(const char* format, ...) __attribute__((format(printf, 1, 2)));

/* A time in ns as text, such as "2.1 ms", in one of a few buffers that take turns. */
const char* time_text(int64_t ns);

/* Prints "lwp-demo: ..." on stderr and ends the program. */
void die(const char* format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Dies if what should be an object is NULL. */
void* must(void* object);

#endif
