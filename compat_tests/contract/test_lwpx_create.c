/* SPDX-License-Identifier: MIT */
/* test_lwpx_create.c - LWPs with attributes, and in memory of the caller's. */
#include <sys/mman.h>

#include "io_case.h"
#include "ticks.h"

static struct LWPX_Attributes attributes = LWPX_ATTRIBUTES_INIT;
static char event;

static PROCESS create(void (*entry)(void*), void* parm) {
  PROCESS pid = NULL;
  expect_int(LWPX_CreateProcess(&attributes, entry, parm, &pid), LWP_SUCCESS);
  return pid;
}

static void tell(void* parm) {
  int priority = -1;
  expect_int(LWP_GetProcessPriority(LWPX_Self(), &priority), LWP_SUCCESS);
  note("%s/%d/%s", LWP_Name(), priority, (const char*)parm);
}

CASE(codes) {
  PROCESS pid = (PROCESS)(void*)&event;
  expect_int(LWPX_CreateProcess(NULL, tell, NULL, NULL), LWP_EINIT);
  host(1);
  expect_int(LWPX_CreateProcess(NULL, NULL, NULL, &pid), LWP_ESYSTEM);
  attributes.size = 0;
  expect_int(LWPX_CreateProcess(&attributes, tell, NULL, &pid), LWP_ESYSTEM);
  attributes.size = sizeof(size_t);
  expect_int(LWPX_CreateProcess(&attributes, tell, NULL, &pid), LWP_ESYSTEM);
  attributes.size = 4097;
  expect_int(LWPX_CreateProcess(&attributes, tell, NULL, &pid), LWP_ESYSTEM);
  attributes.size = sizeof attributes;
  attributes.flags = 1u << 31;
  expect_int(LWPX_CreateProcess(&attributes, tell, NULL, &pid), LWP_ESYSTEM);
  attributes.flags = 0;
  attributes.priority = LWP_MAX_PRIORITY + 1;
  expect_int(LWPX_CreateProcess(&attributes, tell, NULL, &pid), LWP_EBADPRI);
  attributes.priority = -2;
  expect_int(LWPX_CreateProcess(&attributes, tell, NULL, &pid), LWP_EBADPRI);
  attributes.priority = 1;
  attributes.stack_size = (size_t)-1;
  expect_int(LWPX_CreateProcess(&attributes, tell, NULL, &pid), LWP_ENOMEM);
  expect(pid == (PROCESS)(void*)&event);
  LWP_DispatchProcess();
  expect_transcript("");
}

CASE(a_size_that_is_garbage_is_not_read_up_to) {
  char* const pages =
      (char*)mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const struct LWPX_Attributes fresh = LWPX_ATTRIBUTES_INIT;
  struct LWPX_Attributes* const last = (struct LWPX_Attributes*)(pages + 4096) - 1;
  expect(pages != MAP_FAILED);
  expect_int(mprotect(pages + 4096, 4096, PROT_NONE), 0);
  host(1);
  *last = fresh;
  last->size = 1 << 20;
  expect_int(LWPX_CreateProcess(last, tell, NULL, NULL), LWP_ESYSTEM);
}

CASE(without_attributes_the_creators_priority_and_no_name) {
  host(2);
  expect_int(LWPX_CreateProcess(NULL, tell, "x", NULL), LWP_SUCCESS);
  expect_transcript("");
  LWP_DispatchProcess();
  expect_transcript("/2/x");
}

CASE(creating_does_not_switch_even_to_a_higher_priority) {
  host(1);
  attributes.name = "high";
  attributes.priority = 4;
  create(tell, "h");
  attributes.name = "a name that is longer than the control block has room for, by far";
  attributes.priority = 1;
  create(tell, "l");
  note("main");
  LWP_DispatchProcess();
  LWP_DispatchProcess();
  expect_transcript(
      "main high/4/h a name that is longer than the control block has room for, by far/1/l");
}

