/* SPDX-License-Identifier: MIT */
/*
 * watch.h - what became of the ticks: counters, and a watchdog for LWPs that ticks can not move.
 *
 * All of it is ours, and concerns the calling kernel thread and its LWPs.
 */
#ifndef PREEMPT_WATCH_H
#define PREEMPT_WATCH_H

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>
#include <stddef.h>
#include <sys/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * How many ticks came, and what became of them. A tick that is put off may act later, and then
 * counts twice: where it was put off, and where it acted. Those of an LWP count modulo 2^32.
 */
struct PRE_Counters {
  size_t size;                   /* of this structure, set by the caller; it may grow */
  unsigned long ticks;           /* signals that came while the LWP ran */
  unsigned long preemptions;     /* ticks by which another LWP got the processor */
  unsigned long deferred_level;  /* found the LWP in a critical section, at level 1 as LWPs are when
                                    they begin, or inside this library */
  unsigned long deferred_vetoed; /* PRE_Block was set */
  unsigned long deferred_code;  /* found it in code in which ticks do not act, as the C library's */
  unsigned long deferred_mask;  /* found it in a handler of the program, or another signal mask */
  unsigned long deferred_stack; /* found it on another stack than its own, or too deep in that */
  unsigned long no_rival;       /* nobody else of the same or a higher priority was ready */
};

/*
 * PRE_GetCounters - tells what became of the ticks.
 *   pid       that found this LWP running, since it was created; NULL: all since LWP_Init.
 *   counters  its size is set; as much of it is filled in.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_ESYSTEM if the size is smaller than any such structure ever
 * was; LWP_EBADPID.
 * Switches: no. Handler: yes. Source: ours.
 */
LWP_EXPORT int PRE_GetCounters(PROCESS pid, struct PRE_Counters* counters);

/* Why an LWP could not be moved. */
#define PRE_STUCK_SECTION 0 /* its level is not 0 */
#define PRE_STUCK_LIBRARY 1 /* it is inside this library */
#define PRE_STUCK_BLOCK 2   /* PRE_Block is set */
#define PRE_STUCK_CODE 3    /* it is in code in which ticks do not act */
#define PRE_STUCK_MASK 4    /* in a signal handler, or another signal mask is in force */
#define PRE_STUCK_STACK 5   /* it is on another stack than its own, or too deep in that */

/* An LWP that keeps the processor, as the last tick found it. Valid during the report. */
struct PRE_Stuck {
  size_t size;          /* of this structure as the library knows it; it may grow */
  PROCESS pid;          /* NULL if the LWP is just ending */
  const char* name;     /* of the LWP */
  int reason;           /* PRE_STUCK_... */
  int level;            /* its level */
  struct timeval kept;  /* for how long now, since the first tick that did not move it */
  const void* where;    /* what it executes */
  const char* module;   /* name of the file in which that lies; "" if it is not known */
  unsigned long offset; /* from where that file begins in memory */
};

/*
 * PRE_SetWatchdog - reports LWPs that keep the processor although a tick is owed or put off.
 *   limit     for how long they may, in real time. NULL or {0, 0}: no reports, as at the beginning.
 *   report    called by the signal handler of the tick that finds the limit exceeded, with all
 *             signals blocked, once until there is a dispatch or nobody else could run. It may do
 *             what handlers may, with up to 4 KiB of stack, and must return. NULL: the library
 *             writes a line to stderr.
 *   argument  passed to report.
 * Where no ticks come nothing is noticed: before PRE_InitPreempt, while SIGALRM is blocked, and
 * while nobody else could run.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBLOCKED; LWP_ESYSTEM if the limit is out of range.
 * Switches: no. Handler: no. Source: ours.
 */
LWP_EXPORT int PRE_SetWatchdog(const struct timeval* limit,
                               void (*report)(const struct PRE_Stuck* stuck, void* argument),
                               void* argument);

#ifdef __cplusplus
}
#endif

#endif /* PREEMPT_WATCH_H */
