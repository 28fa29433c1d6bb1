/* SPDX-License-Identifier: MIT */
/* torture_stdio.c - streams under ticks: one per LWP, and one that all of them write to. */
#include <stdio.h>
#include <string.h>

#include "torture.h"

static FILE* files[kMostLwps];
static FILE* shared;
static long written[kMostLwps];

static void write_own(struct worker* self) {
  fprintf(files[self->number], "%d %ld\n", self->number, self->rounds);
}

static void write_shared(struct worker* self) {
  fprintf(shared, "%d %ld %s\n", self->number, self->rounds,
          "0123456789abcdefghijklmnopqrstuvwxyz");
}

static void write_both(struct worker* self) {
  write_own(self);
  write_shared(self);
}

static void open_and_close(struct worker* self) {
  char line[40];
  FILE* const file = fopen("/proc/self/stat", "r");
  (void)self;
  expect(file != NULL);
  expect(fgets(line, sizeof line, file) != NULL);
  fclose(file);
}

/* Lines may stand in any order, but each is whole and is there once. */
static void check_file(FILE* file, int only) {
  char line[200];
  memset(written, 0, sizeof written);
  rewind(file);
  while (fgets(line, sizeof line, file) != NULL) {
    int number;
    long round;
    expect_int(sscanf(line, "%d %ld", &number, &round), 2);
    expect(number >= 0 && number < worker_count && (only < 0 || only == number));
    expect_int(round, written[number]);
    ++written[number];
  }
}

static void own_files(int lwps, long slice) {
  int i;
  for (i = 0; i < lwps; ++i) expect((files[i] = tmpfile()) != NULL);
  open_shop();
  hire(lwps, write_own);
  work_and_close(slice);
  for (i = 0; i < lwps; ++i) {
    check_file(files[i], i);
    expect_int(written[i], workers[i].rounds);
  }
}

static void shared_file(int lwps, long slice, void (*round)(struct worker*)) {
  int i;
  expect((shared = tmpfile()) != NULL);
  for (i = 0; i < lwps; ++i) expect((files[i] = tmpfile()) != NULL);
  open_shop();
  hire(lwps, round);
  work_and_close(slice);
  check_file(shared, -1);
  for (i = 0; i < lwps; ++i) expect_int(written[i], workers[i].rounds);
}

CASE(own_files_of_ten) { own_files(10, 20); }
CASE(shared_file_of_two) { shared_file(2, 50, write_shared); }
CASE(shared_file_of_twenty) { shared_file(20, 20, write_both); }
TORTURE(files_come_and_go, 10, open_and_close, 20)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(own_files_of_ten),
      cmocka_unit_test(shared_file_of_two),
      cmocka_unit_test(shared_file_of_twenty),
      cmocka_unit_test(files_come_and_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