/* Callers that were compiled with another version of the struct. */
struct newer {
  struct LWPX_Attributes known;
  long unknown[3];
};

CASE(smaller_and_larger_structs_are_understood) {
  struct newer newer;
  PROCESS pid = NULL;
  host(3);
  attributes.size = offsetof(struct LWPX_Attributes, flags);
  attributes.priority = 2;
  attributes.flags = LWPX_SUSPENDED; /* beyond what the caller knows */
  attributes.name = "not seen";
  expect_int(LWPX_CreateProcess(&attributes, tell, "s", &pid), LWP_SUCCESS);
  memset(&newer, 0, sizeof newer);
  newer.known.size = sizeof newer;
  newer.known.priority = 1;
  newer.known.name = "new";
  expect_int(LWPX_CreateProcess(&newer.known, tell, "n", NULL), LWP_SUCCESS);
  newer.unknown[2] = 1;
  expect_int(LWPX_CreateProcess(&newer.known, tell, "n", NULL), LWP_ESYSTEM);
  expect_int(LWPX_SetPriority(LWPX_Self(), 0), LWP_SUCCESS);
  LWP_DispatchProcess();
  expect_transcript("/2/s new/1/n");
}

CASE(stack_sizes_are_those_of_lwp_createprocess) {
  static const size_t wanted[] = {0, 1, 32769, 100000, 1 << 20};
  static const int given[] = {32768, 32768, 36864, 102400, 1 << 20};
  int i, max, used;
  host(1);
  for (i = 0; i < 5; ++i) {
    attributes.stack_size = wanted[i];
    LWP_StackUsed(create(tell, NULL), &max, &used);
    expect_int(max, given[i]);
  }
}

CASE(a_suspended_one_does_not_run_before_it_is_made_ready) {
  PROCESS pid;
  host(1);
  attributes.flags = LWPX_SUSPENDED;
  attributes.priority = 4;
  attributes.name = "S";
  pid = create(tell, "");
  LWP_DispatchProcess();
  expect_transcript("");
  expect_int(LWPX_Ready(pid), LWP_SUCCESS);
  expect_transcript("");
  expect_int(LWPX_Ready(pid), LWP_ENOWAIT);
  LWP_DispatchProcess();
  expect_transcript("S/4/");
}

static volatile int stop;

static void spin_until_stopped(void* parm) {
  (void)parm;
  while (!stop) work(1000);
  note("stopped");
}

static void stop_it(void* parm) {
  (void)parm;
  stop = 1;
}

/* Nothing but a tick can take the processor from the first. */
CASE(preemptible_from_birth) {
  int i;
  host(1);
  slices_of(1000);
  attributes.flags = LWPX_PREEMPTIBLE;
  create(spin_until_stopped, NULL);
  attributes.flags = 0;
  create(stop_it, NULL);
  for (i = 0; i < 100; ++i) LWP_DispatchProcess(); /* a tick may take it away again */
  expect_transcript("stopped");
}

/* --- the caller's memory */

static char arena[3][LWPX_PROCESS_BYTES(40000)];

CASE(a_stack_in_an_array_has_what_was_asked_for) {
  int i, max, used;
  host(1);
  for (i = 0; i < 64; ++i) {
    PROCESS pid;
    attributes.memory = arena[0] + i;
    attributes.memory_size = LWPX_PROCESS_BYTES(32768);
    pid = create(wait_and_note, &event);
    LWP_DispatchProcess();
    LWP_StackUsed(pid, &max, &used);
    expect(max >= 32768);
    expect(max <= (int)attributes.memory_size);
    expect(used > 0 && used < 16384);
    expect_int(LWP_DestroyProcess(pid), LWP_SUCCESS);
    memset(arena[0], 0x55, sizeof arena[0]); /* it is the program's again */
    LWP_DispatchProcess();
  }
}

