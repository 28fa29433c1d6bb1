// SPDX-License-Identifier: MIT
// torture_everything.cc - all that programs do, at once, under ticks every 20 to 100 us: canaries
// in the heap and in registers tell of what is not as it was left.
//
// ./dev torture runs it for ten minutes and shows what it has done. LWP_TORTURE_SEED repeats what
// the LWPs draw and where preemption is forced; where the timer's ticks fall can not be repeated.
#include <dlfcn.h>
#include <lwp/lock.h>
#include <lwp/lwpx.h>
#include <netdb.h>
#include <preempt/loop.h>
#include <preempt/testing.h>
#include <preempt/watch.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>

#include "registers.h"

namespace {

// Ticks do not act in libraries: who is there nearly always would hardly let others run.
void leave_libraries(worker* self) { work(static_cast<long>(draw(self, 5000))); }

// --- The heap: blocks that live over many rounds, each full of its owner's number and size.

constexpr int kBlocks = 24;

struct Block {
  unsigned char* bytes;
  unsigned size;
};

Block blocks[kMostLwps][kBlocks];

void check_block(const worker* self, const Block& block) {
  for (unsigned i = 0; i < block.size; ++i) {
    expect_int(block.bytes[i], (unsigned char)(self->number + block.size));
  }
}

void keep_heap(worker* self) {
  Block& block = blocks[self->number][draw(self, kBlocks)];
  check_block(self, block);
  const unsigned size = 1 + draw(self, draw(self, 10) == 0 ? 200000 : 600);
  if (draw(self, 2) == 0) {
    free(block.bytes);
    block.bytes = static_cast<unsigned char*>(malloc(size));
  } else {
    block.bytes = static_cast<unsigned char*>(realloc(block.bytes, size));
  }
  expect(block.bytes != nullptr);
  block.size = size;
  memset(block.bytes, self->number + static_cast<int>(size), size);
}

// --- The C library.

FILE* files[kMostLwps];

void use_stdio(worker* self) {
  FILE*& file = files[self->number];
  if (file == nullptr) file = tmpfile();
  expect(file != nullptr);
  const int lines = 1 + static_cast<int>(draw(self, 20));
  rewind(file);
  for (int i = 0; i < lines; ++i) fprintf(file, "%d %ld\n", self->number + i, self->rounds);
  rewind(file);
  for (int i = 0; i < lines; ++i) {
    int number = 0;
    long round = 0;
    expect_int(fscanf(file, "%d %ld", &number, &round), 2);
    expect(number == self->number + i && round == self->rounds);
  }
  leave_libraries(self);
}

int compare(const void* a, const void* b) {
  const int left = *static_cast<const int*>(a);
  const int right = *static_cast<const int*>(b);
  work(5);
  return (left > right) - (left < right);
}

void sort(worker* self) {
  constexpr int kNumbers = 300;
  int numbers[kNumbers];
  unsigned long sum = 0;
  for (int& number : numbers) sum += number = static_cast<int>(draw(self, 1000000));
  qsort(numbers, kNumbers, sizeof numbers[0], compare);
  for (int i = 0; i < kNumbers; ++i) {
    expect(i == 0 || numbers[i - 1] <= numbers[i]);
    sum -= numbers[i];
  }
  expect(sum == 0);
}

void print_doubles(worker* self) {
  char text[400];
  const double value = (self->number + 1) / (1.0 + draw(self, 100000));
  snprintf(text, sizeof text, "%.17g %f %a", value, value * 1e30, value);
  char* rest = nullptr;
  expect(strtod(text, &rest) == value);
  strtod(rest, &rest);
  expect(strtod(rest, &rest) == value);
  leave_libraries(self);
}

void load_module(worker* self) {
  void* const module = dlopen(TORTURE_MODULE, draw(self, 2) == 0 ? RTLD_NOW : RTLD_LAZY);
  if (module == nullptr) expect_failed(__FILE__, __LINE__, "%s", dlerror());
  int (*answer)(int);
  void* const symbol = dlsym(module, "torture_module_answer");
  expect(symbol != nullptr);
  memcpy(&answer, &symbol, sizeof answer);
  for (int i = 0; i < 5; ++i) expect_int(answer(self->number + i), self->number + i + 1);
  expect_int(dlclose(module), 0);
  leave_libraries(self);
}

void* look_up(void* name) {
  addrinfo wanted = {};
  addrinfo* found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  const int rc = getaddrinfo(static_cast<const char*>(name), "80", &wanted, &found);
  if (rc == 0) freeaddrinfo(found);
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(rc));
}

