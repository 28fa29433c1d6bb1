/* SPDX-License-Identifier: MIT */
/* test_preempt_policy.c - where ticks may act: modules, ranges, and the three policies. */
#include <dlfcn.h>
#include <lwp/lwp.h>
#include <preempt/policy.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "child_case.h"
#include "ticks.h"

static volatile long turns;

static void host_with_a_rival(void) {
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
}

static void start(void) {
  host_with_a_rival();
  slices_by_hand();
}

struct module {
  void* handle;
  void (*tick)(void);
};

static struct module load(const char* path) {
  struct module module;
  module.handle = dlopen(path, RTLD_NOW);
  if (module.handle == NULL) expect_failed(__FILE__, __LINE__, "%s", dlerror());
  *(void**)&module.tick = dlsym(module.handle, "module_tick");
  expect(module.tick != NULL);
  return module;
}

static const void* address_of(void (*function)(void)) { return *(void**)&function; }

static int is_loaded(const char* path) {
  void* const handle = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
  if (handle != NULL) dlclose(handle);
  return handle != NULL;
}

static const void* in_libc(void) {
  void* const libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
  const void* const address = libc != NULL ? dlsym(libc, "qsort") : NULL;
  expect(address != NULL);
  return address;
}

static void some_function(void) {}

CASE(at_first_only_the_programs_own_code_counts) {
  const struct module module = load(MODULE);
  start();
  expect_int(PRE_IsMovable(address_of(some_function)), 1);
  expect_int(PRE_IsMovable(address_of(module.tick)), 0);
  expect_int(PRE_IsMovable(in_libc()), 0);
  expect_int(PRE_IsMovable(dlsym(RTLD_DEFAULT, "LWP_Init")), 0);
  expect_int(PRE_IsMovable(NULL), 0);
  EXPECT_MOVED(tick_here());
  EXPECT_NOT_MOVED(module.tick());
}

CASE(a_module_counts_from_add_to_remove) {
  const struct module module = load(MODULE);
  start();
  expect_int(PRE_AddModule(address_of(module.tick)), LWP_SUCCESS);
  EXPECT_MOVED(module.tick());
  EXPECT_MOVED(tick_here());
  EXPECT_NOT_MOVED(tick_in_libc());
  expect_int(PRE_RemoveModule(address_of(module.tick)), LWP_SUCCESS);
  EXPECT_NOT_MOVED(module.tick());
  EXPECT_MOVED(tick_here());
}

static void expect_found_by_name(const char* name) {
  const struct module module = load(MODULE);
  start();
  expect_int(PRE_AddModuleByName(name), LWP_SUCCESS);
  EXPECT_MOVED(module.tick());
}

CASE(a_module_is_found_by_its_path) { expect_found_by_name(MODULE); }
CASE(a_module_is_found_by_its_last_name) { expect_found_by_name(strrchr(MODULE, '/') + 1); }

CASE(policy_may_come_first_and_outlives_end) {
  const struct module module = load(MODULE);
  host_with_a_rival();
  expect_int(PRE_AddModule(address_of(module.tick)), LWP_SUCCESS);
  expect_int(PRE_IsMovable(address_of(module.tick)), 1);
  slices_by_hand();
  EXPECT_MOVED(module.tick());
  expect_int(PRE_EndPreempt(), LWP_SUCCESS);
  slices_by_hand();
  EXPECT_MOVED(module.tick());
}

CASE(policy_ends_with_terminate) {
  const struct module module = load(MODULE);
  host_with_a_rival();
  expect_int(PRE_AddModule(address_of(module.tick)), LWP_SUCCESS);
  expect_int(PRE_SetPolicy(PRE_POLICY_LEGACY), LWP_SUCCESS);
  dlclose(module.handle);
  expect(is_loaded(MODULE));
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  expect(!is_loaded(MODULE));
  start();
  EXPECT_NOT_MOVED(tick_in_libc());
}

/* Else the next one loaded might lie where it was. */
CASE(an_added_module_stays_loaded) {
  const struct module module = load(MODULE);
  struct module other;
  start();
  expect_int(PRE_AddModule(address_of(module.tick)), LWP_SUCCESS);
  expect_int(PRE_AddModule(address_of(module.tick)), LWP_SUCCESS);
  expect_int(dlclose(module.handle), 0);
  other = load(OTHER_MODULE);
  EXPECT_MOVED(module.tick());
  EXPECT_NOT_MOVED(other.tick());
  expect_int(PRE_RemoveModule(address_of(module.tick)), LWP_SUCCESS);
  expect(!is_loaded(MODULE));
}

CASE(what_is_loaded_in_the_place_of_a_removed_module_does_not_count) {
  int i;
  start();
  for (i = 0; i < 20; ++i) {
    struct module module = load(MODULE);
    expect_int(PRE_AddModule(address_of(module.tick)), LWP_SUCCESS);
    expect_int(dlclose(module.handle), 0);
    expect_int(PRE_RemoveModule(address_of(module.tick)), LWP_SUCCESS);
    module = load(OTHER_MODULE);
    expect_int(PRE_IsMovable(address_of(module.tick)), 0);
    EXPECT_NOT_MOVED(module.tick());
    expect_int(dlclose(module.handle), 0);
  }
}

