/* SPDX-License-Identifier: MIT */
/* priorities.c - a lower priority runs only when all above it wait. */
#include <lwp/lwp.h>
#include <string.h>

static char order[64]; /* who ran, a letter for each step */
static int steps;
static int gate; /* its address is the event at which all meet */

static void walker(void* parm) {
  const char letter = *(const char*)parm;
  LWP_WaitProcess(&gate);
  for (int step = 0; step < 3; ++step) {
    order[steps++] = letter;
    LWP_DispatchProcess(); /* gives way to equals, never to less important ones */
  }
}

static void start(const char* name, int priority) {
  LWP_CreateProcess(walker, 32768, priority, (void*)name, name, NULL);
}

int main(void) {
  LWP_Init(LWP_VERSION, 0, NULL);
  start("low", 1);
  start("middle", 2);
  start("also middle", 2);
  start("high", 3);
  LWP_SignalProcess(&gate); /* wakes all four; this one is less important than any of them */
  printf("order: %s\n", order);
  const int as_expected = strcmp(order, "hhhmamamalll") == 0;
  puts(as_expected ? "high first, the middle ones in turn, low last" : "that is wrong");
  LWP_TerminateProcessSupport();
  return as_expected ? 0 : 1;
}
