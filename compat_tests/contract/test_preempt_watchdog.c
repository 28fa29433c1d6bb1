/* SPDX-License-Identifier: MIT */
/* test_preempt_watchdog.c - reports of LWPs that ticks can not move. */
#include <lwp/lwp.h>
#include <lwp/lwpx.h>
#include <preempt/watch.h>
#include <stdio.h>
#include <string.h>

#include "child_case.h"
#include "stepper.h"
#include "ticks.h"

static volatile long turns;
static PROCESS self;

static void start(void) {
  expect_int(LWP_Init(LWP_VERSION, 2, &self), LWP_SUCCESS);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  turns = 0;
}

static int reports;
static struct PRE_Stuck last;
static char last_module[64];

static void keep(const struct PRE_Stuck* stuck, void* argument) {
  expect(argument == &reports);
  ++reports;
  last = *stuck;
  snprintf(last_module, sizeof last_module, "%s", stuck->module);
}

static void watch_for(long seconds, long us, void (*report)(const struct PRE_Stuck*, void*)) {
  struct timeval limit;
  limit.tv_sec = seconds;
  limit.tv_usec = us;
  expect_int(PRE_SetWatchdog(&limit, report, &reports), LWP_SUCCESS);
}

/* As soon as two ticks in a stretch are a microsecond apart, and so are any. */
static void watch_closely(void) { watch_for(0, 1, keep); }

static void wait_for_clock(void) {
  const double begin = now_seconds();
  while (now_seconds() < begin + 5e-6) {
  }
}

static inline __attribute__((always_inline)) void ticks_here(int count) {
  for (; count > 0; --count) {
    tick_here();
    wait_for_clock();
  }
}

static void expect_report(int reason, int level) {
  expect_int(reports, 1);
  reports = 0;
  expect_int(last.size, sizeof last);
  expect_int(last.reason, reason);
  expect_int(last.level, level);
  expect(last.pid == self);
  expect(strcmp(last.name, "Main Process") == 0);
  expect_int(turns, 0);
}

CASE(long_section_is_reported_once) {
  start();
  watch_closely();
  PRE_BeginCritical();
  PRE_BeginCritical();
  ticks_here(1);
  expect_int(reports, 0);
  ticks_here(10);
  expect_report(PRE_STUCK_SECTION, 2);
  expect(last.kept.tv_sec > 0 || last.kept.tv_usec > 0);
}

/* Of the program in memory; the linker defines them. */
extern char __executable_start[];
extern char etext[];

CASE(report_tells_the_place) {
  start();
  watch_closely();
  PRE_BeginCritical();
  ticks_here(2);
  expect_int(reports, 1);
  expect((char*)last.where > __executable_start && (char*)last.where < etext);
  expect(strcmp(last_module, "test_preempt_watchdog") == 0);
  expect_int(last.offset, (char*)last.where - __executable_start);
}

CASE(lwp_that_never_asked_to_be_preempted_is_reported) {
  LWP_Init(LWP_VERSION, 2, &self);
  slices_by_hand();
  start_lwp(count_turns, 2, (void*)&turns);
  turns = 0;
  watch_closely();
  ticks_here(2);
  expect_report(PRE_STUCK_SECTION, 1);
}

CASE(veto_is_reported) {
  start();
  watch_closely();
  PRE_Block = 1;
  ticks_here(2);
  expect_report(PRE_STUCK_BLOCK, 0);
}

CASE(c_library_is_reported) {
  start();
  watch_closely();
  tick_in_libc();
  wait_for_clock();
  tick_in_libc();
  expect_report(PRE_STUCK_CODE, 0);
#if !defined(__i386__) /* where all system calls are made from a page of the kernel's */
  expect(strstr(last_module, "libc") != NULL);
#endif
}

CASE(foreign_mask_is_reported) {
  sigset_t set;
  start();
  watch_closely();
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  ticks_here(2);
  expect_report(PRE_STUCK_MASK, 0);
}

static void with_two_ticks(int signo) {
  (void)signo;
  ticks_here(2);
}

CASE(alternate_stack_is_reported) {
  start();
  watch_closely();
  handle_on_alternate_stack(SIGUSR1, with_two_ticks, 0);
  raise(SIGUSR1);
  expect_report(PRE_STUCK_STACK, 0);
}

