/* SPDX-License-Identifier: MIT */
/* detail/types.h - the handle of an LWP and the completion codes that all packages share. */
#ifndef LWP_DETAIL_TYPES_H
#define LWP_DETAIL_TYPES_H

/*
 * The handle of an LWP. Opaque: its bits are not an address, so that a handle of an LWP that has
 * ended, or that belongs to another kernel thread, is recognised and refused (LWP_EBADPID).
 * Handles may be compared, copied and printed with %p.
 */
typedef struct lwp_pcb* PROCESS;

/* Completion codes. Zero is success; the numbers are those of every LWP since the first. */
#define LWP_SUCCESS 0
#define LWP_EBADPID (-1)    /* no such LWP in this kernel thread */
#define LWP_EBLOCKED (-2)   /* called by a signal handler that interrupted the library itself */
#define LWP_EINIT (-3)      /* LWP_Init has not been called in this kernel thread */
#define LWP_EMAXPROC (-4)   /* historical, never returned */
#define LWP_ENOBLOCK (-5)   /* historical, never returned */
#define LWP_ENOMEM (-6)     /* out of memory, address space or stacks */
#define LWP_ENOPROCESS (-7) /* historical, never returned */
#define LWP_ENOWAIT (-8)    /* nobody was waiting */
#define LWP_EBADCOUNT (-9)  /* the number of events makes no sense */
#define LWP_EBADEVENT (-10) /* the event is NULL */
#define LWP_EBADPRI (-11)   /* the priority is not in 0 .. LWP_MAX_PRIORITY */
#define LWP_NO_STACK (-12)  /* the stack use is not known */
#define LWP_EBADSIG (-13)   /* bad signal number */
#define LWP_ESYSTEM (-14)   /* a system call failed, or an argument was out of range */
#define LWP_ENOROCKS (-15)  /* all rocks of this LWP are taken */
#define LWP_EBADROCK (-16)  /* the rock exists already (NewRock) or does not exist (GetRock) */

#endif /* LWP_DETAIL_TYPES_H */
