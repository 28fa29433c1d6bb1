/* SPDX-License-Identifier: MIT */
/* picture.h - draws runs: rows are LWPs, columns are pieces of time. */
#ifndef DEMO_PICTURE_H
#define DEMO_PICTURE_H

#include "run.h"

/* Says what the marks mean. */
void draw_legend(void);

/* Draws the time from `from` to `to` of a run; `zero` is where the ruler counts from. */
void draw_run(const struct run* run, int64_t from, int64_t to, int64_t zero);

/* Two bars as long as the logarithms of the worst waits. */
void draw_comparison(int64_t without, int64_t with);

#endif
