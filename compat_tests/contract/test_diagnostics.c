/* SPDX-License-Identifier: MIT */
/* test_diagnostics.c - the log, traces of calls and dispatches, reports of long waits. */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lwp_case.h"

#ifndef LWP_LWP_H
void LWP_Print_Processes(void);
extern int LWP_TraceProcesses;
#endif
/* Historical, in no header. */
extern int Cont_Sws;
extern int lwp_nextindex;
extern FILE* lwp_logfile;

static struct outcome outcome;
static char event, other_event;

static int matches(const char* text, const char* pattern) {
  regex_t expression;
  int found;
  if (regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0) abort();
  found = regexec(&expression, text, 0, NULL, 0) == 0;
  regfree(&expression);
  return found;
}

#define assert_matches(text, pattern) \
  ((void)(matches(text, pattern) || (print_error("no %s in\n%s", pattern, text), fail(), 0)))

static int lines_of(const char* text) {
  int count = 0;
  for (; *text != '\0'; ++text) count += *text == '\n';
  return count;
}

/* --- the log */

static void trace_one_wait(void) {
  host(1);
  spawn("W", 1, wait_and_note, &event);
  LWP_SetLog(stderr, 1);
  LWP_SignalProcess(&event);
  LWP_SetLog(stderr, 0);
  LWP_DispatchProcess();
}

static void calls_are_traced_on_the_log(void** state) {
  (void)state;
  child_case_observe(trace_one_wait, &outcome);
  assert_int_equal(outcome.exit_status, 0);
  assert_matches(outcome.err, "^\\*\\*\\*LWP \\(0x[0-9a-f]+\\): .*");
  assert_true(lines_of(outcome.err) >= 1);
  assert_string_equal(outcome.out, "");
}

static void trace_to_nowhere(void) {
  host(1);
  LWP_SetLog(NULL, 1);
  spawn("W", 1, wait_and_note, &event);
  LWP_SignalProcess(&event);
#ifdef LWP_LWP_H
  LWP_Print_Processes();
#endif
}

static void a_null_log_is_silent(void** state) {
  (void)state;
  child_case_observe(trace_to_nowhere, &outcome);
  assert_int_equal(outcome.exit_status, 0);
  assert_string_equal(outcome.err, "");
  assert_string_equal(outcome.out, "");
}

CASE(set_log_sets_file_and_level) {
  FILE* const file = tmpfile();
  char text[4096] = "";
  host(1);
  LWP_SetLog(file, 3);
  expect_int(lwp_debug, 3);
  expect(lwp_logfile == file);
  spawn("W", 1, wait_and_note, &event);
  LWP_SetLog(file, 0);
  rewind(file);
  expect(fread(text, 1, sizeof text - 1, file) > 0);
  expect(matches(text, "^\\*\\*\\*LWP \\(0x[0-9a-f]+\\): "));
}

CASE(every_init_sets_the_log_back_to_stderr) {
  FILE* const file = tmpfile();
  host(1);
  expect(lwp_logfile == stderr);
  LWP_SetLog(file, 0);
  expect_int(LWP_Init(LWP_VERSION, 1, NULL), LWP_SUCCESS);
  expect(lwp_logfile == stderr);
}

static void no_tracing(void) {
  host(1);
  spawn("W", 1, wait_and_note, &event);
  LWP_SignalProcess(&event);
  LWP_DispatchProcess();
}

static void nothing_is_said_unasked(void** state) {
  (void)state;
  child_case_observe(no_tracing, &outcome);
  assert_string_equal(outcome.err, "");
  assert_string_equal(outcome.out, "");
}

/* --- the rings */

static void trace_dispatches(void) {
  host(1);
  spawn("sleeper", 1, wait_and_note, &event);
  spawn("runner", 3, wait_and_note, &other_event);
  LWP_NoYieldSignal(&other_event);
  fflush(stdout);
  LWP_TraceProcesses = 1;
  LWP_DispatchProcess();
  LWP_TraceProcesses = 0;
  LWP_DispatchProcess();
}

