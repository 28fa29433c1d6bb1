// SPDX-License-Identifier: MIT
// test_critical.cc - the arithmetic of the critical word.
#include <initializer_list>

#include "child_case.h"
#include "sigsafe/attention.h"
#include "sigsafe/critical.h"

namespace {

namespace critical = lwp::critical;

// The fields of the word come out as they were put in, whatever the others are.
CASE(level_and_depth_are_independent) {
  for (int depth = 0; depth <= 5; ++depth) {
    for (int level = -3000; level <= 3000; ++level) {
      for (int nothing_owed = 0; nothing_owed <= 1; ++nothing_owed) {
        critical::set_word(critical::kInitialWord);
        critical::add((level - 1) * critical::kLevelUnit);
        for (int i = 0; i < depth; ++i) critical::enter_library();
        if (nothing_owed == 0) critical::owe();
        const int word = critical::word();
        expect_int(critical::level_of(word), level);
        expect_int(critical::depth_of(word), depth);
        expect_int(critical::owed(), nothing_owed == 0);
        expect_int(critical::in_library(), depth > 0);
        expect_int(critical::movable(), level == 0 && depth == 0);
      }
    }
  }
}

CASE(extreme_levels_are_told) {
  const int most = critical::kDepthUnit / 2 / critical::kLevelUnit - 1;
  for (const int level : {most, -most - 1}) {
    critical::set_word(level * critical::kLevelUnit + critical::kNothingOwed);
    expect_int(critical::level_of(critical::word()), level);
    expect_int(critical::depth_of(critical::word()), 0);
    critical::enter_library();
    expect_int(critical::level_of(critical::word()), level);
    expect_int(critical::depth_of(critical::word()), 1);
  }
}

CASE(a_kernel_thread_without_lwps_is_at_level_one) {
  expect_int(critical::word(), critical::kInitialWord);
  expect_int(critical::level_of(critical::word()), 1);
  expect_int(critical::depth_of(critical::word()), 0);
  expect(!critical::owed() && !critical::movable() && !critical::in_library());
}

CASE(what_comes_up_at_any_depth_is_still_owed_outside) {
  critical::set_word(critical::kNothingOwed);
  critical::enter_library();
  critical::enter_library();
  critical::owe();
  critical::leave_library();
  expect_int(critical::depth_of(critical::word()), 1);
  critical::leave_library();
  expect(critical::owed());
  critical::owe_nothing();
  critical::enter_library();
  critical::leave_library();
  expect(!critical::owed());
}

CASE(attention_is_asked_for_by_any_byte) {
  lwp::Attention attention;
  expect(!attention.to_catch_up() && !attention.anything());
  attention.dozing = true;
  expect(!attention.to_catch_up() && attention.anything());
  attention.dozing = false;
  attention.canaries = true;
  expect(!attention.to_catch_up() && attention.anything());
  attention.posted = true;
  expect(attention.to_catch_up() && attention.anything());
  attention.posted = false;
  attention.tick_owed = true;
  expect(attention.to_catch_up() && attention.anything());
  attention.tick_owed = false;
  expect(!attention.handlers_left_something() && !attention.to_catch_up());
  attention.forced = true;
  expect(!attention.handlers_left_something() && attention.to_catch_up() && attention.anything());
}

CASE(a_brief_section_counts_as_inside_the_library) {
  critical::set_word(critical::kNothingOwed);
  {
    const critical::Brief brief;
    expect(critical::in_library() && !critical::movable());
    expect_int(critical::word(), critical::kNothingOwed);
  }
  expect(!critical::in_library() && critical::movable());
}

// What the inline forms of the header test by one subtraction.
CASE(the_word_is_zero_just_when_a_slice_has_ended_at_level_zero) {
  critical::set_word(critical::kNothingOwed);
  critical::owe();
  expect_int(critical::word(), 0);
  critical::enter_library();
  expect(critical::word() != 0);
  critical::leave_library();
  expect_int(critical::word(), 0);
  for (const int level : {-2, -1, 1, 2}) {
    critical::set_word(level * critical::kLevelUnit);
    expect(critical::word() != 0);
  }
}

CASE(sections_of_the_header_move_the_level) {
  critical::set_word(critical::kNothingOwed);
  PRE_BeginCritical();
  PRE_BeginCritical();
  expect_int(critical::level_of(critical::word()), 2);
  PRE_EndCritical();
  PRE_EndCritical();
  expect_int(critical::level_of(critical::word()), 0);
  PRE_EndCritical();
  expect_int(critical::level_of(critical::word()), -1);
  expect(!critical::movable());
  expect(!critical::owed());
  PRE_BeginCritical();
  expect(critical::movable());
}

CASE(a_section_leaves_alone_what_is_owed) {
  critical::set_word(critical::kNothingOwed);
  PRE_BeginCritical();
  critical::owe();
  expect(critical::owed());
  PRE_BeginCritical();
  PRE_EndCritical();
  expect(critical::owed());
  expect_int(critical::level_of(critical::word()), 1);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(level_and_depth_are_independent),
      cmocka_unit_test(extreme_levels_are_told),
      cmocka_unit_test(a_kernel_thread_without_lwps_is_at_level_one),
      cmocka_unit_test(what_comes_up_at_any_depth_is_still_owed_outside),
      cmocka_unit_test(attention_is_asked_for_by_any_byte),
      cmocka_unit_test(a_brief_section_counts_as_inside_the_library),
      cmocka_unit_test(the_word_is_zero_just_when_a_slice_has_ended_at_level_zero),
      cmocka_unit_test(sections_of_the_header_move_the_level),
      cmocka_unit_test(a_section_leaves_alone_what_is_owed),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
