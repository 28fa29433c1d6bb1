/* SPDX-License-Identifier: MIT */
/* three_printers.c - LWPs as they have always been: each runs until it yields. */
#include <lwp/lwp.h>

static int at_work = 3;

static void printer(void* parm) {
  const char* const text = parm;
  for (int line = 1; line <= 3; ++line) {
    printf("%s: line %d: %s\n", LWP_Name(), line, text);
    LWP_DispatchProcess(); /* the others have their turn */
  }
  if (--at_work == 0) LWP_SignalProcess(&at_work);
}

int main(void) {
  static char* const texts[] = {"no lock is needed,", "for nobody comes in between", "uninvited"};
  static const char* const names[] = {"anne", "bert", "cleo"};
  LWP_Init(LWP_VERSION, LWP_NORMAL_PRIORITY, NULL);
  for (int i = 0; i < 3; ++i) {
    /* The new LWP begins at once, as it is no less important than this one. */
    LWP_CreateProcess(printer, 32768, LWP_NORMAL_PRIORITY, texts[i], names[i], NULL);
  }
  if (at_work != 0) LWP_WaitProcess(&at_work); /* any address can be waited for */
  puts("main: all have printed");
  return LWP_TerminateProcessSupport();
}
