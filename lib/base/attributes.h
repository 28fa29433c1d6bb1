// SPDX-License-Identifier: MIT
// attributes.h - markers that say something about a function to its reader, some to the compiler.
#pragma once

// May run inside a signal handler, at any instant. See sigsafe/README.md for what that forbids.
#define LWP_SIGSAFE

#define LWP_LIKELY(x) __builtin_expect(!!(x), 1)
#define LWP_UNLIKELY(x) __builtin_expect(!!(x), 0)

// For the pieces of a context switch: a call more would be a return more, and returns after a
// switch are predicted from a stack that belongs to another LWP (arch/context.h).
#define LWP_ALWAYS_INLINE [[gnu::always_inline]] inline
#define LWP_NOINLINE [[gnu::noinline]]

// Thread-local variables that a signal handler may read: placed by the dynamic linker when the
// library is loaded, never allocated at the first use.
#define LWP_TLS __attribute__((tls_model("initial-exec")))

// Stores before it come before those after it. Free; for runs of stores that go along memory cache
// line by cache line: a processor takes one store at a time to a near cache, but two to one line.
#define LWP_STORES_SO_FAR() __asm__ __volatile__("" : : : "memory")
