/* SPDX-License-Identifier: MIT */
/* The AFS-3 dialect's I/O manager, and its waiting for what a person types. */
#include <errno.h>
#include <fcntl.h>
#include <lwp.h>
#include <preempt.h>
#include <stdio.h>
#include <string.h>

#include "afs3_case.h"

static void pause_ms(long ms) {
  struct timeval time = {0, 0};
  time.tv_sec = ms / 1000;
  time.tv_usec = ms % 1000 * 1000;
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &time), 0);
}

/* What is written to the result can be read from stdin. */
static int pipe_to_stdin(void) {
  int ends[2];
  expect_int(pipe(ends), 0);
  expect_int(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
  close(ends[0]);
  return ends[1];
}

static void put(int fd, const char* text) {
  expect_int(write(fd, text, strlen(text)), (long)strlen(text));
}

CASE(initialising_makes_the_caller_an_lwp_of_normal_priority) {
  int priority;
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(LWP_GetProcessPriority(LWP_ActiveProcess, &priority), LWP_SUCCESS);
  expect_int(priority, LWP_NORMAL_PRIORITY);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(IOMGR_Finalize(), LWP_SUCCESS);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

CASE(initialising_keeps_what_there_is) {
  int priority;
  host(1);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(LWP_GetProcessPriority(LWP_ActiveProcess, &priority), LWP_SUCCESS);
  expect_int(priority, 1);
}

CASE(select_without_a_manager_is_refused) {
  struct timeval second = {1, 0};
  host(2);
  errno = 0;
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &second), -1);
  expect_int(errno, EINVAL);
  expect_int(IOMGR_Poll(), LWP_EINIT);
  expect_int(LWP_WaitForKeystroke(-1), 0);
}

/* Two descriptors of which both can be read. */
static void two_ready(fd_set* set, int* ret_count) {
  int ends[2], i;
  FD_ZERO(set);
  for (i = 0; i < 2; ++i) {
    expect_int(pipe(ends), 0);
    put(ends[1], "x");
    FD_SET(ends[0], set);
    *ret_count = ends[0] + 1;
  }
}

CASE(select_says_one_for_any_number) {
  fd_set set;
  int count;
  struct timeval at_once = {0, 0}, later = {60, 0};
  IOMGR_Initialize();
  two_ready(&set, &count);
  expect_int(IOMGR_Select(count, &set, NULL, NULL, &at_once), 1);
  expect_int(IOMGR_Select(count, &set, NULL, NULL, &later), 1);
  expect_int(IOMGR_Select(count, &set, NULL, NULL, NULL), 1);
  expect_int(later.tv_sec, 60);
}

CASE(select_tells_bad_descriptors) {
  fd_set set;
  struct timeval at_once = {0, 0};
  IOMGR_Initialize();
  FD_ZERO(&set);
  FD_SET(50, &set);
  expect_int(IOMGR_Select(51, &set, NULL, NULL, &at_once), -1);
  expect_int(errno, EBADF);
  expect_int(IOMGR_Select(51, &set, NULL, NULL, NULL), -1);
  expect_int(errno, EBADF);
  expect_int(IOMGR_Select(FD_SETSIZE + 1, &set, NULL, NULL, NULL), -1);
  expect_int(errno, EINVAL);
}

struct sleeper {
  const char* name;
  struct timeval time;
};

static void* sleep_and_note(void* parm) {
  struct sleeper* const sleeper = (struct sleeper*)parm;
  struct timeval before = sleeper->time;
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, &sleeper->time), 0);
  expect(before.tv_sec == sleeper->time.tv_sec && before.tv_usec == sleeper->time.tv_usec);
  note("%s", sleeper->name);
  return NULL;
}

/* {1, 2000000} is 1.1 s, as is {-1, -1}, which never ends in Coda; {0, -1} and {0, 2000000} are 0.1
 * s. Those of equal length end in the order in which they began. */
