// SPDX-License-Identifier: MIT
// test_context.cc - switching between flows of control, and the state of the processor they carry.
#include <cfenv>
#include <cstdlib>

#include "arch/context.h"
#include "arch/sanitizer.h"
#include "child_case.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace {

using lwp::Arrival;
using lwp::Context;

constexpr std::size_t kStackBytes = 65536;
alignas(64) char stacks[2][kStackBytes];

Context first;     // the kernel thread's own
Context flows[2];  // those that a case makes

void make(int which, lwp::ContextEntry entry) {
  lwp::note_stack_begins(stacks[which], stacks[which] + kStackBytes);
  lwp::context_make(flows[which], stacks[which], stacks[which] + kStackBytes, entry);
}

void count_up(Arrival arrival) {
  lwp::end_of_backtrace();
  lwp::land(flows[0], arrival);
  for (int i = 0;; ++i) {
    note("f%d", i);
    lwp::context_switch(flows[0], first);
  }
}

CASE(a_flow_goes_on_where_it_was) {
  make(0, count_up);
  for (int i = 0; i < 3; ++i) {
    lwp::context_switch(first, flows[0]);
    note("m");
  }
  expect_transcript("f0 m f1 m f2 m");
}

CASE(a_flow_runs_on_the_stack_it_was_given) {
  static void* where;
  make(0, [](Arrival arrival) {
    lwp::end_of_backtrace();
    lwp::land(flows[0], arrival);
    where = __builtin_frame_address(0);
    lwp::context_switch(flows[0], first);
  });
  expect(flows[0].frame >= stacks[0] && flows[0].frame < stacks[0] + kStackBytes);
  lwp::context_switch(first, flows[0]);
  expect(where >= stacks[0] && where < stacks[0] + kStackBytes);
}

void pass_on(Arrival arrival) {
  lwp::end_of_backtrace();
  lwp::land(flows[0], arrival);
  note("a");
  lwp::context_switch(flows[0], flows[1]);
  note("a");
  lwp::context_leave(flows[0], flows[1]);
}

void pass_back(Arrival arrival) {
  lwp::end_of_backtrace();
  lwp::land(flows[1], arrival);
  note("b");
  lwp::context_switch(flows[1], flows[0]);
  note("b");
  lwp::context_switch(flows[1], first);
}

CASE(flows_switch_among_themselves_and_leave_for_good) {
  make(0, pass_on);
  make(1, pass_back);
  lwp::context_switch(first, flows[0]);
  expect_transcript("a b a b");
  // The one that has left can be made anew on the same stack.
  make(0, count_up);
  lwp::context_switch(first, flows[0]);
  expect_transcript("f0");
}

CASE(a_million_switches_leave_the_stacks_as_they_were) {
  static long turns;
  make(0, [](Arrival arrival) {
    lwp::end_of_backtrace();
    lwp::land(flows[0], arrival);
    for (;;) {
      ++turns;
      lwp::context_switch(flows[0], first);
    }
  });
  lwp::context_switch(first, flows[0]);
  void* const frame = flows[0].frame;
  for (int i = 0; i < 1000000; ++i) lwp::context_switch(first, flows[0]);
  expect(flows[0].frame == frame);
  expect_int(turns, 1000001);
}

void change_rounding(Arrival arrival) {
  lwp::end_of_backtrace();
  lwp::land(flows[0], arrival);
  expect_int(std::fegetround(), FE_UPWARD);  // as its maker had it
  std::fesetround(FE_DOWNWARD);
  lwp::context_switch(flows[0], first);
  expect_int(std::fegetround(), FE_DOWNWARD);
  lwp::context_switch(flows[0], first);
}

CASE(rounding_is_each_flows_own) {
  std::fesetround(FE_UPWARD);
  make(0, change_rounding);
  std::fesetround(FE_TONEAREST);
  lwp::context_switch(first, flows[0]);
  expect_int(std::fegetround(), FE_TONEAREST);
  lwp::context_switch(first, flows[0]);
  expect_int(std::fegetround(), FE_TONEAREST);
}

