/* SPDX-License-Identifier: MIT */
/*
 * loop.h - loops that let others run when their slice is over, at no cost per iteration.
 *
 * An ordinary tick moves an LWP wherever it is, so it acts only in code of which the library knows
 * that this is safe. Where it may not act, it can still ask the loops that are under way, as a loop
 * looks at its own limit in each iteration anyway: the tick lowers the limit, the loop falls out
 * with its counter intact, others run, the limit is restored, and the loop goes on where it was. No
 * iteration is lost or done twice.
 *
 *     double sum(const double *x, long n)
 *     {
 *         long i;
 *         double s = 0;
 *         PRE_LOOP(loop);
 *
 *         PRE_FOR_UP(loop, i, 0, n, 1)
 *             s += x[i];
 *         return s;
 *     }
 *
 * That works in any code, also in shared objects, in programs that are linked statically, and
 * whatever <preempt/preempt.h> has been told about where ticks may act. A loop lets others run
 * between two iterations, if the level of the LWP is 0: not in a critical section, nor before
 * PRE_PreemptMe. If it falls out inside a section, the tick is owed and paid at the section's end.
 *
 * Without GNU C these are plain loops.
 */
#ifndef PREEMPT_LOOP_H
#define PREEMPT_LOOP_H

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>
#include <preempt/preempt.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * PRE_CancelLoops - ends the loops of an LWP that are under way: each falls out for good when it
 *   comes to its next iteration, and says so (PRE_LoopCancelled). Loops begun afterwards run.
 *   pid  may be the caller.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBLOCKED; LWP_EBADPID; LWP_ENOWAIT if it is in no such loop.
 * Switches: no. Handler: no. Source: ours.
 */
LWP_EXPORT int PRE_CancelLoops(PROCESS pid);

/*
 * PRE_AskLoops - does what a tick does that may not move the LWP: its loops and PRE_Checkpoint let
 *   others run as soon as they are reached. For signal handlers of the program, with timers of its
 *   own or none; PRE_InitPreempt is not needed.
 *   context  the third argument of the handler (SA_SIGINFO); NULL if not called by a handler.
 * Another kernel thread asks by sending such a signal to this one (pthread_kill).
 * Returns LWP_SUCCESS; LWP_EINIT.
 * Switches: no. Handler: yes. Source: ours.
 */
LWP_EXPORT int PRE_AskLoops(const void* context);

#if defined(__GNUC__)

/* A limit, of the type of the loop's counter, in its first bytes. */
typedef int lwpx_loop_bits __attribute__((__mode__(__DI__))); /* 64 bits, in C89 too */
union lwpx_loop_limit {
  lwpx_loop_bits bits;
  char bytes[8];
};

/* The record of a loop, which is in a list of the LWP while the loop is under way. For the macros
 * below and the library only. */
struct PRE_Loop {
  struct PRE_Loop* outer;        /* the loop begun before it */
  union lwpx_loop_limit compare; /* what the loop looks at: wanted or stop */
  union lwpx_loop_limit wanted;
  union lwpx_loop_limit stop; /* every counter has passed it */
  int listed;
  int cancelled;
};

LWP_EXPORT void lwpx_loop_begin(struct PRE_Loop* loop, int size, int is_signed, int up);
LWP_EXPORT void lwpx_loop_end(struct PRE_Loop* loop);
/* The loop has fallen out; whether it is to go on. more: its counter has not reached its limit. */
LWP_EXPORT int lwpx_loop_again(struct PRE_Loop* loop, int more);

static __inline__ void lwpx_loop_leave(struct PRE_Loop* loop) {
  if (loop->listed) lwpx_loop_end(loop);
}

/* Makes the compiler read the limit anew; no instruction. */
static __inline__ __attribute__((always_inline)) void lwpx_loop_reread(
    union lwpx_loop_limit* compare) {
  __asm__ __volatile__("" : "+m"(*compare));
}

#define LWPX_LOOP_LIMIT(i, limit) (*(__typeof__(i) __attribute__((__may_alias__))*)(void*)&(limit))

/* All ones are less than all zeros if the type is signed. */
#define LWPX_LOOP_IS_SIGNED(loop, i)               \
  ((loop).stop.bits = -1, (loop).compare.bits = 0, \
   LWPX_LOOP_LIMIT(i, (loop).stop) < LWPX_LOOP_LIMIT(i, (loop).compare))

/* The operands of sizeof refuse counters of other types than integers and pointers, or too wide. */
#define LWPX_LOOP_BEGIN(loop, i, limit, up)                                                   \
  ((void)sizeof((loop).wanted.bytes[(i) - (i)]), (void)sizeof(char[sizeof(i) <= 8 ? 1 : -1]), \
   lwpx_loop_leave(&(loop)), (void)(LWPX_LOOP_LIMIT(i, (loop).wanted) = (limit)),             \
   lwpx_loop_begin(&(loop), (int)sizeof(i), LWPX_LOOP_IS_SIGNED(loop, i), up))

