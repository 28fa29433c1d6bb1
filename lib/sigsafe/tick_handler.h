// SPDX-License-Identifier: MIT
// tick_handler.h - what happens when a time slice is over, as far as a signal handler decides it.
#pragma once

#include <signal.h>

#include "base/attributes.h"
#include "sigsafe/zone.h"

namespace lwp {

// To be paid when the library has been left and the level is 0.
LWP_SIGSAFE void owe_tick(Zone& zone) noexcept;

}  // namespace lwp

extern "C" {

// To be installed with SA_SIGINFO | SA_RESTART and a mask of all signals. While it decides, further
// ticks are held off, so that their frames do not pile up on the stack, and so are the program's
// handlers, which might dispatch. Before it lets others run it puts back the mask of the
// interrupted code. From then on a second tick may come on top, which holds off a third, and never
// lets others run. So a stack needs room for two.
LWP_SIGSAFE void lwp_on_tick(int signo, siginfo_t* info, void* context);

}  // extern "C"
