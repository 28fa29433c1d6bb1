// SPDX-License-Identifier: MIT
// test_pairing_heap.cc - the priority queue of deadlines, against a model that sorts.
#include <cstdlib>

#include "base/pairing_heap.h"
#include "child_case.h"

namespace {

struct Item {
  int key = 0;
  int number = 0;  // ties come out in this order
  lwp::HeapLink<Item> link;
};

bool before(const Item& a, const Item& b) {
  return a.key != b.key ? a.key < b.key : a.number < b.number;
}

using Heap = lwp::PairingHeap<Item, &Item::link, before>;

constexpr int kItems = 200;

// The smallest item that is in the heap, by looking at all.
Item* smallest(Item (&items)[kItems]) {
  Item* best = nullptr;
  for (Item& item : items) {
    if (Heap::contains(item) && (best == nullptr || before(item, *best))) best = &item;
  }
  return best;
}

CASE(empty_heap_has_no_front) {
  Heap heap;
  Item item;
  expect(heap.empty() && heap.front() == nullptr && !Heap::contains(item));
  heap.insert(item);
  expect(!heap.empty() && heap.front() == &item && Heap::contains(item));
  heap.erase(item);
  expect(heap.empty() && heap.front() == nullptr && !Heap::contains(item));
}

CASE(items_come_out_in_order_however_they_went_in) {
  for (int pattern = 0; pattern < 3; ++pattern) {
    Heap heap;
    static Item items[kItems];
    for (int i = 0; i < kItems; ++i) {
      items[i] = Item{};
      items[i].key = pattern == 0 ? i : pattern == 1 ? kItems - i : i * 7919 % 211;
      items[i].number = i;
      heap.insert(items[i]);
    }
    const Item* last = nullptr;
    for (int i = 0; i < kItems; ++i) {
      Item* const front = heap.front();
      expect(last == nullptr || before(*last, *front));
      last = front;
      heap.erase(*front);
    }
    expect(heap.empty());
  }
}

CASE(equal_keys_come_out_in_order_of_their_numbers) {
  Heap heap;
  static Item items[kItems];
  for (int i = 0; i < kItems; ++i) {
    items[i].number = i * 77 % kItems;
    heap.insert(items[i]);
  }
  for (int i = 0; i < kItems; ++i) {
    expect_int(heap.front()->number, i);
    heap.erase(*heap.front());
  }
}

CASE(random_inserts_and_erases_agree_with_the_model) {
  Heap heap;
  static Item items[kItems];
  srand(1);
  for (int i = 0; i < kItems; ++i) items[i].number = i;
  for (int step = 0; step < 200000; ++step) {
    // Sometimes nearly empty, sometimes nearly full.
    Item& item = items[rand() % (step / 1000 % 2 != 0 ? kItems : 20)];
    if (Heap::contains(item)) {
      heap.erase(item);
    } else {
      item.key = rand() % 50;
      heap.insert(item);
    }
    if (step % 16 == 0) expect(heap.front() == smallest(items));
  }
  while (!heap.empty()) {
    Item* const front = heap.front();
    expect(front == smallest(items));
    heap.erase(*front);
  }
}

// A chain of a million must not be walked by recursion.
CASE(very_many_items_need_no_stack) {
  constexpr int kMillion = 1000000;
  static Item items[kMillion];
  Heap heap;
  for (int i = 0; i < kMillion; ++i) {
    items[i].key = kMillion - i;
    heap.insert(items[i]);
  }
  for (int i = 0; i < 1000; ++i) {
    expect_int(heap.front()->key, i + 1);
    heap.erase(*heap.front());
  }
  for (int i = 0; i < 1000; ++i) heap.erase(items[i]);
  expect_int(heap.front()->key, 1001);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(empty_heap_has_no_front),
      cmocka_unit_test(items_come_out_in_order_however_they_went_in),
      cmocka_unit_test(equal_keys_come_out_in_order_of_their_numbers),
      cmocka_unit_test(random_inserts_and_erases_agree_with_the_model),
      cmocka_unit_test(very_many_items_need_no_stack),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
