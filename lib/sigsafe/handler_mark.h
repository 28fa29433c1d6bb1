// SPDX-License-Identifier: MIT
// handler_mark.h - tells the code of LWPs from handlers of the program that block no signal at all.
//
// The kernel calls a handler with the floating-point state that a new process has, and gives the
// interrupted code its own back. So a mark in that state, which LWPs carry, is missing while a
// handler runs, and each frame of a signal says whether the interrupted code had it. The mark is
// the bit for infinity control in the control word of the x87 unit: it had a meaning for the 287,
// is kept by every processor since, and is ignored. It goes with the rounding mode: from an LWP to
// those that it creates, and past a switch.
//
// It gets lost with a jump out of a handler, and where a program loads the control word with a
// constant. A place without it may therefore be a handler; one that has it is none.
#pragma once

#include <ucontext.h>

#include <cstdint>

#include "base/attributes.h"

namespace lwp {

#if defined(__x86_64__)

namespace detail {

constexpr std::uint16_t kLwpMark = 1u << 12;

LWP_SIGSAFE inline std::uint16_t x87_control() noexcept {
  std::uint16_t control;
  __asm__ __volatile__("fnstcw %0" : "=m"(control));
  return control;
}

}  // namespace detail

// Whether the calling code has the mark.
LWP_SIGSAFE inline bool is_marked() noexcept {
  return (detail::x87_control() & detail::kLwpMark) != 0;
}

// Marks it. False if marks do not last here: an emulated processor.
LWP_SIGSAFE inline bool mark() noexcept {
  if (is_marked()) return true;
  const std::uint16_t control = detail::x87_control() | detail::kLwpMark;
  __asm__ __volatile__("fldcw %0" : : "m"(control));
  return is_marked();
}

LWP_SIGSAFE inline bool is_marked(const ucontext_t& interrupted) noexcept {
  const auto* const state = interrupted.uc_mcontext.fpregs;
  return state != nullptr && (state->cwd & detail::kLwpMark) != 0;
}

// The code has the mark when the signal returns to it.
LWP_SIGSAFE inline void mark(ucontext_t& interrupted) noexcept {
  if (auto* const state = interrupted.uc_mcontext.fpregs) state->cwd |= detail::kLwpMark;
}

#else

LWP_SIGSAFE inline bool is_marked() noexcept { return false; }
LWP_SIGSAFE inline bool mark() noexcept { return false; }
LWP_SIGSAFE inline bool is_marked(const ucontext_t&) noexcept { return false; }
LWP_SIGSAFE inline void mark(ucontext_t&) noexcept {}

#endif

}  // namespace lwp
