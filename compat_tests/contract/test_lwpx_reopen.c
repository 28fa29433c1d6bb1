/* SPDX-License-Identifier: MIT */
/*
 * test_lwpx_reopen.c - LWPX_Read of descriptors that have served it well before, and are closed
 * since, or opened again.
 */
#include "io_case.h"

static int ends[2]; /* [0] is read by LWPs, [1] written here */
static int kept;    /* a duplicate, or nothing */

static void read_a_few(void* count) {
  char buffer[16];
  int i;
  for (i = 0; i < *(int*)count; ++i) {
    const ssize_t size = LWPX_Read(ends[0], buffer, sizeof buffer);
    if (size < 0) {
      note(errno == EBADF ? "bad" : "?");
    } else {
      note("%.*s", (int)size, buffer);
    }
  }
}

static void tell(const char* letter) { expect_int(write(ends[1], letter, 1), 1); }

/* One LWP waits, is answered and waits again; it is left to read once more. */
static void converse(void) {
  static int count = 4;
  int i;
  start_with_io();
  stream_pair(ends);
  spawn("reader", 4, read_a_few, &count);
  for (i = 0; i < 3; ++i) {
    pause_ms(1);
    tell("x");
    wait_for_notes(i + 1);
  }
  pause_ms(1);
  expect_transcript("x x x");
}

/* The manager sleeps long, so it has to find out by itself. */
static void wait_long_for_notes(int count) {
  do pause_ms(300);
  while (notes() < count);
}

/* The number of the read end becomes that of another socket. */
static void replace(int other[2]) {
  stream_pair(other);
  expect(dup2(other[0], ends[0]) == ends[0]);
  close(other[0]);
}

CASE(reader_of_a_number_that_was_opened_again_gets_what_comes) {
  static int count = 3;
  int other[2], i;
  converse();
  tell("x");
  pause_ms(1);
  expect_transcript("x");
  replace(other);
  spawn("again", 4, read_a_few, &count);
  for (i = 0; i < 3; ++i) {
    expect_int(write(other[1], "n", 1), 1);
    wait_long_for_notes(i + 1);
  }
  expect_transcript("n n n");
}

CASE(reader_waits_while_its_number_comes_to_mean_another_file) {
  int other[2];
  converse();
  replace(other);
  expect_int(write(other[1], "n", 1), 1);
  wait_long_for_notes(1);
  expect_transcript("n");
}

CASE(old_file_that_a_duplicate_keeps_open_does_not_disturb) {
  static int count = 3;
  int other[2], i;
  double begin;
  converse();
  kept = dup(ends[0]);
  tell("x");
  pause_ms(1);
  expect_transcript("x");
  tell("o");
  replace(other);
  spawn("again", 4, read_a_few, &count);
  begin = cpu_seconds();
  pause_ms(300);
  expect(cpu_seconds() - begin < 0.1);
  expect_transcript("");
  for (i = 0; i < 3; ++i) {
    expect_int(write(other[1], "n", 1), 1);
    wait_long_for_notes(i + 1);
  }
  expect_transcript("n n n");
}

CASE(reader_of_a_closed_number_is_told) {
  static int count = 1;
  converse();
  tell("x");
  pause_ms(1);
  expect_transcript("x");
  close(ends[0]);
  spawn("again", 4, read_a_few, &count);
  wait_long_for_notes(1);
  expect_transcript("bad");
}

CASE(number_of_a_datagram_socket_gives_all_its_datagrams) {
  static int count = 3;
  int other[2], i;
  converse();
  tell("x");
  pause_ms(1);
  expect_transcript("x");
  expect_int(socketpair(AF_UNIX, SOCK_DGRAM, 0, other), 0);
  expect(dup2(other[0], ends[0]) == ends[0]);
  for (i = 0; i < 3; ++i) expect_int(write(other[1], "d", 1), 1);
  spawn("again", 4, read_a_few, &count);
  wait_long_for_notes(3);
  expect_transcript("d d d");
}

enum { CROWD = 100 };

static void read_for_ever(void* fd) {
  char buffer[16];
  while (LWPX_Read(*(int*)fd, buffer, sizeof buffer) > 0) continue;
}

/* CROWD others are answered now and then, and wait again. */
CASE(reader_of_a_number_that_was_opened_again_is_found_among_many_who_wait) {
  static int crowd[CROWD][2];
  static int count = 3;
  int other[2], i, round;
  converse();
  for (i = 0; i < CROWD; ++i) {
    stream_pair(crowd[i]);
    spawn("crowd", 4, read_for_ever, &crowd[i][0]);
  }
  for (round = 0; round < 4; ++round) {
    for (i = 0; i < CROWD; ++i) expect_int(write(crowd[i][1], "c", 1), 1);
    pause_ms(1);
  }
  tell("x");
  pause_ms(1);
  expect_transcript("x");
  replace(other);
  spawn("again", 4, read_a_few, &count);
  pause_ms(1);
  expect_int(write(other[1], "n", 1), 1);
  pause_ms(500);
  expect_transcript("n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reader_of_a_number_that_was_opened_again_gets_what_comes),
      cmocka_unit_test(reader_waits_while_its_number_comes_to_mean_another_file),
      cmocka_unit_test(old_file_that_a_duplicate_keeps_open_does_not_disturb),
      cmocka_unit_test(reader_of_a_closed_number_is_told),
      cmocka_unit_test(number_of_a_datagram_socket_gives_all_its_datagrams),
      cmocka_unit_test(reader_of_a_number_that_was_opened_again_is_found_among_many_who_wait),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
