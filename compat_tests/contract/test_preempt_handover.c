/* SPDX-License-Identifier: MIT */
/* test_preempt_handover.c - a tick that gives the processor from one preempted LWP to another does
 * so without a system call, and signals are as they were for both. */
#include <lwp/lwp.h>

/* Sanitizers make system calls of their own. */
#if defined(LWP_LWP_H) && defined(__linux__) && defined(__x86_64__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "child_case.h"
#include "ticks.h"

static struct outcome outcome;
static volatile long turns;

/* From now on SIGSYS ends the process if it asks for, or sets, signal mask or alternate stack. */
static int forbid_calls_about_signals(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sigaltstack, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 0;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void hand_over_under_the_filter(void) {
  enum { kTicks = 10 };
  int i;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  PRE_PreemptMe();
  start_lwp(tick_for_ever, 2, (void*)&turns);
  start_lwp(tick_for_ever, 2, (void*)&turns);
  tick_here();
  turns = 0;
  if (!forbid_calls_about_signals()) _exit(77);
  for (i = 0; i < kTicks; ++i) tick_here();
  _exit(turns == 2 * kTicks ? 0 : 1);
}

static void lwps_that_were_preempted_take_turns_without_system_calls(void** state) {
  (void)state;
  child_case_observe(hand_over_under_the_filter, &outcome);
  if (outcome.exit_status == 77) {
    print_message("no filter of system calls here\n");
    skip();
  }
  assert_int_equal(outcome.signal, 0);
  assert_int_equal(outcome.exit_status, 0);
}

/* The filter tells: the first tick of an LWP has others to open to signals. */
static void be_preempted_for_the_first_time_under_the_filter(void) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  PRE_PreemptMe();
  start_lwp(count_turns, 2, (void*)&turns);
  if (!forbid_calls_about_signals()) _exit(77);
  tick_here();
  _exit(0);
}

static void and_the_filter_would_have_told(void** state) {
  (void)state;
  child_case_observe(be_preempted_for_the_first_time_under_the_filter, &outcome);
  if (outcome.exit_status == 77) skip();
  assert_int_equal(outcome.signal, SIGSYS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lwps_that_were_preempted_take_turns_without_system_calls),
      cmocka_unit_test(and_the_filter_would_have_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