CASE(times_that_are_none_are_corrected) {
  static struct sleeper sleepers[] = {
      {"1.5", {1, 500000}}, {"1.1", {1, 2000000}}, {"-1-1", {-1, -1}},    {"-5+0", {-5, 0}},
      {"0.6", {0, 600000}}, {"0-1", {0, -1}},      {"0+2", {0, 2000000}},
  };
  int i;
  IOMGR_Initialize();
  for (i = 0; i < 7; ++i) spawn("sleeper", 2, sleep_and_note, &sleepers[i]);
  IOMGR_Sleep(2);
  expect_transcript("0-1 0+2 0.6 1.1 -1-1 -5+0 1.5");
}

CASE(sleep_of_zero_does_not_yield) {
  IOMGR_Initialize();
  start_b_and_c(2);
  IOMGR_Sleep(0);
  expect_transcript("");
}

CASE(poll_lets_others_run_twice) {
  IOMGR_Initialize();
  start_b_and_c(2);
  expect_int(IOMGR_Poll(), 0);
  note("main");
  expect_transcript("B C B C main");
}

CASE(poll_says_zero_also_if_it_woke_somebody) {
  static struct sleeper sleeper = {"sleeper", {0, 1}};
  double until;
  IOMGR_Initialize();
  spawn("sleeper", 2, sleep_and_note, &sleeper);
  for (until = now_seconds() + 0.01; now_seconds() < until;) {
  }
  expect_int(IOMGR_Poll(), 0);
  expect_transcript("sleeper");
}

static void* note_priority_and_stack(void* rock) {
  int priority = -1, max = 0, used;
  LWP_GetProcessPriority(LWP_ActiveProcess, &priority);
  LWP_StackUsed(LWP_ActiveProcess, &max, &used);
  note("%d %d %s", priority, max == AFS_LWP_MINSTACKSIZE, (const char*)rock);
  return rock;
}

CASE(soft_signals_run_at_normal_priority) {
  static char rock[] = "rock";
  IOMGR_Initialize();
  expect_int(IOMGR_SoftSig(note_priority_and_stack, rock), 0);
  pause_ms(20);
  expect_transcript("2 1 rock");
}

CASE(fifth_soft_signal_is_refused) {
  int i;
  IOMGR_Initialize();
  for (i = 0; i < 4; ++i) expect_int(IOMGR_SoftSig(note_priority_and_stack, NULL), 0);
  expect_int(IOMGR_SoftSig(note_priority_and_stack, NULL), -1);
}

CASE(allocated_sets_are_empty) {
  fd_set* sets[3];
  int i, fd;
  for (i = 0; i < 3; ++i) {
    sets[i] = IOMGR_AllocFDSet();
    expect(sets[i] != NULL);
    for (fd = 0; fd < FD_SETSIZE; ++fd) expect(!FD_ISSET(fd, sets[i]));
    FD_SET(17, sets[i]);
  }
  for (i = 0; i < 3; ++i) IOMGR_FreeFDSet(sets[i]);
  IOMGR_FreeFDSet(NULL);
}

/* --- the keyboard */

CASE(keystroke_is_seen_in_the_descriptor_and_in_what_stdio_has_read) {
  const int typist = pipe_to_stdin();
  IOMGR_Initialize();
  expect_int(LWP_WaitForKeystroke(0), 0);
  put(typist, "ab");
  expect_int(LWP_WaitForKeystroke(0), 1);
  expect_int(getchar(), 'a');
  expect_int(LWP_WaitForKeystroke(0), 1); /* b, which stdio has read along */
  expect_int(LWP_WaitForKeystroke(-1), 1);
  expect_int(getchar(), 'b');
  expect_int(LWP_WaitForKeystroke(0), 0);
  expect_int(LWP_WaitForKeystroke(1), 0); /* a second later */
}

static void* type_in_pieces(void* fd) {
  note("typist");
  put(*(int*)fd, "one ");
  pause_ms(20);
  note("typist");
  put(*(int*)fd, "line\nand");
  return NULL;
}

