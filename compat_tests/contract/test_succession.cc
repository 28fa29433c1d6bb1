// SPDX-License-Identifier: MIT
// test_succession.cc - an LWP that has block and stack of one that has ended finds nothing of what
// that one was and did.
#include <lwp/lwpx.h>
#include <preempt/watch.h>

#include <exception>

#include "lwp_case.h"
#include "ticks.h"

namespace {

volatile long turns;  // of an LWP at main's priority that yields at once
char event, other_event;

void start() {
  host(2);
  slices_by_hand();
  start_lwp(count_turns, 2, const_cast<long*>(&turns));
}

// As short as can be, so that the next one is made in the shortest way.
void do_nothing(void*) {}

// One LWP after the other in the same place, with and without accounting of stacks, made in the
// short way and in the other.
void succeed(void (*predecessor)(void*), void (*successor)(void*)) {
  for (int accounted = 0; accounted <= 1; ++accounted) {
    lwp_stackUseEnabled = accounted;
    for (int i = 0; i < 3; ++i) spawn("any", 2, do_nothing, nullptr);
    for (int i = 0; i < 3; ++i) {
      PROCESS const last = spawn("predecessor", 2, predecessor, nullptr);
      while (LWP_DestroyProcess(last) == LWP_SUCCESS) continue;
      spawn("successor", 2, successor, nullptr);
      while (notes() == 0) LWP_DispatchProcess();
      expect_transcript("successor");
    }
  }
}

void be_moved(void*) {
  PRE_PreemptMe();
  tick_here();
}

void expect_level_of_the_new(void*) {
  EXPECT_NOT_MOVED(tick_here());
  PRE_EndCritical();
  EXPECT_MOVED(tick_here());
  note("successor");
}

CASE(level_is_that_of_a_new_lwp_after_a_preemptible_one) {
  start();
  succeed(be_moved, expect_level_of_the_new);
}

void yield_in_many_sections(void*) {
  PRE_BeginCritical();
  PRE_BeginCritical();
  LWP_DispatchProcess();
}

CASE(level_is_that_of_a_new_lwp_after_one_in_sections) {
  start();
  succeed(yield_in_many_sections, expect_level_of_the_new);
}

void take_credits_of_nobody(void*) {
  LWP_QSignal(LWP_ThisProcess());
  LWP_QSignal(LWP_ThisProcess());
}

// Yields first, so that the caller is waiting by then.
void signal_late(void* pid) {
  LWP_DispatchProcess();
  expect_int(LWP_QSignal(static_cast<PROCESS>(pid)), LWP_SUCCESS);
}

void expect_to_wait(void*) {
  spawn("S", 2, signal_late, LWP_ThisProcess());
  expect_int(LWP_QWait(), LWP_SUCCESS);
  note("successor");
}

void wait_for_credit(void*) { LWP_QWait(); }

CASE(there_are_no_credits) {
  start();
  succeed(take_credits_of_nobody, expect_to_wait);
}

CASE(nor_does_it_lack_the_credit_that_another_has_waited_for) {
  start();
  succeed(wait_for_credit, expect_to_wait);
}

void end_in_a_handler(void*) {
  try {
    throw 1;
  } catch (int) {
    LWP_DispatchProcess();
    LWP_DestroyProcess(LWP_ThisProcess());
  }
}

void expect_no_exception(void*) {
  expect(std::current_exception() == nullptr);
  expect_int(std::uncaught_exceptions(), 0);
  LWP_DispatchProcess();
  expect(std::current_exception() == nullptr);
  note("successor");
}

CASE(there_is_no_exception) {
  start();
  succeed(end_in_a_handler, expect_no_exception);
}

void keep_rock(void*) { expect_int(LWP_NewRock(1, &event), LWP_SUCCESS); }

void expect_no_rock(void*) {
  char* value;
  expect_int(LWP_GetRock(1, &value), LWP_EBADROCK);
  note("successor");
}

CASE(there_are_no_rocks) {
  start();
  succeed(keep_rock, expect_no_rock);
}

void push_cleanup(void*) {
  LWPX_Cleanup place;
  expect_int(LWPX_PushCleanup(
                 &place, [](void*) { expect(!"of another LWP"); }, nullptr),
             LWP_SUCCESS);
}

void exit_without_cleanup(void*) {
  expect_int(LWPX_PopCleanup(0), LWP_EBADCOUNT);
  note("successor");
  LWPX_Exit(nullptr);
}

CASE(there_are_no_clean_up_handlers) {
  start();
  succeed(push_cleanup, exit_without_cleanup);
}

void expect_no_ticks(void*) {
  PRE_Counters counters = {};
  counters.size = sizeof counters;
  expect_int(PRE_GetCounters(LWP_ThisProcess(), &counters), LWP_SUCCESS);
  expect_int(counters.ticks, 0);
  expect_int(counters.preemptions, 0);
  note("successor");
}

CASE(there_are_no_ticks) {
  start();
  succeed(be_moved, expect_no_ticks);
}

void be_cancelled(void*) {
  LWPX_Cancel(LWP_ThisProcess());
  LWPX_SetCancelState(LWPX_CANCEL_DISABLE, nullptr);
}

void expect_not_to_be_cancelled(void*) {
  int before = -1;
  expect_int(LWPX_TestCancel(), LWP_SUCCESS);
  expect_int(LWPX_SetCancelState(LWPX_CANCEL_ENABLE, &before), LWP_SUCCESS);
  expect_int(before, LWPX_CANCEL_ENABLE);
  note("successor");
}

CASE(there_is_no_cancellation) {
  start();
  succeed(be_cancelled, expect_not_to_be_cancelled);
}

void wait_for_events(void*) {
  const void* events[] = {&event, &other_event, nullptr};
  LWP_MwaitProcess(2, events);
}

void signal_event_late(void*) {
  LWP_DispatchProcess();
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
}

void expect_one_event(void*) {
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT);
  spawn("S", 2, signal_event_late, nullptr);
  expect_int(LWP_WaitProcess(&event), LWP_SUCCESS);
  note("successor");
}

CASE(there_are_no_events) {
  start();
  succeed(wait_for_events, expect_one_event);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(level_is_that_of_a_new_lwp_after_a_preemptible_one),
      cmocka_unit_test(level_is_that_of_a_new_lwp_after_one_in_sections),
      cmocka_unit_test(there_are_no_credits),
      cmocka_unit_test(nor_does_it_lack_the_credit_that_another_has_waited_for),
      cmocka_unit_test(there_is_no_exception),
      cmocka_unit_test(there_are_no_rocks),
      cmocka_unit_test(there_are_no_clean_up_handlers),
      cmocka_unit_test(there_are_no_ticks),
      cmocka_unit_test(there_is_no_cancellation),
      cmocka_unit_test(there_are_no_events),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
