/* SPDX-License-Identifier: MIT */
/*
 * child_case.h - runs each test case in a forked child, under a watchdog.
 *
 * LWP state belongs to a kernel thread and the first initialisation wins, so no two cases may share
 * a process. And a CMocka assertion that fails on the stack of an LWP would jump to the runner's
 * stack with half of the scheduler on the way. So cases use expect() and its kin, which report and
 * end the child from any stack; the parent then fails the CMocka test and shows what was printed.
 */
#ifndef SUPPORT_CHILD_CASE_H
#define SUPPORT_CHILD_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include <cmocka.h>

/* How a child ended and what it printed. */
struct outcome {
  int exit_status; /* -1 if it did not exit */
  int signal;      /* that ended it; 0 if it exited */
  int timed_out;   /* the watchdog ended it */
  char out[16384]; /* stdout and stderr, each cut to size, NUL-terminated */
  char err[16384];
};

/* Runs body in a child; it passes if body returns (or the child exits with 0). */
void child_case_run(const char* name, void (*body)(void));

/* Runs body in a child that may end as it likes. If it returns, the exit status is 0. */
void child_case_observe(void (*body)(void), struct outcome* outcome);

/*
 * Seconds that a case may take; LWP_TEST_SECONDS in the environment overrides it (Valgrind). Only
 * what hangs takes that long, so there is room for a machine that does much else.
 */
#define CHILD_CASE_SECONDS 240

#define CASE(name)                      \
  static void name##_body(void);        \
  static void name(void** state) {      \
    (void)state;                        \
    child_case_run(#name, name##_body); \
  }                                     \
  static void name##_body(void)

/* A case that is skipped, with a message that tells what is missing, unless the condition holds. */
#define CASE_IF(condition, missing, name)     \
  static void name##_body(void);              \
  static void name(void** state) {            \
    (void)state;                              \
    if (!(condition)) {                       \
      print_message(#name ": %s\n", missing); \
      skip();                                 \
    }                                         \
    child_case_run(#name, name##_body);       \
  }                                           \
  static void name##_body(void)

/* For cases; not for the parent, which uses CMocka's own assertions. */
void expect_failed(const char* file, int line, const char* format, ...)
    __attribute__((format(printf, 3, 4), noreturn));

#define expect(condition) \
  ((condition) ? (void)0 : expect_failed(__FILE__, __LINE__, "not true: %s", #condition))

#define expect_int(actual, wanted) \
  expect_int_at((long)(actual), (long)(wanted), #actual, __FILE__, __LINE__)
void expect_int_at(long actual, long wanted, const char* text, const char* file, int line);

/*
 * The transcript: what happened, in order. Words of one case, compared as one line.
 *   note("A%d", i);  ...  expect_transcript("A1 B1 A2");
 * expect_transcript empties it.
 */
void note(const char* format, ...) __attribute__((format(printf, 1, 2)));
#define expect_transcript(wanted) expect_transcript_at(wanted, __FILE__, __LINE__)
void expect_transcript_at(const char* wanted, const char* file, int line);

/* How many words it has, for those who wait until it is complete; whether it is like that; and an
 * empty one, to begin anew when something has taken too long to tell. */
int notes(void);
int transcript_is(const char* wanted);
void forget_transcript(void);

/* Valgrind makes a program up to a hundred times as slow, so what is to be many is less there. */
int under_valgrind(void);
#define UNLESS_UNDER_VALGRIND(many, less) (under_valgrind() ? (less) : (many))

/* Whether a case can. Not with a sanitizer, which has reserved most of the address space; nor under
 * Valgrind, which needs some for itself. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_CAN_BE_LIMITED 0
#else
#define MEMORY_CAN_BE_LIMITED (!under_valgrind())
#endif

/* The shortest time between two signals, in microseconds, that leaves the program some of its own.
 * Where signals take long, shorter ones would be all that happens. Takes SIGURG for a moment. */
long affordable_us(void);

/* Processor time of this process, and monotonic time, in seconds. */
double cpu_seconds(void);
double now_seconds(void);

#ifdef __cplusplus
}
#endif

#endif
