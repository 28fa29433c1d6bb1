/* SPDX-License-Identifier: MIT */
/*
 * timer.h - the TM package: lists of timers, ordered by the time at which they expire.
 *
 * A timer is a struct TM_Elem of the caller's, anywhere in memory, also on a stack; it belongs to
 * the list from TM_Insert until TM_Remove and must stay where it is meanwhile. Nothing happens by
 * itself when it expires: the program asks.
 *
 *   TM_Init(&list);
 *   timer.TotalTime.tv_sec = 5;            from now; a negative field means: never
 *   timer.TotalTime.tv_usec = 0;
 *   TM_Insert(list, &timer);
 *   ...
 *   TM_Rescan(list);                       brings TimeLeft up to date
 *   while ((expired = TM_GetExpired(list)) != NULL) { TM_Remove(list, expired); ... }
 *
 * Order: by expiry; timers that expire at the same microsecond in the order of their insertion;
 * those that never expire at the end. Expiry is wall clock time, as gettimeofday gives it: when the
 * clock is set, timers that are in a list keep the time of day at which they expire.
 *
 * Cost: inserting and removing take time proportional to the logarithm of the list's length. If
 * memory for the list's index runs out, timers are still inserted, in time proportional to it.
 *
 * The functions work before LWP_Init and in any kernel thread; a list is used by one kernel thread
 * at a time. LWPs that can be preempted while they walk a list with FOR_ALL_ELTS protect it from
 * each other, as any data that they share.
 */
#ifndef LWP_TIMER_H
#define LWP_TIMER_H
#ifndef _LWP_TIMER_H_
#define _LWP_TIMER_H_ /* the guard that older sources test */
#endif

#include <lwp/detail/export.h>
#include <sys/time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct TM_Elem {
  struct TM_Elem* Next;     /* the package's; what it holds before TM_Insert does not matter */
  struct TM_Elem* Prev;     /* likewise */
  struct timeval TotalTime; /* before TM_Insert: time from now; afterwards: when it expires */
  struct timeval TimeLeft;  /* the package's: set by TM_Insert and TM_Rescan, and only by them */
  char* BackPointer;        /* the caller's */
};

/*
 * TM_Init - makes an empty list.
 *   list  out: the list's head, a struct TM_Elem that is linked to itself while the list is empty.
 * Returns 0; -1 if there is no memory or list is NULL.
 * Switches: no. Handler: no (-2, LWP_EBLOCKED). Source: Coda.
 */
LWP_EXPORT int TM_Init(struct TM_Elem** list);

/*
 * TM_Final - gives a list's memory back and stores NULL in *list. The timers in it are not touched
 * (they may not exist any more); they may be inserted in other lists.
 * Returns 0; -1 if list or *list is NULL, or *list is not the head of a list.
 * Switches: no. Handler: no (-2, LWP_EBLOCKED). Source: Coda.
 */
LWP_EXPORT int TM_Final(struct TM_Elem** list);

/*
 * TM_Insert - inserts a timer that expires elem->TotalTime from now. TimeLeft becomes TotalTime as
 * it was given. If either field of TotalTime is negative the timer never expires and TotalTime
 * stays; otherwise TotalTime becomes the time of day at which it expires. Microseconds of a million
 * and more are carried; a time too far away for a struct timeval becomes the last that fits.
 * Inserting a timer again in the list where it is moves it. It must not be in another list.
 * A NULL argument: nothing happens.
 * Switches: no. Handler: no (nothing happens). Source: Coda; the order is by expiry, where Coda
 * compared with the TimeLeft of the last TM_Rescan.
 */
LWP_EXPORT void TM_Insert(struct TM_Elem* list, struct TM_Elem* elem);

/*
 * TM_Remove - takes a timer out of its list; its memory is the caller's again. A timer that has
 * been removed, or is filled with zeros, is left alone.
 *   list  the timer's list. Another one, or NULL, works as well, but takes time proportional to the
 *         distance to the nearer end of the timer's list.
 * Switches: no. Handler: no (nothing happens). Source: Coda; that removing twice is harmless, ours.
 */
LWP_EXPORT void TM_Remove(struct TM_Elem* list, struct TM_Elem* elem);

/*
 * TM_Rescan - sets TimeLeft of each timer that expires to what is left now. It is zero or negative
 * for those that have expired; 50 microseconds ago is {-1, 999950}.
 * Returns how many have expired; 0 for NULL.
 * Switches: no. Handler: no (-2, LWP_EBLOCKED). Source: Coda.
 */
LWP_EXPORT int TM_Rescan(struct TM_Elem* list);

/*
 * TM_GetExpired - the first timer with a TimeLeft of zero or less, as the last TM_Rescan or
 * TM_Insert left it; NULL if there is none. It stays in the list.
 * Switches: no. Handler: no (NULL). Source: Coda.
 */
LWP_EXPORT struct TM_Elem* TM_GetExpired(struct TM_Elem* list);

/*
 * TM_GetEarliest - the first timer, expired or not; NULL if the list is empty.
 * Switches: no. Handler: no (NULL). Source: Coda.
 */
LWP_EXPORT struct TM_Elem* TM_GetEarliest(struct TM_Elem* list);

/*
 * TM_eql - 1 if both fields are equal, else 0, also if an argument is NULL.
 * Switches: no. Handler: yes. Source: Coda.
 */
LWP_EXPORT int TM_eql(struct timeval* t1, struct timeval* t2);

/*
 * FOR_ALL_ELTS - executes body once for each timer, in order; var is declared by the macro. body
 * may remove var, free it, and insert timers, which the walk meets if they expire later than the
 * timer behind var. It must not free the timer behind var; if it removes that one, the walk ends.
 */
#define FOR_ALL_ELTS(var, list, body)                                            \
  {                                                                              \
    struct TM_Elem *_LIST_, *var, *_NEXT_;                                       \
    _LIST_ = (list);                                                             \
    for (var = _LIST_->Next; var != _LIST_;                                      \
         var = (_NEXT_ != _LIST_ && _NEXT_->Next == _NEXT_ ? _LIST_ : _NEXT_)) { \
      _NEXT_ = var->Next;                                                        \
      body                                                                       \
    }                                                                            \
  }

#ifdef __cplusplus
}
#endif

#endif /* LWP_TIMER_H */
