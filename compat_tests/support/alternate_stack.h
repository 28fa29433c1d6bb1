/* SPDX-License-Identifier: MIT */
/* alternate_stack.h - setting the kernel thread's alternate signal stack. */
#ifndef SUPPORT_ALTERNATE_STACK_H
#define SUPPORT_ALTERNATE_STACK_H

#include <signal.h>
#include <string.h>

#include "child_case.h"

static inline void set_alternate_stack(void* memory, size_t size, int flags) {
  stack_t stack;
  memset(&stack, 0, sizeof stack);
  stack.ss_sp = memory;
  stack.ss_size = size;
  stack.ss_flags = flags;
  expect_int(sigaltstack(&stack, NULL), 0);
}

#endif
