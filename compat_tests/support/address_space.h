/* SPDX-License-Identifier: MIT */
/* address_space.h - how much of it the process has mapped. */
#ifndef SUPPORT_ADDRESS_SPACE_H
#define SUPPORT_ADDRESS_SPACE_H

#include <stdio.h>

#include "child_case.h"

/* In pages. Not known under Valgrind, whose own mappings come and go: always 0. */
static inline long address_space(void) {
  FILE* statm;
  long pages = 0;
  if (under_valgrind()) return 0;
  statm = fopen("/proc/self/statm", "r");
  expect(statm != NULL && fscanf(statm, "%ld", &pages) == 1);
  fclose(statm);
  return pages;
}

#endif
