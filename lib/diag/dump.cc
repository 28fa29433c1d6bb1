// SPDX-License-Identifier: MIT
#include "diag/dump.h"

#include "diag/stack_report.h"

namespace lwp {

namespace {

void print_wait(const Pcb& pcb, FILE* out) noexcept {
  if (pcb.node_count == 0) return;
  fprintf(out, "\tnumber of events outstanding: %d\n\tevent list:", pcb.remaining);
  for (int i = 0; i < pcb.node_count; ++i) fprintf(out, " %p", pcb.nodes[i].event);
  fprintf(out, "\n");
}

void print_stack(const Runtime& runtime, Pcb& pcb, FILE* out) noexcept {
  if (pcb.nominal_stack == 0) return;
  int max;
  int used;
  (void)stack_use(runtime, pcb, &max, &used);
  const void* pointer = pcb.context.frame;
  if (is_bare(pcb.context)) pointer = pcb.slot.top - runtime.first_frame.bytes();
  if (&pcb == runtime.current) pointer = __builtin_frame_address(0);
  fprintf(out, "\tstack base: %p, size: %d\n", static_cast<void*>(pcb.slot.low), max);
  fprintf(out, "\tstack usage high water mark: %d\n", used);
  fprintf(out, "\tstack pointer at last yield: %p\n", pointer);
}

const char* status_of(const Pcb& pcb) noexcept {
  if (pcb.state == PcbState::ready) return "READY";
  return pcb.state == PcbState::suspended ? "SUSPENDED" : "WAITING";
}

void print_one(const Runtime& runtime, Pcb& pcb, FILE* out) noexcept {
  fprintf(out, "***LWP: process %s (%p)\n", pcb.name, static_cast<void*>(pcb.handle));
  if (pcb.entry != nullptr) {
    fprintf(out, "\tentry point: %p, parameter %p\n", reinterpret_cast<void*>(pcb.entry), pcb.parm);
  }
  fprintf(out, "\tpriority: %d, status: %s\n", pcb.priority, status_of(pcb));
  print_wait(pcb, out);
  if (pcb.wake_event != 0) fprintf(out, "\tlast wakeup event: %d\n", pcb.wake_event);
  print_stack(runtime, pcb, out);
  fprintf(out, "==========================================\n");
}

}  // namespace

void print_lwps(Runtime& runtime, FILE* out) noexcept {
  for (int priority = 0; priority < kPriorities; ++priority) {
    const Pcb* const head = runtime.queue.head(priority);
    if (head == nullptr) continue;
    auto* pcb = const_cast<Pcb*>(head);
    do {
      fprintf(out, "[Priority %d]\n", priority);
      print_one(runtime, *pcb, out);
      pcb = pcb->next;
    } while (pcb != head);
  }
  runtime.handles.for_each([&](Pcb& pcb) {
    if (!is_blocked(pcb)) return;
    fprintf(out, "[Blocked]\n");
    print_one(runtime, pcb, out);
  });
  fprintf(out, "Trace done\n");
  fflush(out);
}

}  // namespace lwp
