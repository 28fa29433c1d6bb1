/* SPDX-License-Identifier: MIT */
/*
 * ticks.h - time slices for test cases: real ones, and single ticks at a chosen instruction.
 *
 * A tick is nothing but a SIGALRM, whoever sent it. With a slice that never ends, ticks come where
 * a case puts them, so what they do can be compared step by step.
 */
#ifndef SUPPORT_TICKS_H
#define SUPPORT_TICKS_H

#include <lwp/lwp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alternate_stack.h"
#include "child_case.h"

/* The slices asked for, or somewhat longer ones on a slow machine. */
static inline void slices_of(long microseconds) {
  struct timeval slice;
  const int is_short = microseconds >= 20 && microseconds < 10000;
  if (is_short && microseconds < affordable_us()) microseconds = affordable_us();
  slice.tv_sec = microseconds / 1000000;
  slice.tv_usec = microseconds % 1000000;
  expect_int(PRE_InitPreempt(&slice), LWP_SUCCESS);
}

/* No slice ends but by the two functions below. */
static inline void slices_by_hand(void) { slices_of(1000000000L); }

/* A tick that finds the caller in the C library. */
static inline void tick_in_libc(void) { raise(SIGALRM); }

/* A tick that finds the caller in the program's own code. */
static inline __attribute__((always_inline)) void tick_here(void) {
  const long process = getpid();
  const long thread = gettid();
#if defined(__x86_64__)
  long result;
  __asm__ __volatile__("syscall"
                       : "=a"(result)
                       : "0"((long)SYS_tgkill), "D"(process), "S"(thread), "d"((long)SIGALRM)
                       : "rcx", "r11", "memory", "cc");
#elif defined(__i386__)
  long result;
  __asm__ __volatile__("int $0x80"
                       : "=a"(result)
                       : "0"((long)SYS_tgkill), "b"(process), "c"(thread), "d"((long)SIGALRM)
                       : "memory", "cc");
#elif defined(__aarch64__)
  register long number __asm__("x8") = SYS_tgkill;
  register long first __asm__("x0") = process;
  register long second __asm__("x1") = thread;
  register long third __asm__("x2") = SIGALRM;
  __asm__ __volatile__("svc #0"
                       : "+r"(first)
                       : "r"(number), "r"(second), "r"(third)
                       : "memory", "cc");
#else
#error "tick_here: the system call of this processor"
#endif
}

/* Runs without calling anything that an LWP could be kept from being moved in. */
static inline void work(long rounds) {
  volatile long i;
  for (i = 0; i < rounds; ++i) {
  }
}

/* The body of an LWP that counts its turns in *parm and yields at once. */
static inline void count_turns(void* parm) {
  volatile long* const turns = (volatile long*)parm;
  for (;;) {
    ++*turns;
    LWP_DispatchProcess();
  }
}

/* The same with ticks at once; for slices_by_hand(). */
static inline void tick_for_ever(void* parm) {
  volatile long* const turns = (volatile long*)parm;
  PRE_PreemptMe();
  for (;;) {
    ++*turns;
    tick_here();
  }
}

/* For cases with one other LWP, which runs count_turns on the case's `turns`: whether it has been
 * let run meanwhile. */
#define EXPECT_MOVED(what)         \
  do {                             \
    const long before = turns;     \
    what;                          \
    expect_int(turns, before + 1); \
  } while (0)

#define EXPECT_NOT_MOVED(what) \
  do {                         \
    const long before = turns; \
    what;                      \
    expect_int(turns, before); \
  } while (0)

/* The alternate signal stack, and a handler that runs there. */
static inline void handle_on_alternate_stack(int signo, void (*handler)(int), int flags) {
  static char memory[1 << 18];
  struct sigaction action;
  set_alternate_stack(memory, sizeof memory, 0);
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_ONSTACK | flags;
  expect_int(sigaction(signo, &action, NULL), 0);
}

/* Where handlers of the program that leave no trace in the signal mask are told from LWPs. */
#if defined(__x86_64__)
#define TELLS_HANDLERS 1
#else
#define TELLS_HANDLERS 0
#endif

/* Valgrind keeps no mark in the x87 control word. */
#define CASE_OF_OPEN_HANDLERS(name)            \
  CASE_IF(TELLS_HANDLERS && !under_valgrind(), \
          "handlers that block nothing are not recognised here", name)

/* Runs record(seed, history), which begins and ends with LWPs: the same seed, the same text. */
static inline void expect_seed_to_repeat(void (*record)(unsigned long, char*), size_t size) {
  char* const first = (char*)calloc(3, size);
  char* const other = first + size;
  char* const again = other + size;
  if (first == NULL) abort();
  record(1, first);
  record(2, other);
  record(1, again);
  expect(strcmp(first, again) == 0);
  expect(strcmp(first, other) != 0);
  free(first);
}

static inline PROCESS start_lwp(void (*body)(void*), int priority, void* parm) {
  PROCESS pid = NULL;
  expect_int(LWP_CreateProcess(body, 0, priority, parm, "lwp", &pid), LWP_SUCCESS);
  return pid;
}

#endif
