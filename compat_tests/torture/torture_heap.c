/* SPDX-License-Identifier: MIT */
/* torture_heap.c - the C library's heap under ticks: blocks keep their contents, and stay valid. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "torture.h"

enum { kBlocks = 32 };

static struct block {
  unsigned char* bytes;
  size_t size;
} blocks[kMostLwps][kBlocks];

static void fill(struct worker* self, struct block* block) {
  memset(block->bytes, 1 + self->number, block->size);
}

static void check(struct worker* self, const struct block* block) {
  size_t i;
  for (i = 0; i < block->size; ++i) expect_int(block->bytes[i], 1 + self->number);
}

static void allocate_and_free(struct worker* self) {
  struct block* const block = &blocks[self->number][draw(self, kBlocks)];
  size_t old;
  if (block->bytes == NULL) {
    block->size = 1 + draw(self, draw(self, 16) == 0 ? 200000 : 600);
    block->bytes = (unsigned char*)malloc(block->size);
    expect(block->bytes != NULL);
    fill(self, block);
    return;
  }
  check(self, block);
  if (draw(self, 2) == 0) {
    free(block->bytes);
    block->bytes = NULL;
    return;
  }
  old = block->size;
  block->size = 1 + draw(self, 1000);
  block->bytes = (unsigned char*)realloc(block->bytes, block->size);
  expect(block->bytes != NULL);
  if (old < block->size) block->size = old;
  check(self, block);
}

static void format_and_compare(struct worker* self) {
  char text[200];
  char* copy;
  const long round = self->rounds;
  long read_round = -1;
  int read_number = -1;
  double read_value = 0;
  const double value = (double)round + self->number / 256.0;
  snprintf(text, sizeof text, "%d %ld %.17g %50s", self->number, round, value, "x");
  copy = strdup(text);
  expect(copy != NULL);
  expect_int(sscanf(copy, "%d %ld %lg", &read_number, &read_round, &read_value), 3);
  free(copy);
  expect_int(read_number, self->number);
  expect_int(read_round, round);
  expect(read_value == value);
}

static int compare(const void* a, const void* b) {
  const unsigned left = *(const unsigned*)a;
  const unsigned right = *(const unsigned*)b;
  return (left > right) - (left < right);
}

/* qsort allocates, and calls back into code where ticks act. */
static void sort(struct worker* self) {
  enum { kNumbers = 700 };
  unsigned numbers[kNumbers];
  unsigned sum = 0;
  int i;
  for (i = 0; i < kNumbers; ++i) sum += numbers[i] = draw(self, 1000000);
  qsort(numbers, kNumbers, sizeof numbers[0], compare);
  for (i = 0; i < kNumbers; ++i) {
    expect(i == 0 || numbers[i - 1] <= numbers[i]);
    sum -= numbers[i];
  }
  expect_int(sum, 0);
}

static void everything(struct worker* self) {
  switch (self->number % 3) {
    case 0:
      allocate_and_free(self);
      break;
    case 1:
      format_and_compare(self);
      break;
    default:
      sort(self);
  }
}

TORTURE(two_allocate, 2, allocate_and_free, 50)
TORTURE(ten_allocate_in_shortest_slices, 10, allocate_and_free, 20)
TORTURE(ten_format, 10, format_and_compare, 20)
TORTURE(ten_sort, 10, sort, 20)
TORTURE(a_hundred_do_everything, 100, everything, 50)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_allocate),
      cmocka_unit_test(ten_allocate_in_shortest_slices),
      cmocka_unit_test(ten_format),
      cmocka_unit_test(ten_sort),
      cmocka_unit_test(a_hundred_do_everything),
  };
  mallopt(M_CHECK_ACTION, 3);
  mallopt(M_PERTURB, 0x5a);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
