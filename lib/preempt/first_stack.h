// SPDX-License-Identifier: MIT
// first_stack.h - finds the stack of the calling kernel thread, on which the first LWP runs.
#pragma once

namespace lwp {

struct FirstStack {
  const char* low = nullptr;  // null: not known
  const char* end = nullptr;
};

FirstStack find_first_stack() noexcept;

// The same without a call that may allocate. It may take for stack what the C library has put just
// above it.
FirstStack find_first_stack_without_heap() noexcept;

}  // namespace lwp
