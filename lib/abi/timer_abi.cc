// SPDX-License-Identifier: MIT
// timer_abi.cc - the functions of <lwp/timer.h>. They work in kernel threads without LWPs too.
#include <lwp/timer.h>

#include <cstddef>

#include "abi/visit.h"
#include "time/fast_time.h"
#include "time/timer_list.h"

using namespace lwp;

static_assert(offsetof(TM_Elem, Prev) == sizeof(void*));
static_assert(offsetof(TM_Elem, TotalTime) == 2 * sizeof(void*));
static_assert(offsetof(TM_Elem, TimeLeft) == offsetof(TM_Elem, TotalTime) + sizeof(timeval));
static_assert(offsetof(TM_Elem, BackPointer) == offsetof(TM_Elem, TimeLeft) + sizeof(timeval));
static_assert(sizeof(void*) != 8 || sizeof(TM_Elem) == 56);

extern "C" {

int TM_Init(struct TM_Elem** list) {
  if (list == nullptr) return -1;
  const Visit visit;
  if (visit.is_nested()) return LWP_EBLOCKED;
  (void)init_fast_time(false, false);
  TimerList* const created = TimerList::create();
  *list = created != nullptr ? &created->head() : nullptr;
  return created != nullptr ? 0 : -1;
}

int TM_Final(struct TM_Elem** list) {
  if (list == nullptr) return -1;
  const Visit visit;
  if (visit.is_nested()) return LWP_EBLOCKED;
  TimerList* const ended = TimerList::with_head(*list);
  if (ended == nullptr) return -1;
  TimerList::destroy(*ended);
  *list = nullptr;
  return 0;
}

void TM_Insert(struct TM_Elem* list, struct TM_Elem* elem) {
  if (list == nullptr || elem == nullptr) return;
  if (const Visit visit; !visit.is_nested()) insert_timer(*list, *elem);
}

void TM_Remove(struct TM_Elem* list, struct TM_Elem* elem) {
  if (elem == nullptr) return;
  if (const Visit visit; !visit.is_nested()) remove_timer(list, *elem);
}

int TM_Rescan(struct TM_Elem* list) {
  if (list == nullptr) return 0;
  const Visit visit;
  return visit.is_nested() ? LWP_EBLOCKED : rescan(*list);
}

struct TM_Elem* TM_GetExpired(struct TM_Elem* list) {
  if (list == nullptr) return nullptr;
  const Visit visit;
  return visit.is_nested() ? nullptr : first_expired(*list);
}

struct TM_Elem* TM_GetEarliest(struct TM_Elem* list) {
  if (list == nullptr) return nullptr;
  const Visit visit;
  return visit.is_nested() ? nullptr : first_timer(*list);
}

int TM_eql(struct timeval* t1, struct timeval* t2) {
  if (t1 == nullptr || t2 == nullptr) return 0;
  return t1->tv_sec == t2->tv_sec && t1->tv_usec == t2->tv_usec;
}

}  // extern "C"
