/* SPDX-License-Identifier: MIT */
/*
 * uthread.h - the user-level threads of operating system courses, on LWPs.
 *
 *   struct thread* t = thread_create(f, arg);     makes a thread
 *   thread_add_runqueue(t);                       puts it at the end of the run queue
 *   thread_start_threading();                     runs them until all have returned
 *
 * Threads give up the processor by thread_yield, in the order of the run queue, round and round. A
 * thread may create and add others, which run after all that are in the run queue.
 *
 * With UTHREAD_TIME_SLOTS defined before the header is included, threads are preempted at the end
 * of a time slot, and are given a number of slots in all:
 *
 *   struct thread* t = thread_create(f, arg, 3);  ended when three slots have ended while it ran
 *   thread_add_runqueue(t);
 *   thread_start_threading(2);                    a slot has two ticks, of UTHREAD_TICK_US each
 *
 * A thread is an LWP: all of <lwp/lwp.h> works in it, its handle is (PROCESS)t, and when it waits
 * for an event or a descriptor the others run. What is true of preemption in general holds for time
 * slots (<preempt/preempt.h>). Who calls thread_create first becomes the first LWP, if LWP_Init has
 * not been called. Threads of several files may be of different kinds.
 *
 * Source: the course; what wrong arguments give, and results, are ours. Handler: no, for all of
 * them.
 */
#ifndef LWP_DIALECT_UTHREAD_H
#define LWP_DIALECT_UTHREAD_H
#ifndef __GNUC__
#error "this dialect needs a compiler that has GNU C's names for assembly"
#endif

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct thread; /* opaque; a handle, not an address */

/*
 * thread_create - makes a thread that calls f(arg) and ends when f returns. It does not run before
 *   it has been added to the run queue. Its priority is that of the caller, its stack has 64 KiB.
 *   execution_time_slot  how many time slots may end while it runs; then it ends as if cancelled
 *     (LWPX_Cancel), wherever it is. 0 or negative: no limit.
 * Returns the thread; NULL if f is NULL or there is no memory. Switches: no.
 */
#ifndef UTHREAD_TIME_SLOTS
LWP_EXPORT struct thread* thread_create(void (*f)(void*), void* arg) __asm__("uthread_create");
#else
LWP_EXPORT struct thread* thread_create(void (*f)(void*), void* arg,
                                        int execution_time_slot) __asm__("uthread_create_slots");
#endif

/* thread_add_runqueue - puts a thread at the end of the run queue. One that is in it, has ended or
 * never was: nothing happens. Switches: no. */
LWP_EXPORT void thread_add_runqueue(struct thread* t) __asm__("uthread_add_runqueue");

/* thread_yield - lets the next thread run. Returns LWP_SUCCESS; LWP_EINIT. Switches: yes. */
LWP_EXPORT int thread_yield(void) __asm__("LWP_DispatchProcess");

/* thread_exit - ends the calling thread. Called by the first LWP it does nothing, and returns.
 * Switches: for good. */
LWP_EXPORT void thread_exit(void) __asm__("uthread_exit");

/*
 * thread_start_threading - returns when all threads that were added have ended, those that they
 * have added included. Threads that were not added stay, and may be added and run another time.
 *   time_slot_size  in ticks of UTHREAD_TICK_US microseconds, 10000 unless defined otherwise before
 *     the header is included. Preemption is on until it returns, and then as it was before.
 * Returns LWP_SUCCESS, also if there are none; LWPX_EDEADLK (-19) to a thread; LWP_ESYSTEM if the
 * slot is out of range, or preemption impossible (PRE_InitPreempt): no thread has run then.
 * Switches: if there are threads.
 */
#ifndef UTHREAD_TIME_SLOTS
LWP_EXPORT int thread_start_threading(void) __asm__("uthread_start");
#else
#ifndef UTHREAD_TICK_US
#define UTHREAD_TICK_US 10000L
#endif
LWP_EXPORT int uthread_start_slots(int time_slot_size, long tick_us);
static __inline__ int thread_start_threading(int time_slot_size) {
  return uthread_start_slots(time_slot_size, UTHREAD_TICK_US);
}
#endif

#ifdef __cplusplus
}
#endif

#endif /* LWP_DIALECT_UTHREAD_H */
