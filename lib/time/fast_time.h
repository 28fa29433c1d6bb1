// SPDX-License-Identifier: MIT
// fast_time.h - the time of day, and the last one that was asked for (FT_LastTime).
//
// Invariant: FT_LastTime is written by one kernel thread at a time and read only while nobody
//            writes, so no function here returns a torn time.
// Context:   any kernel thread, any signal handler. Nobody ever waits: who finds FT_LastTime being
//            written does not remember, or fetches a time of its own.
#pragma once

#include <sys/time.h>

namespace lwp {

// The time of day, which is remembered. *ret_now and *ret_zone may be null. The result is
// gettimeofday's.
int fetch_time(timeval* ret_now, struct timezone* ret_zone) noexcept;

// The remembered time; if there is none, the same as fetch_time().
int recall_time(timeval* ret_now, struct timezone* ret_zone) noexcept;

// FT_Init.
int init_fast_time(bool print_errors, bool not_really) noexcept;

}  // namespace lwp
