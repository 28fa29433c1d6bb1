// SPDX-License-Identifier: MIT
// interrupted.h - what the frame of a signal tells about the code that it interrupted.
#pragma once

#include <signal.h>
#include <ucontext.h>

#include <cstdint>
#include <cstring>

#include "base/attributes.h"

namespace lwp {

// 0 where it can not be told: no code is movable then.
LWP_SIGSAFE inline std::uintptr_t interrupted_pc(const ucontext_t& frame) noexcept {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(frame.uc_mcontext.gregs[REG_RIP]);
#elif defined(__i386__)
  return static_cast<std::uintptr_t>(frame.uc_mcontext.gregs[REG_EIP]);
#elif defined(__aarch64__)
  return frame.uc_mcontext.pc;
#else
  return 0;
#endif
}

// 0 where it can not be told.
LWP_SIGSAFE inline std::uintptr_t interrupted_stack(const ucontext_t& frame) noexcept {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(frame.uc_mcontext.gregs[REG_RSP]);
#elif defined(__i386__)
  return static_cast<std::uintptr_t>(frame.uc_mcontext.gregs[REG_ESP]);
#elif defined(__aarch64__)
  return frame.uc_mcontext.sp;
#else
  return 0;
#endif
}

// The code was running on the alternate signal stack. By the addresses: the flags in the frame do
// not tell on Linux.
LWP_SIGSAFE inline bool interrupted_on_alternate_stack(const ucontext_t& frame) noexcept {
  const auto low = reinterpret_cast<std::uintptr_t>(frame.uc_stack.ss_sp);
  return interrupted_stack(frame) - low < frame.uc_stack.ss_size;
}

// The kernel's signal mask: its first 64 bits are all there is in the frame.
LWP_SIGSAFE inline std::uint64_t interrupted_mask(const ucontext_t& frame) noexcept {
  std::uint64_t mask;
  memcpy(&mask, &frame.uc_sigmask, sizeof mask);
  return mask;
}

LWP_SIGSAFE inline void set_interrupted_mask(ucontext_t& frame, std::uint64_t mask) noexcept {
  memcpy(&frame.uc_sigmask, &mask, sizeof mask);
}

// Returning from the signal sets mask and alternate stack to what `giver`, another frame, would.
LWP_SIGSAFE inline void inherit_from(const ucontext_t& giver, ucontext_t& frame) noexcept {
  set_interrupted_mask(frame, interrupted_mask(giver));
  frame.uc_stack = giver.uc_stack;
}

// The kernel disables an alternate stack that is to disarm itself (SS_AUTODISARM) for each handler,
// and so for a tick's. It belongs to the kernel thread: whoever runs next is to have it.
LWP_SIGSAFE inline void rearm_alternate_stack(const ucontext_t& frame) noexcept {
  constexpr unsigned kAutoDisarm = 1u << 31;
  if (LWP_LIKELY((static_cast<unsigned>(frame.uc_stack.ss_flags) & kAutoDisarm) == 0)) return;
  sigaltstack(&frame.uc_stack, nullptr);
}

// Returning from the signal sets not only the mask but also the alternate signal stack to what the
// frame says: what others have set meanwhile would be undone.
LWP_SIGSAFE inline void keep_alternate_stack(ucontext_t& frame) noexcept {
  stack_t present;
  if (sigaltstack(nullptr, &present) == 0) frame.uc_stack = present;
}

}  // namespace lwp
