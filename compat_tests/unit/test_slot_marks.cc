// SPDX-License-Identifier: MIT
// test_slot_marks.cc - marks of the slots of a ring, against a model that looks at all of them.
#include <algorithm>
#include <random>

#include "child_case.h"
#include "iomgr/slot_marks.h"

namespace {

template <int kSlots>
void compare_with_model(unsigned marks_in_a_hundred) {
  std::mt19937 random(kSlots + marks_in_a_hundred);
  lwp::SlotMarks<kSlots> marks;
  bool model[kSlots] = {};
  for (int step = 0; step < 5000; ++step) {
    const int slot = static_cast<int>(random() % kSlots);
    model[slot] = random() % 100 < marks_in_a_hundred;
    model[slot] ? marks.mark(slot) : marks.unmark(slot);

    const int begin = static_cast<int>(random() % kSlots);
    const auto marked = [&](int distance) { return model[(begin + distance) % kSlots]; };
    for (int i = 0; i < 64; ++i) expect((marks.next_64(begin) >> i & 1) == marked(i));
    expect(marks.any() == std::any_of(model, model + kSlots, [](bool each) { return each; }));
    if (!marks.any()) continue;
    const int distance = marks.distance_from(begin);
    expect(distance < kSlots && marked(distance));
    for (int i = 0; i < distance; ++i) expect(!marked(i));
  }
}

CASE(few_or_many_marks_are_found_from_everywhere) {
  for (const unsigned marks_in_a_hundred : {1u, 5u, 50u, 95u}) {
    compare_with_model<128>(marks_in_a_hundred);
    compare_with_model<2048>(marks_in_a_hundred);
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(few_or_many_marks_are_found_from_everywhere),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
