// SPDX-License-Identifier: MIT
// unix_signal.h - Unix signals as events.
//
// Context: inside the library. Never by a signal handler. Nothing here switches.
#pragma once

#include "base/rc.h"
#include "core/runtime.h"

namespace lwp {

// Rc::bad_signal, then Rc::bad_event, then Rc::system: the signal can not be caught, or another
// kernel thread's LWPs have asked for it. I/O has been started.
Rc signal_as_event(Runtime& runtime, int signo, const void* event) noexcept;
// Rc::bad_signal: not asked for.
Rc cancel_signal(Runtime& runtime, int signo) noexcept;
void cancel_all_unix_signals(Runtime& runtime) noexcept;

// Signals the events of everything caught so far. Whether somebody became ready.
bool deliver_unix_signals(Runtime& runtime) noexcept;

}  // namespace lwp
