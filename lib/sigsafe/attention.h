// SPDX-License-Identifier: MIT
// attention.h - what the hot paths have to mind, side by side so that one test tells that there is
// nothing.
//
// Handlers, the thread, and others (ring()) write single bytes; nobody writes the word.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/attributes.h"

namespace lwp {

struct alignas(8) Attention {
  // --- To be caught up with when the library is left. The first two are set by handlers and
  // cleared by the thread.
  std::atomic<bool> tick_owed{false};  // a tick found the LWP in a section
  std::atomic<bool> posted{false};     // there is something in the inbox
  bool forced = false;                 // ticks come at places like this one, for tests. Thread
  std::atomic<bool> rung{false};       // others have sent something. Set by any kernel thread

  // --- To be minded by a dispatch only.
  bool dozing = false;    // preempting, but nobody could run instead: timer off. Thread, handler
  bool canaries = false;  // some stack is guarded by a word that has to be looked at. Thread
  bool aging = false;     // dispatches are noted, so that nobody starves. Thread
  bool retrying = false;  // a retry is on its way, for the running LWP. Thread, handler

  // For any kernel thread, after it has left something where the thread looks then. Whether it is
  // news; if not, whoever rang before has seen to it that the thread comes and looks.
  LWP_SIGSAFE bool ring() noexcept {
    // Most often the thread has not come yet, and its cache line is left alone.
    return !rung.load(std::memory_order_seq_cst) && !rung.exchange(true, std::memory_order_seq_cst);
  }

  LWP_ALWAYS_INLINE bool handlers_left_something() const noexcept {
    return load<std::uint16_t>() != 0;
  }
  LWP_ALWAYS_INLINE bool to_catch_up() const noexcept { return load<std::uint32_t>() != 0; }
  LWP_ALWAYS_INLINE bool anything() const noexcept { return load<std::uint64_t>() != 0; }

 private:
  template <typename Word>
  LWP_ALWAYS_INLINE Word load() const noexcept {
    using Bytes [[gnu::may_alias]] = Word;
    return __atomic_load_n(reinterpret_cast<const Bytes*>(this), __ATOMIC_RELAXED);
  }
};

static_assert(sizeof(Attention) == 8);

}  // namespace lwp
