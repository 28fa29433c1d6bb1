/* SPDX-License-Identifier: MIT */
/*
 * policy.h - where a tick may move an LWP, and by which signal it comes.
 *
 * All of it is ours and concerns the calling kernel thread. It may be called at any time after
 * LWP_Init, before PRE_InitPreempt or while preemption is on, and holds until
 * LWP_TerminateProcessSupport. PRE_EndPreempt does not undo it.
 *
 * The movable code is a set of addresses. At first it is the code of the main program's executable;
 * in a program that is linked statically, whose code can not be told from the C library's, it is
 * empty. Each call adds to the set or takes away from it, so the later call wins. This library's
 * own code never counts.
 */
#ifndef PREEMPT_POLICY_H
#define PREEMPT_POLICY_H

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PRE_POLICY_OFF 0    /* nowhere: a tick is paid at the end of a section or library call */
#define PRE_POLICY_SAFE 1   /* in movable code; the default */
#define PRE_POLICY_LEGACY 2 /* anywhere but in this library, as the old packages did: not safe */

/*
 * PRE_SetPolicy - chooses where ticks act.
 *   policy  PRE_POLICY_...
 * Under PRE_POLICY_OFF no LWP is moved where it was interrupted. A tick is owed, and the LWP
 * dispatches at the end of its next call of this library, or of its next critical section.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBLOCKED; LWP_ESYSTEM if there is no such policy, or, while
 * preemption is on, if it is PRE_POLICY_SAFE in a static program without movable code; LWP_ENOMEM.
 * Nothing has changed then.
 * Switches: no. Handler: no.
 */
LWP_EXPORT int PRE_SetPolicy(int policy);

/*
 * PRE_AddModule       - makes the code of a shared object movable.
 * PRE_AddModuleByName - the same, by name.
 *   address  in the object: of a function or variable of it.
 *   name     as the dynamic linker has it (/usr/lib/libx.so.1), its last part (libx.so.1), or the
 *            object's soname. The first one loaded of that name counts.
 * The object must be one in which nothing is interrupted that the C library relies on: no
 * allocator, and nothing that other shared objects call back. It stays loaded until
 * PRE_RemoveModule or LWP_TerminateProcessSupport, whatever dlclose is called meanwhile, so that
 * nothing else can be loaded in its place.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBLOCKED; LWP_ESYSTEM if no such object is loaded, if it is
 * the C library, the dynamic linker or the vDSO, or if it can not be kept loaded (in a static
 * program, or in another namespace of dlmopen); LWP_ENOMEM. Nothing has changed then. Switches: no.
 * Handler: no.
 */
LWP_EXPORT int PRE_AddModule(const void* address);
LWP_EXPORT int PRE_AddModuleByName(const char* name);

/*
 * PRE_RemoveModule - takes the code of a shared object, or of the main program, away; one that was
 *   kept loaded no longer is, which may unload it.
 *   address  in the object.
 * An LWP that was moved in the object goes on there all the same: let it end before.
 * Returns LWP_SUCCESS; LWP_EINIT; LWP_EBLOCKED; LWP_ESYSTEM if there is no object there;
 * LWP_ENOMEM. Switches: no. Handler: no.
 */
LWP_EXPORT int PRE_RemoveModule(const void* address);

/*
 * PRE_AddRange    - makes the code from begin up to, not including, end movable.
 * PRE_RemoveRange - takes it away.
 * The caller sees to it that the code stays where it is.
 * Return LWP_SUCCESS; LWP_EINIT; LWP_EBLOCKED; LWP_ESYSTEM if end is not above begin; LWP_ENOMEM.
 * Switch: no. Handler: no.
 */
LWP_EXPORT int PRE_AddRange(const void* begin, const void* end);
LWP_EXPORT int PRE_RemoveRange(const void* begin, const void* end);

/*
 * PRE_IsMovable - tells whether a tick that interrupts the instruction at this address may move the
 *   LWP, as far as the policy is concerned. 1: yes, 0: no; LWP_EINIT; LWP_ENOMEM.
 * Switches: no. Handler: no.
 */
LWP_EXPORT int PRE_IsMovable(const void* address);

/*
 * PRE_SetSignal - chooses the signal by which ticks come. SIGALRM at first.
 *   signo  one that the program does not use otherwise, the same in all kernel threads that
 * preempt. Where the documentation says SIGALRM, as about masks, this signal is meant. Returns
 * LWP_SUCCESS; LWP_EINIT; LWP_EBLOCKED; LWP_EBADSIG if there is no such signal, if it can not be
 * caught (SIGKILL, SIGSTOP), if it tells of a fault (SIGSEGV and the like) or belongs to the C
 * library; LWP_ESYSTEM if preemption is on in this kernel thread.
 * Switches: no. Handler: no.
 */
LWP_EXPORT int PRE_SetSignal(int signo);

/*
 * For programs that are linked statically. Functions marked PRE_MOVABLE lie in a section of their
 * own; PRE_AddMovableSection adds that of the executable or shared object in which it is called.
 * What is inlined into such a function is movable too; what it calls is not, unless marked.
 */
#if defined(__GNUC__) && defined(__ELF__)
#define PRE_MOVABLE __attribute__((section("lwp_movable"), noinline))

extern const char lwpx_movable_begin[] __asm__("__start_lwp_movable")
    __attribute__((weak, visibility("hidden")));
extern const char lwpx_movable_end[] __asm__("__stop_lwp_movable")
    __attribute__((weak, visibility("hidden")));

/* Returns what PRE_AddRange does: LWP_ESYSTEM if there is no such function. */
#define PRE_AddMovableSection() PRE_AddRange(lwpx_movable_begin, lwpx_movable_end)
#endif

#ifdef __cplusplus
}
#endif

#endif /* PREEMPT_POLICY_H */
