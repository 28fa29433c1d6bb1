/* SPDX-License-Identifier: MIT */
/*
 * plain_library.h - a shared object of the program, where ticks do not move LWPs: loops in it let
 * others run only because they are asked to.
 */
#ifndef SUPPORT_PLAIN_LIBRARY_H
#define SUPPORT_PLAIN_LIBRARY_H

#ifdef __cplusplus
extern "C" {
#endif

/* A checksum of 0 .. n - 1, in a preemptible loop, and the same in one that is not. */
unsigned long checksum_in_loop(long n);
unsigned long checksum(long n);

/* Loops until cancelled, and counts in *rounds. */
void spin_until_cancelled(volatile long* rounds);

/* Two loops, one inside the other; each iteration of the inner one counts in *rounds, until the
 * outer one is cancelled. */
void spin_nested_until_cancelled(volatile long* rounds);

/* No loop with a limit: checkpoints, and counts in *rounds, until *stop. */
void spin_with_checkpoints(volatile long* rounds, const volatile int* stop);

/* Signals *inside, which is set while the signal is under way, and sets *met if it was set already:
 * a function that is not reentrant and relies on LWP_NoYieldSignal, as those of RPC2 do. */
void signal_half_done(volatile int* inside, volatile int* met);

#ifdef __cplusplus
}
#endif

#endif
