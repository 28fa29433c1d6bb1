/* SPDX-License-Identifier: MIT */
/*
 * lwpx_create.h - LWPs made to measure, and in memory of the caller's. Part of <lwp/lwpx.h>.
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
 *   LWPX_SIGNAL_BYTES, room for the frames of two signals, whatever registers the processor has;
 *   and of LWPX_CONTROL_BYTES for all that the library keeps.
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
 * no sense, an unknown flag, or something that this library does not know); LWP_ENOMEM (also: the
 * memory is too small); LWP_EBADPRI. Nothing is left behind then.
 * Switches: no, unlike LWP_CreateProcess.
 */
LWP_EXPORT int LWPX_CreateProcess(const struct LWPX_Attributes* attributes, void (*entry)(void*),
                                  void* parm, PROCESS* pid);

#ifdef __cplusplus
}
#endif

#endif /* LWP_LWPX_CREATE_H */