static void dispatch_and_note(void) {
  expect_int(LWP_DispatchProcess(), LWP_SUCCESS);
  note("end");
}

CASE(destructors_of_a_removed_module_may_call_the_library) {
  const struct module module = load(MODULE);
  void (** const at_end)(void) = (void (**)(void))dlsym(module.handle, "module_at_end");
  start();
  *at_end = dispatch_and_note;
  expect_int(PRE_AddModule(address_of(module.tick)), LWP_SUCCESS);
  dlclose(module.handle);
  expect_transcript("");
  EXPECT_MOVED(expect_int(PRE_RemoveModule(address_of(module.tick)), LWP_SUCCESS));
  expect_transcript("end");
}

__attribute__((noinline, section("a_range"))) static void tick_in_range(void) { tick_here(); }
extern const char __start_a_range[];
extern const char __stop_a_range[];

CASE(a_range_may_be_taken_away_and_added_again) {
  start();
  EXPECT_MOVED(tick_in_range());
  expect_int(PRE_RemoveRange(__start_a_range, __stop_a_range), LWP_SUCCESS);
  EXPECT_NOT_MOVED(tick_in_range());
  EXPECT_MOVED(tick_here());
  expect_int(PRE_AddRange(__start_a_range, __stop_a_range), LWP_SUCCESS);
  EXPECT_MOVED(tick_in_range());
}

/* Without any movable code ticks are paid as if there were no policy to allow them. */
CASE(the_program_itself_may_be_taken_away) {
  start();
  expect_int(PRE_RemoveModule(address_of(some_function)), LWP_SUCCESS);
  EXPECT_NOT_MOVED(tick_here());
  EXPECT_MOVED(LWP_NoYieldSignal((void*)&turns));
  expect_int(PRE_AddModule(address_of(some_function)), LWP_SUCCESS);
  EXPECT_MOVED(tick_here());
}

CASE(off_pays_at_the_next_call_or_end_of_a_section) {
  start();
  expect_int(PRE_SetPolicy(PRE_POLICY_OFF), LWP_SUCCESS);
  expect_int(PRE_IsMovable(address_of(some_function)), 0);
  EXPECT_NOT_MOVED(tick_here());
  EXPECT_MOVED(LWP_NoYieldSignal((void*)&turns));
  EXPECT_NOT_MOVED(LWP_NoYieldSignal((void*)&turns));
  EXPECT_NOT_MOVED(tick_here());
  PRE_BeginCritical();
  EXPECT_MOVED(PRE_EndCritical());
  PRE_BeginCritical();
  EXPECT_NOT_MOVED(tick_here());
  EXPECT_MOVED(PRE_EndCritical());
  EXPECT_NOT_MOVED(tick_in_libc());
  EXPECT_MOVED(PRE_PreemptMe());
  expect_int(PRE_SetPolicy(PRE_POLICY_SAFE), LWP_SUCCESS);
  EXPECT_MOVED(tick_here());
}

CASE(legacy_acts_anywhere) {
  start();
  expect_int(PRE_SetPolicy(PRE_POLICY_LEGACY), LWP_SUCCESS);
  expect_int(PRE_IsMovable(in_libc()), 1);
  expect_int(PRE_IsMovable(dlsym(RTLD_DEFAULT, "LWP_Init")), 0);
  EXPECT_MOVED(tick_in_libc());
  EXPECT_MOVED(tick_here());
  PRE_BeginCritical();
  EXPECT_NOT_MOVED(tick_in_libc());
  EXPECT_MOVED(PRE_EndCritical());
  expect_int(PRE_SetPolicy(PRE_POLICY_SAFE), LWP_SUCCESS);
  EXPECT_NOT_MOVED(tick_in_libc());
}