void resolve(worker* self) {
  char numeric[] = "127.0.0.1";
  char local[] = "localhost";
  void* rc = nullptr;
  expect_int(LWPX_Blocking(look_up, draw(self, 2) == 0 ? numeric : local, &rc), LWP_SUCCESS);
  expect(rc == nullptr);
}

// --- C++.

void throw_deeply(worker* self, int depth) {
  const std::string in_the_way(50, static_cast<char>('a' + self->number % 26));
  if (depth > 0) throw_deeply(self, depth - 1);
  work(10);
  throw std::runtime_error(in_the_way + std::to_string(self->rounds));
}

void catch_exceptions(worker* self) {
  std::exception_ptr kept;
  try {
    throw_deeply(self, static_cast<int>(draw(self, 6)));
  } catch (const std::exception& caught) {
    if (draw(self, 3) == 0) LWP_DispatchProcess();
    work(50);
    expect(caught.what()[0] == 'a' + self->number % 26);
    expect(strtol(caught.what() + 50, nullptr, 10) == self->rounds);
    kept = std::current_exception();
  }
  expect(std::current_exception() == nullptr && std::uncaught_exceptions() == 0);
  try {
    std::rethrow_exception(kept);
  } catch (const std::runtime_error& caught) {
    expect(strtol(caught.what() + 50, nullptr, 10) == self->rounds);
  }
}

// --- LWPs among themselves.

Lock lock;
volatile int writers, readers;
volatile long guarded_a, guarded_b;

void change(volatile int* number, int by) {
  PRE_BeginCritical();
  *number = *number + by;
  PRE_EndCritical();
}

void use_locks(worker* self) {
  if (draw(self, 3) == 0) {
    ObtainWriteLock(&lock);
    expect_int(writers, 0);
    expect_int(readers, 0);
    change(&writers, 1);
    ++guarded_a;
    work(100);
    if (draw(self, 4) == 0) LWP_DispatchProcess();
    ++guarded_b;
    change(&writers, -1);
    ReleaseWriteLock(&lock);
  } else {
    ObtainReadLock(&lock);
    change(&readers, 1);
    expect_int(writers, 0);
    work(50);
    expect(guarded_a == guarded_b);
    change(&readers, -1);
    ReleaseReadLock(&lock);
  }
}

int ball[kMostLwps];

void play(worker* self) {
  int* const mine = &ball[self->number / 2];
  const int me = self->number % 2;
  PRE_BeginCritical();
  while (*static_cast<volatile int*>(mine) != me && !closing_time) LWP_WaitProcess(mine);
  PRE_EndCritical();
  work(30);
  *static_cast<volatile int*>(mine) = !me;
  LWP_NoYieldSignal(mine);
}

void wake_players() {
  for (int& one : ball) LWP_NoYieldSignal(&one);
}

void short_life(void* done) {
  PRE_PreemptMe();
  work(20);
  *static_cast<volatile int*>(done) = 1;
}

void endless_life(void*) {
  PRE_PreemptMe();
  for (;;) work(1000);
}

void bear_and_kill(worker* self) {
  volatile int done = 0;
  PROCESS child = nullptr;
  const bool endless = draw(self, 2) == 0;
  expect_int(
      LWP_CreateProcess(endless ? endless_life : short_life, 1 << (14 + draw(self, 3)), 2,
                        const_cast<int*>(&done), "a child with a name to be allocated", &child),
      LWP_SUCCESS);
  work(static_cast<long>(draw(self, 1000)));
  if (endless) {
    expect_int(LWP_DestroyProcess(child), LWP_SUCCESS);
  } else {
    while (!done) LWP_DispatchProcess();
  }
}

void credit_self(worker* self) {
  const int credits = 1 + static_cast<int>(draw(self, 5));
  for (int i = 0; i < credits; ++i) expect_int(LWP_QSignal(LWP_ThisProcess()), LWP_ENOWAIT);
  for (int i = 0; i < credits; ++i) expect_int(LWP_QWait(), LWP_SUCCESS);
}

void count_in_loops(worker* self) {
  const long end = 1000 + static_cast<long>(draw(self, 5000));
  long i, sum = 0;
  PRE_LOOP(loop);
  PRE_FOR_UP(loop, i, 0, end, 1) sum += i;
  expect(i == end && sum == end * (end - 1) / 2);
}

// --- Descriptors and time.

int ends[kMostLwps][2];

