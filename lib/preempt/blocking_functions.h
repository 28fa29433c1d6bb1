// SPDX-License-Identifier: MIT
// blocking_functions.h - finds the functions of the C library in which an LWP may wait in the
// kernel and be moved (sigsafe/blocking_call.h).
#pragma once

#include "sigsafe/blocking_call.h"

namespace lwp {

// With a C library that is not known, or is linked statically: all zero.
BlockingCalls find_blocking_functions() noexcept;

}  // namespace lwp