static void* expect_default_policy(void* parm) {
  expect_int(PRE_IsMovable(parm), LWP_EINIT);
  expect_int(LWP_Init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  expect_int(PRE_IsMovable(parm), 0);
  expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
  return NULL;
}

CASE(policy_belongs_to_the_kernel_thread) {
  pthread_t thread;
  void* const somewhere = malloc(1);
  start();
  expect_int(PRE_AddRange(somewhere, (char*)somewhere + 1), LWP_SUCCESS);
  expect_int(PRE_IsMovable(somewhere), 1);
  expect_int(pthread_create(&thread, NULL, expect_default_policy, somewhere), 0);
  expect_int(pthread_join(thread, NULL), 0);
  expect_int(PRE_IsMovable(somewhere), 1);
}

CASE(nothing_works_before_init) {
  expect_int(PRE_SetPolicy(PRE_POLICY_OFF), LWP_EINIT);
  expect_int(PRE_AddModule(address_of(some_function)), LWP_EINIT);
  expect_int(PRE_AddModuleByName(MODULE), LWP_EINIT);
  expect_int(PRE_RemoveModule(address_of(some_function)), LWP_EINIT);
  expect_int(PRE_AddRange(__start_a_range, __stop_a_range), LWP_EINIT);
  expect_int(PRE_RemoveRange(__start_a_range, __stop_a_range), LWP_EINIT);
  expect_int(PRE_IsMovable(address_of(some_function)), LWP_EINIT);
  expect_int(PRE_SetSignal(SIGUSR2), LWP_EINIT);
}

static void expect_bad_calls_refused(void) {
  int on_stack;
  expect_int(PRE_SetPolicy(-1), LWP_ESYSTEM);
  expect_int(PRE_SetPolicy(3), LWP_ESYSTEM);
  expect_int(PRE_AddModule(NULL), LWP_ESYSTEM);
  expect_int(PRE_AddModule(&on_stack), LWP_ESYSTEM);
  expect_int(PRE_RemoveModule(&on_stack), LWP_ESYSTEM);
  expect_int(PRE_AddModuleByName(NULL), LWP_ESYSTEM);
  expect_int(PRE_AddModuleByName(""), LWP_ESYSTEM);
  expect_int(PRE_AddModuleByName("libno-such-library.so"), LWP_ESYSTEM);
  expect_int(PRE_AddRange(__stop_a_range, __start_a_range), LWP_ESYSTEM);
  expect_int(PRE_AddRange(__start_a_range, __start_a_range), LWP_ESYSTEM);
  expect_int(PRE_RemoveRange(__start_a_range, __start_a_range), LWP_ESYSTEM);
}

CASE(bad_calls_are_refused_and_change_nothing) {
  LWP_Init(LWP_VERSION, 2, NULL);
  expect_bad_calls_refused();
  LWP_TerminateProcessSupport();
  start();
  expect_bad_calls_refused();
  EXPECT_MOVED(tick_here());
  EXPECT_NOT_MOVED(tick_in_libc());
}

CASE(the_c_library_and_the_dynamic_linker_are_refused) {
  start();
  expect_int(PRE_AddModule(in_libc()), LWP_ESYSTEM);
  expect_int(PRE_AddModuleByName("libc.so.6"), LWP_ESYSTEM);
#if defined(__x86_64__)
  expect_int(PRE_AddModuleByName("ld-linux-x86-64.so.2"), LWP_ESYSTEM);
  expect_int(PRE_AddModuleByName("linux-vdso.so.1"), LWP_ESYSTEM);
#endif
  EXPECT_NOT_MOVED(tick_in_libc());
}

/* The map that handlers read is never half made. */
CASE(policy_changes_while_ticks_come) {
  const struct module module = load(MODULE);
  long i;
  LWP_Init(LWP_VERSION, 2, NULL);
  slices_of(20);
  start_lwp(count_turns, 2, (void*)&turns);
  PRE_PreemptMe();
  for (i = 0; i < 20000 || turns < 2; ++i) {
    expect_int(PRE_AddModule(address_of(module.tick)), LWP_SUCCESS);
    expect_int(PRE_RemoveRange(__start_a_range, __stop_a_range), LWP_SUCCESS);
    expect_int(PRE_SetPolicy(i % 2 == 0 ? PRE_POLICY_OFF : PRE_POLICY_SAFE), LWP_SUCCESS);
    expect_int(PRE_AddRange(__start_a_range, __stop_a_range), LWP_SUCCESS);
    expect_int(PRE_RemoveModule(address_of(module.tick)), LWP_SUCCESS);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(at_first_only_the_programs_own_code_counts),
      cmocka_unit_test(a_module_counts_from_add_to_remove),
      cmocka_unit_test(a_module_is_found_by_its_path),
      cmocka_unit_test(a_module_is_found_by_its_last_name),
      cmocka_unit_test(policy_may_come_first_and_outlives_end),
      cmocka_unit_test(policy_ends_with_terminate),
      cmocka_unit_test(an_added_module_stays_loaded),
      cmocka_unit_test(what_is_loaded_in_the_place_of_a_removed_module_does_not_count),
      cmocka_unit_test(destructors_of_a_removed_module_may_call_the_library),
      cmocka_unit_test(a_range_may_be_taken_away_and_added_again),
      cmocka_unit_test(the_program_itself_may_be_taken_away),
      cmocka_unit_test(off_pays_at_the_next_call_or_end_of_a_section),
      cmocka_unit_test(legacy_acts_anywhere),
      cmocka_unit_test(policy_belongs_to_the_kernel_thread),
      cmocka_unit_test(nothing_works_before_init),
      cmocka_unit_test(bad_calls_are_refused_and_change_nothing),
      cmocka_unit_test(the_c_library_and_the_dynamic_linker_are_refused),
      cmocka_unit_test(policy_changes_while_ticks_come),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
