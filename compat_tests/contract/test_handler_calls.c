/* SPDX-License-Identifier: MIT */
/*
 * test_handler_calls.c - calls made by signal handlers, at any instant.
 *
 * Two ways lead into the library with a handler on top. LWP_StackUsed stores through a pointer
 * while the library is at work: if the page is read-only, a SIGSEGV handler runs just then. And a
 * dispatch that is traced prints on stdout: if that is a stream of the test's own, it can raise a
 * signal in the middle of the dispatch.
 */
#include "lwp_case.h"

#ifdef LWP_LWP_H /* No call of Coda's is meant for handlers. */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char event, other_event;
static PROCESS target;

/* --- a handler while the library is at work */

static int* readable_page;
static void (*handler_calls)(void);

static void make_writable_after_calls(int signo) {
  (void)signo;
  handler_calls();
  mprotect(readable_page, (size_t)getpagesize(), PROT_READ | PROT_WRITE);
}

static void interrupt_library(void (*calls)(void)) {
  int used;
  const size_t size = (size_t)getpagesize();
  signal(SIGSEGV, make_writable_after_calls);
  handler_calls = calls;
  readable_page = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  expect_int(LWP_StackUsed(LWP_ThisProcess(), readable_page, &used), LWP_NO_STACK);
  munmap(readable_page, size);
  readable_page = NULL;
}

static void never(void* parm) {
  (void)parm;
  expect(0);
}

static void make_calls_that_are_not_for_handlers(void) {
  const void* list[] = {&event, NULL};
  struct timeval slice = {0, 10000};
  PROCESS pid = NULL;
  char* value = NULL;
  int max = -1, used = -1;
  expect_int(LWP_CreateProcess(never, 0, 1, NULL, "X", &pid), LWP_EBLOCKED);
  expect_int(LWP_DestroyProcess(target), LWP_EBLOCKED);
  expect_int(LWP_WaitProcess(&event), LWP_EBLOCKED);
  expect_int(LWP_MwaitProcess(1, list), LWP_EBLOCKED);
  expect_int(LWP_QWait(), LWP_EBLOCKED);
  expect_int(LWP_NewRock(2, &event), LWP_EBLOCKED);
  expect_int(LWP_GetRock(1, &value), LWP_EBLOCKED);
  expect_int(LWP_StackUsed(target, &max, &used), LWP_EBLOCKED);
  expect_int(LWP_TerminateProcessSupport(), LWP_EBLOCKED);
  expect_int(PRE_InitPreempt(&slice), LWP_EBLOCKED);
  expect_int(PRE_EndPreempt(), LWP_EBLOCKED);
  LWP_Print_Processes();
  expect(pid == NULL && value == NULL && max == -1 && used == -1);
  note("blocked");
}

CASE(other_calls_are_blocked_while_the_library_is_at_work) {
  char* value;
  int highest, priority;
  host(1);
  target = spawn("T", 1, note_and_yield, NULL);
  highest = LWP_HighestIndex();
  LWP_NewRock(1, &event);
  interrupt_library(make_calls_that_are_not_for_handlers);
  expect_transcript("T blocked");
  expect_int(LWP_HighestIndex(), highest);
  expect_int(LWP_GetProcessPriority(target, &priority), LWP_SUCCESS);
  expect_int(LWP_GetRock(2, &value), LWP_EBADROCK);
  LWP_DispatchProcess();
  expect_transcript("T");
}

static void ask_who_runs(void) {
  PROCESS pid = NULL;
  int priority = -1;
  expect_int(LWP_CurrentProcess(&pid), LWP_SUCCESS);
  expect(pid != NULL && pid == LWP_ThisProcess());
  expect_int(LWP_GetProcessPriority(pid, &priority), LWP_SUCCESS);
  expect_int(LWP_GetProcessPriority(NULL, &priority), LWP_EBADPID);
  note("%s/%d/%d/%d", LWP_Name(), LWP_Index(), LWP_HighestIndex(), priority);
}

CASE(questions_are_answered_while_the_library_is_at_work) {
  host(2);
  spawn("T", 1, note_and_yield, NULL);
  interrupt_library(ask_who_runs);
  expect_transcript("Main Process/0/1/2");
}

static void signal_without_yield(void) {
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  expect_int(LWP_NoYieldSignal(&other_event), LWP_SUCCESS); /* nobody waits: not known yet */
  expect_int(LWP_NoYieldSignal(NULL), LWP_EBADEVENT);
}

CASE(a_signal_takes_effect_when_the_library_is_left) {
  host(1);
  spawn("W", 2, wait_and_note, &event);
  interrupt_library(signal_without_yield);
  note("main");
  expect_transcript("main");
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOWAIT); /* it has taken effect */
  LWP_DispatchProcess();
  expect_transcript("W");
}

static void signal_and_yield(void) { expect_int(LWP_SignalProcess(&event), LWP_SUCCESS); }
static void signal_null_and_yield(void) { expect_int(LWP_SignalProcess(NULL), LWP_EBADEVENT); }
static void yield_twice(void) {
  expect_int(LWP_DispatchProcess(), LWP_SUCCESS);
  expect_int(LWP_DispatchProcess(), LWP_SUCCESS);
}

CASE(a_dispatch_happens_when_the_library_is_left) {
  host(1);
  spawn("B", 1, note_and_yield, NULL);
  spawn("W", 1, wait_and_note, &event);
  expect_transcript("B B");
  interrupt_library(signal_and_yield);
  note("main");
  expect_transcript("B W main");
  interrupt_library(signal_null_and_yield);
  note("main");
  expect_transcript("B main");
  interrupt_library(yield_twice);
  note("main");
  expect_transcript("B main"); /* one dispatch for all */
}

