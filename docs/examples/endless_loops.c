/* SPDX-License-Identifier: MIT */
/*
 * endless_loops.c - three loops without end or yield, and an LWP of a higher priority that looks at
 * them every 50 ms, and ends them after half a second.
 */
#include <lwp/lwp.h>
#include <lwp/lwpx.h>

enum { kLoops = 3, kLooks = 10 };

static volatile long rounds[kLoops];

static void loop(void* count) {
  PRE_PreemptMe(); /* from here on a slice may end anywhere */
  for (;;) ++*(volatile long*)count;
}

int main(void) {
  static const struct timespec pause = {0, 50000000};
  static const char* const names[kLoops] = {"one", "two", "three"};
  struct timeval slice = {0, 1000}; /* a millisecond */
  PROCESS loops[kLoops];
  long seen[kLoops] = {0};
  int shared = 1;

  LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY + 1, NULL);
  if (PRE_InitPreempt(&slice) != LWP_SUCCESS) return 1;
  for (int i = 0; i < kLoops; ++i) {
    LWP_CreateProcess(loop, 0, LWP_NORMAL_PRIORITY, (void*)&rounds[i], names[i], &loops[i]);
  }
  for (int look = 1; look <= kLooks; ++look) {
    LWPX_Sleep(&pause); /* a tick looks at the clock, and this LWP takes the processor back */
    printf("%3d ms:", look * 50);
    for (int i = 0; i < kLoops; ++i) {
      printf("  %s +%ld", names[i], rounds[i] - seen[i]);
      seen[i] = rounds[i];
    }
    putchar('\n');
  }
  for (int i = 0; i < kLoops; ++i) {
    /* Other programs may have had the processor, and nearly all of that time. */
    for (int more = 0; rounds[i] == 0 && more < 1000; ++more) LWPX_Sleep(&pause);
    if (rounds[i] == 0) shared = 0;
  }
  for (int i = 0; i < kLoops; ++i) LWP_DestroyProcess(loops[i]);
  puts(shared ? "all had their share" : "somebody had nothing");
  LWP_TerminateProcessSupport();
  return shared ? 0 : 1;
}
