/* SPDX-License-Identifier: MIT */
/*
 * lwp.h - light-weight processes as AFS-3 and OpenAFS have them. `pkg-config --cflags lwp-afs3`
 * puts this header in the path, as <lwp.h>, with <lock.h>, <timer.h> and <preempt.h>.
 *
 * One source file speaks one dialect; files of both may be linked into one program and share its
 * LWPs. Where a call differs from <lwp/lwp.h>, its object file names a function of its own
 * (afs3_...), so C sees the names of AFS-3 and no macro stands in between. What is said here is
 * what differs; for the rest see <lwp/lwp.h>. As there: "Handler:" says whether a signal handler
 * may call a function at any instant; PROCESS is opaque and no address: no lwp_cpptr->level,
 * ->name.
 *
 * A runtime that LWP_InitializeProcessSupport (or IOMGR_Initialize) has started ends the way of
 * AFS-3: "***LWP: No READY processes" and a second line on stdout and abort() when nobody is ready,
 * likewise when LWP_TerminateProcessSupport is called by another LWP than the first.
 */
#ifndef LWP_DIALECT_AFS3_LWP_H
#define LWP_DIALECT_AFS3_LWP_H
#ifndef __LWP_INCLUDE_
#define __LWP_INCLUDE_ 1 /* the guard that older sources test */
#endif
#ifdef LWP_LWP_H
#error "<lwp/lwp.h> has been included: one source file speaks one dialect"
#endif
#ifndef __GNUC__
#error "the AFS-3 dialect needs a compiler that has GNU C's names for assembly"
#endif

#include <lwp/detail/export.h>
#include <lwp/detail/types.h>
#include <lwp/fasttime.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LWP_MAX_PRIORITY 4
#define LWP_NORMAL_PRIORITY (LWP_MAX_PRIORITY - 2)

#define AFS_LWP_MINSTACKSIZE (192 * 1024) /* no LWP created here has a smaller stack */
#define MAXROCKS 8                        /* AFS-3 has 4 */

/* Historical; nothing here depends on them. */
#define EVINITSIZE 5
#define IOMGR_MAXWAITTIME 60
#define IOMGR_WIN95WAITTIME 5000

/*
 * LWP_InitializeProcessSupport - makes the calling kernel thread the host of a set of LWPs, and
 *   itself the first.
 *   priority  of the calling LWP, 0 .. LWP_MAX_PRIORITY.
 *   pid       out, may be NULL: the handle of the calling LWP.
 * The environment variable AFS_LWP_STACK_SIZE raises AFS_LWP_MINSTACKSIZE (bytes).
 * Returns LWP_SUCCESS; LWP_EBADPRI; LWP_ENOMEM. Called again, or after LWP_Init: LWP_SUCCESS,
 * nothing is checked, nothing is stored. Switches: no. Handler: no. Source: AFS-3; the check for a
 * negative priority is ours.
 */
LWP_EXPORT int LWP_InitializeProcessSupport(int priority, PROCESS* pid);

/* LWP_TerminateProcessSupport - as Coda's, but for its end if called by the wrong LWP. */
LWP_EXPORT int LWP_TerminateProcessSupport(void);

/*
 * LWP_CreateProcess - creates an LWP that calls ep(parm) and ends when ep returns; what that
 * returns is not looked at. Returns LWP_SUCCESS; in this order LWP_EINIT, LWP_ENOMEM, LWP_EBADPRI.
 * Switches: yes, also on LWP_ENOMEM and LWP_EBADPRI. Handler: no. Source: AFS-3.
 */
LWP_EXPORT int LWP_CreateProcess(void* (*ep)(void*), int stacksize, int priority, void* parm,
                                 const char* name, PROCESS* pid) __asm__("afs3_LWP_CreateProcess");
#define LWP_CreateProcess2(ep, stacksize, priority, parm, name, pid) \
  LWP_CreateProcess((ep), (stacksize), (priority), (parm), (name), (pid))

/*
 * LWP_DestroyProcess - ends an LWP. Returns LWP_SUCCESS; LWP_EINIT; LWP_EBADPID.
 * Switches: unless the handle is bad; for good if the caller ends itself. Handler: no.
 * Source: AFS-3.
 */
LWP_EXPORT int LWP_DestroyProcess(PROCESS pid) __asm__("afs3_LWP_DestroyProcess");

/* As Coda's. LWP_ThreadId is its LWP_ThisProcess. */
LWP_EXPORT int LWP_DispatchProcess(void);
LWP_EXPORT int LWP_CurrentProcess(PROCESS* pid);
LWP_EXPORT PROCESS LWP_ThreadId(void) __asm__("LWP_ThisProcess");
LWP_EXPORT int LWP_GetProcessPriority(PROCESS pid, int* priority);
LWP_EXPORT int LWP_WaitProcess(void* event);
LWP_EXPORT int LWP_INTERNALSIGNAL(void* event, int yield);
#define LWP_SignalProcess(event) LWP_INTERNALSIGNAL((event), 1)
#define LWP_NoYieldSignal(event) LWP_INTERNALSIGNAL((event), 0)
LWP_EXPORT int LWP_StackUsed(PROCESS pid, int* max, int* used);
LWP_EXPORT int LWP_NewRock(int tag, char* value);
LWP_EXPORT int LWP_GetRock(int tag, char** value);
LWP_EXPORT int LWP_Index(void);
LWP_EXPORT int LWP_HighestIndex(void);
#define LWP_ActiveProcess (LWP_ThreadId())

/*
 * LWP_MwaitProcess - as Coda's, but switches also when it returns LWP_EBADCOUNT.
 * Source: AFS-3 (OpenAFS keeps it to itself since 2008).
 */
