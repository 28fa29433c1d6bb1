/* SPDX-License-Identifier: MIT */
/* picture.c - draws runs as rows of marks. */
#include "picture.h"

#include <math.h>
#include <stdio.h>

#include "screen.h"

#define LABEL 10

static const enum colour worker_colours[WORKERS] = {kCyan, kYellow, kMagenta};

/* How much of a piece of time an LWP had, in eighths. */
static const char* level(double share) {
  static const char* const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static const char* const letters[] = {" ", ".", ".", "-", "-", "=", "=", "#", "#"};
  int eighths = (int)(share * 8 + 0.5);
  if (eighths == 0 && share > 0.01) eighths = 1;
  if (eighths > 8) eighths = 8;
  return glyph(blocks[eighths], letters[eighths]);
}

static void label(enum colour colour, const char* text) { paint(colour, "%*s ", LABEL - 1, text); }

struct axis {
  int64_t from, to;
  int columns;
};

static int64_t column_start(const struct axis* axis, int column) {
  return axis->from + (axis->to - axis->from) * column / axis->columns;
}

/* The distance of the ruler's marks: the least of 1, 2, 5, 10, ... ms that leaves room for text. */
static int64_t ruler_step(const struct axis* axis) {
  static const int64_t steps[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};
  const int64_t least = (axis->to - axis->from) * 11 / axis->columns;
  int i = 0;
  while (i < 12 && steps[i] * MS < least) ++i;
  return steps[i] * MS;
}

static void draw_ruler(const struct axis* axis, int64_t zero) {
  const int64_t step = ruler_step(axis);
  label(kPlain, "");
  int drawn = 0;
  for (int column = 0; column < axis->columns; ++column) {
    const int64_t mark = (column_start(axis, column + 1) - zero - 1) / step * step;
    if (mark < column_start(axis, column) - zero) continue;
    if (drawn > column || column + 8 > axis->columns) continue;
    char text[32];
    const int length = step < 100 * MS
                           ? snprintf(text, sizeof text, "%lld ms", (long long)(mark / MS))
                           : snprintf(text, sizeof text, "%.1f s", (double)mark / 1e9);
    printf("%*s", column - drawn, "");
    paint(kDim, "%s%s", glyph("╷", "|"), text);
    drawn = column + 1 + length;
  }
  putchar('\n');
}

static void draw_worker(const struct run* run, const struct axis* axis, int who) {
  label(worker_colours[who], worker_names[who]);
  for (int column = 0; column < axis->columns; ++column) {
    const double share = timeline_share(&run->timeline, who, column_start(axis, column),
                                        column_start(axis, column + 1));
    paint(worker_colours[who], "%s", level(share));
  }
  putchar('\n');
}

/* The deadlines, where they were due. */
static void draw_deadlines(const struct deadlines* deadlines, const struct axis* axis) {
  label(kGreen, "deadlines");
  size_t i = 0;
  for (int column = 0; column < axis->columns; ++column) {
    int met = 0, missed = 0;
    for (; i < deadlines->count && deadlines->list[i].due < column_start(axis, column + 1); ++i) {
      const struct service* const service = &deadlines->list[i];
      if (service->due < column_start(axis, column)) continue;
      if (service->served - service->due < PERIOD)
        ++met;
      else
        ++missed;
    }
    if (missed)
      paint(kRed, "%s", glyph("×", "x"));
    else if (met)
      paint(kGreen, "%s", glyph("●", "o"));
    else
      putchar(' ');
  }
  putchar('\n');
}

/* The urgent LWP, where it ran. It is never for long. */
static void draw_urgent(const struct deadlines* deadlines, const struct axis* axis) {
  label(kBold, "urgent");
  size_t i = 0;
  for (int column = 0; column < axis->columns; ++column) {
    int ran = 0;
    for (; i < deadlines->count && deadlines->list[i].served < column_start(axis, column + 1);
         ++i) {
      ran |= deadlines->list[i].served >= column_start(axis, column);
    }
    if (ran)
      paint(kBold, "%s", glyph("┃", "|"));
    else
      putchar(' ');
  }
  putchar('\n');
}

void draw_legend(void) {
  paint(kCyan, "%s", glyph("▂▄▆█", ".-=#"));
  printf(" share of the processor   ");
  paint(kBold, "%s", glyph("┃", "|"));
  printf(" the urgent LWP runs%s", screen_width() < 90 ? "\n" : "   ");
  paint(kGreen, "%s", glyph("●", "o"));
  printf(" deadline met   ");
  paint(kRed, "%s", glyph("×", "x"));
  printf(" deadline missed\n");
}

void draw_run(const struct run* run, int64_t from, int64_t to, int64_t zero) {
  const struct axis axis = {from, to, screen_width() - LABEL - 1};
  draw_ruler(&axis, zero);
  draw_deadlines(&run->deadlines, &axis);
  draw_urgent(&run->deadlines, &axis);
  for (int who = 0; who < WORKERS; ++who) draw_worker(run, &axis, who);
}

static void draw_bar(const char* name, enum colour colour, int64_t wait) {
  const int room = screen_width() - 32;
  const double decades = log10(fmax((double)wait, 1e4) / 1e4);
  int length = (int)(decades / 6 * room);
  if (length < 1) length = 1;
  printf("  %-19s ", name);
  for (int i = 0; i < length && i < room; ++i) paint(colour, "%s", glyph("━", "="));
  paint(kBold, " %s\n", time_text(wait));
}

void draw_comparison(int64_t without, int64_t with) {
  draw_bar("without preemption", kRed, without);
  draw_bar("with preemption", kGreen, with);
}
