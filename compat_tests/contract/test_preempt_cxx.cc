// SPDX-License-Identifier: MIT
// test_preempt_cxx.cc - what C++ programs have to know about statics that are made when first
// reached.
#include <cxxabi.h>
#include <lwp/lwp.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <typeinfo>

#include "child_case.h"
#include "ticks.h"

namespace {

volatile long turns;

void start(void (*other)(void*)) {
  expect_int(LWP_Init(LWP_VERSION, 2, nullptr), LWP_SUCCESS);
  slices_by_hand();
  start_lwp(other, 2, const_cast<long*>(&turns));
  PRE_PreemptMe();
}

int make() {
  tick_here();
  return 42;
}

int& the_one() {
  static int one = make();
  return one;
}

void reach_for_it(void*) {
  LWP_DispatchProcess();
  for (;;) {
    expect_int(the_one(), 42);
    ++turns;
    LWP_DispatchProcess();
  }
}

// The compiler takes it for granted that the guard does not throw, so nobody catches this.
[[noreturn]] void expect_recursive_initialisation() {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  _exit(type != nullptr && strstr(type->name(), "recursive_init_error") != nullptr ? 0 : 1);
}

CASE(an_lwp_that_meets_a_static_half_made_ends_the_process) {
  std::set_terminate(expect_recursive_initialisation);
  start(reach_for_it);
  the_one();
  expect(!"the other LWP has passed");
}

CASE(a_section_around_the_first_pass_makes_statics_safe) {
  start(reach_for_it);
  PRE_BeginCritical();
  expect_int(the_one(), 42);
  expect_int(turns, 0);
  PRE_EndCritical();
  expect_int(turns, 1);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(an_lwp_that_meets_a_static_half_made_ends_the_process),
      cmocka_unit_test(a_section_around_the_first_pass_makes_statics_safe),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
