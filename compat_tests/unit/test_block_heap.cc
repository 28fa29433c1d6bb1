// SPDX-License-Identifier: MIT
// test_block_heap.cc - pieces of one block: apart from each other, and all of it in the end.
#include <cstdint>
#include <cstring>

#include "base/block_heap.h"
#include "child_case.h"

namespace {

using lwp::BlockHeap;

constexpr std::size_t kBytes = 1 << 20;
alignas(64) char block[kBytes + 1];

unsigned random_state = 12345;

unsigned random_below(unsigned limit) {
  random_state = random_state * 1103515245 + 12345;
  return (random_state >> 8) % limit;
}

// The most that one piece can have.
std::size_t largest(BlockHeap& heap) {
  std::size_t low = 0;
  std::size_t high = kBytes;
  while (low < high) {
    const std::size_t middle = (low + high + 1) / 2;
    void* const piece = heap.take_low(middle);
    if (piece == nullptr) {
      high = middle - 1;
    } else {
      heap.give_back(piece);
      low = middle;
    }
  }
  return low;
}

CASE(pieces_keep_what_is_in_them_and_come_back_whole) {
  constexpr int kPieces = 300;
  struct {
    char* at;
    std::size_t bytes;
  } pieces[kPieces] = {};
  BlockHeap heap;
  heap.start(block + 1, kBytes);
  const std::size_t all = largest(heap);
  expect(all >= kBytes - 64);
  int refused = 0;
  for (int round = 0; round < 100000; ++round) {
    auto& piece = pieces[random_below(kPieces)];
    if (piece.at != nullptr) {
      for (std::size_t i = 0; i < piece.bytes; ++i) {
        expect(piece.at[i] == static_cast<char>(&piece - pieces));
      }
      heap.give_back(piece.at);
      piece.at = nullptr;
      continue;
    }
    piece.bytes = random_below(round % 50 == 0 ? 200000 : 2000);
    const bool low = piece.bytes >= 1000;
    piece.at = static_cast<char*>(low ? heap.take_low(piece.bytes) : heap.take_high(piece.bytes));
    if (piece.at == nullptr) {
      ++refused;
      continue;
    }
    expect_int(reinterpret_cast<std::uintptr_t>(piece.at) % 16, 0);
    expect(piece.at > block && piece.at + piece.bytes <= block + 1 + kBytes);
    expect(heap.size_of(piece.at) >= piece.bytes);
    memset(piece.at, static_cast<int>(&piece - pieces), piece.bytes);
  }
  expect(refused > 0);
  for (auto& piece : pieces) {
    if (piece.at != nullptr) heap.give_back(piece.at);
  }
  expect(largest(heap) == all);
}

// However the large ones come and go, and small ones between them.
CASE(as_many_of_one_size_as_fit_at_once_always_fit) {
  constexpr std::size_t kLarge = 40000;
  constexpr int kSmalls = 40;
  constexpr std::size_t kSmall = 100;
  void* smalls[kSmalls] = {};
  BlockHeap heap;
  heap.start(block, kBytes);
  constexpr int kLarges = (kBytes - kSmalls * (kSmall + 32)) / (kLarge + BlockHeap::kOverhead);
  void* larges[kLarges] = {};
  for (int round = 0; round < 100000; ++round) {
    void*& small = smalls[random_below(kSmalls)];
    if (small != nullptr) {
      heap.give_back(small);
      small = nullptr;
    } else {
      expect((small = heap.take_high(kSmall)) != nullptr);
    }
    void*& large = larges[random_below(kLarges)];
    if (large != nullptr) {
      heap.give_back(large);
      large = nullptr;
    } else {
      expect((large = heap.take_low(kLarge)) != nullptr);
    }
  }
  for (void*& large : larges) {
    if (large == nullptr) expect((large = heap.take_low(kLarge)) != nullptr);
  }
}

CASE(nothing_is_written_into_what_is_given_back) {
  BlockHeap heap;
  heap.start(block, kBytes);
  char* const one = static_cast<char*>(heap.take_low(100));
  char* const two = static_cast<char*>(heap.take_low(100));
  memset(one, 0x55, 100);
  memset(two, 0x55, 100);
  heap.give_back(one);
  heap.give_back(two);
  for (int i = 0; i < 100; ++i) expect(one[i] == 0x55 && two[i] == 0x55);
}

CASE(blocks_that_are_too_small_have_nothing_to_give) {
  BlockHeap heap;
  for (std::size_t bytes = 0; bytes < 32; ++bytes) {
    heap.start(block + 3, bytes);
    expect(heap.take_low(1) == nullptr && heap.take_high(1) == nullptr);
  }
  heap.start(block, 64);
  expect(heap.take_low(SIZE_MAX) == nullptr && heap.take_high(SIZE_MAX - 15) == nullptr);
  expect(heap.take_high(48) != nullptr);
  expect(heap.take_low(0) == nullptr);
}

CASE(enlarging_keeps_the_contents) {
  BlockHeap heap;
  heap.start(block, kBytes);
  auto* piece = static_cast<char*>(lwp::enlarge_memory(&heap, nullptr, 10));
  strcpy(piece, "contents");
  for (std::size_t bytes = 20; bytes < 100000; bytes *= 2) {
    piece = static_cast<char*>(lwp::enlarge_memory(&heap, piece, bytes));
    expect(piece != nullptr && strcmp(piece, "contents") == 0);
  }
  expect(lwp::enlarge_memory(&heap, piece, kBytes) == nullptr);
  expect(strcmp(piece, "contents") == 0);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(pieces_keep_what_is_in_them_and_come_back_whole),
      cmocka_unit_test(as_many_of_one_size_as_fit_at_once_always_fit),
      cmocka_unit_test(nothing_is_written_into_what_is_given_back),
      cmocka_unit_test(blocks_that_are_too_small_have_nothing_to_give),
      cmocka_unit_test(enlarging_keeps_the_contents),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
