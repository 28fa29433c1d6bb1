/* SPDX-License-Identifier: MIT */
/*
 * test_lwpx_drained.c - LWPX_Read of what it has emptied before: input that is there again when it
 * is called is read at once, whatever others do.
 */
#include "io_case.h"

extern int Cont_Sws; /* dispatches, in no header, as ever */

static int ends[2]; /* [0] is read by LWPs, [1] written here */

static void tell(const char* letter) { expect_int(write(ends[1], letter, 1), 1); }

static void tell_x(void* parm) {
  (void)parm;
  tell("x");
}

/* The last read has taken all there was, and the manager has seen to it. */
static void read_until_drained(void) {
  char buffer[16];
  int i;
  stream_pair(ends);
  for (i = 0; i < 3; ++i) {
    spawn("teller", 2, tell_x, NULL);
    expect_int(LWPX_Read(ends[0], buffer, sizeof buffer), 1);
  }
}

static void read_here_until_drained(void) {
  start_with_io();
  read_until_drained();
}

static void note_it(void* text) { note("%s", (char*)text); }

CASE(input_that_is_there_is_read_before_less_urgent_lwps_run) {
  char c;
  read_here_until_drained();
  tell("y");
  spawn("less urgent", 1, note_it, (void*)"other");
  expect_int(LWPX_Read(ends[0], &c, 1), 1);
  note("read");
  LWP_DispatchProcess();
  pause_ms(1);
  expect_transcript("read other");
}

static void yield_for_ever(void* parm) {
  (void)parm;
  for (;;) LWP_DispatchProcess();
}

CASE(input_that_is_there_is_read_though_others_only_yield) {
  char buffer[16];
  int i;
  read_here_until_drained();
  spawn("spinner", LWP_NORMAL_PRIORITY, yield_for_ever, NULL);
  for (i = 0; i < 100; ++i) LWP_DispatchProcess();
  tell("y");
  expect_int(LWPX_Read(ends[0], buffer, sizeof buffer), 1);
}

/* At once, as those do whom the manager has just woken. */
static void expect_input_is_read(void) {
  char buffer[16];
  tell("y");
  expect_int(LWPX_Read(ends[0], buffer, sizeof buffer), 1);
}

CASE(input_that_is_there_is_read_at_once_though_an_equal_only_yields) {
  read_here_until_drained();
  spawn("spinner", LWP_NORMAL_PRIORITY, yield_for_ever, NULL);
  expect_input_is_read();
}

CASE(input_that_is_there_is_read_at_once_though_two_equals_only_yield) {
  int i;
  read_here_until_drained();
  for (i = 0; i < 2; ++i) spawn("spinner", LWP_NORMAL_PRIORITY, yield_for_ever, NULL);
  expect_input_is_read();
}

static int event;

static void yield_for_ever_when_told(void* parm) {
  LWP_WaitProcess(&event);
  yield_for_ever(parm);
}

CASE(input_that_is_there_is_read_at_once_though_somebody_more_urgent_would_yield_for_ever) {
  start_with_io();
  spawn("urgent", 4, yield_for_ever_when_told, NULL);
  read_until_drained();
  LWP_NoYieldSignal(&event);
  expect_input_is_read();
}

static void sleep_for_ever(void* parm) {
  const struct timespec soon = {0, 1};
  (void)parm;
  for (;;) LWPX_Sleep(&soon);
}

CASE(input_that_is_there_is_read_at_once_though_equals_yield_and_deadlines_are_due) {
  read_here_until_drained();
  spawn("sleeper", 4, sleep_for_ever, NULL);
  spawn("spinner", LWP_NORMAL_PRIORITY, yield_for_ever, NULL);
  expect_input_is_read();
}

enum { MANY = 300 };

static void read_once(void* fd) {
  char c;
  expect_int(LWPX_Read(*(int*)fd, &c, 1), 1);
}

CASE_IF(have_descriptors(2 * MANY + 50), "too few descriptors here",
        input_that_is_there_is_read_at_once_though_an_equal_yields_and_many_have_input) {
  static int pairs[MANY][2];
  int i;
  start_with_io();
  for (i = 0; i < MANY; ++i) {
    stream_pair(pairs[i]);
    spawn("one", LWP_NORMAL_PRIORITY, read_once, &pairs[i][0]);
  }
  read_until_drained();
  pause_ms(1); /* the system has looked once more, so it reports the others first */
  for (i = 0; i < MANY; ++i) expect_int(write(pairs[i][1], "x", 1), 1);
  spawn("spinner", LWP_NORMAL_PRIORITY, yield_for_ever, NULL);
  expect_input_is_read();
}

/* The number of the read end becomes that of another socket. */
static void replace(void) {
  int other[2];
  stream_pair(other);
  expect_int(dup2(other[0], ends[0]), ends[0]);
  expect_int(dup2(other[1], ends[1]), ends[1]);
  close(other[0]);
  close(other[1]);
}

CASE(input_that_is_there_is_read_at_once_though_its_number_is_new_and_an_equal_only_yields) {
  read_here_until_drained();
  replace();
  spawn("spinner", LWP_NORMAL_PRIORITY, yield_for_ever, NULL);
  expect_input_is_read();
}

