/* SPDX-License-Identifier: MIT */
/*
 * fasttime.h - the FT package: the time of day, and the last one that was asked for.
 *
 * FT_GetTimeOfDay is gettimeofday that remembers what it returned. A program that can do with the
 * remembered time reads it for the price of a copy. TM_Insert and TM_Rescan (<lwp/timer.h>) fetch
 * the time too, so a program that uses timers has a memory that is hardly ever old.
 *
 * None of these functions switches. Any signal handler may call them, any kernel thread, and also
 * before LWP_Init.
 */
#ifndef LWP_FASTTIME_H
#define LWP_FASTTIME_H

#include <lwp/detail/export.h>
#include <sys/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What gettimeofday calls its second argument; the type may be declared nowhere else. */
struct timezone;

/*
 * FT_Init - of old, mapped the kernel's clock into the process. There is nothing to prepare now.
 *   printErrors  not 0: the first call says "FT_Init: mmap  not implemented on this kernel" on
 *                stderr. TM_Init counts as a call.
 *   notReally    not 0: the caller will not use the mapping; nothing is tried, nothing is said.
 * Returns 0 if notReally; else -1, which is harmless: all functions below work.
 * Switches: no. Handler: yes. Source: Coda 1.4 and AFS-3 (Coda 2.18 returns -1 always).
 */
LWP_EXPORT int FT_Init(int printErrors, int notReally);

/*
 * FT_GetTimeOfDay, TM_GetTimeOfDay - the time of day, which is remembered.
 *   tv  out, may be NULL: the time is remembered all the same.
 *   tz  out, may be NULL: as in gettimeofday.
 * Returns what gettimeofday returns: 0, or -1 with errno.
 * Switches: no. Handler: yes. Source: Coda; that tv may be NULL is ours.
 */
LWP_EXPORT int FT_GetTimeOfDay(struct timeval* tv, struct timezone* tz);
LWP_EXPORT int TM_GetTimeOfDay(struct timeval* tv, struct timezone* tz);

/*
 * FT_AGetTimeOfDay - the remembered time ("approximate"); tz is left alone then. If no time is
 * remembered, the same as FT_GetTimeOfDay.
 * Returns 0, or what gettimeofday returns. Switches: no. Handler: yes. Source: Coda.
 */
LWP_EXPORT int FT_AGetTimeOfDay(struct timeval* tv, struct timezone* tz);

/*
 * FT_ApproxTime - the seconds of the remembered time; if none is remembered, fetches one.
 * Switches: no. Handler: yes. Source: Coda.
 */
LWP_EXPORT unsigned int FT_ApproxTime(void);

/*
 * The remembered time. Seconds of 0 mean: none. The program may read it and, to forget it or to
 * set the clock back in a test, write it. With several kernel threads all remember here; the
 * functions above never return one thread's seconds with another's microseconds, but a program that
 * reads the variable itself may see that.
 */
LWP_EXPORT extern struct timeval FT_LastTime;

#ifdef __cplusplus
}
#endif

#endif /* LWP_FASTTIME_H */