CASE(too_little_memory_is_told_and_left_alone) {
  size_t bytes;
  int max, used;
  PROCESS pid;
  host(1);
  attributes.memory = arena[0] + 1;
  for (bytes = 0;; bytes += 16) {
    int code;
    attributes.memory_size = bytes;
    memset(arena[0], 0x55, sizeof arena[0]);
    code = LWPX_CreateProcess(&attributes, tell, "", &pid);
    if (code == LWP_SUCCESS) break;
    expect_int(code, LWP_ENOMEM);
    expect_int(arena[0][0] + arena[0][1] + arena[0][bytes], 3 * 0x55);
  }
  expect(bytes <= 4096 + LWPX_SIGNAL_BYTES + LWPX_CONTROL_BYTES);
  expect_int(LWP_StackUsed(pid, &max, &used), LWP_SUCCESS);
  expect(max >= 4096);
  expect_int(arena[0][0], 0x55);
  expect_int(arena[0][1 + bytes], 0x55);
  LWP_DispatchProcess();
  expect_transcript("/1/");
  attributes.memory = (void*)&arena;
  attributes.memory_size = (size_t)-1;
  expect_int(LWPX_CreateProcess(&attributes, tell, "", &pid), LWP_ENOMEM);
}

static void note_parm(void* parm) { note("%s", (const char*)parm); }

/* Every handle is new, however often the memory is used, and the old ones stay refused. */
CASE(memory_can_be_used_again_when_its_lwp_has_ended) {
  enum { kTimes = 3000 };
  static PROCESS pids[kTimes];
  int i, j;
  host(1);
  for (i = 0; i < kTimes; ++i) {
    attributes.memory = arena[i % 3];
    attributes.memory_size = sizeof arena[0];
    attributes.flags = i % 5 == 0 ? LWPX_JOINABLE : 0;
    pids[i] = create(note_parm, "x");
    for (j = i < 50 ? 0 : i - 50; j < i; ++j) expect(pids[j] != pids[i]);
    LWP_DispatchProcess();
    if (i % 5 == 0) expect_int(LWPX_Join(pids[i], NULL, NULL), LWP_SUCCESS);
    expect_transcript("x");
  }
  for (i = 0; i < kTimes; ++i) {
    expect_int(LWP_DestroyProcess(pids[i]), LWP_EBADPID);
    expect_int(LWPX_Join(pids[i], NULL, NULL), LWP_EBADPID);
    expect_int(LWPX_Detach(pids[i]), LWP_EBADPID);
  }
}

static void exit_with(void* status) { LWPX_Exit(status); }

static void leave_a_frame_open(void* destroyed) {
  char frame[2000];
  memset(frame, 1, sizeof frame);
  __asm__ __volatile__("" : : "r"(frame) : "memory");
  if (destroyed == NULL) LWPX_Exit(frame);
  LWP_WaitProcess(destroyed);
}

/* Sanitizers took it for the frames of a stack. Valgrind always does so with the last frames of who
 * ends itself: it sees them popped. */
CASE(memory_is_ordinary_again_when_its_lwp_did_not_return) {
  int i;
  host(1);
  for (i = UNLESS_UNDER_VALGRIND(0, 1); i < 2; ++i) {
    PROCESS pid;
    attributes.memory = arena[i];
    attributes.memory_size = sizeof arena[i];
    pid = create(leave_a_frame_open, i == 0 ? NULL : &pid);
    LWP_DispatchProcess();
    expect_int(LWP_DestroyProcess(pid), i == 0 ? LWP_EBADPID : LWP_SUCCESS);
    memset(arena[i], 0, sizeof arena[i]);
  }
}

CASE(its_memory_is_kept_until_it_is_joined) {
  PROCESS pid;
  void* status;
  host(1);
  attributes.memory = arena[0];
  attributes.memory_size = sizeof arena[0];
  attributes.flags = LWPX_JOINABLE;
  pid = create(exit_with, &event);
  LWP_DispatchProcess();
  spawn("N", 1, note_and_end, NULL);
  expect_int(LWPX_Join(pid, NULL, &status), LWP_SUCCESS);
  expect(status == &event);
  memset(arena, 0x55, sizeof arena);
  LWP_SetLog(stdout, 0);
  LWP_Print_Processes();
  expect_transcript("N");
}

