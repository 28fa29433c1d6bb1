// SPDX-License-Identifier: MIT
// lifecycle.h - how LWPs begin in a kernel thread, in any dialect.
#pragma once

#include <lwp/detail/types.h>

#include "core/dialect.h"

namespace lwp {

// What LWP_Init says once the version is known.
int start_lwps(int priority, Dialect dialect, PROCESS* pid) noexcept;

}  // namespace lwp
