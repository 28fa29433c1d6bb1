/* SPDX-License-Identifier: MIT */
/*
 * preempt.h - the preemption package under the name that sources for Coda 1.x include. New programs
 * include <preempt/preempt.h>, or just <lwp/lwp.h>.
 *
 * No source for Coda 2.x can include this name, so it marks the older ones, and gives them what
 * they need to compile as they are: the names that Coda's lwp.h had until 1.4; and where compilers
 * since gcc 14 and clang 15 would stop, no more than warnings: at char * events in a list, at entry
 * points that return int, at functions and results that are not declared. C++ gets the names only.
 */
#ifndef LWP_PREEMPT_H
#define LWP_PREEMPT_H

#include <preempt/preempt.h>

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

typedef int (*PFIC)(void*);

#ifndef __cplusplus
#ifdef __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#endif
typedef void (*PFV)();
typedef int (*PFI)();
#ifdef __GNUC__
#pragma GCC diagnostic pop
/* clang can turn an error into nothing, but not into a warning. */
#ifdef __clang__
#if __clang_major__ >= 15
#pragma clang diagnostic ignored "-Wint-conversion"
#endif
#if __clang_major__ >= 16
#pragma clang diagnostic ignored "-Wincompatible-function-pointer-types"
#pragma clang diagnostic ignored "-Wimplicit-function-declaration"
#pragma clang diagnostic ignored "-Wimplicit-int"
#endif
#if __clang_major__ >= 20
#pragma clang diagnostic ignored "-Wincompatible-pointer-types"
#endif
#elif __GNUC__ >= 14
#pragma GCC diagnostic warning "-Wincompatible-pointer-types"
#pragma GCC diagnostic warning "-Wint-conversion"
#pragma GCC diagnostic warning "-Wimplicit-function-declaration"
#pragma GCC diagnostic warning "-Wimplicit-int"
#pragma GCC diagnostic warning "-Wreturn-mismatch"
#endif
#endif
#endif

#endif /* LWP_PREEMPT_H */
