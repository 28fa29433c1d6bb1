// SPDX-License-Identifier: MIT
// test_handle_table.cc - handles: given, found, refused.
#include "child_case.h"
#include "core/handle_table.h"

namespace {

using lwp::HandleTable;
using lwp::Pcb;

constexpr bool kWide = sizeof(void*) == 8;  // else a generation has only 12 bits
constexpr int kLwps = 5000;                 // the table grows several times
Pcb pcbs[kLwps];

CASE(handles_are_found_before_and_after_growth) {
  HandleTable table;
  expect(table.start(1));
  for (int i = 0; i < kLwps; ++i) {
    expect(table.issue(pcbs[i]));
    expect(pcbs[i].handle != nullptr);
    expect(table.find(pcbs[i].handle) == &pcbs[i]);
    expect(table.find(pcbs[i / 2].handle) == &pcbs[i / 2]);
  }
  for (Pcb& pcb : pcbs) expect(table.find(pcb.handle) == &pcb);
  table.stop();
}

CASE(the_retired_are_not_found) {
  HandleTable table;
  expect(table.start(1));
  for (int i = 0; i < 10; ++i) expect(table.issue(pcbs[i]));
  table.retire(pcbs[4]);
  expect(table.find(pcbs[4].handle) == nullptr);
  expect(table.find(pcbs[5].handle) == &pcbs[5]);
}

CASE(a_place_never_gives_the_same_handle_twice) {
  HandleTable table;
  expect(table.start(1));
  expect(table.issue(pcbs[0]));
  static PROCESS old[kWide ? 5000 : 4000];
  for (PROCESS& handle : old) {
    handle = pcbs[0].handle;
    table.retire(pcbs[0]);
    expect(table.issue(pcbs[0]));
    expect(table.find(pcbs[0].handle) == &pcbs[0]);
  }
  for (PROCESS handle : old) expect(table.find(handle) == nullptr);
}

CASE(places_are_kept_by_their_blocks) {
  HandleTable table;
  expect(table.start(1));
  for (int i = 0; i < 10; ++i) expect(table.issue(pcbs[i]));
  for (int i = 9; i >= 0; --i) {
    table.retire(pcbs[i]);
    expect(table.issue(pcbs[i]));
  }
  int seen = 0;
  table.for_each([&](Pcb& pcb) { expect(&pcb == &pcbs[seen++]); });
  expect_int(seen, 10);
}

CASE(places_that_are_given_up_are_given_again_before_new_ones) {
  HandleTable table;
  expect(table.start(1));
  for (int i = 0; i < 10; ++i) expect(table.issue(pcbs[i]));
  static PROCESS old[5];
  for (int i = 0; i < 5; ++i) {
    old[i] = pcbs[i].handle;
    table.retire(pcbs[i]);
    expect(table.find_retired(old[i]) == &pcbs[i]);
    table.give_up(pcbs[i]);
    expect(table.find_retired(old[i]) == nullptr);
  }
  for (int i = 10; i < 15; ++i) {
    expect(table.issue(pcbs[i]));
    expect(pcbs[i].table_index <= 10);
    for (PROCESS handle : old) expect(table.find(handle) == nullptr);
    expect(table.find(pcbs[i].handle) == &pcbs[i]);
  }
  expect(table.issue(pcbs[15]));
  expect_int(pcbs[15].table_index, 11);
}

CASE(handles_go_on_when_the_generations_of_a_place_have_run_out) {
  HandleTable table;
  expect(table.start(1));
  expect(table.issue(pcbs[0]));
  expect(table.issue(pcbs[1]));
  const auto first = reinterpret_cast<std::uintptr_t>(pcbs[0].handle);
  const auto second = reinterpret_cast<std::uintptr_t>(pcbs[1].handle);
  expect_int(second - first, 1);
  table.retire(pcbs[0]);
  constexpr int kGenerationFrom = kWide ? 32 : 20;
  const std::uintptr_t last = first | ~std::uintptr_t{0} << kGenerationFrom;
  pcbs[0].handle = reinterpret_cast<PROCESS>(last);  // as if there had been so many
  expect(table.issue(pcbs[0]));
  expect(pcbs[0].handle != nullptr);
  expect(table.find(pcbs[0].handle) == &pcbs[0]);
  expect(table.find(reinterpret_cast<PROCESS>(last)) == nullptr);
  expect(table.find(pcbs[1].handle) == &pcbs[1]);
}

CASE(tables_refuse_the_handles_of_each_other) {
  HandleTable tables[3];
  for (unsigned i = 0; i < 3; ++i) {
    expect(tables[i].start(i));
    expect(tables[i].issue(pcbs[i]));
  }
  for (int table = 0; table < 3; ++table) {
    for (int i = 0; i < 3; ++i) {
      expect(tables[table].find(pcbs[i].handle) == (table == i ? &pcbs[i] : nullptr));
    }
  }
}

CASE(handles_of_ended_runtimes_are_refused_after_any_number_of_new_ones) {
  constexpr unsigned kRuntimes = 2000;
  constexpr int kGenerations = kWide ? 50 : 10;
  static PROCESS old[kRuntimes];
  for (unsigned number = 0; number < kRuntimes; ++number) {
    HandleTable table;
    Pcb pcb;
    expect(table.start(number));
    for (int i = 0; i < kGenerations; ++i) {
      if (i > 0) table.retire(pcb);
      expect(table.issue(pcb));
      for (unsigned earlier = number % 16; earlier < number; earlier += 16) {
        expect(table.find(old[earlier]) == nullptr);
      }
      if (i == 0) old[number] = pcb.handle;
    }
    table.stop();
  }
}

CASE(an_empty_or_stopped_table_finds_nothing) {
  HandleTable table;
  expect(table.find(nullptr) == nullptr);
  expect(table.start(0));
  expect(table.find(nullptr) == nullptr);
  expect(table.find(reinterpret_cast<PROCESS>(1)) == nullptr);
  expect(table.issue(pcbs[0]));
  table.stop();
  expect(table.find(pcbs[0].handle) == nullptr);
}

CASE(bits_beyond_the_table_are_refused) {
  HandleTable table;
  expect(table.start(3));
  expect(table.issue(pcbs[0]));
  const auto handle = reinterpret_cast<std::uintptr_t>(pcbs[0].handle);
  for (int bit = 0; bit < static_cast<int>(sizeof handle * 8); ++bit) {
    const auto other = handle ^ (std::uintptr_t{1} << bit);
    expect(table.find(reinterpret_cast<PROCESS>(other)) == nullptr);
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(handles_are_found_before_and_after_growth),
      cmocka_unit_test(the_retired_are_not_found),
      cmocka_unit_test(a_place_never_gives_the_same_handle_twice),
      cmocka_unit_test(places_are_kept_by_their_blocks),
      cmocka_unit_test(places_that_are_given_up_are_given_again_before_new_ones),
      cmocka_unit_test(handles_go_on_when_the_generations_of_a_place_have_run_out),
      cmocka_unit_test(tables_refuse_the_handles_of_each_other),
      cmocka_unit_test(handles_of_ended_runtimes_are_refused_after_any_number_of_new_ones),
      cmocka_unit_test(an_empty_or_stopped_table_finds_nothing),
      cmocka_unit_test(bits_beyond_the_table_are_refused),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