static void trace_processes_prints_the_rings_at_each_dispatch(void** state) {
  (void)state;
  child_case_observe(trace_dispatches, &outcome);
  assert_int_equal(outcome.exit_status, 0);
  assert_matches(outcome.out, "\\[Priority 3, runnable \\(1\\): \"runner\"\\]");
  assert_matches(outcome.out, "\\[Priority 1, runnable \\(1\\): \"Main Process\"\\]");
  assert_matches(outcome.out, "\\[Blocked \\(1\\): \"sleeper\"\\]");
  assert_matches(outcome.out, "^Dispatch [0-9]+ \\[PCB at 0x[0-9a-f]+\\] \"runner\"$");
  assert_matches(outcome.out, "^Dispatch [0-9]+ \\[PCB at 0x[0-9a-f]+\\] \"Main Process\"$");
}

CASE(dispatches_are_counted) {
  int before;
  host(1);
  before = Cont_Sws;
  LWP_DispatchProcess();
  expect_int(Cont_Sws, before + 1); /* also without a switch */
  spawn("A", 1, note_and_yield, NULL);
  expect_int(Cont_Sws, before + 3);
}

#ifdef LWP_LWP_H

#include <lwp/lwpx.h>

/* One creation, which yields, and one end; also where the next LWP begins just then. */
CASE(dispatches_at_the_end_of_an_lwp_are_counted) {
  int i, before;
  host(1);
  for (i = 0; i < 10; ++i) {
    before = Cont_Sws;
    spawn("E", 1, note_and_end, NULL);
    expect_int(Cont_Sws, before + 2);
  }
  before = Cont_Sws;
  expect_int(LWPX_SetPriority(LWP_ThisProcess(), 2), LWP_SUCCESS);
  spawn("E", 1, note_and_end, NULL);
  spawn("E", 1, note_and_end, NULL);
  expect_int(Cont_Sws, before + 2);
  expect_int(LWPX_SetPriority(LWP_ThisProcess(), 0), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_int(Cont_Sws, before + 5);
}

#endif

CASE(the_number_of_the_next_lwp_can_be_read) {
  host(1);
  expect_int(lwp_nextindex, 1);
  spawn("A", 1, note_and_yield, NULL);
  expect_int(lwp_nextindex, 2);
}

/* --- long waits */

static void spin(double seconds) {
  const double end = now_seconds() + seconds;
  while (now_seconds() < end) continue;
}

static void spin_too_long(void) {
  host(1);
  cont_sw_threshold.tv_usec = 5000;
  LWP_DispatchProcess();
  spin(0.02);
  LWP_DispatchProcess();
  cont_sw_threshold.tv_usec = 0;
  spin(0.02);
  LWP_DispatchProcess();
}

static void an_lwp_that_keeps_the_processor_is_reported(void** state) {
  (void)state;
  child_case_observe(spin_too_long, &outcome);
  assert_int_equal(outcome.exit_status, 0);
  assert_int_equal(lines_of(outcome.err), 1);
  assert_matches(outcome.err,
                 "^\\[ [0-9]{2}:[0-9]{2}:[0-9]{2} \\] \\*\\*\\*LWP Main Process\\(0x[0-9a-f]+\\) "
                 "took too much cpu [0-9]+ secs +[0-9]+ usecs$");
}

static void leave(void* parm) { exit(parm != NULL); }

CASE(the_time_of_the_last_dispatch_is_kept_while_it_is_asked_for) {
  struct timeval now;
  host(1);
  cont_sw_threshold.tv_sec = 1000;
  LWP_DispatchProcess();
  gettimeofday(&now, NULL);
  expect(last_context_switch.tv_sec != 0);
  expect(!timercmp(&now, &last_context_switch, <));
}

static void wait_too_long(void) {
  host(2);
  run_wait_threshold.tv_usec = 5000;
  spawn("patient", 1, wait_and_note, &event);
  spawn("leaver", 0, leave, NULL);
  spin(0.02);
  LWP_WaitProcess(&other_event);
}

static void an_lwp_that_waits_long_for_its_turn_is_reported(void** state) {
  (void)state;
  child_case_observe(wait_too_long, &outcome);
  assert_int_equal(outcome.exit_status, 0);
  assert_matches(outcome.err,
                 "^\\[ [0-9]{2}:[0-9]{2}:[0-9]{2} \\] \\*\\*\\*LWP patient\\(0x[0-9a-f]+\\) "
                 "run-wait too long [0-9]+ secs +[0-9]+ usecs$");
}

static void run_long_after_a_signal(void) {
  host(1);
  run_wait_threshold.tv_usec = 5000;
  spawn("sleeper", 1, wait_and_note, &event);
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  spin(0.02);
  LWP_DispatchProcess();
}

static void an_lwp_that_waits_long_after_a_signal_is_reported(void** state) {
  (void)state;
  child_case_observe(run_long_after_a_signal, &outcome);
  assert_int_equal(outcome.exit_status, 0);
  assert_matches(outcome.err, "LWP sleeper\\(0x[0-9a-f]+\\) run-wait too long");
}

/* --- the table */

static void print_table(void) {
  const void* list[] = {&event, &other_event, NULL};
  host(1);
  spawn("sleeper", 1, wait_and_note, &event);
  spawn("ready one", 0, note_and_end, list);
  LWP_Print_Processes();
}

static void print_processes_describes_every_lwp_and_says_when_it_is_done(void** state) {
  size_t length;
  (void)state;
  child_case_observe(print_table, &outcome);
  assert_int_equal(outcome.exit_status, 0);
  assert_matches(outcome.err, "Main Process");
  assert_matches(outcome.err, "ready one");
  assert_matches(outcome.err, "sleeper");
  assert_matches(outcome.err, "READY");
  assert_matches(outcome.err, "WAITING");
  length = strlen(outcome.err);
  assert_true(length > 11);
  assert_string_equal(outcome.err + length - 11, "Trace done\n");
}

#ifdef LWP_LWP_H
static void print_before_init(void) {
  LWP_SetLog(stderr, 0);
  LWP_Print_Processes();
}

static void print_processes_before_init_says_so(void** state) {
  (void)state;
  child_case_observe(print_before_init, &outcome);
  assert_int_equal(outcome.exit_status, 0);
  assert_string_equal(outcome.err, "***LWP: LWP support not initialized\n");
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_are_traced_on_the_log),
      cmocka_unit_test(a_null_log_is_silent),
      cmocka_unit_test(set_log_sets_file_and_level),
      cmocka_unit_test(every_init_sets_the_log_back_to_stderr),
      cmocka_unit_test(nothing_is_said_unasked),
      cmocka_unit_test(trace_processes_prints_the_rings_at_each_dispatch),
      cmocka_unit_test(dispatches_are_counted),
#ifdef LWP_LWP_H
      cmocka_unit_test(dispatches_at_the_end_of_an_lwp_are_counted),
#endif
      cmocka_unit_test(the_number_of_the_next_lwp_can_be_read),
      cmocka_unit_test(an_lwp_that_keeps_the_processor_is_reported),
      cmocka_unit_test(the_time_of_the_last_dispatch_is_kept_while_it_is_asked_for),
      cmocka_unit_test(an_lwp_that_waits_long_for_its_turn_is_reported),
      cmocka_unit_test(an_lwp_that_waits_long_after_a_signal_is_reported),
      cmocka_unit_test(print_processes_describes_every_lwp_and_says_when_it_is_done),
#ifdef LWP_LWP_H
      cmocka_unit_test(print_processes_before_init_says_so),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
