// SPDX-License-Identifier: MIT
// lifecycle.h - how LWPs begin in a kernel thread, in any dialect.
#pragma once

#include <lwp/detail/types.h>

#include "core/dialect.h"

namespace lwp {

// The log of the package is stderr.
void set_log() noexcept;

// Leaves the library in the first LWP of a runtime that has just been started. LWP_SUCCESS.
int enter_first_lwp(PROCESS* pid) noexcept;

// What LWP_Init says once the version is known.
int start_lwps(int priority, Dialect dialect, PROCESS* pid) noexcept;

}  // namespace lwp