#define LWPX_LOOP_CHECK(loop, i, is_within)                                \
  (lwpx_loop_reread(&(loop).compare),                                      \
   __builtin_expect((i)is_within LWPX_LOOP_LIMIT(i, (loop).compare), 1) || \
       lwpx_loop_again(&(loop), (i)is_within LWPX_LOOP_LIMIT(i, (loop).wanted)))

/*
 * PRE_LOOP(loop); - declares the record of a loop, among the variables of the block that the loop
 *   is in. Loops that follow each other may share one; nested ones may not. Whichever way the block
 *   is left, the record goes with it.
 */
#define PRE_LOOP(loop) \
  struct PRE_Loop loop __attribute__((cleanup(lwpx_loop_leave))) = {0, {0}, {0}, {0}, 0, 0}

/*
 * PRE_FOR_UP   - for (i = from; i < limit; i += step)
 * PRE_FOR_DOWN - for (i = from; i > limit; i -= step)
 *   i      a variable of any integer type, or a pointer.
 *   limit  evaluated once, and converted to the type of i.
 *   step   evaluated in each iteration.
 * break, continue, goto and return do what they do in any loop, and so do changes of i.
 * PRE_WHILE_BELOW - while (i < limit)
 * PRE_WHILE_ABOVE - while (i > limit): the body changes i.
 * Switch: before an iteration, also the first, if a slice is over and the level is 0. Handler: yes;
 * there they do not switch, unless the handler was installed with SA_NODEFER and the processor is
 * no x86-64.
 */
#define PRE_FOR_UP(loop, i, from, limit, step)                                                \
  for ((void)((i) = (from)), LWPX_LOOP_BEGIN(loop, i, limit, 1); LWPX_LOOP_CHECK(loop, i, <); \
       (i) += (step))
#define PRE_FOR_DOWN(loop, i, from, limit, step)                                              \
  for ((void)((i) = (from)), LWPX_LOOP_BEGIN(loop, i, limit, 0); LWPX_LOOP_CHECK(loop, i, >); \
       (i) -= (step))
#define PRE_WHILE_BELOW(loop, i, limit) \
  for (LWPX_LOOP_BEGIN(loop, i, limit, 1); LWPX_LOOP_CHECK(loop, i, <);)
#define PRE_WHILE_ABOVE(loop, i, limit) \
  for (LWPX_LOOP_BEGIN(loop, i, limit, 0); LWPX_LOOP_CHECK(loop, i, >);)

/* Whether PRE_CancelLoops ended the last loop with this record before its time; or was called after
 * break or goto had left it, and before the next. */
#define PRE_LoopCancelled(loop) ((loop).cancelled)

/* Forgets a loop that has been left, before its block is: at once, instead of later. */
#define PRE_LoopEnd(loop) lwpx_loop_leave(&(loop))

/*
 * PRE_Loops, PRE_DropLoops - for longjmp(3), which leaves functions without a trace, and the
 *   records of their loops in the list. Where setjmp is called, before anything else is:
 *
 *     struct PRE_Loop *const loops = PRE_Loops();
 *     if (setjmp(place) != 0)
 *         PRE_DropLoops(loops);
 *
 * Not needed for break, goto, return and C++ exceptions.
 * Switches: PRE_DropLoops may, as PRE_EndCritical. Handler: no. Source: ours.
 */
#define PRE_Loops() lwpx_loops()
#define PRE_DropLoops(loops) \
  (lwpx_begin_critical_inline(), lwpx_drop_loops(loops), lwpx_end_critical_inline())

LWP_EXPORT struct PRE_Loop* lwpx_loops(void);
LWP_EXPORT void lwpx_drop_loops(struct PRE_Loop* loops);

/*
 * PRE_Checkpoint - for code without such a loop: lets others run if a tick has found the LWP where
 *   it could not act, and the level is 0. One load and a test.
 * Switches: may. Handler: as the loops. Source: ours.
 */
#define PRE_Checkpoint() \
  (__builtin_expect(lwpx_checkpoint_due != 0, 0) ? lwpx_checkpoint() : (void)0)

__extension__ LWP_EXPORT extern __thread volatile int lwpx_checkpoint_due
    __attribute__((tls_model("initial-exec")));
LWP_EXPORT void lwpx_checkpoint(void);

#else

#define PRE_LOOP(loop) int loop = 0
#define PRE_FOR_UP(loop, i, from, limit, step) \
  for ((void)(loop), (i) = (from); (i) < (limit); (i) += (step))
#define PRE_FOR_DOWN(loop, i, from, limit, step) \
  for ((void)(loop), (i) = (from); (i) > (limit); (i) -= (step))
#define PRE_WHILE_BELOW(loop, i, limit) for ((void)(loop); (i) < (limit);)
#define PRE_WHILE_ABOVE(loop, i, limit) for ((void)(loop); (i) > (limit);)
#define PRE_LoopCancelled(loop) ((void)(loop), 0)
#define PRE_LoopEnd(loop) ((void)(loop))
#define PRE_Loops() ((struct PRE_Loop*)0)
#define PRE_DropLoops(loops) ((void)(loops))
#define PRE_Checkpoint() ((void)0)

#endif /* __GNUC__ */

#ifdef __cplusplus
}
#endif

#endif /* PREEMPT_LOOP_H */
