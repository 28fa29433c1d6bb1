/* SPDX-License-Identifier: MIT */
/*
 * test_stack_guards.c - stack overflow where the system does not offer the best kind of guard.
 *
 * A filter of system calls takes away first the marking of guard pages (as before Linux 6.13), then
 * the protection of pages, too (as when a process has all the mappings it may have).
 */
#include "lwp_case.h"

#if defined(LWP_LWP_H) && defined(__linux__) && defined(__x86_64__)

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kGuardInstall = 102 };

static struct outcome outcome;

/* From now on `number` fails with EINVAL if its third argument is `third`. */
static int refuse(unsigned number, unsigned third) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, third, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 0;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int no_marking(void) { return refuse(SYS_madvise, kGuardInstall); }
static int no_guards(void) { return no_marking() && refuse(SYS_mprotect, PROT_NONE); }

/* Writes a little beyond the end of the smallest stack, and returns. */
static __attribute__((noinline)) void overflow(void) {
  enum { kBytes = 63000 };
  volatile char area[kBytes];
  int i;
  for (i = kBytes - 1; i >= 0; --i) area[i] = 0x55;
  (void)area[0];
}

static void overflow_and_yield(void* parm) {
  (void)parm;
  overflow();
  fputs("overflowed\n", stderr);
  LWP_DispatchProcess();
  fputs("went on\n", stderr);
}

static void overflow_under(int filtered) {
  if (!filtered) {
    fputs("no filter", stderr);
    return;
  }
  host(1);
  spawn("innocent", 1, note_and_yield, NULL);
  spawn("spender", 1, overflow_and_yield, NULL);
  LWP_DispatchProcess();
  LWP_DispatchProcess();
}

static void skip_without_filter(void) {
  if (strcmp(outcome.err, "no filter") == 0) skip();
}

static void abort_at_protected_pages(void) { overflow_under(no_marking()); }

static void protected_pages_stop_an_overflow_at_once(void** state) {
  (void)state;
  child_case_observe(abort_at_protected_pages, &outcome);
  skip_without_filter();
  assert_string_equal(outcome.err, "LWP: stack overflow in process spender!\n");
  assert_int_equal(outcome.signal, SIGABRT);
}

static void abort_at_dispatch(void) { overflow_under(no_guards()); }

static void message_at_dispatch(void) {
  lwp_overflowAction = LWP_SOMESSAGE;
  overflow_under(no_guards());
  expect_int(lwp_overflowAction, LWP_SOQUIET);
}

static void quiet_at_dispatch(void) {
  lwp_overflowAction = LWP_SOQUIET;
  overflow_under(no_guards());
}

static void without_guards_the_next_dispatch_tells(void** state) {
  (void)state;
  child_case_observe(abort_at_dispatch, &outcome);
  skip_without_filter();
  assert_string_equal(outcome.err, "overflowed\nLWP: stack overflow in process spender!\n");
  assert_int_equal(outcome.signal, SIGABRT);
}

static void without_guards_the_message_comes_once_and_the_lwp_goes_on(void** state) {
  (void)state;
  child_case_observe(message_at_dispatch, &outcome);
  skip_without_filter();
  assert_string_equal(outcome.err,
                      "overflowed\nLWP: stack overflow in process spender!\nwent on\n");
  assert_int_equal(outcome.exit_status, 0);
  child_case_observe(quiet_at_dispatch, &outcome);
  assert_string_equal(outcome.err, "overflowed\nwent on\n");
  assert_int_equal(outcome.exit_status, 0);
}

static void overflow_and_ask_for_messages_again(void* parm) {
  (void)parm;
  overflow();
  LWP_DispatchProcess();
  lwp_overflowAction = LWP_SOMESSAGE;
  LWP_DispatchProcess();
}

static void messages_after_the_first(void) {
  if (!no_guards()) {
    fputs("no filter", stderr);
    return;
  }
  lwp_overflowAction = LWP_SOMESSAGE;
  host(1);
  spawn("spender", 1, overflow_and_ask_for_messages_again, NULL);
  LWP_DispatchProcess();
  LWP_DispatchProcess();
}

static void without_guards_the_same_overflow_is_not_told_twice(void** state) {
  (void)state;
  child_case_observe(messages_after_the_first, &outcome);
  skip_without_filter();
  assert_string_equal(outcome.err, "LWP: stack overflow in process spender!\n");
  assert_int_equal(outcome.exit_status, 0);
}

static void use_stacks_without_guards(void) {
  int max, used, i;
  PROCESS pid;
  static char event;
  if (!no_guards()) return;
  host(1);
  for (i = 0; i < 100; ++i) {
    pid = spawn("W", 1, wait_and_note, &event);
    expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
    expect_int(max, 32768);
    expect(used > 0 && used < 8192); /* the word at the end is not taken for use */
    expect_int(LWP_SignalProcess(&event), LWP_SUCCESS);
    expect_transcript("W");
  }
}

static void without_guards_all_else_is_as_ever(void** state) {
  (void)state;
  child_case_observe(use_stacks_without_guards, &outcome);
  assert_string_equal(outcome.err, "");
  assert_int_equal(outcome.exit_status, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(protected_pages_stop_an_overflow_at_once),
      cmocka_unit_test(without_guards_the_next_dispatch_tells),
      cmocka_unit_test(without_guards_the_message_comes_once_and_the_lwp_goes_on),
      cmocka_unit_test(without_guards_the_same_overflow_is_not_told_twice),
      cmocka_unit_test(without_guards_all_else_is_as_ever),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 0; }

#endif
