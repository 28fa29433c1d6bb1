// SPDX-License-Identifier: MIT
// fasttime_abi.cc - the functions of <lwp/fasttime.h>. They touch no runtime, so they do not enter
// the library: a handler may call them at any instant.
#include <lwp/fasttime.h>

#include "time/fast_time.h"

using namespace lwp;

extern "C" {

int FT_Init(int printErrors, int notReally) {
  return init_fast_time(printErrors != 0, notReally != 0);
}

int FT_GetTimeOfDay(struct timeval* tv, struct timezone* tz) { return fetch_time(tv, tz); }
int TM_GetTimeOfDay(struct timeval* tv, struct timezone* tz) { return fetch_time(tv, tz); }
int FT_AGetTimeOfDay(struct timeval* tv, struct timezone* tz) { return recall_time(tv, tz); }

unsigned int FT_ApproxTime(void) {
  timeval last = {};
  (void)recall_time(&last, nullptr);
  return static_cast<unsigned int>(last.tv_sec);
}

}  // extern "C"
