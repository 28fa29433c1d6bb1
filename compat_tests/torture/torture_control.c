/* SPDX-License-Identifier: MIT */
/*
 * torture_control.c - LWPs that are suspended, cancelled, destroyed, joined and detached by others
 * while they wait in every way there is.
 *
 * Each life is accounted for: what it has ended with is what it and others have done; every
 * clean-up handler that it had pushed has run once, in order, or never if it was destroyed or has
 * returned; it has been joined or detached once, by whomever; then nothing knows its handle, and
 * nobody writes to memory in which it lay.
 */
#include "control_life.h"

enum { kMemory = LWPX_PROCESS_BYTES(0), kPattern = 0xa5, kRivals = 4 };

static unsigned char* memories[kMostLwps];
static volatile long ends_by[kWays], destructions, cancellations, rivals_joins;

/* --- who gives lives, and takes them */

static int draw_priority(struct worker* self, const struct life* life) {
  return 1 + (int)draw(self, never_waits(life) ? 2 : 3);
}

static void conceive(struct worker* self, struct life* life) {
  int i;
  life->wait = (int)draw(self, kWaits);
  life->pushes = (int)draw(self, kCleanups + 1);
  life->pops = (int)draw(self, (unsigned)life->pushes + 1);
  life->calls_preempt_me = draw(self, 2) == 0;
  life->disables_cancel = draw(self, 3) == 0;
  life->end = (enum way)(kReturns + draw(self, kWays - kReturns));
  life->random = self->random >> 3;
  life->way = kByOthers;
  for (i = 0; i < kCleanups; ++i) {
    life->cleanups[i].state = kNotPushed;
    life->cleanups[i].waits = draw(self, 4) == 0;
    life->cleanups[i].exits = draw(self, 6) == 0;
    life->cleanups[i].life = life;
  }
  life->cancelled = life->destroyed = life->joins = life->detaches = 0;
  life->final = 0;
  reset_descriptors_of(life);
  Lock_Init(&life->lock);
  ObtainWriteLock(&life->lock);
  life->lock_held = 1;
}

/* Rivals find the new handle together with a record that is fresh. */
static void give_birth(struct worker* self, struct life* life, int placed, int joinable) {
  struct LWPX_Attributes wanted = LWPX_ATTRIBUTES_INIT;
  const unsigned other = draw(self, 4);
  wanted.priority = draw_priority(self, life);
  wanted.name = other != 0 ? "short" : "a life with a name that has to be allocated";
  wanted.flags = joinable ? LWPX_JOINABLE : 0;
  if (draw(self, 2) == 0) wanted.flags |= LWPX_PREEMPTIBLE;
  if (draw(self, 3) == 0) wanted.flags |= LWPX_SUSPENDED;
  if ((wanted.flags & LWPX_PREEMPTIBLE) != 0) {
    life->calls_preempt_me = 0;
  } else if (never_waits(life)) {
    life->calls_preempt_me = 1;
  }
  if (placed) {
    wanted.memory = memories[self->number];
    wanted.memory_size = kMemory;
  }
  PRE_BeginCritical();
  expect_int(LWPX_CreateProcess(&wanted, live, life, &life->pid), LWP_SUCCESS);
  PRE_EndCritical();
}

static void expect_success_or(int rc, int other) {
  if (rc != LWP_SUCCESS) expect_int(rc, other);
}

static void meddle(struct worker* self, struct life* life) {
  int rc;
  PRE_BeginCritical();
  switch (draw(self, 4)) {
    case 0:
      if (!life->final) expect_success_or(LWPX_Suspend(life->pid), LWP_EBADPID);
      break;
    case 1:
      rc = LWPX_Ready(life->pid);
      if (rc != LWP_ENOWAIT) expect_success_or(rc, LWP_EBADPID);
      break;
    case 2:
      if (life->final) break;
      expect_success_or(LWPX_SetPriority(life->pid, draw_priority(self, life)), LWP_EBADPID);
      break;
    default:
      work((long)draw(self, 300));
  }
  PRE_EndCritical();
}

static void cancel(struct life* life) {
  PRE_BeginCritical();
  life->cancelled = 1;
  expect_success_or(LWPX_Cancel(life->pid), LWP_EBADPID);
  PRE_EndCritical();
}

static void destroy(struct life* life) {
  int rc;
  PRE_BeginCritical();
  rc = LWP_DestroyProcess(life->pid);
  expect_success_or(rc, LWP_EBADPID);
  life->destroyed = rc == LWP_SUCCESS;
  destructions += rc == LWP_SUCCESS;
  PRE_EndCritical();
}

static void help_to_its_end(struct life* life) {
  (void)LWPX_SetPriority(life->pid, 2);
  (void)LWPX_Ready(life->pid);
  nudge(life);
}

