// SPDX-License-Identifier: MIT
#include "sigsafe/fault_handler.h"

#include "sigsafe/doors.h"

extern "C" void lwp_on_fault(int signo, siginfo_t* info, void*) {
  if (lwp::Zone* const zone = lwp_thread.zone) lwp_door_fault(zone, info->si_addr);
  // Back to the default, under which the access fails again and ends the process as it should. A
  // signal that somebody sent does not come again by itself.
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  sigaction(signo, &standard, nullptr);
  if (info->si_code <= 0) raise(signo);
}
