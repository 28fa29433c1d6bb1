/* SPDX-License-Identifier: MIT */
/* timeline.c - merges the logs of the workers into turns. */
#include "timeline.h"

#include <stdlib.h>

#include "screen.h"

/* The log whose next stamp is the earliest, -1 at the end. */
static int earliest(const struct stamps* logs, const size_t* next, int workers) {
  int best = -1;
  for (int who = 0; who < workers; ++who) {
    if (next[who] == logs[who].count) continue;
    if (best < 0 || logs[who].at[next[who]] < logs[best].at[next[best]]) best = who;
  }
  return best;
}

struct timeline timeline_merge(const struct stamps* logs, int workers, int64_t begin) {
  size_t stamps = 0;
  for (int who = 0; who < workers; ++who) stamps += logs[who].count;
  struct timeline timeline = {must(calloc(stamps + 1, sizeof(struct turn))), 0};
  size_t* next = must(calloc((size_t)workers, sizeof *next));
  struct turn* turn = NULL;
  for (int who; (who = earliest(logs, next, workers)) >= 0;) {
    const int64_t at = logs[who].at[next[who]++];
    if (turn == NULL || turn->who != who) {
      int64_t from = begin;
      if (turn != NULL) from = turn->to = turn->to + (at - turn->to) / 2;
      turn = &timeline.turns[timeline.count++];
      turn->who = who;
      turn->from = from;
    }
    turn->to = at;
  }
  free(next);
  return timeline;
}

void timeline_free(struct timeline* timeline) {
  free(timeline->turns);
  timeline->turns = NULL;
  timeline->count = 0;
}

double timeline_share(const struct timeline* timeline, int who, int64_t from, int64_t to) {
  int64_t had = 0;
  for (size_t i = 0; i < timeline->count; ++i) {
    const struct turn* turn = &timeline->turns[i];
    if (turn->from >= to) break;
    if (turn->who != who || turn->to <= from) continue;
    had += (turn->to < to ? turn->to : to) - (turn->from > from ? turn->from : from);
  }
  return (double)had / (double)(to - from);
}
