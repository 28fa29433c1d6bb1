/* SPDX-License-Identifier: MIT */
#include "plain_library.h"

#include <limits.h>
#include <lwp/lwp.h>
#include <preempt/loop.h>

unsigned long checksum_in_loop(long n) {
  unsigned long sum = 1;
  long i;
  PRE_LOOP(loop);
  PRE_FOR_UP(loop, i, 0, n, 1) sum = (sum ^ (unsigned long)i) * 16777619u;
  return sum;
}

unsigned long checksum(long n) {
  unsigned long sum = 1;
  long i;
  for (i = 0; i < n; ++i) sum = (sum ^ (unsigned long)i) * 16777619u;
  return sum;
}

void spin_until_cancelled(volatile long* rounds) {
  long i;
  PRE_LOOP(loop);
  do {
    PRE_FOR_UP(loop, i, 0, LONG_MAX, 1)++* rounds;
  } while (!PRE_LoopCancelled(loop));
}

void spin_nested_until_cancelled(volatile long* rounds) {
  unsigned i;
  short j;
  PRE_LOOP(outer);
  PRE_LOOP(inner);
  PRE_FOR_UP(outer, i, 0, UINT_MAX, 1) { PRE_FOR_DOWN(inner, j, 3000, 0, 1)++* rounds; }
}

void spin_with_checkpoints(volatile long* rounds, const volatile int* stop) {
  while (!*stop) {
    PRE_Checkpoint();
    ++*rounds;
  }
}

void signal_half_done(volatile int* inside, volatile int* met) {
  if (*inside) *met = 1;
  *inside = 1;
  LWP_NoYieldSignal((const void*)inside);
  *inside = 0;
}