static void yield_for_ever_when_due(void* deadline) {
  expect_int(LWPX_WaitProcessUntil(&event, (struct timespec*)deadline), LWPX_ETIMEOUT);
  yield_for_ever(NULL);
}

/* It becomes ready when the reader waits already. */
static void expect_input_is_read_though_a_deadline_is_due(void) {
  struct timespec deadline = us_from_now(1000);
  double due;
  spawn("sleeper", LWP_NORMAL_PRIORITY, yield_for_ever_when_due, &deadline);
  due = now_seconds() + 0.002;
  while (now_seconds() < due) continue;
  expect_input_is_read();
}

CASE(input_that_is_there_is_read_at_once_though_one_that_is_due_yields_for_ever) {
  read_here_until_drained();
  expect_input_is_read_though_a_deadline_is_due();
}

CASE(input_that_is_there_is_read_at_once_though_its_number_is_new_and_one_that_is_due_yields) {
  read_here_until_drained();
  replace();
  expect_input_is_read_though_a_deadline_is_due();
}

static void read_and_yield_for_ever(void* fd) {
  read_once(fd);
  yield_for_ever(NULL);
}

/* It becomes ready while the manager sleeps, and knows nothing of the reader's input. */
CASE(input_that_is_there_is_read_though_its_number_is_new_and_another_reader_yields_for_ever) {
  int other[2];
  start_with_io();
  stream_pair(other);
  spawn("other", LWP_NORMAL_PRIORITY, read_and_yield_for_ever, &other[0]);
  read_until_drained();
  replace();
  expect_int(write(other[1], "x", 1), 1);
  expect_input_is_read();
}

static int others[2];

static void note_when_told(void* text) {
  LWP_WaitProcess(&event);
  note_it(text);
}

static void read_when_told(void* parm) {
  char c;
  (void)parm;
  LWP_WaitProcess(&event);
  (void)LWPX_Read(ends[0], &c, 1);
}

static void read_others_and_note(void* text) {
  read_once(&others[0]);
  note_it(text);
}

static void tell_all(void* text) {
  note_it(text);
  expect_int(write(others[1], "x", 1), 1);
  LWP_NoYieldSignal(&event);
}

/* The first has the manager come next among LWPs that are more urgent than the second. */
CASE(soft_signals_are_served_before_descriptors_though_a_reader_relies_on_the_manager) {
  start_with_io();
  stream_pair(others);
  spawn("reader", 4, read_when_told, NULL);
  spawn("equal", 4, note_when_told, "equal");
  spawn("other", 4, read_others_and_note, "descriptor");
  read_until_drained();
  expect_int(IOMGR_SoftSig(tell_all, "first"), 0);
  expect_int(IOMGR_SoftSig(note_it, "second"), 0);
  wait_for_notes(4);
  expect_transcript("first equal second descriptor");
}

static int dispatches;

static void count_dispatches_and_tell(void* parm) {
  (void)parm;
  read_once(&others[0]);
  dispatches = Cont_Sws - dispatches;
  tell("y");
}

/* It becomes ready while the manager sleeps, and has to wait for no more than a few of its turns.
 */
CASE(less_urgent_lwp_runs_soon_though_a_reader_relies_on_the_manager) {
  char c;
  start_with_io();
  stream_pair(others);
  spawn("less urgent", 1, count_dispatches_and_tell, NULL);
  read_until_drained();
  expect_int(write(others[1], "x", 1), 1);
  dispatches = Cont_Sws;
  expect_int(LWPX_Read(ends[0], &c, 1), 1);
  expect(dispatches < 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(input_that_is_there_is_read_before_less_urgent_lwps_run),
      cmocka_unit_test(input_that_is_there_is_read_though_others_only_yield),
      cmocka_unit_test(input_that_is_there_is_read_at_once_though_an_equal_only_yields),
      cmocka_unit_test(input_that_is_there_is_read_at_once_though_two_equals_only_yield),
      cmocka_unit_test(
          input_that_is_there_is_read_at_once_though_somebody_more_urgent_would_yield_for_ever),
      cmocka_unit_test(
          input_that_is_there_is_read_at_once_though_equals_yield_and_deadlines_are_due),
      cmocka_unit_test(
          input_that_is_there_is_read_at_once_though_an_equal_yields_and_many_have_input),
      cmocka_unit_test(
          input_that_is_there_is_read_at_once_though_its_number_is_new_and_an_equal_only_yields),
      cmocka_unit_test(input_that_is_there_is_read_at_once_though_one_that_is_due_yields_for_ever),
      cmocka_unit_test(
          input_that_is_there_is_read_at_once_though_its_number_is_new_and_one_that_is_due_yields),
      cmocka_unit_test(
          input_that_is_there_is_read_though_its_number_is_new_and_another_reader_yields_for_ever),
      cmocka_unit_test(
          soft_signals_are_served_before_descriptors_though_a_reader_relies_on_the_manager),
      cmocka_unit_test(less_urgent_lwp_runs_soon_though_a_reader_relies_on_the_manager),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
