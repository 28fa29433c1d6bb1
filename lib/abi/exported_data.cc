// SPDX-License-Identifier: MIT
// exported_data.cc - the historical variables. Executables hold copies of them, so their names,
// sizes and initial values are fixed.
#include <lwp/lwp.h>

#include "base/legacy_variables.h"

extern "C" {

int lwp_debug = 0;
int LWP_TraceProcesses = 0;
int lwp_overflowAction = LWP_SOABORT;
int lwp_stackUseEnabled = 1;
timeval cont_sw_threshold = {};
timeval run_wait_threshold = {};
char PRE_Block = 0;

FILE* lwp_logfile = nullptr;
timeval last_context_switch = {};
timeval FT_LastTime = {};
int Cont_Sws = 0;
int lwp_nextindex = 0;
PROCESS lwp_cpptr = nullptr;

}  // extern "C"
