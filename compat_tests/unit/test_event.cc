// SPDX-License-Identifier: MIT
// test_event.cc - the table of all places in all lists of events that LWPs wait for.
#include <sys/resource.h>

#include <cstdlib>
#include <initializer_list>

#include "child_case.h"
#include "core/event.h"

namespace {

using lwp::EventTable;
using lwp::WaitNode;

constexpr int kNodes = 20000;
constexpr int kEvents = 100;

WaitNode nodes[kNodes];
char events[kEvents];

// Node i waits for event i modulo kEvents.
void add_all(EventTable& table) {
  for (int i = 0; i < kNodes; ++i) {
    nodes[i].event = &events[i % kEvents];
    table.add(nodes[i]);
  }
}

// Every event has its nodes in the order in which they came, from `first` on by `step`.
void expect_order(EventTable& table, int first, int step) {
  for (int event = 0; event < kEvents; ++event) {
    int wanted = event;
    while (wanted < first || (wanted - first) % step != 0) wanted += kEvents;
    for (WaitNode* node = table.chain(&events[event]).front(); node != nullptr;
         node = EventTable::Chain::next(*node)) {
      if (node->event != &events[event]) continue;
      expect_int(node - nodes, wanted);
      do wanted += kEvents;
      while ((wanted - first) % step != 0);
    }
    expect(wanted >= kNodes);
  }
}

CASE(order_within_an_event_survives_growth) {
  EventTable table;
  add_all(table);
  expect_order(table, 0, 1);
  table.stop();
}

CASE(removal_leaves_the_others_in_order) {
  EventTable table;
  add_all(table);
  for (int i = 0; i < kNodes; ++i) {
    if (i % 3 != 0) table.remove(nodes[i]);
  }
  expect_order(table, 0, 3);
  for (int i = 0; i < kNodes; i += 3) table.remove(nodes[i]);
  for (char& event : events) expect(table.chain(&event).empty());
  table.stop();
}

CASE(nodes_that_come_again_go_to_the_end) {
  EventTable table;
  for (int i = 0; i < 3; ++i) {
    nodes[i].event = &events[0];
    table.add(nodes[i]);
  }
  table.remove(nodes[0]);
  table.add(nodes[0]);
  const WaitNode* node = table.chain(&events[0]).front();
  for (const int wanted : {1, 2, 0}) {
    expect_int(node - nodes, wanted);
    node = EventTable::Chain::next(*node);
  }
  expect(node == nullptr);
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "memory can not be limited here",
        without_memory_the_table_works_on) {
  EventTable table;
  rlimit limit = {1, 1};
  setrlimit(RLIMIT_AS, &limit);
  setrlimit(RLIMIT_DATA, &limit);
  void* volatile taken;  // else the compiler takes the allocation out
  while ((taken = malloc(64)) != nullptr) continue;
  add_all(table);
  expect_order(table, 0, 1);
}

CASE(chains_stay_short) {
  static char spread[kNodes * 8];
  EventTable table;
  for (int i = 0; i < kNodes; ++i) {
    nodes[i].event = &spread[i * 8];  // as elements of an array are
    table.add(nodes[i]);
  }
  int longest = 0;
  for (int i = 0; i < kNodes; ++i) {
    int length = 0;
    for (WaitNode* node = table.chain(&spread[i * 8]).front(); node != nullptr;
         node = EventTable::Chain::next(*node)) {
      ++length;
    }
    if (length > longest) longest = length;
  }
  expect(longest > 0 && longest <= 16);
  table.stop();
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(order_within_an_event_survives_growth),
      cmocka_unit_test(removal_leaves_the_others_in_order),
      cmocka_unit_test(nodes_that_come_again_go_to_the_end),
      cmocka_unit_test(without_memory_the_table_works_on),
      cmocka_unit_test(chains_stay_short),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