CASE(a_bare_flow_has_the_rounding_of_its_maker_when_it_is_complete) {
  lwp::FirstFrame frames;
  frames.start(change_rounding);
  char* const top = stacks[0] + kStackBytes;
  for (int round = 0; round < 2; ++round) {
    std::fesetround(FE_UPWARD);
    lwp::context_make_bare(flows[0], stacks[0], top, change_rounding);
    std::fesetround(FE_TONEAREST);
    frames.complete(flows[0], top);
    expect(!lwp::is_bare(flows[0]));
    lwp::context_switch(first, flows[0]);
    expect_int(std::fegetround(), FE_TONEAREST);
    lwp::context_switch(first, flows[0]);
    expect_int(std::fegetround(), FE_TONEAREST);
  }
}

#if defined(__x86_64__)

constexpr unsigned kSticky = 0x3f;

CASE(mxcsr_is_the_first_word_of_a_suspended_flow) {
  const unsigned original = _mm_getcsr();
  _mm_setcsr(original | _MM_ROUND_TOWARD_ZERO);
  make(0, count_up);
  expect_int(*static_cast<unsigned*>(flows[0].frame), original | _MM_ROUND_TOWARD_ZERO);
  _mm_setcsr(original);
  lwp::context_switch(first, flows[0]);
  expect_int(*static_cast<unsigned*>(flows[0].frame) & ~kSticky,
             (original | _MM_ROUND_TOWARD_ZERO) & ~kSticky);
}

CASE_IF(!under_valgrind(), "Valgrind knows no exception flags",
        exception_flags_come_along_and_control_bits_stay_with_the_flow) {
  static unsigned seen;
  make(0, [](Arrival arrival) {
    lwp::end_of_backtrace();
    lwp::land(flows[0], arrival);
    seen = _mm_getcsr();
    _mm_setcsr((_mm_getcsr() & ~kSticky) | _MM_FLUSH_ZERO_ON | _MM_EXCEPT_OVERFLOW);
    lwp::context_switch(flows[0], first);
    seen = _mm_getcsr();
    lwp::context_switch(flows[0], first);
  });
  const unsigned control = _mm_getcsr() & ~kSticky;
  _mm_setcsr(control | _MM_EXCEPT_INEXACT | _MM_EXCEPT_DIV_ZERO);
  lwp::context_switch(first, flows[0]);
  // The flags came along; the flow's own came back, added to what there was; its control bits did
  // not come.
  constexpr unsigned kAdded = _MM_EXCEPT_INEXACT | _MM_EXCEPT_DIV_ZERO | _MM_EXCEPT_OVERFLOW;
  expect_int(seen, control | _MM_EXCEPT_INEXACT | _MM_EXCEPT_DIV_ZERO);
  expect_int(_mm_getcsr(), control | kAdded);
  _mm_setcsr(control | _MM_EXCEPT_INVALID);
  lwp::context_switch(first, flows[0]);
  expect_int(seen, control | _MM_FLUSH_ZERO_ON | _MM_EXCEPT_OVERFLOW | _MM_EXCEPT_INVALID);
  expect_int(_mm_getcsr(), control | _MM_EXCEPT_OVERFLOW | _MM_EXCEPT_INVALID);
}

#endif

}  // namespace

int main() {
  const CMUnitTest tests[] = {
    cmocka_unit_test(a_flow_goes_on_where_it_was),
    cmocka_unit_test(a_flow_runs_on_the_stack_it_was_given),
    cmocka_unit_test(flows_switch_among_themselves_and_leave_for_good),
    cmocka_unit_test(a_million_switches_leave_the_stacks_as_they_were),
    cmocka_unit_test(rounding_is_each_flows_own),
    cmocka_unit_test(a_bare_flow_has_the_rounding_of_its_maker_when_it_is_complete),
#if defined(__x86_64__)
    cmocka_unit_test(mxcsr_is_the_first_word_of_a_suspended_flow),
    cmocka_unit_test(exception_flags_come_along_and_control_bits_stay_with_the_flow),
#endif
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
