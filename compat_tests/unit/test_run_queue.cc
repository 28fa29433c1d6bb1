// SPDX-License-Identifier: MIT
// test_run_queue.cc - the rings of ready LWPs.
#include "child_case.h"
#include "core/run_queue.h"

namespace {

using lwp::Pcb;
using lwp::RunQueue;

struct Lwps {
  explicit Lwps(int priority) {
    for (Pcb& pcb : pcb) pcb.priority = static_cast<std::uint8_t>(priority);
  }
  Pcb pcb[4];
};

// The queue and everything in it, as the numbers of the LWPs from the head on.
void expect_ring(const RunQueue& queue, const Lwps& lwps, const char* wanted) {
  const Pcb* const head = queue.head(lwps.pcb[0].priority);
  const Pcb* pcb = head;
  if (head != nullptr) do {
      note("%d", static_cast<int>(pcb - lwps.pcb));
      expect(pcb->next->prev == pcb);
      pcb = pcb->next;
    } while (pcb != head);
  expect_transcript(wanted);
}

CASE(an_empty_queue_has_nobody_to_run) {
  RunQueue queue;
  expect(queue.pick() == nullptr);
  for (int priority = 0; priority < lwp::kPriorities; ++priority) {
    expect(queue.head(priority) == nullptr);
  }
}

CASE(the_head_keeps_its_place_when_others_enter) {
  RunQueue queue;
  Lwps lwps(2);
  for (int i = 0; i < 3; ++i) queue.insert(lwps.pcb[i]);
  expect(queue.pick() == &lwps.pcb[0]);
  expect_ring(queue, lwps, "0 1 2");
}

CASE(who_rotates_goes_behind_its_equals_and_newcomers_go_before_it) {
  RunQueue queue;
  Lwps lwps(2);
  queue.insert(lwps.pcb[0]);
  queue.insert(lwps.pcb[1]);
  queue.rotate(lwps.pcb[0]);
  expect_ring(queue, lwps, "1 0");
  queue.insert(lwps.pcb[2]);
  expect_ring(queue, lwps, "1 0 2");
}

CASE(only_the_head_can_rotate) {
  RunQueue queue;
  Lwps lwps(2);
  for (int i = 0; i < 3; ++i) queue.insert(lwps.pcb[i]);
  queue.rotate(lwps.pcb[1]);
  queue.rotate(lwps.pcb[3]);  // not in the queue
  expect_ring(queue, lwps, "0 1 2");
}

CASE(removal_of_the_head_makes_the_next_one_the_head) {
  RunQueue queue;
  Lwps lwps(4);
  for (int i = 0; i < 4; ++i) queue.insert(lwps.pcb[i]);
  queue.remove(lwps.pcb[0]);
  expect_ring(queue, lwps, "1 2 3");
  queue.remove(lwps.pcb[2]);
  expect_ring(queue, lwps, "1 3");
  queue.remove(lwps.pcb[1]);
  queue.remove(lwps.pcb[3]);
  expect_ring(queue, lwps, "");
  expect(queue.pick() == nullptr);
  expect(lwps.pcb[1].next == nullptr && lwps.pcb[1].prev == nullptr);
  queue.insert(lwps.pcb[3]);
  expect_ring(queue, lwps, "3");
}

CASE(the_highest_priority_is_picked) {
  RunQueue queue;
  Pcb pcb[lwp::kPriorities];
  for (int priority = 0; priority < lwp::kPriorities; ++priority) {
    pcb[priority].priority = static_cast<std::uint8_t>(priority);
    queue.insert(pcb[priority]);
    expect(queue.pick() == &pcb[priority]);
  }
  for (int priority = lwp::kPriorities - 1; priority > 0; --priority) {
    queue.remove(pcb[priority]);
    expect(queue.pick() == &pcb[priority - 1]);
  }
}

CASE(rivals_are_others_of_the_same_priority_or_above) {
  RunQueue queue;
  Lwps same(2);
  Lwps above(3);
  Lwps below(1);
  const Pcb& running = same.pcb[0];
  expect(!queue.has_rival(running));
  queue.insert(below.pcb[0]);
  expect(!queue.has_rival(running));  // while it waits itself, too
  queue.insert(same.pcb[0]);
  expect(!queue.has_rival(running));
  queue.insert(same.pcb[1]);
  expect(queue.has_rival(running));
  queue.remove(same.pcb[0]);
  expect(queue.has_rival(running));
  queue.remove(same.pcb[1]);
  expect(!queue.has_rival(running));
  queue.insert(above.pcb[0]);
  expect(queue.has_rival(running));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_queue_has_nobody_to_run),
      cmocka_unit_test(the_head_keeps_its_place_when_others_enter),
      cmocka_unit_test(who_rotates_goes_behind_its_equals_and_newcomers_go_before_it),
      cmocka_unit_test(only_the_head_can_rotate),
      cmocka_unit_test(removal_of_the_head_makes_the_next_one_the_head),
      cmocka_unit_test(the_highest_priority_is_picked),
      cmocka_unit_test(rivals_are_others_of_the_same_priority_or_above),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