void exchange(worker* self) {
  int(&own)[2] = ends[self->number];
  if (own[0] == 0) expect_int(socketpair(AF_UNIX, SOCK_STREAM, 0, own), 0);
  unsigned char out[700], in[700];
  const unsigned size = 1 + draw(self, sizeof out);
  for (unsigned i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(self->rounds + i);
  expect_int(LWPX_Write(own[0], out, size), size);
  for (unsigned had = 0; had < size;) {
    const ssize_t got = LWPX_Read(own[1], in + had, size - had);
    expect(got > 0);
    had += static_cast<unsigned>(got);
  }
  expect(memcmp(out, in, size) == 0);
  if (draw(self, 8) == 0) {
    const timespec shortly = {0, 1000 + static_cast<long>(draw(self, 200000))};
    pollfd nothing = {own[1], POLLIN, 0};
    const int ready = LWPX_Poll(&nothing, 1, &shortly);
    if (ready != 0) expect_failed(__FILE__, __LINE__, "poll %d: %s", ready, strerror(errno));
  }
}

void sleep_and_change_slice(worker* self) {
  const timespec a_while = {0, 1000000 + static_cast<long>(draw(self, 5000000))};
  expect_int(LWPX_Sleep(&a_while), LWP_SUCCESS);
  slices_of(20 + static_cast<long>(draw(self, 81)));
}

// --- All of them.

const struct {
  const char* name;
  void (*round)(worker*);
  int lwps;
} kActivities[] = {
    {"heap blocks changed", keep_heap, 8},
    {"stdio files written and read", use_stdio, 4},
    {"arrays sorted", sort, 4},
    {"doubles printed and read", print_doubles, 4},
    {"modules loaded and unloaded", load_module, 3},
    {"names looked up on the pool", resolve, 3},
    {"exceptions caught, kept, thrown again", catch_exceptions, 6},
    {"locks taken", use_locks, 8},
    {"events waited for", play, 8},  // pairs: an even number, after an even number
    {"LWPs created, ended, destroyed", bear_and_kill, 4},
    {"credits given and taken", credit_self, 4},
    {"loops counted", count_in_loops, 3},
    {"messages exchanged", exchange, 4},
    {"slices changed", sleep_and_change_slice, 1},
    {"registers filled and compared", keep_any_register, 14},
};

unsigned long seed() {
  const char* const text = getenv("LWP_TORTURE_SEED");
  return text != nullptr ? strtoul(text, nullptr, 10) : static_cast<unsigned long>(getpid());
}

void report(unsigned long used_seed) {
  PRE_Counters counters = {};
  counters.size = sizeof counters;
  expect_int(PRE_GetCounters(nullptr, &counters), LWP_SUCCESS);
  printf("%.0f s of everything, LWP_TORTURE_SEED=%lu\n", torture_seconds(), used_seed);
  const worker* next = workers;
  for (const auto& activity : kActivities) {
    long rounds = 0;
    for (int i = 0; i < activity.lwps; ++i) rounds += (next++)->rounds;
    printf("%12ld  %s (%d LWPs)\n", rounds, activity.name, activity.lwps);
  }
  printf("%12lu  ticks\n%12lu  preemptions, forced ones included\n", counters.ticks,
         counters.preemptions);
  printf("%12lu  put off: section or liblwp\n%12lu  put off: code of libraries\n",
         counters.deferred_level, counters.deferred_code);
  printf("%12lu  put off: signal mask\n%12lu  put off: stack\n%12lu  without a rival\n",
         counters.deferred_mask, counters.deferred_stack, counters.no_rival);
}

void body() {
  const unsigned long used_seed = seed();
  // First, so that it is told also if what follows ends badly.
  fprintf(stderr, "LWP_TORTURE_SEED=%lu\n", used_seed);
  tiles_permitted = have_tiles();
  wake_at_closing_time = wake_players;
  Lock_Init(&lock);
  expect_int(LWP_Init(LWP_VERSION, 3, nullptr), LWP_SUCCESS);
  expect_int(IOMGR_Initialize(), LWP_SUCCESS);
  expect_int(PRE_ForcePreemption(used_seed, 50), LWP_SUCCESS);
  for (const auto& activity : kActivities) hire(activity.lwps, activity.round);
  for (worker& one : workers) one.random += static_cast<unsigned>(used_seed) * 2654435761u;
  work_and_close(50);
  for (int i = 0; i < worker_count; ++i) {
    for (const Block& block : blocks[i]) check_block(&workers[i], block);
  }
  expect(guarded_a == guarded_b && writers == 0 && readers == 0);
  report(used_seed);
}

// What the child tells is shown also if all is well.
void everything(void**) {
  static outcome end;
  child_case_observe(body, &end);
  print_message("%s", end.out);
  if (end.exit_status == 0 && !end.timed_out) return;
  fail_msg("%s (exit %d, signal %d)\n%s", end.timed_out ? "watchdog" : "child failed",
           end.exit_status, end.signal, end.err);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {cmocka_unit_test(everything)};
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
