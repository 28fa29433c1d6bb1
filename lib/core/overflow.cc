// SPDX-License-Identifier: MIT
#include "core/overflow.h"

#include <lwp/lwp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "base/fd_text.h"
#include "base/legacy_variables.h"
#include "base/signal_action.h"
#include "sigsafe/doors.h"
#include "sigsafe/fault_handler.h"

namespace lwp {

namespace {

SharedSignalAction fault_action(lwp_on_fault, SA_ONSTACK, SharedSignalAction::Existing::keep,
                                SharedSignalAction::Others::admit,
                                SharedSignalAction::Children::count_on);

constexpr std::size_t kReportRoom = 16384;

std::size_t alternate_stack_size() noexcept { return signal_room() + kReportRoom; }

// Says what happened unless told to be quiet. Signal-safe.
LWP_SIGSAFE void complain(const Pcb& pcb) noexcept {
  if (lwp_overflowAction == LWP_SOQUIET) return;
  FdText text(STDERR_FILENO);
  text << "LWP: stack overflow in process " << pcb.name << "!\n";
  text.flush();
  if (lwp_overflowAction == LWP_SOABORT) abort();
}

}  // namespace

void start_overflow_reports(Runtime& runtime) noexcept {
  if (runtime.block != nullptr) return;  // stacks without guards: there will be nothing to catch
  fault_action.take(SIGSEGV, runtime.fault_user);
  stack_t present;
  if (sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0) return;
  void* const memory = mmap(nullptr, alternate_stack_size(), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;  // without it, an overflow is a bare SIGSEGV
  runtime.alternate_stack = memory;
  stack_t own = {};
  own.ss_sp = memory;
  own.ss_size = alternate_stack_size();
  sigaltstack(&own, nullptr);
}

void stop_overflow_reports(Runtime& runtime) noexcept {
  if (runtime.block != nullptr) return;
  fault_action.give_back(runtime.fault_user);
  if (runtime.alternate_stack == nullptr) return;
  stack_t present;
  if (sigaltstack(nullptr, &present) == 0 && present.ss_sp == runtime.alternate_stack) {
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
  }
  munmap(runtime.alternate_stack, alternate_stack_size());
}

void check_canary(Runtime&, Pcb& pcb) noexcept {
  if (pcb.nominal_stack == 0 || pcb.slot.guard != GuardKind::canary) return;
  if (canary_alive(pcb.slot.low)) return;
  complain(pcb);
  // The stack below is damaged already; said once, it is the program's decision to go on.
  lwp_overflowAction = LWP_SOQUIET;
  plant_canary(pcb.slot.low);
}

}  // namespace lwp

extern "C" void lwp_door_fault(lwp::Zone* zone, const void* address) {
  using namespace lwp;
  const Pcb& pcb = *static_cast<Runtime*>(zone)->current;
  if (pcb.nominal_stack == 0) return;
  // Unsigned: on 32-bit systems address 0 may be more than half of memory away.
  const auto end = reinterpret_cast<std::uintptr_t>(pcb.slot.low);
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  if (at < end && end - at <= pcb.slot.guard_size()) complain(pcb);
}