CASE(others_run_while_a_line_is_incomplete) {
  char line[80];
  int typist = pipe_to_stdin();
  IOMGR_Initialize();
  spawn("typist", 1, type_in_pieces, &typist);
  expect_int(LWP_GetLine(line, sizeof line), 9);
  expect(strcmp(line, "one line\n") == 0);
  expect_transcript("typist typist");
  close(typist);
  expect_int(LWP_GetLine(line, sizeof line), 0); /* the input ends without a newline */
  expect(strcmp(line, "and") == 0);
  expect_int(LWP_GetLine(line, sizeof line), -1);
  expect_int(LWP_GetLine(line, sizeof line), -1);
}

CASE(line_longer_than_the_buffer_comes_in_pieces) {
  char line[5] = "????";
  const int typist = pipe_to_stdin();
  IOMGR_Initialize();
  put(typist, "abcdefg\n");
  expect_int(LWP_GetLine(line, 5), 0);
  expect(strcmp(line, "abcd") == 0);
  expect_int(LWP_GetLine(line, 5), 4);
  expect(strcmp(line, "efg\n") == 0);
  expect_int(LWP_GetLine(line, 1), 0);
  expect_int(line[0], 0);
  line[0] = '?';
  expect_int(LWP_GetLine(line, 0), 0);
  expect_int(LWP_GetLine(line, -1), 0);
  expect_int(line[0], '?');
  expect_int(LWP_GetLine(NULL, 5), 0);
}

CASE(response_key_forgets_what_was_typed_ahead) {
  char key = '?';
  const int typist = pipe_to_stdin();
  IOMGR_Initialize();
  put(typist, "early");
  expect_int(getchar(), 'e');
  expect_int(LWP_GetResponseKey(0, &key), 0);
  expect_int(key, 0);
  put(typist, "k");
  expect_int(LWP_GetResponseKey(-1, &key), 1);
  expect_int(key, 'k');
  expect_int(LWP_GetResponseKey(-1, NULL), 0);
}

static PROCESS reader;

static void* cancel_reader(void* unused) {
  expect_int(IOMGR_Cancel(reader), 0);
  return unused;
}

CASE(cancelled_waits_say_so) {
  char line[80];
  (void)pipe_to_stdin();
  IOMGR_Initialize();
  reader = LWP_ActiveProcess;
  expect_int(IOMGR_Cancel(reader), -1);
  expect_int(IOMGR_Cancel(NULL), -1);
  spawn("canceller", 1, cancel_reader, NULL);
  expect_int(LWP_GetLine(line, sizeof line), -1);
  spawn("canceller", 1, cancel_reader, NULL);
  expect_int(IOMGR_Select(0, NULL, NULL, NULL, NULL), -2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(initialising_makes_the_caller_an_lwp_of_normal_priority),
      cmocka_unit_test(initialising_keeps_what_there_is),
      cmocka_unit_test(select_without_a_manager_is_refused),
      cmocka_unit_test(select_says_one_for_any_number),
      cmocka_unit_test(select_tells_bad_descriptors),
      cmocka_unit_test(times_that_are_none_are_corrected),
      cmocka_unit_test(sleep_of_zero_does_not_yield),
      cmocka_unit_test(poll_lets_others_run_twice),
      cmocka_unit_test(poll_says_zero_also_if_it_woke_somebody),
      cmocka_unit_test(soft_signals_run_at_normal_priority),
      cmocka_unit_test(fifth_soft_signal_is_refused),
      cmocka_unit_test(allocated_sets_are_empty),
      cmocka_unit_test(keystroke_is_seen_in_the_descriptor_and_in_what_stdio_has_read),
      cmocka_unit_test(others_run_while_a_line_is_incomplete),
      cmocka_unit_test(line_longer_than_the_buffer_comes_in_pieces),
      cmocka_unit_test(response_key_forgets_what_was_typed_ahead),
      cmocka_unit_test(cancelled_waits_say_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
