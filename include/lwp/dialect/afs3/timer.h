/* SPDX-License-Identifier: MIT */
/*
 * timer.h - the TM package of AFS-3: that of <lwp/timer.h>, but for two things.
 *
 * TM_Remove leaves both links of the timer NULL. TM_Rescan makes the TimeLeft of a timer that has
 * expired zero, however long ago that was. Both are macros, as TM_Remove was in AFS-3. Switches:
 * no. Handler: no. Source: AFS-3; that removing twice is harmless, and that TM_Insert and TM_Rescan
 * look at the clock themselves, ours.
 */
#ifndef LWP_DIALECT_AFS3_TIMER_H
#define LWP_DIALECT_AFS3_TIMER_H

#include <lwp/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

LWP_EXPORT void afs3_TM_Remove(struct TM_Elem* list, struct TM_Elem* elem);
LWP_EXPORT int afs3_TM_Rescan(struct TM_Elem* list);
#define TM_Remove(list, elem) afs3_TM_Remove((list), (elem))
#define TM_Rescan(list) afs3_TM_Rescan(list)

#ifdef __cplusplus
}
#endif

#endif /* LWP_DIALECT_AFS3_TIMER_H */
