/* SPDX-License-Identifier: MIT */
/* test_iomgr_signal.c - Unix signals as events, and procedures that handlers ask for. */
#include <pthread.h>
#include <signal.h>

#include "io_case.h"

static int event, other;

static void wait_for_event(void* what) {
  for (;;) {
    expect_int(LWP_WaitProcess(what), 0);
    note("%s", LWP_Name());
  }
}

CASE(codes_come_in_the_promised_order) {
  expect_int(IOMGR_Signal(0, NULL), LWP_EBADSIG);
  expect_int(IOMGR_Signal(-1, NULL), LWP_EBADSIG);
  expect_int(IOMGR_Signal(65, (char*)&event), LWP_EBADSIG);
  expect_int(IOMGR_Signal(SIGUSR1, NULL), LWP_EBADEVENT);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), LWP_EINIT);
  expect_int(IOMGR_CancelSignal(0), LWP_EBADSIG);
  expect_int(IOMGR_CancelSignal(65), LWP_EBADSIG);
  expect_int(IOMGR_CancelSignal(SIGUSR1), LWP_EINIT);
  start_with_io();
  expect_int(IOMGR_Signal(SIGUSR1, NULL), LWP_EBADEVENT);
  expect_int(IOMGR_CancelSignal(SIGUSR1), LWP_EBADSIG);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  expect_int(IOMGR_CancelSignal(SIGUSR1), 0);
  expect_int(IOMGR_CancelSignal(SIGUSR1), LWP_EBADSIG);
}

CASE(signal_that_can_not_be_caught_is_refused_and_not_remembered) {
  start_with_io();
  expect_int(IOMGR_Signal(SIGKILL, (char*)&event), LWP_ESYSTEM);
  expect_int(IOMGR_CancelSignal(SIGKILL), LWP_EBADSIG);
  expect_int(IOMGR_Signal(SIGSTOP, (char*)&event), LWP_ESYSTEM);
}

CASE(every_number_is_its_own) {
  int signo, asked[65] = {0};
  start_with_io();
  for (signo = 1; signo <= 64; ++signo) {
    const int rc = IOMGR_Signal(signo, (char*)&event);
    expect(rc == 0 || rc == LWP_ESYSTEM);
    asked[signo] = rc == 0;
  }
  expect(asked[1] && asked[SIGRTMIN] && asked[SIGRTMAX - 3] && !asked[SIGKILL]);
  for (signo = 64; signo >= 1; --signo) {
    expect_int(IOMGR_CancelSignal(signo), asked[signo] ? 0 : LWP_EBADSIG);
  }
}

CASE(signal_reaches_those_who_wait_for_the_event) {
  start_with_io();
  spawn("a", 2, wait_for_event, &event);
  spawn("b", 2, wait_for_event, &other);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  expect_int(IOMGR_Signal(SIGRTMAX - 3, (char*)&other), 0);
  pause_ms(1);
  raise(SIGUSR1);
  pause_ms(1);
  expect_transcript("a");
  raise(SIGRTMAX - 3);
  pause_ms(1);
  expect_transcript("b");
}

CASE(several_arrivals_become_one_and_nobody_waiting_forgets) {
  start_with_io();
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  raise(SIGUSR1);
  pause_ms(1);
  spawn("a", 4, wait_for_event, &event);
  pause_ms(1);
  expect_transcript("");
  raise(SIGUSR1);
  raise(SIGUSR1);
  raise(SIGUSR1);
  pause_ms(1);
  expect_transcript("a");
}

CASE(asking_again_changes_the_event_and_keeps_the_first_action) {
  struct sigaction action;
  start_with_io();
  signal(SIGUSR2, SIG_IGN);
  expect_int(IOMGR_Signal(SIGUSR2, (char*)&event), 0);
  expect_int(IOMGR_Signal(SIGUSR2, (char*)&other), 0);
  spawn("b", 4, wait_for_event, &other);
  spawn("a", 4, wait_for_event, &event);
  raise(SIGUSR2);
  pause_ms(1);
  expect_transcript("b");
  expect_int(IOMGR_CancelSignal(SIGUSR2), 0);
  expect_int(sigaction(SIGUSR2, NULL, &action), 0);
  expect(action.sa_handler == SIG_IGN);
}

static void note_signal(int signo) {
  (void)signo;
  note("handler");
}

CASE(asking_again_takes_a_signal_back_that_the_program_has_taken) {
  start_with_io();
  spawn("a", 4, wait_for_event, &event);
  expect_int(IOMGR_Signal(SIGUSR2, (char*)&event), 0);
  signal(SIGUSR2, note_signal);
  raise(SIGUSR2);
  expect_int(IOMGR_Signal(SIGUSR2, (char*)&event), 0);
  raise(SIGUSR2);
  pause_ms(1);
  expect_int(IOMGR_CancelSignal(SIGUSR2), 0);
  raise(SIGUSR2);
  expect_transcript("handler a handler");
}

CASE(signal_caught_before_cancel_does_not_signal_a_later_event) {
  start_with_io();
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  raise(SIGUSR1);
  expect_int(IOMGR_CancelSignal(SIGUSR1), 0);
  spawn("b", 4, wait_for_event, &other);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&other), 0);
  pause_ms(1);
  expect_transcript("");
}

