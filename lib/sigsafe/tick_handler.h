// SPDX-License-Identifier: MIT
// tick_handler.h - what happens when a time slice is over, as far as a signal handler decides it.
#pragma once

#include <signal.h>

#include "base/attributes.h"

extern "C" {

// To be installed with SA_SIGINFO | SA_NODEFER | SA_RESTART and an empty mask: it may leave by a
// switch, and what runs then must find the mask of the interrupted code.
LWP_SIGSAFE void lwp_on_tick(int signo, siginfo_t* info, void* context);

}  // extern "C"