static void join_at_last(struct worker* self, struct life* life) {
  for (;;) {
    const struct timespec soon = us_from_now(1 + (long)draw(self, 400));
    const int for_ever = life->cancelled && draw(self, 2) == 0;
    int rc;
    help_to_its_end(life);
    rc = try_to_join(life, for_ever ? NULL : &soon);
    if (rc == LWP_SUCCESS || rc == LWP_EBADPID) break;
    if (rc != LWPX_ENOJOIN) expect_int(rc, LWPX_ETIMEOUT);
    LWP_DispatchProcess();
  }
}

/* Its handle is refused once it has ended. */
static void see_it_end(struct life* life) {
  while (LWPX_Ready(life->pid) != LWP_EBADPID) {
    const struct timespec shortly = us_timespec(50);
    help_to_its_end(life);
    LWPX_Sleep(&shortly);
  }
}

static void detach(struct life* life) {
  int rc;
  PRE_BeginCritical();
  rc = LWPX_Detach(life->pid);
  life->detaches += rc == LWP_SUCCESS;
  if (rc != LWPX_ENOJOIN) expect_success_or(rc, LWP_EBADPID);
  PRE_EndCritical();
}

static void join_orphan(struct life* life) {
  void* status;
  if (life->child == NULL) return;
  expect_int(LWPX_Join(life->child, NULL, &status), LWP_SUCCESS);
  expect(status == (void*)(intptr_t)(life->random % 3000));
  life->child = NULL;
}

/* The memory of one that is gone is left alone. */
static void check_memory(struct worker* self, int placed) {
  unsigned char* const memory = memories[self->number];
  int i;
  if (!placed) return;
  memset(memory, kPattern, kMemory);
  LWP_DispatchProcess();
  work(1000);
  for (i = 0; i < kMemory; ++i) expect_int(memory[i], kPattern);
}

static void rule_a_life(struct worker* self) {
  struct life* const life = &lives[self->number];
  const int placed = draw(self, 3) == 0, joinable = draw(self, 5) != 0;
  int meddlings = (int)draw(self, 6);
  conceive(self, life);
  give_birth(self, life, placed, joinable);
  while (meddlings-- > 0) meddle(self, life);
  work((long)draw(self, 3000));
  life->final = 1;
  switch (draw(self, 4)) {
    case 0:
      destroy(life);
      break;
    case 1:
      nudge(life);
      break;
    default:
      cancel(life);
  }
  if (joinable && draw(self, 4) == 0) detach(life);
  if (joinable && life->detaches == 0) {
    join_at_last(self, life);
  } else {
    see_it_end(life);
  }
  expect_int(life->joins + life->detaches, joinable);
  expect_int(LWPX_Join(life->pid, NULL, NULL), LWP_EBADPID);
  expect_int(LWPX_Detach(life->pid), LWP_EBADPID);
  join_orphan(life);
  ++ends_by[life->way];
  cancellations += life->cancelled && !life->destroyed && life->way == kByOthers;
  check_memory(self, placed);
}

/* Takes part in the control of all lives, and joins before their parents do, perhaps. */
static void be_a_rival(struct worker* self) {
  struct life* const life = &lives[kRivals + (int)draw(self, (unsigned)(worker_count - kRivals))];
  const struct timespec soon = us_from_now((long)draw(self, 300));
  PRE_BeginCritical();
  if (draw(self, 2) != 0) {
    meddle(self, life);
  } else {
    const int rc = try_to_join(life, &soon);
    rivals_joins += rc == LWP_SUCCESS;
    if (rc != LWPX_ENOJOIN && rc != LWPX_ETIMEOUT) expect_success_or(rc, LWP_EBADPID);
  }
  PRE_EndCritical();
  LWP_DispatchProcess();
}

/* --- cases */

static int lives_have_ended_in_all_ways(void) {
  int way, all = destructions > 0 && cancellations > 0 && rivals_joins > 0;
  for (way = kByOthers; way < kWays; ++way) all &= ends_by[way] > 0;
  return all;
}

static void rule(int parents, long slice_us) {
  int i;
  for (i = kRivals; i < kRivals + parents; ++i) {
    open_descriptors_of(&lives[i]);
    memories[i] = (unsigned char*)malloc(kMemory);
  }
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  hire(kRivals, be_a_rival);
  hire(parents, rule_a_life);
  seen_enough = lives_have_ended_in_all_ways;
  work_and_close(slice_us);
}

CASE(lives_under_control_are_accounted_for) {
  open_shop();
  rule(16, 20);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
}

/* Whatever an LWP left behind would be missed here: there is memory for as many as live at once. */
CASE(lives_in_one_block_leave_nothing_there) {
  enum { kParents = 8, kLists = 65536 };
  const size_t bytes = LWPX_STATIC_BYTES(1 + kRivals + kParents, 65536) +
                       2 * kParents * LWPX_PROCESS_BYTES(0) + LWPX_IOMGR_BYTES + kLists;
  void* const block = malloc(bytes);
  have_blocking = 0;
  expect_int(LWPX_InitStatic(block, bytes, 3, NULL), LWP_SUCCESS);
  rule(kParents, 20);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  free(block);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lives_under_control_are_accounted_for),
      cmocka_unit_test(lives_in_one_block_leave_nothing_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