static void give_three_credits(void) {
  expect_int(LWP_QSignal(target), LWP_SUCCESS);
  expect_int(LWP_QSignal(target), LWP_SUCCESS);
  expect_int(LWP_QSignal(target), LWP_SUCCESS);
  expect_int(LWP_QSignal(NULL), LWP_EBADPID);
}

CASE(credits_are_given_when_the_library_is_left_and_none_is_lost) {
  host(1);
  target = spawn("Q", 1, take_credit_and_note, NULL);
  interrupt_library(give_three_credits);
  note("main");
  LWP_DispatchProcess();
  expect_transcript("main Q Q Q");
}

static char many[64];

static void signal_more_events_than_there_is_room_for(void) {
  int i;
  for (i = 0; i < 64; ++i) expect_int(LWP_NoYieldSignal(&many[i]), LWP_SUCCESS);
  expect_int(LWP_NoYieldSignal(&event), LWP_ENOMEM);
  expect_int(LWP_QSignal(target), LWP_ENOMEM);
  expect_int(LWP_DispatchProcess(), LWP_ENOMEM);
  expect_int(LWP_NoYieldSignal(&many[63]), LWP_SUCCESS); /* the same as before */
}

CASE(there_is_room_for_64_different_calls) {
  int i, round;
  host(2);
  for (round = 0; round < 2; ++round) {
    target = spawn("Q", 2, take_credit_and_note, NULL);
    spawn("E", 2, wait_and_note, &event);
    for (i = 0; i < 64; ++i) spawn("w", 2, wait_and_note, &many[i]);
    interrupt_library(signal_more_events_than_there_is_room_for);
    LWP_DispatchProcess();
    for (i = 0; i < 64; ++i) expect_int(LWP_NoYieldSignal(&many[i]), LWP_ENOWAIT);
    expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
    expect_int(LWP_QSignal(target), LWP_SUCCESS);
    LWP_DestroyProcess(target);
    LWP_DispatchProcess();
  }
}

/* --- a handler in the middle of a dispatch */

static int raises_left;

static ssize_t raise_while_printing(void* cookie, const char* text, size_t size) {
  (void)cookie;
  (void)text;
  if (raises_left > 0 && --raises_left == 0) raise(SIGUSR1);
  return (ssize_t)size;
}

/* The signal comes with the given line that the next dispatches print. */
static void interrupt_dispatch(void (*handler)(int), int line) {
  const cookie_io_functions_t functions = {NULL, raise_while_printing, NULL, NULL};
  stdout = fopencookie(NULL, "w", functions);
  setvbuf(stdout, NULL, _IOLBF, 4096);
  signal(SIGUSR1, handler);
  raises_left = line;
  LWP_TraceProcesses = 1;
}

static void give_target_a_credit(int signo) {
  (void)signo;
  expect_int(LWP_QSignal(target), LWP_SUCCESS);
  note("given");
}

CASE(a_credit_that_comes_while_the_last_lwp_begins_to_wait_saves_it) {
  target = host(1);
  interrupt_dispatch(give_target_a_credit, 2);
  expect_int(LWP_QWait(), LWP_SUCCESS);
  expect_transcript("given");
}

static void signal_event_from_handler(int signo) {
  (void)signo;
  expect_int(LWP_NoYieldSignal(&event), LWP_SUCCESS);
  note("signalled");
}

CASE(a_signal_in_any_line_of_a_dispatch_reaches_its_waiter) {
  int line;
  host(2);
  spawn("B", 2, note_and_yield, NULL);
  for (line = 1; line <= 7; ++line) {
    spawn("W", 3, wait_and_note, &event);
    expect_transcript(line == 1 ? "B B" : "B");
    interrupt_dispatch(signal_event_from_handler, line);
    LWP_DispatchProcess();
    note("main");
    LWP_TraceProcesses = 0;
    LWP_DispatchProcess();
    /* W is ready from when B leaves the library; B yields to it next. */
    expect_transcript("signalled B W main B");
  }
}

/* --- a handler in the program's own code */

static void make_all_kinds_of_calls(int signo) {
  PROCESS pid;
  char* value;
  int max, used;
  (void)signo;
  expect_int(LWP_QSignal(LWP_ThisProcess()), LWP_ENOWAIT);
  expect_int(LWP_QWait(), LWP_SUCCESS);
  expect_int(LWP_NoYieldSignal(&other_event), LWP_ENOWAIT);
  expect_int(LWP_GetRock(9, &value), LWP_EBADROCK);
  expect_int(LWP_CreateProcess(note_and_yield, 0, 1, NULL, "H", &pid), LWP_SUCCESS);
  expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
  note("handler");
  expect_int(LWP_DispatchProcess(), LWP_SUCCESS);
  expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
}

CASE(a_handler_that_interrupts_the_program_may_call_everything) {
  host(1);
  signal(SIGUSR1, make_all_kinds_of_calls);
  raise(SIGUSR1);
  note("main");
  expect_transcript("H handler H main");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(other_calls_are_blocked_while_the_library_is_at_work),
      cmocka_unit_test(questions_are_answered_while_the_library_is_at_work),
      cmocka_unit_test(a_signal_takes_effect_when_the_library_is_left),
      cmocka_unit_test(a_dispatch_happens_when_the_library_is_left),
      cmocka_unit_test(credits_are_given_when_the_library_is_left_and_none_is_lost),
      cmocka_unit_test(there_is_room_for_64_different_calls),
      cmocka_unit_test(a_credit_that_comes_while_the_last_lwp_begins_to_wait_saves_it),
      cmocka_unit_test(a_signal_in_any_line_of_a_dispatch_reaches_its_waiter),
      cmocka_unit_test(a_handler_that_interrupts_the_program_may_call_everything),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
