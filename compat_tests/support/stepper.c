/* SPDX-License-Identifier: MIT */
#include "stepper.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "alternate_stack.h"
#include "child_case.h"

#if defined(__x86_64__)

enum { kTrapFlag = 0x100 };

static volatile int stepping;
static int (*in_stepped_flow)(void); /* null: always */
static volatile long chosen[2];
static volatile int chosen_signal;
static struct step_run run;
static char alternate_stack[1 << 16];

static void on_step(int signo, siginfo_t* info, void* context) {
  ucontext_t* const frame = (ucontext_t*)context;
  (void)signo, (void)info;
  if (!stepping || (in_stepped_flow != NULL && !in_stepped_flow())) {
    frame->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
    return;
  }
  ++run.steps;
  if (run.steps != chosen[0] && run.steps != chosen[1]) return;
  ++run.signals;
  run.where = (const void*)frame->uc_mcontext.gregs[REG_RIP];
  /* Blocked here, so it arrives when this handler has returned. */
  syscall(SYS_tgkill, getpid(), gettid(), chosen_signal);
}

void stepper_begin(void) {
  struct sigaction action;
  set_alternate_stack(alternate_stack, sizeof alternate_stack, 0);
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_step;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  expect_int(sigaction(SIGTRAP, &action, NULL), 0);
}

void step_on(void) {
  __asm__ __volatile__(
      "lea -128(%%rsp), %%rsp\n\t"
      "pushfq\n\t"
      "orq %0, (%%rsp)\n\t"
      "popfq\n\t"
      "lea 128(%%rsp), %%rsp"
      :
      : "i"(kTrapFlag)
      : "memory", "cc");
}

static void step_off(void) {
  __asm__ __volatile__(
      "lea -128(%%rsp), %%rsp\n\t"
      "pushfq\n\t"
      "andq %0, (%%rsp)\n\t"
      "popfq\n\t"
      "lea 128(%%rsp), %%rsp"
      :
      : "i"(~kTrapFlag)
      : "memory", "cc");
}

int step_pause(void) {
  unsigned long flags;
  __asm__ __volatile__(
      "lea -128(%%rsp), %%rsp\n\t"
      "pushfq\n\t"
      "popq %0\n\t"
      "lea 128(%%rsp), %%rsp"
      : "=r"(flags)
      :
      : "memory", "cc");
  step_off();
  return (flags & kTrapFlag) != 0;
}

void step_resume(int was_stepped) {
  if (was_stepped) step_on();
}

struct step_run step_through(void (*body)(void*), void* argument, int signo, long first,
                             long second) {
  memset(&run, 0, sizeof run);
  chosen[0] = first;
  chosen[1] = second;
  chosen_signal = signo;
  stepping = 1;
  step_on();
  body(argument);
  stepping = 0;
  step_off();
  return run;
}

void step_only_if(int (*condition)(void)) { in_stepped_flow = condition; }

static volatile int stopped;

static void on_first_step(int signo, siginfo_t* info, void* context) {
  (void)signo, (void)info;
  stopped = 1;
  ((ucontext_t*)context)->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
}

int stepper_works(void) {
  struct sigaction action, before;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_first_step;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGTRAP, &action, &before);
  stopped = 0;
  step_on();
  step_off();
  sigaction(SIGTRAP, &before, NULL);
  return stopped;
}

#else

int stepper_works(void) { return 0; }
void stepper_begin(void) {}
void step_on(void) {}
void step_only_if(int (*condition)(void)) { (void)condition; }
int step_pause(void) { return 0; }
void step_resume(int was_stepped) { (void)was_stepped; }

struct step_run step_through(void (*body)(void*), void* argument, int signo, long first,
                             long second) {
  struct step_run none;
  (void)signo, (void)first, (void)second;
  body(argument);
  memset(&none, 0, sizeof none);
  return none;
}

#endif
