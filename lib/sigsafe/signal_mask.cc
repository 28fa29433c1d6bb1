// SPDX-License-Identifier: MIT
#include "sigsafe/signal_mask.h"

#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/memcheck.h"
#include "sigsafe/doors.h"

namespace lwp {

namespace {

// A mask that is still there after so many ticks protects no short section: the program has changed
// it for good, or is in a handler that takes its time.
constexpr unsigned kTicksToAdoptMask = 16;

// Who has jumped out of a handler is not made to wait, but a long handler is not searched for at
// every tick.
constexpr unsigned kTicksToNextSearch = 16;

#if defined(__x86_64__)

// What the kernel pushes for a signal begins with the address to which the handler returns, the
// same for all handlers, followed by the interrupted context. Words left behind by earlier frames
// may look the same: the answer is then true too often, never false too often. The words that it
// reads belong to others, and Memcheck and the address sanitizer would object.
__attribute__((no_sanitize("address"))) LWP_SIGSAFE bool signal_frame_on_stack(
    const Zone& zone, std::uintptr_t stack) noexcept {
  struct Frame {
    std::uintptr_t return_address;
    ucontext_t interrupted;
  };
  constexpr std::uintptr_t kAlignment = 16;
  const auto end = reinterpret_cast<std::uintptr_t>(
      lwp_door_stack_end(&zone, reinterpret_cast<const void*>(stack)));
  if (end == 0 || zone.handler_return == 0) return true;
  const MemcheckPaused paused;
  // At the entry of a function the stack pointer is 8 below a multiple of 16. The handler may have
  // popped the address already, and be about to return.
  for (auto at = (stack & ~(kAlignment - 1)) - kAlignment / 2; at + sizeof(Frame) <= end;
       at += kAlignment) {
    const auto& frame = *reinterpret_cast<const Frame*>(at);
    if (frame.return_address != zone.handler_return) continue;
    const auto interrupted =
        static_cast<std::uintptr_t>(frame.interrupted.uc_mcontext.gregs[REG_RSP]);
    if (interrupted > at && interrupted <= end) return true;
  }
  return false;
}

#else

// It can not be told: no mask is adopted.
LWP_SIGSAFE bool signal_frame_on_stack(const Zone&, std::uintptr_t) noexcept { return true; }

#endif

LWP_SIGSAFE bool has_lost_mark(Zone& zone, std::uintptr_t stack) noexcept {
  return zone.unmarked_ticks++ % kTicksToNextSearch == 0 && !signal_frame_on_stack(zone, stack);
}

}  // namespace

std::uint64_t present_mask() noexcept {
  std::uint64_t mask = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, nullptr, &mask, sizeof mask);
  return mask;
}

void set_present_mask(std::uint64_t mask) noexcept {
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, sizeof mask);
}

bool is_held_off(Zone& zone, CodeState& code) noexcept {
  if (zone.lwps_are_marked) {
    if (!code.marked && !has_lost_mark(zone, code.stack)) return true;
    code.marked = true;
    zone.unmarked_ticks = 0;
  }
  if (code.mask == zone.known_mask) {
    zone.foreign_mask_ticks = 0;
    return false;
  }
  if (code.mask != zone.foreign_mask) {
    zone.foreign_mask = code.mask;
    zone.foreign_mask_ticks = 0;
  }
  if (++zone.foreign_mask_ticks < kTicksToAdoptMask) return true;
  zone.foreign_mask_ticks = 0;
  if (!code.marked && signal_frame_on_stack(zone, code.stack)) return true;
  zone.known_mask = code.mask;
  return false;
}

}  // namespace lwp
