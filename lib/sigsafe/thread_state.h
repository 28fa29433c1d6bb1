// SPDX-License-Identifier: MIT
// thread_state.h - what belongs to the kernel thread and is reached without its Runtime: together,
// so that one address leads to all of it.
//
// The first member is exported as lwpx_critical_word: programs change it inline (preempt.h).
#pragma once

#include <cstddef>

#include "base/attributes.h"

namespace lwp {

struct Zone;  // sigsafe/zone.h

struct ThreadState {
  int critical_word;        // sigsafe/critical.h
  bool in_brief_section;    // likewise
  Zone* zone;               // null in a kernel thread without LWPs
  const void* switch_site;  // arch/switching_call.h
};

static_assert(offsetof(ThreadState, critical_word) == 0);

}  // namespace lwp

extern "C" __thread lwp::ThreadState lwp_thread LWP_TLS;

namespace lwp {

// The same, for after a switch: an address that the compiler kept in a register over the switch
// would cost room on the stack of each LWP that waits.
LWP_ALWAYS_INLINE ThreadState& thread_state_afresh() noexcept {
#if defined(__x86_64__) && defined(__ELF__) && defined(__LP64__)
  ThreadState* state;
  __asm__ __volatile__("movq lwp_thread@gottpoff(%%rip), %0\n\taddq %%fs:0, %0" : "=r"(state));
  return *state;
#else
  return lwp_thread;
#endif
}

}  // namespace lwp
