/* SPDX-License-Identifier: MIT */
/*
 * lwpx_create.h - LWPs made to measure, in memory of the caller's, and whole sets of them there.
 * Part of <lwp/lwpx.h>.
 *
 * All semantics are ours. Handler: no.
 */
#ifndef LWP_LWPX_CREATE_H
#define LWP_LWPX_CREATE_H

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Attributes of a new LWP. Begin with LWPX_ATTRIBUTES_INIT: there may be more members one day. */
struct LWPX_Attributes {
  size_t size;        /* of this struct, as the caller knows it */
  int priority;       /* 0 .. LWP_MAX_PRIORITY, or LWPX_INHERIT: that of the creator */
  unsigned flags;     /* LWPX_JOINABLE and so on */
  size_t stack_size;  /* bytes, as for LWP_CreateProcess */
  const char* name;   /* copied, any length; NULL counts as "" */
  void* memory;       /* NULL: the library sees to it */
  size_t memory_size; /* bytes */
};

#define LWPX_INHERIT (-1)

#define LWPX_JOINABLE 1    /* its end is kept until LWPX_Join or LWPX_Detach */
#define LWPX_SUSPENDED 2   /* does not run before LWPX_Ready */
#define LWPX_PREEMPTIBLE 4 /* as if it began with PRE_PreemptMe */

#define LWPX_ATTRIBUTES_INIT \
  { sizeof(struct LWPX_Attributes), LWPX_INHERIT, 0, 0, NULL, NULL, 0 }

/*
 * LWPX_PROCESS_BYTES - the memory of an LWP with a stack of `stack` bytes: a constant expression,
 *   if `stack` is one. It is made of the stack, as LWP_CreateProcess rounds it; of
 *   LWPX_SIGNAL_BYTES, room for the frames of two signals with the registers of present processors
 *   (12 KiB each with AVX-512 and AMX; where they are larger, less remains for the stack); and of
 *   LWPX_CONTROL_BYTES for all that the library keeps.
 */
#define LWPX_SIGNAL_BYTES 32768
#define LWPX_CONTROL_BYTES 1024
#define LWPX_STACK_BYTES(stack) ((stack) <= 32768 ? 32768 : ((stack) + 4095) / 4096 * 4096)
#define LWPX_PROCESS_BYTES(stack) (LWPX_STACK_BYTES(stack) + LWPX_SIGNAL_BYTES + LWPX_CONTROL_BYTES)

/*
 * LWPX_CreateProcess - creates an LWP that calls entry(parm) and ends when that returns.
 *   attributes  NULL: a priority inherited, the smallest stack, no name and no flags.
 *   pid         out, may be NULL: the new handle. Stored before the LWP can run.
 * With attributes->memory, stack and control block lie there, at any alignment, and stack_size
 * means nothing; LWPX_PROCESS_BYTES says how much it takes, and less is good for a smaller stack,
 * down to 4096 bytes. It belongs to the LWP until that has ended: until its handle gives
 * LWP_EBADPID, or, if it is joinable, until it has been joined or detached. A stack in such memory
 * has no guard pages: a word at its end is compared at every dispatch.
 * Returns LWP_SUCCESS; in this order LWP_EINIT; LWP_ESYSTEM (entry is NULL, attributes->size makes
 * no sense or is more than 4096, an unknown flag, or something that this library does not know);
 * LWP_ENOMEM (also: the memory is too small); LWP_EBADPRI. Nothing is left behind then.
 * Switches: no, unlike LWP_CreateProcess.
 */
LWP_EXPORT int LWPX_CreateProcess(const struct LWPX_Attributes* attributes, void (*entry)(void*),
                                  void* parm, PROCESS* pid);

/*
 * LWPX_InitStatic - LWP_Init, but all that the LWPs of this kernel thread will ever need comes out
 *   of memory of the caller's.
 *   memory    of `bytes` bytes, at any alignment, zero or not. It is the library's until
 *             LWP_TerminateProcessSupport, and is not touched afterwards.
 *   priority  of the calling LWP, 0 .. LWP_MAX_PRIORITY.
 *   pid       out, may be NULL: the handle of the calling LWP.
 * From then on no function of <lwp/lwp.h>, <lwp/lwpx.h>, <lwp/iomgr.h>, <lwp/lock.h> and <preempt/>
 * allocates or maps memory. What finds no room says LWP_ENOMEM, or sets ENOMEM, and has changed
 * nothing; it works again when others have given theirs back. So what needs memory of another kind
 * is not to be had: LWPX_Blocking says LWP_ESYSTEM, LWPX_StartRuntimes LWP_ENOMEM, LWPX_ThisRuntime
 * NULL. Exceptions: printing (LWP_Print_Processes, traces, the last words of a deadlock) uses
 * stdio; TM_Init and TM_Insert belong to no set of LWPs, and use the heap as ever; and the system's
 * loader, which PRE_AddModule and PRE_AddModuleByName ask, uses the heap.
 *
 * LWPX_STATIC_BYTES(lwps, stack), a constant expression, is enough for that many LWPs at a time
 * beside the caller, with stacks of up to `stack` bytes each, however many come and go. Beyond
 * that, the I/O manager takes LWPX_IOMGR_BYTES, with descriptors below 256; and 80 bytes more for
 * each number above, up to the highest that is waited for; a list of n > 1 events, or n > 8
 * descriptors, while an LWP lives that has waited for it, up to 160 * n bytes; a name of more than
 * 31 characters, its length and 48 bytes. Stacks have no guard pages: a word at the end of each is
 * compared at every dispatch. While lwp_stackUseEnabled is not 0, creating an LWP looks at its
 * whole stack, and clears it.
 *
 * Returns LWP_SUCCESS; in this order LWP_ESYSTEM (this kernel thread has LWPs already);
 * LWP_EBADPRI; LWP_ENOMEM (memory is NULL, or too small even for the caller). Switches: no.
 */
#define LWPX_RUNTIME_BYTES 32768
#define LWPX_IOMGR_BYTES (LWPX_PROCESS_BYTES(0) + 69632)
#define LWPX_STATIC_BYTES(lwps, stack) (LWPX_RUNTIME_BYTES + (lwps)*LWPX_PROCESS_BYTES(stack))
LWP_EXPORT int LWPX_InitStatic(void* memory, size_t bytes, int priority, PROCESS* pid);

#ifdef __cplusplus
}
#endif

#endif /* LWP_LWPX_CREATE_H */
