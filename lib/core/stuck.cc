// SPDX-License-Identifier: MIT
// stuck.cc - reports an LWP that ticks can not move. Runs in the handler of a tick that does not
// act, so there is room on the stack for what the frame of a second signal would have taken.
#include <preempt/watch.h>
#include <unistd.h>

#include "base/fd_text.h"
#include "base/mapped_file.h"
#include "core/runtime.h"
#include "sigsafe/critical.h"
#include "sigsafe/doors.h"

namespace lwp {

namespace {

constexpr std::int64_t kUsPerMs = 1000;
constexpr std::int64_t kUsPerSecond = 1000000;

LWP_SIGSAFE int public_reason(Deferral reason) noexcept {
  switch (reason) {
    case Deferral::level:
      return critical::in_library() ? PRE_STUCK_LIBRARY : PRE_STUCK_SECTION;
    case Deferral::vetoed:
      return PRE_STUCK_BLOCK;
    case Deferral::code:
      return PRE_STUCK_CODE;
    case Deferral::signal_mask:
      return PRE_STUCK_MASK;
    default:
      return PRE_STUCK_STACK;
  }
}

LWP_SIGSAFE const char* in_words(int reason) noexcept {
  switch (reason) {
    case PRE_STUCK_SECTION:
      return "its level is not 0";
    case PRE_STUCK_LIBRARY:
      return "it is inside liblwp";
    case PRE_STUCK_BLOCK:
      return "PRE_Block is set";
    case PRE_STUCK_CODE:
      return "ticks do not act in this code";
    case PRE_STUCK_MASK:
      return "it is in a signal handler, or another signal mask is in force";
    default:
      return "it is on a foreign stack, or too deep in its own";
  }
}

LWP_SIGSAFE void print(const PRE_Stuck& stuck) noexcept {
  const long ms = static_cast<long>(stuck.kept.tv_sec * kUsPerMs + stuck.kept.tv_usec / kUsPerMs);
  FdText text(STDERR_FILENO);
  text << "LWP: \"" << stuck.name << "\" (" << static_cast<const void*>(stuck.pid)
       << ") has kept the processor for " << ms << " ms; " << in_words(stuck.reason);
  if (stuck.reason == PRE_STUCK_SECTION) text << " but " << stuck.level;
  text << "; at " << stuck.where;
  if (stuck.module[0] != '\0') {
    text << " (" << stuck.module << "+" << reinterpret_cast<const void*>(stuck.offset) << ")";
  }
  text << "\n";
  text.flush();
}

}  // namespace

}  // namespace lwp

extern "C" void lwp_door_stuck(lwp::Zone* zone, lwp::Deferral reason, std::uintptr_t pc,
                               std::int64_t kept_ns) {
  using namespace lwp;
  const Pcb& pcb = *static_cast<const Runtime*>(zone)->current;
  // Its name may be gone.
  const bool ending = pcb.state == PcbState::dead || pcb.state == PcbState::ended;
  const MappedFile module = mapped_file_of(pc);
  const std::int64_t us = kept_ns / kNsPerUs;
  PRE_Stuck stuck = {};
  stuck.size = sizeof stuck;
  stuck.pid = ending ? nullptr : pcb.handle;
  stuck.name = ending ? "" : pcb.name;
  stuck.reason = public_reason(reason);
  stuck.level = critical::level_of(critical::word());
  stuck.kept.tv_sec = static_cast<time_t>(us / kUsPerSecond);
  stuck.kept.tv_usec = static_cast<suseconds_t>(us % kUsPerSecond);
  stuck.where = reinterpret_cast<const void*>(pc);
  stuck.module = module.name;
  stuck.offset = module.base != 0 ? pc - module.base : 0;
  if (zone->watchdog.report == nullptr) {
    print(stuck);
    return;
  }
  // Inside, so that the library refuses or puts off whatever would switch. What it puts off is
  // caught up with by the next tick that acts, or the next call.
  critical::enter_library();
  zone->watchdog.report(&stuck, zone->watchdog.argument);
  (void)critical::leave_library();
}
