// SPDX-License-Identifier: MIT
// critical.h - the critical word: whether the running LWP may be moved, and whether the library has
// something to catch up with.
//
//   bit  31 ............ 20 | 19 ........... 1 |      0
//       depth in the library | level, signed    | nothing owed
//
// One word per kernel thread, belonging to the LWP that runs; a dispatch swaps it. So that the
// application can leave a section in two instructions, bit 0 is upside down: the word is 0 just
// when level and depth are 0 and something is owed (compare the inline forms in preempt.h).
//
// Writers: the running LWP, by single instructions; signal handlers on the same kernel thread,
//          which clear bit 0 and otherwise leave the word as they found it.
#pragma once

#include <preempt/preempt.h>

#include <atomic>

#include "base/attributes.h"
#include "sigsafe/thread_state.h"

namespace lwp::critical {

constexpr int kNothingOwed = 1;
constexpr int kLevelUnit = 2;
constexpr int kDepthUnit = 1 << 20;

// A kernel thread without LWPs, and an LWP that has just been created: level 1, nothing owed.
constexpr int kInitialWord = kLevelUnit | kNothingOwed;

LWP_SIGSAFE inline int word() noexcept {
  return __atomic_load_n(&lwp_thread.critical_word, __ATOMIC_RELAXED);
}

// Only by a dispatch: the word of the LWP that gets the processor.
inline void set_word(int value, ThreadState& thread = lwp_thread) noexcept {
  __atomic_store_n(&thread.critical_word, value, __ATOMIC_RELAXED);
}

LWP_SIGSAFE inline void add(int amount, ThreadState& thread = lwp_thread) noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __asm__ __volatile__("addl %1, %0" : "+m"(thread.critical_word) : "ri"(amount) : "memory", "cc");
#else
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  __atomic_fetch_add(&thread.critical_word, amount, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
#endif
}

constexpr int level_of(int word) noexcept {
  const int low = word & (kDepthUnit - 1);
  const int wrapped = low >= kDepthUnit / 2 ? low - kDepthUnit : low;
  return (wrapped - (wrapped & kNothingOwed)) / kLevelUnit;
}

// How deep in the library. Adding half a unit undoes the borrow of a negative level.
constexpr int depth_of(int word) noexcept { return (word + kDepthUnit / 2) >> 20; }

// A brief section tells handlers, too, that the library is at work, but by stores alone: an
// addition to the word takes longer than what it would protect. For a few instructions of library
// code that call nothing, never switch, and look at owed() afterwards. Not nested: a handler that
// finds itself inside one has to enter_library().

LWP_SIGSAFE inline bool in_brief() noexcept {
  return __atomic_load_n(&lwp_thread.in_brief_section, __ATOMIC_RELAXED);
}

class Brief {
 public:
  Brief() noexcept { set(true); }
  ~Brief() { set(false); }
  Brief(const Brief&) = delete;
  Brief& operator=(const Brief&) = delete;

 private:
  static void set(bool value) noexcept {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&lwp_thread.in_brief_section, value, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
  }
};

LWP_SIGSAFE inline bool in_library() noexcept { return depth_of(word()) > 0 || in_brief(); }

// Level and depth 0: the running LWP may be moved, as far as this file is concerned.
LWP_SIGSAFE inline bool movable() noexcept { return (word() & ~kNothingOwed) == 0 && !in_brief(); }

LWP_SIGSAFE inline void owe() noexcept {
  __atomic_fetch_and(&lwp_thread.critical_word, ~kNothingOwed, __ATOMIC_RELAXED);
}
inline void owe_nothing() noexcept {
  __atomic_fetch_or(&lwp_thread.critical_word, kNothingOwed, __ATOMIC_RELAXED);
}
inline bool owed() noexcept { return (word() & kNothingOwed) == 0; }

inline void enter_library(ThreadState& thread = lwp_thread) noexcept { add(kDepthUnit, thread); }

// The lowest level of leaving; core/safe_point.h has what library calls end with.
inline void leave_library(ThreadState& thread = lwp_thread) noexcept { add(-kDepthUnit, thread); }

}  // namespace lwp::critical