/* The library traces dispatches through a stream of the program. */
static ssize_t write_slowly(void* cookie, const char* bytes, size_t size) {
  (void)cookie;
  (void)bytes;
  ticks_here(2);
  return (ssize_t)size;
}

CASE(library_that_is_stuck_in_a_callback_is_reported) {
  cookie_io_functions_t functions;
  memset(&functions, 0, sizeof functions);
  functions.write = write_slowly;
  start();
  watch_closely();
  stdout = fopencookie(NULL, "w", functions);
  setvbuf(stdout, NULL, _IONBF, 0);
  LWP_TraceProcesses = 1;
  LWP_DispatchProcess();
  LWP_TraceProcesses = 0;
  expect(reports > 0);
  expect_int(last.reason, PRE_STUCK_LIBRARY);
}

CASE(stretch_ends_with_a_dispatch) {
  int i;
  start();
  watch_closely();
  for (i = 1; i <= 3; ++i) {
    PRE_BeginCritical();
    ticks_here(5);
    expect_int(reports, i);
    PRE_EndCritical();
    expect_int(turns, i);
    tick_here();
    turns = i;
  }
}

CASE(dispatch_of_ones_own_ends_a_stretch) {
  start();
  watch_closely();
  PRE_BeginCritical();
  ticks_here(1);
  LWP_DispatchProcess();
  ticks_here(1);
  expect_int(reports, 0);
  ticks_here(1);
  expect_int(reports, 1);
}

CASE(shorter_stretches_are_not_reported) {
  start();
  watch_for(1000, 0, keep);
  PRE_BeginCritical();
  ticks_here(100);
  PRE_EndCritical();
  expect_int(reports, 0);
}

CASE(lwp_without_rivals_is_not_reported) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  start_lwp(count_turns, 1, (void*)&turns);
  watch_closely();
  ticks_here(10);
  PRE_PreemptMe();
  ticks_here(10);
  expect_int(reports, 0);
}

CASE(real_ticks_report_an_endless_section) {
  start();
  watch_for(0, 3000, keep);
  slices_of(500);
  PRE_BeginCritical();
  while (*(volatile int*)&reports == 0) {
  }
  expect_report(PRE_STUCK_SECTION, 1);
  expect(last.kept.tv_sec > 0 || last.kept.tv_usec >= 3000);
}

CASE(watchdog_can_be_turned_off) {
  const struct timeval zero = {0, 0};
  start();
  PRE_BeginCritical();
  watch_closely();
  expect_int(PRE_SetWatchdog(NULL, keep, NULL), LWP_SUCCESS);
  ticks_here(5);
  watch_closely();
  expect_int(PRE_SetWatchdog(&zero, keep, NULL), LWP_SUCCESS);
  ticks_here(5);
  expect_int(reports, 0);
  watch_closely();
  ticks_here(5);
  expect_int(reports, 1);
}

static void call_the_library(const struct PRE_Stuck* stuck, void* argument) {
  (void)argument;
  expect_int(LWP_DispatchProcess(), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(stuck->pid), LWP_EBLOCKED);
  expect_int(PRE_SetWatchdog(NULL, NULL, NULL), LWP_EBLOCKED);
  expect_int(LWP_QSignal(stuck->pid), LWP_SUCCESS);
  ++reports;
}

CASE(report_can_not_switch_but_may_signal) {
  start();
  watch_for(0, 1, call_the_library);
  PRE_Block = 1;
  ticks_here(3);
  expect_int(reports, 1);
  expect_int(turns, 0);
  PRE_Block = 0;
  expect_int(LWP_QWait(), LWP_SUCCESS);
}

static void expect_refused(long seconds, long us) {
  struct timeval limit;
  limit.tv_sec = seconds;
  limit.tv_usec = us;
  expect_int(PRE_SetWatchdog(&limit, NULL, NULL), LWP_ESYSTEM);
}

CASE(bad_limits_are_refused) {
  const struct timeval limit = {0, 1};
  expect_int(PRE_SetWatchdog(&limit, keep, NULL), LWP_EINIT);
  start();
  watch_closely();
  expect_refused(0, -1);
  expect_refused(0, 1000000);
  expect_refused(-1, 0);
  expect_refused(1000000001, 0);
  PRE_BeginCritical();
  ticks_here(2);
  expect_int(reports, 1);
}

