/* SPDX-License-Identifier: MIT */
/*
 * test_preempt_static.c - preemption in a program that is linked statically, C library and all.
 *
 * No CMocka, which there is only shared.
 */
#include <lwp/lwp.h>
#include <preempt/policy.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { kRounds = 20 };

#define EXPECT(actual, wanted) expect(__LINE__, #actual, (actual), (wanted))

static void expect(int line, const char* text, long actual, long wanted) {
  if (actual == wanted) return;
  fprintf(stderr, "%s:%d: %s is %ld, not %ld\n", __FILE__, line, text, actual, wanted);
  exit(1);
}

static volatile int whose_turn;
static volatile int done;

static void PRE_MOVABLE wait_for_turn(int me) {
  while (whose_turn != me) {
  }
}

static void play(void* parm) {
  const int me = *(const int*)parm;
  int i;
  PRE_PreemptMe();
  for (i = 0; i < kRounds; ++i) {
    wait_for_turn(me);
    free(malloc(100));
    whose_turn = !me;
  }
  ++done;
}

static void PRE_MOVABLE wait_for_both(void) {
  while (done < 2) {
  }
}

int main(void) {
  static const int numbers[] = {0, 1};
  struct timeval slice = {0, 200};
  alarm(240); /* ends what hangs */
  EXPECT(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  EXPECT(PRE_InitPreempt(&slice), LWP_ESYSTEM);
  EXPECT(PRE_AddModule((const void*)numbers), LWP_ESYSTEM);
  EXPECT(PRE_InitPreempt(&slice), LWP_ESYSTEM);
  EXPECT(PRE_SetPolicy(PRE_POLICY_OFF), LWP_SUCCESS);
  EXPECT(PRE_InitPreempt(&slice), LWP_SUCCESS);
  EXPECT(PRE_SetPolicy(PRE_POLICY_SAFE), LWP_ESYSTEM);
  EXPECT(PRE_AddMovableSection(), LWP_SUCCESS);
  EXPECT(PRE_SetPolicy(PRE_POLICY_SAFE), LWP_SUCCESS);
  EXPECT(PRE_IsMovable(lwpx_movable_begin), 1);
  EXPECT(LWP_CreateProcess(play, 0, 2, (void*)&numbers[0], "A", NULL), LWP_SUCCESS);
  EXPECT(LWP_CreateProcess(play, 0, 2, (void*)&numbers[1], "B", NULL), LWP_SUCCESS);
  PRE_PreemptMe();
  wait_for_both();
  EXPECT(PRE_EndPreempt(), LWP_SUCCESS);
  return 0;
}