LWP_EXPORT int LWP_MwaitProcess(int wcount, char* evlist[]) __asm__("afs3_LWP_MwaitProcess");

/*
 * LWP_QWait, LWP_QSignal - without a memory: QWait always waits, and QSignal wakes who is in it.
 * QWait returns LWP_SUCCESS; LWP_EINIT. QSignal returns LWP_SUCCESS if it woke the LWP; LWP_ENOWAIT
 * if that was not waiting (the signal is forgotten); LWP_EINIT; LWP_EBADPID.
 * Switches: QWait always, QSignal never. Handler: QSignal yes (if the library was interrupted, it
 * takes effect when that is left, and LWP_SUCCESS is returned); QWait no. Source: AFS-3.
 */
LWP_EXPORT int LWP_QWait(void) __asm__("afs3_LWP_QWait");
LWP_EXPORT int LWP_QSignal(PROCESS pid) __asm__("afs3_LWP_QSignal");

/*
 * LWP_WaitForKeystroke - waits until stdin can be read.
 *   seconds  how long; 0: just looks; negative: for ever.
 * Returns 1; 0 when the time is over, or without IOMGR_Initialize. Whether a key or a line is there
 * depends on the terminal's mode. Switches: if it has to wait. Handler: no. Source: AFS-3.
 *
 * LWP_GetResponseKey - forgets what has been typed ahead, waits, and reads a character.
 *   key  out: the character; at the end of the input (char) EOF; 0 when the time is over.
 * Returns 1; 0 when the time is over, or key is NULL. Switches: if it has to wait. Handler: no.
 * Source: AFS-3.
 *
 * LWP_GetLine - reads a line, with its newline, while the other LWPs run.
 *   len  size of linebuf in bytes.
 * Returns its length; 0 if it does not fit or the input ends without a newline (linebuf has what
 * there was); -1 at the end of the input, when IOMGR_Cancel has ended the wait, or without
 * IOMGR_Initialize. Switches: if it has to wait. Handler: no. Source: AFS-3, where the process
 * waits for the rest of a line that has begun.
 */
LWP_EXPORT int LWP_WaitForKeystroke(int seconds);
LWP_EXPORT int LWP_GetResponseKey(int seconds, char* key);
LWP_EXPORT int LWP_GetLine(char* linebuf, int len);

/*
 * IOMGR_Initialize - starts the I/O manager; before that, if need be, LWP_InitializeProcessSupport
 *   with LWP_NORMAL_PRIORITY.
 * Returns LWP_SUCCESS; -1; LWP_ENOMEM; LWP_ESYSTEM. Switches: yes. Handler: no. Source: AFS-3.
 */
LWP_EXPORT int IOMGR_Initialize(void) __asm__("afs3_IOMGR_Initialize");
LWP_EXPORT int IOMGR_Finalize(void);

/*
 * IOMGR_Select - as Coda's, but returns 1 instead of the number of bits; and a timeout with a
 *   negative field, or a million microseconds and more, gets 100000 microseconds, and 1 second if
 *   the seconds were negative.
 * Source: AFS-3; that a bad descriptor is an error of its caller is ours.
 */
LWP_EXPORT int IOMGR_Select(int fds, fd_set* readfds, fd_set* writefds, fd_set* exceptfds,
                            struct timeval* timeout) __asm__("afs3_IOMGR_Select");
LWP_EXPORT int IOMGR_Cancel(PROCESS pid);

/*
 * IOMGR_Poll - serves all who wait and whose time has come, and lets them run: dispatches twice.
 * Returns 0; LWP_EINIT if the I/O manager was not started. Switches: yes. Handler: no.
 * Source: AFS-3.
 */
LWP_EXPORT int IOMGR_Poll(void) __asm__("afs3_IOMGR_Poll");

/* IOMGR_Sleep - IOMGR_Select without descriptors. Switches: unless seconds is 0. Source: AFS-3. */
LWP_EXPORT void IOMGR_Sleep(int seconds);

/*
 * IOMGR_AllocFDSet - returns an empty set, or NULL if there is no memory.
 * IOMGR_FreeFDSet  - gives it back; NULL is allowed.
 * Switches: no. Handler: no. Source: AFS-3.
 */
LWP_EXPORT fd_set* IOMGR_AllocFDSet(void);
LWP_EXPORT void IOMGR_FreeFDSet(fd_set* fds);

/* As Coda's. */
LWP_EXPORT int IOMGR_Signal(int signo, char* event);
LWP_EXPORT int IOMGR_CancelSignal(int signo);

/*
 * IOMGR_SoftSig - as Coda's, but the LWP has the LWP_NORMAL_PRIORITY of this header, and a stack of
 *   AFS_LWP_MINSTACKSIZE. Returns 0; -1 if four are outstanding. Handler: yes. Source: AFS-3.
 */
LWP_EXPORT int IOMGR_SoftSig(void* (*aproc)(void*), void* arock) __asm__("afs3_IOMGR_SoftSig");

/* See <lwp/lwp.h>. lwp_debug was a char. lwp_cpptr is the running LWP of the process's first host.
 */
#define LWP_SOQUIET 1
#define LWP_SOABORT 2
#define LWP_SOMESSAGE 3
LWP_EXPORT extern int lwp_overflowAction;
LWP_EXPORT extern int lwp_stackUseEnabled;
LWP_EXPORT extern int lwp_debug;
LWP_EXPORT extern int lwp_nextindex;
LWP_EXPORT extern PROCESS lwp_cpptr;

#ifdef __cplusplus
}
#endif

#endif /* LWP_DIALECT_AFS3_LWP_H */
