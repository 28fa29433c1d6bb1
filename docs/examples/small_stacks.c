/* SPDX-License-Identifier: MIT */
/*
 * small_stacks.c - ten LWPs in memory of the program's own: no heap, and as small as they may be.
 * Each sums up a part of 1 .. 1000.
 */
#include <lwp/lwp.h>
#include <lwp/lwpx.h>

enum { kLwps = 10, kLast = 1000 };

static char memory[kLwps][LWPX_PROCESS_BYTES(0)]; /* the least stack, and room for the library */

static void add_up(void* parm) {
  const long part = (long)parm;
  long sum = 0;
  for (long n = 1 + part; n <= kLast; n += kLwps) {
    sum += n;
    LWP_DispatchProcess(); /* all ten are at it at once */
  }
  LWPX_Exit((void*)sum);
}

int main(void) {
  PROCESS lwps[kLwps];
  long sum = 0;
  LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, NULL);
  for (long i = 0; i < kLwps; ++i) {
    struct LWPX_Attributes attributes = LWPX_ATTRIBUTES_INIT;
    attributes.memory = memory[i];
    attributes.memory_size = sizeof memory[i];
    attributes.flags = LWPX_JOINABLE;
    if (LWPX_CreateProcess(&attributes, add_up, (void*)i, &lwps[i]) != LWP_SUCCESS) return 1;
  }
  for (int i = 0; i < kLwps; ++i) {
    void* part;
    if (LWPX_Join(lwps[i], NULL, &part) != LWP_SUCCESS) return 1;
    printf("LWP %d: %ld\n", i, (long)part);
    sum += (long)part;
  }
  printf("together: %ld, in %d LWPs of %zu bytes each\n", sum, kLwps, sizeof memory[0]);
  LWP_TerminateProcessSupport();
  return sum == kLast * (kLast + 1) / 2 ? 0 : 1;
}