static void section_under_the_default_report(void) {
  start();
  watch_for(0, 1, NULL);
  PRE_BeginCritical();
  ticks_here(5);
}

static void section_without_watchdog(void) {
  start();
  PRE_BeginCritical();
  ticks_here(5);
}

static void default_report_is_a_line_on_stderr(void** state) {
  static struct outcome outcome;
  const char* at;
  (void)state;
  child_case_observe(section_under_the_default_report, &outcome);
  assert_int_equal(outcome.exit_status, 0);
  at = strstr(outcome.err, "LWP: \"Main Process\" (0x");
  assert_true(at == outcome.err);
  assert_non_null(strstr(at, " ms; its level is not 0 but 1; at 0x"));
  assert_non_null(strstr(at, " (test_preempt_watchdog+0x"));
  assert_true(strchr(at, '\n') == at + strlen(at) - 1);
}

static void nothing_is_reported_unless_asked_for(void** state) {
  static struct outcome outcome;
  (void)state;
  child_case_observe(section_without_watchdog, &outcome);
  assert_int_equal(outcome.exit_status, 0);
  assert_string_equal(outcome.err, "");
}

static const char* long_name = "a name that does not fit into a control block";
static PROCESS ending;
static int named, unnamed;

static int ending_runs(void) { return LWP_ThisProcess() == ending; }

static void look_at_name(const struct PRE_Stuck* stuck, void* unused) {
  (void)unused;
  unnamed += stuck->name[0] == '\0';
  named += strcmp(stuck->name, long_name) == 0;
  expect(stuck->name[0] == '\0' || strcmp(stuck->name, long_name) == 0);
}

static void end_in_steps(void* parm) {
  (void)parm;
  ending = LWP_ThisProcess();
  tick_here(); /* the first of two */
  wait_for_clock();
  step_on();
}

static void dispatch(void* parm) { (void)parm, LWP_DispatchProcess(); }

CASE_IF(STEPPER_WORKS, "no stepper here", the_name_of_an_lwp_that_has_ended_is_not_read) {
  struct LWPX_Attributes attributes = LWPX_ATTRIBUTES_INIT;
  struct step_run run;
  PROCESS pid;
  long number = 1;
  stepper_begin();
  start();
  watch_for(0, 1, look_at_name);
  step_only_if(ending_runs);
  attributes.flags = LWPX_JOINABLE;
  attributes.priority = 2; /* so that it has a rival */
  attributes.name = long_name;
  /* From when it is freed the name could be read for longer than the steps that are left out. */
  for (;; number += 1 + number / 16) {
    PRE_BeginCritical();
    expect_int(LWPX_CreateProcess(&attributes, end_in_steps, NULL, &pid), LWP_SUCCESS);
    run = step_through(dispatch, NULL, SIGALRM, number, kNoStep);
    PRE_EndCritical();
    expect_int(LWPX_Join(pid, NULL, NULL), LWP_SUCCESS);
    if (run.signals == 0) break;
  }
  expect(named > 0);
  expect(unnamed > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(long_section_is_reported_once),
      cmocka_unit_test(report_tells_the_place),
      cmocka_unit_test(lwp_that_never_asked_to_be_preempted_is_reported),
      cmocka_unit_test(veto_is_reported),
      cmocka_unit_test(c_library_is_reported),
      cmocka_unit_test(foreign_mask_is_reported),
      cmocka_unit_test(alternate_stack_is_reported),
      cmocka_unit_test(library_that_is_stuck_in_a_callback_is_reported),
      cmocka_unit_test(the_name_of_an_lwp_that_has_ended_is_not_read),
      cmocka_unit_test(stretch_ends_with_a_dispatch),
      cmocka_unit_test(dispatch_of_ones_own_ends_a_stretch),
      cmocka_unit_test(shorter_stretches_are_not_reported),
      cmocka_unit_test(lwp_without_rivals_is_not_reported),
      cmocka_unit_test(real_ticks_report_an_endless_section),
      cmocka_unit_test(watchdog_can_be_turned_off),
      cmocka_unit_test(report_can_not_switch_but_may_signal),
      cmocka_unit_test(bad_limits_are_refused),
      cmocka_unit_test(default_report_is_a_line_on_stderr),
      cmocka_unit_test(nothing_is_reported_unless_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
