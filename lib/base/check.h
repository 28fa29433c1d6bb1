// SPDX-License-Identifier: MIT
// check.h - stops the process, loudly, when the library finds itself in a state that can not be.
//
// Kept in release builds: a scheduler that goes on with a broken ring destroys the evidence.
// Context: signal handlers too; the message goes out by write(2).
#pragma once

#include "base/attributes.h"

namespace lwp {

[[noreturn]] LWP_SIGSAFE void check_failed(const char* condition, const char* file,
                                           int line) noexcept;

}  // namespace lwp

#define LWP_CHECK(condition) \
  (LWP_LIKELY(condition) ? (void)0 : ::lwp::check_failed(#condition, __FILE__, __LINE__))
