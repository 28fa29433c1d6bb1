// SPDX-License-Identifier: MIT
// unwind_table.h - finds out who called the code that a signal has interrupted, by the table that
// the code's module carries for exceptions and debuggers.
//
// Only what compiled functions need that keep no frame pointer: the frame's size as a function of
// the program counter. Whatever else a table says makes the answer "not known", never a wrong one.
// Context: handlers. Reads the table, which must stay mapped, and one word of the stack.
#pragma once

#include <cstdint>

#include "base/attributes.h"

namespace lwp {

// Where a function that was called goes on in its caller.
struct CallFrame {
  std::uintptr_t pc;     // an address inside the instruction that is asked about
  std::uintptr_t stack;  // the stack pointer there
};

// `index` is a module's .eh_frame_hdr and `frame` in its code. On success `frame` is the caller's:
// an address inside the call instruction, and the stack pointer after the return. False: not known.
LWP_SIGSAFE bool step_to_caller(const unsigned char* index, CallFrame& frame) noexcept;

}  // namespace lwp
