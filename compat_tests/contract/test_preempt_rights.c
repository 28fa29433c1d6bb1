/* SPDX-License-Identifier: MIT */
/* test_preempt_rights.c - memory protection keys: to the others a tick is as if the LWP had
 * yielded, and it has its own rights back. */
#include <lwp/lwp.h>
#include <preempt/testing.h>
#include <sys/mman.h>

#include "child_case.h"
#include "ticks.h"

#if defined(PKEY_DISABLE_ACCESS)

static void start(void) {
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_by_hand();
  PRE_PreemptMe();
}

static void yield_and_tick(void* parm) {
  (void)parm;
  PRE_PreemptMe();
  for (;;) {
    LWP_DispatchProcess();
    tick_here();
  }
}

static volatile long* guarded; /* a page with a key */
static int key;

static int have_keys(void) {
  const int probe = pkey_alloc(0, 0);
  if (probe >= 0) pkey_free(probe);
  return probe >= 0;
}

#define CASE_WITH_KEYS(name) CASE_IF(have_keys(), "no memory protection keys here", name)

static void make_guarded(void) {
  key = pkey_alloc(0, 0);
  guarded =
      (volatile long*)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  expect(guarded != MAP_FAILED);
  expect_int(pkey_mprotect((void*)guarded, 4096, PROT_READ | PROT_WRITE, key), 0);
}

static void start_with_key(void) {
  make_guarded();
  start();
}

static void write_guarded(void* parm) {
  (void)parm;
  for (;;) {
    LWP_DispatchProcess();
    ++*guarded;
  }
}

CASE_WITH_KEYS(a_tick_takes_no_access_rights_away) {
  volatile int i;
  start_with_key();
  start_lwp(write_guarded, 2, NULL);
  for (i = 0; i < 5; ++i) {
    tick_here(); /* the other one writes */
    ++*guarded;
  }
  expect_int(*guarded, 10);
}

static void begin_by_writing(void* parm) {
  (void)parm;
  ++*guarded;
}

CASE_WITH_KEYS(an_lwp_that_begins_by_a_tick_has_access_rights) {
  start_with_key();
  start_lwp(yield_and_tick, 2, NULL);
  start_lwp(begin_by_writing, 2, NULL);
  expect_int(*guarded, 1);
}

static void lock_guarded(void* parm) {
  (void)parm;
  for (;;) {
    LWP_DispatchProcess();
    pkey_set(key, PKEY_DISABLE_ACCESS);
  }
}

CASE_WITH_KEYS(a_tick_gives_an_lwp_its_own_access_rights_back) {
  start_with_key();
  start_lwp(lock_guarded, 2, NULL);
  tick_here();
  ++*guarded;
  expect_int(*guarded, 1);
  LWP_DispatchProcess();
  expect_int(pkey_get(key), PKEY_DISABLE_ACCESS);
}

CASE_WITH_KEYS(a_tick_that_was_owed_gives_an_lwp_its_own_access_rights_back) {
  start_with_key();
  start_lwp(lock_guarded, 2, NULL);
  PRE_BeginCritical();
  tick_here();
  ++*guarded;
  PRE_EndCritical(); /* the other one runs */
  ++*guarded;
  expect_int(*guarded, 2);
  LWP_DispatchProcess();
  expect_int(pkey_get(key), PKEY_DISABLE_ACCESS);
}

CASE_WITH_KEYS(a_forced_tick_gives_an_lwp_its_own_access_rights_back) {
  make_guarded();
  LWP_Init(LWP_VERSION, 2, NULL);
  start_lwp(lock_guarded, 2, NULL);
  PRE_ForcePreemption(1, 1);
  PRE_PreemptMe(); /* the other one runs */
  ++*guarded;
  expect_int(*guarded, 1);
}

#else

CASE_IF(0, "no memory protection keys here", rights) { expect(0); }

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
#if defined(PKEY_DISABLE_ACCESS)
    cmocka_unit_test(a_tick_takes_no_access_rights_away),
    cmocka_unit_test(an_lwp_that_begins_by_a_tick_has_access_rights),
    cmocka_unit_test(a_tick_gives_an_lwp_its_own_access_rights_back),
    cmocka_unit_test(a_tick_that_was_owed_gives_an_lwp_its_own_access_rights_back),
    cmocka_unit_test(a_forced_tick_gives_an_lwp_its_own_access_rights_back),
#else
    cmocka_unit_test(rights),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
