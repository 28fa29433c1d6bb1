// SPDX-License-Identifier: MIT
// test_range_set.cc - sets of addresses: against a plain array of marks, and by hand.
#include <cstdlib>

#include "child_case.h"
#include "preempt/range_set.h"

namespace {

using lwp::CodeRange;
using lwp::RangeSet;

void note_all(const RangeSet& set) {
  for (const CodeRange& range : set) {
    note("%d-%d", static_cast<int>(range.begin), static_cast<int>(range.end));
  }
}

CASE(ranges_that_meet_become_one) {
  RangeSet set;
  expect(set.add({10, 20}) && set.add({40, 50}) && set.add({20, 30}));
  note_all(set);
  expect_transcript("10-30 40-50");
  expect(set.add({5, 45}));
  note_all(set);
  expect_transcript("5-50");
}

CASE(a_range_is_cut_in_two) {
  RangeSet set;
  expect(set.add({10, 20}) && set.remove({12, 15}));
  note_all(set);
  expect_transcript("10-12 15-20");
  expect(set.remove({0, 100}));
  expect_int(set.size(), 0);
}

CASE(the_ends_of_the_address_space_can_be_in_it) {
  RangeSet set;
  expect(set.add({0, UINTPTR_MAX}) && set.remove({1, 2}));
  expect(set.contains(0) && !set.contains(1) && set.contains(2) && set.contains(UINTPTR_MAX - 1));
}

CASE(a_copy_lives_alone) {
  RangeSet set, copy;
  expect(set.add({1, 2}) && copy.add({7, 9}) && set.copy_to(copy) && set.add({4, 5}));
  note_all(copy);
  expect_transcript("1-2");
}

CASE(random_changes_agree_with_marks) {
  constexpr int kPlaces = 60;
  bool marks[kPlaces] = {};
  RangeSet set;
  srand(1);
  for (int round = 0; round < 50000; ++round) {
    const int begin = rand() % (kPlaces - 1);
    const int end = begin + 1 + rand() % (round % 7 == 0 ? kPlaces - 1 - begin : 1);
    const bool in = rand() % 2 == 0;
    const CodeRange range = {static_cast<std::uintptr_t>(begin), static_cast<std::uintptr_t>(end)};
    expect(in ? set.add(range) : set.remove(range));
    for (int i = begin; i < end; ++i) marks[i] = in;
    for (int i = 0; i < kPlaces; ++i) {
      expect_int(set.contains(static_cast<std::uintptr_t>(i)), marks[i]);
    }
    std::uintptr_t last = 0;
    for (const CodeRange& each : set) {
      expect(each.begin < each.end && (each.begin > last || (last == 0 && each.begin == 0)));
      last = each.end;
    }
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(ranges_that_meet_become_one),
      cmocka_unit_test(a_range_is_cut_in_two),
      cmocka_unit_test(the_ends_of_the_address_space_can_be_in_it),
      cmocka_unit_test(a_copy_lives_alone),
      cmocka_unit_test(random_changes_agree_with_marks),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