CASE(termination_gives_memory_back_and_does_not_look_at_it) {
  int round, i;
  for (round = 0; round < 3; ++round) {
    host(1);
    for (i = 0; i < 3; ++i) {
      attributes.memory = arena[i];
      attributes.memory_size = sizeof arena[i];
      attributes.flags = i == 0 ? LWPX_JOINABLE : i == 1 ? LWPX_SUSPENDED : 0;
      create(i == 0 ? note_and_end : wait_and_note, &event);
    }
    LWP_DispatchProcess();
    expect_int(LWP_TerminateProcessSupport(), LWP_SUCCESS);
    memset(arena, 0x55, sizeof arena);
  }
}

static int sum_deep(int depth) {
  volatile char frame[256];
  memset((void*)frame, depth, sizeof frame);
  return depth == 0 ? 0 : frame[7] + sum_deep(depth - 1);
}

static void overflow(void* parm) {
  (void)parm;
  note("%d", sum_deep(100));
  LWP_DispatchProcess();
}

/* The stack in the middle of an array, so that what it runs into is nothing else's. */
static void create_small(const char* name, void (*entry)(void*)) {
  attributes.memory = arena[1];
  attributes.memory_size = 4096 + LWPX_SIGNAL_BYTES + LWPX_CONTROL_BYTES;
  attributes.name = name;
  create(entry, NULL);
}

/* As a frame that is too large would. */
static void spoil_the_canary(void* parm) {
  (void)parm;
  memset(arena[1], 0, 8);
}

static void expect_overflow(void (*body)(void), const char* message) {
  static struct outcome outcome;
  child_case_observe(body, &outcome);
  assert_int_equal(outcome.signal, SIGABRT);
  assert_non_null(strstr(outcome.err, message));
}

static void overflow_the_canary(void) {
  host(1);
  create_small("small", overflow);
  spoil_the_canary(NULL);
  LWP_DispatchProcess(); /* its own, in which it does not end, is the one that tells */
  exit(5);
}

static void running_off_such_a_stack_is_noticed(void** state) {
  (void)state;
  expect_overflow(overflow_the_canary, "LWP: stack overflow in process small!");
}

static const char kLongName[] = "an LWP whose name does not fit into its control block";

static void overflow_and_end(void) {
  host(1);
  create_small(kLongName, spoil_the_canary);
  LWP_DispatchProcess();
  exit(5);
}

static void who_has_run_off_it_is_named_though_it_ends(void** state) {
  (void)state;
  expect_overflow(overflow_and_end, kLongName);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes),
      cmocka_unit_test(a_size_that_is_garbage_is_not_read_up_to),
      cmocka_unit_test(without_attributes_the_creators_priority_and_no_name),
      cmocka_unit_test(creating_does_not_switch_even_to_a_higher_priority),
      cmocka_unit_test(smaller_and_larger_structs_are_understood),
      cmocka_unit_test(stack_sizes_are_those_of_lwp_createprocess),
      cmocka_unit_test(a_suspended_one_does_not_run_before_it_is_made_ready),
      cmocka_unit_test(preemptible_from_birth),
      cmocka_unit_test(a_stack_in_an_array_has_what_was_asked_for),
      cmocka_unit_test(too_little_memory_is_told_and_left_alone),
      cmocka_unit_test(memory_can_be_used_again_when_its_lwp_has_ended),
      cmocka_unit_test(memory_is_ordinary_again_when_its_lwp_did_not_return),
      cmocka_unit_test(its_memory_is_kept_until_it_is_joined),
      cmocka_unit_test(termination_gives_memory_back_and_does_not_look_at_it),
      cmocka_unit_test(running_off_such_a_stack_is_noticed),
      cmocka_unit_test(who_has_run_off_it_is_named_though_it_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