CASE(poll_delivers_without_yielding) {
  start_with_io();
  spawn("a", 4, wait_for_event, &event);
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  expect_int(IOMGR_Poll(), 0);
  raise(SIGUSR1);
  expect_int(IOMGR_Poll(), 1);
  expect_transcript("");
  expect_int(IOMGR_Poll(), 0);
  LWP_DispatchProcess();
  expect_transcript("a");
}

/* The signal comes while the manager sleeps, for ever but for it. */
static void* send_to_process(void* signo) {
  usleep(30000);
  kill(getpid(), (int)(long)signo);
  return NULL;
}

CASE(signal_ends_the_sleep_of_the_manager) {
  pthread_t thread;
  sigset_t usr1;
  start_with_io();
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  pthread_create(&thread, NULL, send_to_process, (void*)SIGUSR1);
  expect_int(LWP_WaitProcess(&event), 0);
  pthread_join(thread, NULL);
  /* On another kernel thread, as this one holds it back. */
  pthread_create(&thread, NULL, send_to_process, (void*)SIGUSR1);
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &usr1, NULL);
  expect_int(LWP_WaitProcess(&event), 0);
  pthread_join(thread, NULL);
}

static void* ask_for_it(void* parm) {
  (void)parm;
  start_with_io();
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), LWP_ESYSTEM);
  expect_int(IOMGR_CancelSignal(SIGUSR1), LWP_EBADSIG);
  expect_int(LWP_TerminateProcessSupport(), 0);
  return NULL;
}

CASE(signal_of_another_kernel_threads_lwps_is_refused) {
  pthread_t thread;
  start_with_io();
  expect_int(IOMGR_Signal(SIGUSR1, (char*)&event), 0);
  pthread_create(&thread, NULL, ask_for_it, NULL);
  pthread_join(thread, NULL);
  expect_int(IOMGR_CancelSignal(SIGUSR1), 0);
}

static void tell(void* what) {
  int priority;
  expect_int(LWP_GetProcessPriority(LWP_ThisProcess(), &priority), 0);
  note("%s:%d:%s", LWP_Name(), priority, (char*)what);
}

CASE(soft_signals_run_as_lwps_and_the_fifth_is_refused) {
  static char words[5][2] = {"1", "2", "3", "4", "5"};
  int i;
  start_with_io();
  for (i = 0; i < 4; ++i) expect_int(IOMGR_SoftSig(tell, words[i]), 0);
  expect_int(IOMGR_SoftSig(tell, words[4]), -1);
  expect_transcript("");
  expect_int(IOMGR_Poll(), 1);
  expect_int(IOMGR_SoftSig(tell, words[4]), 0);
  pause_ms(1);
  expect_transcript(
      "SignalHandler:3:1 SignalHandler:3:2 SignalHandler:3:3 SignalHandler:3:4 SignalHandler:3:5");
}

CASE(soft_signals_from_before_initialize_are_honoured) {
  host(1);
  expect_int(IOMGR_SoftSig(tell, "early"), 0);
  LWP_DispatchProcess();
  expect_transcript("");
  expect_int(IOMGR_Initialize(), 0);
  pause_ms(1);
  expect_transcript("SignalHandler:3:early");
}

static void ask_softly(int signo) {
  (void)signo;
  errno = 77;
  expect_int(IOMGR_SoftSig(tell, "handler"), 0);
}

static void* send_to_thread(void* target) {
  usleep(30000);
  pthread_kill(*(pthread_t*)target, SIGUSR1);
  return NULL;
}

static void tell_and_go_on(void* parm) {
  tell(parm);
  LWP_NoYieldSignal(&event);
}

static void ask_to_go_on(int signo) {
  (void)signo;
  expect_int(IOMGR_SoftSig(tell_and_go_on, "asleep"), 0);
}

CASE(soft_signal_by_a_handler_awake_and_asleep) {
  pthread_t self = pthread_self(), thread;
  start_with_io();
  signal(SIGUSR1, ask_softly);
  raise(SIGUSR1);
  pause_ms(1);
  expect_transcript("SignalHandler:3:handler");
  signal(SIGUSR1, ask_to_go_on);
  pthread_create(&thread, NULL, send_to_thread, &self);
  expect_int(LWP_WaitProcess(&event), 0);
  expect_transcript("SignalHandler:3:asleep");
  pthread_join(thread, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes_come_in_the_promised_order),
      cmocka_unit_test(signal_that_can_not_be_caught_is_refused_and_not_remembered),
      cmocka_unit_test(every_number_is_its_own),
      cmocka_unit_test(signal_reaches_those_who_wait_for_the_event),
      cmocka_unit_test(several_arrivals_become_one_and_nobody_waiting_forgets),
      cmocka_unit_test(asking_again_changes_the_event_and_keeps_the_first_action),
      cmocka_unit_test(asking_again_takes_a_signal_back_that_the_program_has_taken),
      cmocka_unit_test(signal_caught_before_cancel_does_not_signal_a_later_event),
      cmocka_unit_test(poll_delivers_without_yielding),
      cmocka_unit_test(signal_ends_the_sleep_of_the_manager),
      cmocka_unit_test(signal_of_another_kernel_threads_lwps_is_refused),
      cmocka_unit_test(soft_signals_run_as_lwps_and_the_fifth_is_refused),
      cmocka_unit_test(soft_signals_from_before_initialize_are_honoured),
      cmocka_unit_test(soft_signal_by_a_handler_awake_and_asleep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
