// SPDX-License-Identifier: MIT
// blocking_call.h - whether an LWP was interrupted in a system call of its own, such as a read from
// a terminal, in which the C library is not in the middle of anything.
//
// That is so if the interrupted instruction is a system call that the kernel has decided to make
// again, or comes right after one that has failed with EINTR, and if what lies on the stack above
// movable code is one call of a function that does nothing but make a system call: read, accept,
// waitpid, nanosleep, ... How the call ends was settled before the handler was called, so it is the
// same whether others run meanwhile or not.
#pragma once

#include <signal.h>

#include <cstddef>
#include <cstdint>

#include "base/attributes.h"
#include "sigsafe/code_range.h"

namespace lwp {

struct CodeMap;

// The C library and its functions that wait in the kernel. All zero: not known, and no code is then
// taken for such a call.
struct BlockingCalls {
  static constexpr std::size_t kMost = 64;

  CodeRange text;                         // all code of the C library
  const unsigned char* unwind = nullptr;  // its .eh_frame_hdr
  std::size_t count = 0;
  CodeRange functions[kMost];
};

LWP_SIGSAFE bool in_blocking_call(const CodeMap& code, const ucontext_t& interrupted) noexcept;

}  // namespace lwp
