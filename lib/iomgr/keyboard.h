// SPDX-License-Identifier: MIT
// keyboard.h - waiting for what a person types, while the other LWPs run.
//
// Context: outside the library; entered where there is something to wait for. stdin is read only
//          when it has something, so no other LWP waits with the caller.
#pragma once

#include "core/runtime.h"

namespace lwp {

// Switches if it has to wait. Negative: for ever. Whether stdin can be read (its end, too).
bool wait_for_key(Runtime& runtime, int seconds) noexcept;

// Never switches. What stdio has read ahead is gone, if stdin is a terminal or a pipe.
void forget_input() noexcept;

// Switches if it has to wait. Reads a line with its newline; returns its length, 0 if it does not
// fit or has no newline, -1 at the end of the input.
int read_line(Runtime& runtime, char* line, int size) noexcept;

}  // namespace lwp
