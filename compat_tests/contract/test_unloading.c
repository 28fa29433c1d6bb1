/* SPDX-License-Identifier: MIT */
/* test_unloading.c - a plug-in that was linked with the library and has left LWPs behind. */
#include <dlfcn.h>
#include <lwp/lwp.h>

#include "child_case.h"

static int (*init)(int, int, PROCESS*);
static int (*init_preempt)(struct timeval*);
static int (*create)(void (*)(void*), int, int, void*, const char*, PROCESS*);
static void (*preempt_me)(void);

static volatile long turns, seen;

static void take_turns(void* parm) {
  (void)parm;
  preempt_me();
  for (;;) {
    if (seen == turns) ++turns;
  }
}

static void find(void* library, const char* name, void* function) {
  *(void**)function = dlsym(library, name);
  expect(*(void**)function != NULL);
}

CASE(lwps_go_on_when_the_plug_in_that_made_them_is_unloaded) {
  struct timeval slice = {0, 1000};
  void* const library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  expect(library != NULL);
  find(library, "LWP_Init", &init);
  find(library, "PRE_InitPreempt", &init_preempt);
  find(library, "LWP_CreateProcess", &create);
  find(library, "PRE_PreemptMe", &preempt_me);
  expect_int(init(LWP_VERSION, 2, NULL), LWP_SUCCESS);
  expect_int(init_preempt(&slice), LWP_SUCCESS);
  expect_int(create(take_turns, 0, 2, NULL, "left behind", NULL), LWP_SUCCESS);
  preempt_me();
  expect_int(dlclose(library), 0);
  while (turns < 10) seen = turns;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lwps_go_on_when_the_plug_in_that_made_them_is_unloaded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
