/* SPDX-License-Identifier: MIT */
/* counters.h - what PRE_GetCounters tells of all LWPs together. */
#ifndef SUPPORT_COUNTERS_H
#define SUPPORT_COUNTERS_H

#include <preempt/watch.h>

#include "child_case.h"

static inline struct PRE_Counters counters_of_all(void) {
  struct PRE_Counters counters;
  counters.size = sizeof counters;
  expect_int(PRE_GetCounters(NULL, &counters), LWP_SUCCESS);
  return counters;
}

#endif
