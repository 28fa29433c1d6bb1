/* SPDX-License-Identifier: MIT */
/*
 * timeline.h - who had the processor when, found out without the help of the library.
 *
 * A worker stamps: now and then in its work it reads the clock and appends the time to a log of
 * its own. Afterwards the logs are merged. Since one LWP runs at a time, the processor changed
 * hands between two stamps that come from different logs.
 */
#ifndef DEMO_TIMELINE_H
#define DEMO_TIMELINE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)

static inline int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * SECOND + now.tv_nsec;
}

struct stamps {
  int64_t* at;
  size_t count;
};

/* Room for 50 seconds of work; pages that are not used cost nothing. */
#define STAMP_INTERVAL (50 * US)
#define STAMPS_MAX 1000000u

static inline void stamp(struct stamps* stamps) {
  const int64_t now = now_ns();
  if (stamps->count != 0) {
    if (stamps->count == STAMPS_MAX || now - stamps->at[stamps->count - 1] < STAMP_INTERVAL) return;
  }
  stamps->at[stamps->count++] = now;
}

/* A turn: worker `who` had the processor from `from` to `to`. */
struct turn {
  int who;
  int64_t from, to;
};

struct timeline {
  struct turn* turns;
  size_t count;
};

/* Merges the logs of `workers` workers that began at `begin`. Release with timeline_free. */
struct timeline timeline_merge(const struct stamps* logs, int workers, int64_t begin);
void timeline_free(struct timeline* timeline);

/* How much of the time from `from` to `to` worker `who` had the processor, 0 to 1. */
double timeline_share(const struct timeline* timeline, int who, int64_t from, int64_t to);

#endif
