// SPDX-License-Identifier: MIT
// test_stack.cc - the pool of stacks: sizes, recycling, guards, and how much was used.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <initializer_list>

#include "address_space.h"
#include "arch/stack.h"
#include "child_case.h"

namespace {

using lwp::StackPool;
using lwp::StackSlot;

struct alignas(64) Header {
  char owner[200];
  StackSlot slot;
};

constexpr std::size_t kBytes = 32768;
constexpr std::size_t kAnnex = 40;

StackPool pool;
outcome result;

bool canaries;

void start() { pool.start({sizeof(Header), offsetof(Header, slot), kAnnex}, &canaries); }

StackSlot& acquire(std::size_t bytes = kBytes) {
  StackSlot* const slot = pool.acquire(bytes);
  expect(slot != nullptr);
  return *slot;
}

CASE(a_slot_has_what_was_asked_for_and_room_for_two_signals) {
  start();
  for (std::size_t bytes = 1; bytes < (std::size_t{64} << 20); bytes = bytes * 2 + 4096) {
    StackSlot& slot = acquire(bytes);
    expect(slot.size() >= bytes + 2 * lwp::signal_room());
    expect_int(reinterpret_cast<std::uintptr_t>(slot.top) % 16, 0);
    // All of it is there, from the top down, as it would be used.
    for (char* at = slot.top - 1; at >= slot.low; at -= 1024) *at = 1;
    *slot.low = 1;
  }
  pool.stop();
}

// Where a larger slot becomes necessary.
CASE(a_slot_that_would_do_but_for_guard_and_signals_is_not_taken) {
  start();
  for (std::size_t slot_bytes = lwp::kSmallestSlot; slot_bytes <= std::size_t{1} << 20;
       slot_bytes *= 2) {
    for (std::size_t less = 0; less < slot_bytes / 4; less += 512) {
      const std::size_t bytes = slot_bytes - less;
      expect(acquire(bytes).size() >= bytes + 2 * lwp::signal_room());
    }
  }
  pool.stop();
}

CASE(slots_do_not_overlap) {
  constexpr int kSlots = 300;  // several arenas
  StackSlot* slots[kSlots];
  start();
  for (int i = 0; i < kSlots; ++i) {
    slots[i] = &acquire(i % 3 == 0 ? 100000 : kBytes);
    slots[i]->low[0] = slots[i]->top[-1] = static_cast<char>(i);
  }
  for (int i = 0; i < kSlots; ++i) {
    expect(slots[i]->low[0] == static_cast<char>(i));
    expect(slots[i]->top[-1] == static_cast<char>(i));
  }
  pool.stop();
}

CASE(annexes_are_zero_and_lie_side_by_side_in_any_memory) {
  constexpr int kSlots = 70;  // more than an arena
  StackSlot* slots[kSlots];
  start();
  for (StackSlot*& slot : slots) {
    slot = &acquire();
    const auto* const annex = static_cast<const char*>(slot->annex);
    for (std::size_t i = 0; i < kAnnex; ++i) expect_int(annex[i], 0);
    memset(slot->annex, 1, kAnnex);
  }
  int neighbours = 0;
  for (int i = 1; i < kSlots; ++i) {
    const std::ptrdiff_t apart =
        static_cast<char*>(slots[i]->annex) - static_cast<char*>(slots[i - 1]->annex);
    if (apart == static_cast<std::ptrdiff_t>(kAnnex)) ++neighbours;
  }
  expect_int(neighbours, kSlots - 2);
  pool.release(*slots[7]);
  void* const annex = slots[7]->annex;
  expect(acquire().annex == annex);

  static char memory[100000];
  memset(memory, 1, sizeof memory);
  int stack;
  const StackSlot* const placed = pool.place(memory + 3, sizeof memory - 3, &stack);
  expect(placed != nullptr);
  const auto* const begin = static_cast<const char*>(placed->annex);
  expect_int(reinterpret_cast<std::uintptr_t>(begin) % 8, 0);
  expect(begin >= placed->top + sizeof(Header) && begin + kAnnex <= memory + sizeof memory);
  for (std::size_t i = 0; i < kAnnex; ++i) expect_int(begin[i], 0);
}

CASE(the_last_released_is_the_next_given) {
  start();
  StackSlot& one = acquire();
  StackSlot& two = acquire();
  expect(!one.recycled && !two.recycled);
  pool.release(one);
  pool.release(two);
  expect(&acquire() == &two);
  expect(&acquire() == &one);
  expect(one.recycled && two.recycled);
  expect(!acquire().recycled);
}

CASE(sizes_are_recycled_separately) {
  start();
  StackSlot& small = acquire();
  StackSlot& large = acquire(1 << 20);
  pool.release(large);
  expect(&acquire() != &large);
  expect(&acquire(1 << 20) == &large);
  pool.release(small);
  expect(&acquire(1 << 20) != &small);
}

CASE(tops_fall_into_different_cache_sets) {
  start();
  const StackSlot& one = acquire();
  const StackSlot& two = acquire();
  constexpr std::uintptr_t kPageMask = 4095;
  expect((reinterpret_cast<std::uintptr_t>(one.top) & kPageMask) !=
         (reinterpret_cast<std::uintptr_t>(two.top) & kPageMask));
}

void write_below_a_recycled_stack() {
  start();
  StackSlot& slot = acquire();
  *slot.low = 1;
  pool.release(slot);
  volatile char* const below = acquire().low - 1;
  *below = 1;
}

void write_into_the_last_byte_of_the_guard() {
  start();
  acquire();
  const StackSlot& slot = acquire();
  volatile char* const end = slot.low - slot.guard_size();
  *end = 1;
}

void below_a_stack_is_a_guard(void** /*state*/) {
  for (auto body : {write_below_a_recycled_stack, write_into_the_last_byte_of_the_guard}) {
    child_case_observe(body, &result);
    assert_int_equal(result.signal, SIGSEGV);
  }
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "memory can not be limited here",
        without_address_space_there_is_no_slot_and_none_reaches_too_far) {
  start();
  rlimit limit;
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = rlim_t{200} << 20;
  setrlimit(RLIMIT_AS, &limit);
  int slots = 0;
  StackSlot* slot;
  for (; (slot = pool.acquire(1 << 20)) != nullptr; ++slots) *slot->low = slot->top[-1] = 1;
  expect(slots > 50);
  expect(pool.acquire(1 << 20) == nullptr);
  limit.rlim_cur = RLIM_INFINITY;
  setrlimit(RLIMIT_AS, &limit);
  acquire(1 << 20);
}

rlim_t bytes_mapped() {
  return static_cast<rlim_t>(address_space()) * static_cast<rlim_t>(getpagesize());
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "memory can not be limited here",
        address_space_that_comes_in_crumbs_is_used_and_has_an_end) {
  const rlim_t crumb = lwp::kSmallestSlot + static_cast<rlim_t>(getpagesize());  // for one slot
  rlimit limit;
  start();
  getrlimit(RLIMIT_AS, &limit);
  int slots = 0;
  for (StackSlot* slot; slots < 2000; ++slots) {
    limit.rlim_cur = bytes_mapped() + crumb;
    setrlimit(RLIMIT_AS, &limit);
    if ((slot = pool.acquire(kBytes)) == nullptr) break;
    *slot->low = slot->top[-1] = 1;
  }
  expect(slots > 500 && slots < 2000);
  expect(pool.acquire(kBytes) == nullptr);
  limit.rlim_cur = RLIM_INFINITY;
  setrlimit(RLIMIT_AS, &limit);
  const rlim_t before = bytes_mapped();
  pool.stop();
  expect(bytes_mapped() < before - static_cast<rlim_t>(slots) * lwp::kSmallestSlot);
}

CASE(more_than_any_class_is_refused) {
  start();
  expect(pool.acquire(~std::size_t{0} / 2) == nullptr);
}

// --- how much was used

CASE(a_fresh_stack_is_unused) {
  start();
  StackSlot& slot = acquire();
  expect(slot.lowest_used() == slot.top);
}

CASE(the_lowest_byte_used_is_found) {
  start();
  StackSlot& slot = acquire(300000);
  for (const long depth : {1L, 7L, 64L, 4095L, 4096L, 4097L, 12345L, 262143L, 300000L}) {
    slot.top[-depth] = 1;
    expect(slot.lowest_used() == slot.top - depth);
  }
  *slot.low = 1;
  expect(slot.lowest_used() == slot.low);
}

CASE_IF(MEMORY_CAN_BE_LIMITED, "the shadow of a sanitizer counts",
        looking_brings_no_page_into_memory) {
  start();
  StackSlot& slot = acquire(std::size_t{1} << 28);
  rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  expect(slot.lowest_used() == slot.top);
  getrusage(RUSAGE_SELF, &after);
  expect(after.ru_minflt - before.ru_minflt < 100);
}

// The stack's owner uses all of its lowest `depth` bytes.
void use(StackSlot& slot, std::size_t depth) { memset(slot.top - depth, 0x55, depth); }

// As for the next owner.
void clean(StackSlot& slot, bool plainly) {
  if (slot.recycled && !(plainly && slot.clean_plainly())) slot.make_clean();
}

void use_now_little_now_much(bool plainly) {
  for (int i = 0; i < 500; ++i) {
    StackSlot& slot = acquire();
    clean(slot, plainly);
    expect(slot.lowest_used() == slot.top);
    // Small, mostly; now and then deep.
    const std::size_t depth = i % 7 == 3 ? 30000 : i % 5 == 0 ? 1 : 200 + static_cast<unsigned>(i);
    use(slot, depth);
    expect(slot.lowest_used() == slot.top - depth);
    pool.release(slot);
  }
}

CASE(a_recycled_stack_is_clean_whatever_was_used_before) {
  start();
  use_now_little_now_much(false);
  use_now_little_now_much(true);
}

void forget_and_touch_deeply(bool plainly) {
  for (int i = 0; i < 5; ++i) {
    StackSlot& slot = acquire();
    clean(slot, plainly);
    expect(slot.lowest_used() == slot.top);
    if (i == 3) {
      slot.forget_use();
      slot.top[-20000] = 1;
    } else {
      use(slot, 200);
    }
    pool.release(slot);
  }
}

CASE(so_is_one_whose_last_owner_was_not_to_be_measured) {
  start();
  forget_and_touch_deeply(false);
  forget_and_touch_deeply(true);
}

void find_traces_beyond_a_gap(bool plainly) {
  for (int i = 0; i < 1100; ++i) {
    StackSlot& slot = acquire();
    clean(slot, plainly);
    use(slot, 200);
    if (i == 5 || i == 60) slot.top[-20000] = 1;  // jumps over all that is looked at usually
    pool.release(slot);
  }
  StackSlot& slot = acquire();
  slot.make_clean();
  expect(slot.lowest_used() == slot.top);
}

CASE(traces_beyond_a_gap_are_found_sooner_or_later) {
  start();
  find_traces_beyond_a_gap(false);
  find_traces_beyond_a_gap(true);
}

// How many of that many owners, who each use so much, get a stack that had to be searched.
int searches(int owners, std::size_t depth) {
  int searched = 0;
  for (int i = 0; i < owners; ++i) {
    StackSlot& slot = acquire();
    if (slot.recycled && !slot.clean_plainly()) {
      slot.make_clean();
      ++searched;
    }
    use(slot, depth);
    pool.release(slot);
  }
  return searched;
}

CASE(owners_that_use_little_hardly_ever_have_the_stack_searched) {
  start();
  expect(searches(4000, 200) < 20);
}

CASE(nor_do_they_after_one_that_has_used_much) {
  start();
  searches(2000, 200);
  searches(1, 30000);
  searches(50, 200);
  expect(searches(1000, 200) < 20);
}

CASE(nor_do_they_when_all_use_more_than_before) {
  start();
  searches(2000, 100);
  expect(searches(1000, 400) < 20);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(a_slot_has_what_was_asked_for_and_room_for_two_signals),
      cmocka_unit_test(a_slot_that_would_do_but_for_guard_and_signals_is_not_taken),
      cmocka_unit_test(slots_do_not_overlap),
      cmocka_unit_test(annexes_are_zero_and_lie_side_by_side_in_any_memory),
      cmocka_unit_test(the_last_released_is_the_next_given),
      cmocka_unit_test(sizes_are_recycled_separately),
      cmocka_unit_test(tops_fall_into_different_cache_sets),
      cmocka_unit_test(below_a_stack_is_a_guard),
      cmocka_unit_test(without_address_space_there_is_no_slot_and_none_reaches_too_far),
      cmocka_unit_test(address_space_that_comes_in_crumbs_is_used_and_has_an_end),
      cmocka_unit_test(more_than_any_class_is_refused),
      cmocka_unit_test(a_fresh_stack_is_unused),
      cmocka_unit_test(the_lowest_byte_used_is_found),
      cmocka_unit_test(looking_brings_no_page_into_memory),
      cmocka_unit_test(a_recycled_stack_is_clean_whatever_was_used_before),
      cmocka_unit_test(so_is_one_whose_last_owner_was_not_to_be_measured),
      cmocka_unit_test(traces_beyond_a_gap_are_found_sooner_or_later),
      cmocka_unit_test(owners_that_use_little_hardly_ever_have_the_stack_searched),
      cmocka_unit_test(nor_do_they_after_one_that_has_used_much),
      cmocka_unit_test(nor_do_they_when_all_use_more_than_before),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
