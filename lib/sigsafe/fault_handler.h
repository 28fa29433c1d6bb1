// SPDX-License-Identifier: MIT
// fault_handler.h - tells that an LWP ran off its stack, instead of a bare SIGSEGV.
#pragma once

#include <signal.h>

#include "base/attributes.h"

extern "C" {

// To be installed for SIGSEGV with SA_SIGINFO | SA_ONSTACK, where the program left it at default.
LWP_SIGSAFE void lwp_on_fault(int signo, siginfo_t* info, void* context);

}  // extern "C"
