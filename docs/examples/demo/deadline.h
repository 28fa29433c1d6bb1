/* SPDX-License-Identifier: MIT */
/*
 * deadline.h - the urgent LWP: it has something to do every 20 ms, and measures how late it is.
 *
 * A POSIX timer sends a signal at every deadline, the handler gives the LWP a credit, and the LWP
 * sleeps in LWP_QWait until it has one. It has the highest priority, so it is only ever kept from
 * the processor by an LWP that does not let go of it.
 */
#ifndef DEMO_DEADLINE_H
#define DEMO_DEADLINE_H

#include <stddef.h>
#include <stdint.h>

#include "timeline.h"

#define PERIOD (20 * MS)

/* One deadline: when it was, and when the urgent LWP ran for it. */
struct service {
  int64_t due, served;
};

struct deadlines {
  struct service* list;
  size_t count;
};

/* Creates the urgent LWP; the deadlines are every PERIOD after `begin`. */
void deadlines_start(struct deadlines* deadlines, int64_t begin);

/* Stops the timer and ends the urgent LWP. */
void deadlines_stop(void);

struct waits {
  int64_t min, median, p99, max;
  size_t missed; /* the next deadline was there already */
};

/* What the urgent LWP had to wait; *ret_waits is all zero if there was no deadline. */
void deadlines_waits(const struct deadlines* deadlines, struct waits* ret_waits);

#endif
