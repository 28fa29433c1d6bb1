// SPDX-License-Identifier: MIT
// memcheck.h - lets the library read stacks in ways that Valgrind's Memcheck would report.
//
// Context: anywhere, signal handlers included. Nothing in builds without Valgrind's headers.
#pragma once

#if defined(LWP_HAVE_VALGRIND)
#include <valgrind/memcheck.h>
#endif

namespace lwp {

// While it lives, no access counts as an error: neither one below the stack pointer of the running
// LWP nor a decision by a word that nobody has written.
class MemcheckPaused {
 public:
  MemcheckPaused() noexcept {
#if defined(LWP_HAVE_VALGRIND)
    VALGRIND_DISABLE_ERROR_REPORTING;
#endif
  }
  ~MemcheckPaused() {
#if defined(LWP_HAVE_VALGRIND)
    VALGRIND_ENABLE_ERROR_REPORTING;
#endif
  }
  MemcheckPaused(const MemcheckPaused&) = delete;
  MemcheckPaused& operator=(const MemcheckPaused&) = delete;
};

}  // namespace lwp
