/* SPDX-License-Identifier: MIT */
/* tick_module.c - a shared object in whose code a tick can be put, for cases about the policy. */
#include "ticks.h"

void module_tick(void);
void module_tick(void) { tick_here(); }

/* Called when the object is unloaded. */
void (*module_at_end)(void);

__attribute__((destructor)) static void end(void) {
  if (module_at_end != NULL) module_at_end();
}
