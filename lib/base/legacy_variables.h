// SPDX-License-Identifier: MIT
// legacy_variables.h - the historical exported variables that the library reads or keeps.
//
// They are process-wide because programs, also already linked ones, touch them by name. Their
// storage is in abi/exported_data.cc. Those that the library writes at run time follow the
// primary runtime only (core/runtime.h), so that several runtimes do not fight over them.
#pragma once

#include <sys/time.h>

#include <cstdio>

#include "lwp/detail/export.h"
#include "lwp/detail/types.h"

extern "C" {

// Set by the program, read at every dispatch.
LWP_EXPORT extern int lwp_debug;
LWP_EXPORT extern int LWP_TraceProcesses;
LWP_EXPORT extern int lwp_overflowAction;
LWP_EXPORT extern int lwp_stackUseEnabled;
LWP_EXPORT extern timeval cont_sw_threshold;
LWP_EXPORT extern timeval run_wait_threshold;
LWP_EXPORT extern char PRE_Block;

// Kept by the library.
LWP_EXPORT extern FILE* lwp_logfile;
LWP_EXPORT extern timeval last_context_switch;
LWP_EXPORT extern timeval FT_LastTime;  // only by time/fast_time.cc
LWP_EXPORT extern int Cont_Sws;
LWP_EXPORT extern int lwp_nextindex;
LWP_EXPORT extern PROCESS lwp_cpptr;

}  // extern "C"
