// SPDX-License-Identifier: MIT
// switching_call.h - library calls that switch, and how they return.
//
// The processor predicts where a `ret` leads from the calls that it has seen last. After a switch
// that is where the flow that switched away had called from: wrong, unless both called from the
// same place, and late to be found wrong, as the true address comes off a stack that has only just
// been loaded. It costs 15 ns, twice what the switch does. So a call that switches leaves behind
// where it was called from; if it finds something else there when it is about to return, another
// flow has switched in between, and the return is made by an indirect jump, which the processor
// predicts from the way it came: two flows that wake each other are predicted right.
//
// Who called from the same place returns by `ret`, so that returns further up stay predicted.
#pragma once

// The place is a word of the kernel thread's: 16 bytes into the thread-local lwp_thread.
//
// LWP_SWITCHING_CALL(name) stands before the definition of LWP_INNER(name), with the parameters and
// the result of the exported function `name`, which it makes. At most six parameters, all integers
// or pointers.
#if defined(__x86_64__) && defined(__ELF__) && defined(__LP64__)

#define LWP_INNER(name) inner_##name

// clang-format off
#define LWP_SWITCHING_CALL(name)                          \
  __asm__(                                                \
      ".text\n\t"                                         \
      ".p2align 4\n\t"                                    \
      ".globl " #name "\n\t"                              \
      ".type " #name ", @function\n"                      \
      #name ":\n\t"                                       \
      ".cfi_startproc\n\t"                                \
      "movq (%rsp), %rax\n\t"                             \
      "movq lwp_thread@gottpoff(%rip), %r11\n\t"          \
      "movq %rax, %fs:16(%r11)\n\t"                       \
      "subq $8, %rsp\n\t"                                 \
      ".cfi_def_cfa_offset 16\n\t"                        \
      "call inner_" #name "\n\t"                          \
      "movq lwp_thread@gottpoff(%rip), %r11\n\t"          \
      "movq %fs:16(%r11), %r11\n\t"                       \
      "addq $8, %rsp\n\t"                                 \
      ".cfi_def_cfa_offset 8\n\t"                         \
      "cmpq %r11, (%rsp)\n\t"                             \
      "jne 1f\n\t"                                        \
      "ret\n"                                             \
      "1:\tpopq %r11\n\t"                                 \
      ".cfi_def_cfa_offset 0\n\t"                         \
      ".cfi_register %rip, %r11\n\t"                      \
      "notrack jmp *%r11\n\t"                             \
      ".cfi_endproc\n\t"                                  \
      ".size " #name ", . - " #name)
// clang-format on

#else

#define LWP_INNER(name) name
#define LWP_SWITCHING_CALL(name) static_assert(true)

#endif
