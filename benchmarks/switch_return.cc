// SPDX-License-Identifier: MIT
// switch_return.cc - raw jumps that are entered by a call or by a jump, and that return by `ret` or
// by an indirect jump. The processor pairs every `ret` with a call: whatever leaves a call without
// its `ret` has all later returns predicted wrong (arch/context.h), and so has a `ret` to where
// another context called from (arch/switching_call.h).
#include <lwp/lwp.h>

#include <cstdint>

#include "bench.h"
#include "raw_ring.h"

#if !defined(__x86_64__)

int main() { return 77; }

#else

// Four ways to be jump_fcontext: entry, return.
// The last leaves behind where it was called from, and returns by `ret` only if it finds just that.
#define ENTERED_BY_CALL "call jump_fcontext\n\t"
#define ENTERED_BY_JUMP "leaq 1f(%rip), %rax\n\tpushq %rax\n\tjmp jump_fcontext\n1:\t"
#define WAY(name, before, entry, after)                                                          \
  extern "C" bench::transfer_t name(bench::fcontext_t to, void* self);                           \
  __asm__(".text\n\t.p2align 4\n\t.type " #name ", @function\n" #name ":\n\t" before entry after \
          "\n\t.size " #name ", . - " #name)

WAY(call_ret, "", ENTERED_BY_CALL, "ret");
WAY(jump_ret, "", ENTERED_BY_JUMP, "ret");
WAY(jump_jump, "", ENTERED_BY_JUMP, "popq %r11\n\tjmp *%r11");
WAY(jump_either, "movq (%rsp), %rax\n\tmovq %rax, called_from(%rip)\n\t", ENTERED_BY_JUMP,
    "movq called_from(%rip), %r11\n\tcmpq %r11, (%rsp)\n\tjne 2f\n\tret\n2:\tpopq %r11\n\tjmp "
    "*%r11");
extern "C" {
__attribute__((used, visibility("hidden"))) void* called_from;
}

namespace {

using Way = bench::transfer_t (*)(bench::fcontext_t, void*);

// A chain of callers above the jump, as a library call in a real program has.
template <Way way, int depth>
__attribute__((noinline)) bench::transfer_t deep(bench::fcontext_t to, void* self) {
  bench::transfer_t arrival;
  if constexpr (depth == 0) {
    arrival = way(to, self);
  } else {
    arrival = deep<way, depth - 1>(to, self);
  }
  __asm__ __volatile__("" : "+m"(arrival));  // no call in tail position
  return arrival;
}

constexpr int kDepth = 4;

template <Way way>
bench::transfer_t one_site(bench::fcontext_t to, void* self) {
  return deep<way, kDepth>(to, self);
}

// A place of its own for each `site`: the compiler does not unite what differs.
#define PLACE(site) __asm__ __volatile__("# %0" : : "i"(site))

template <Way way, int site>
__attribute__((always_inline)) inline bench::transfer_t called_at(bench::fcontext_t to,
                                                                  void* self) {
  PLACE(site);
  const bench::transfer_t arrival = way(to, self);
  PLACE(site);
  return arrival;
}

// Members with odd and even places call from different places.
template <Way way>
bench::transfer_t two_sites(bench::fcontext_t to, void* self) {
  const bool odd = (reinterpret_cast<std::uintptr_t>(self) & sizeof(void*)) != 0;
  return odd ? called_at<way, 1>(to, self) : called_at<way, 0>(to, self);
}

template <Way way>
double ring(std::size_t members) {
  bench::RawRing<way> ring(members);
  const std::size_t turns = 2000000 / members;
  ring.turn(turns / 10);
  const double begin = bench::cpu_ns();
  ring.turn(turns);
  return (bench::cpu_ns() - begin) / static_cast<double>(turns * members);
}

template <Way floor, Way ours>
void compare(const char* what, std::size_t members, const char* floor_name, const char* our_name) {
  char line[64];
  snprintf(line, sizeof line, "%s, ring of %zu", what, members);
  bench::compare(
      line, [&] { return ring<floor>(members); }, [&] { return ring<ours>(members); }, floor_name,
      our_name);
}

// Two LWPs that yield to each other, from one place or from two.
constexpr long kYields = 1000000;

template <int site>
__attribute__((noinline)) void yield(long count) {
  for (long i = 0; i < count; ++i) {
    PLACE(site);
    LWP_DispatchProcess();
    PLACE(site);
  }
}

template <int site>
double lwps() {
  constexpr int kPriority = 2;
  if (LWP_Init(LWP_VERSION, kPriority, nullptr) != LWP_SUCCESS) abort();
  LWP_CreateProcess([](void*) { yield<site>(2 * kYields); }, 0, kPriority, nullptr, "yield",
                    nullptr);
  const double begin = bench::cpu_ns();
  yield<0>(kYields);
  const double ns = (bench::cpu_ns() - begin) / (2 * kYields);
  LWP_TerminateProcessSupport();
  return ns;
}

}  // namespace

int main() {
  bench::pin();
  constexpr Way kInlined = boost::context::detail::jump_fcontext;
  for (const std::size_t members : {2, 100, 10000}) {
    compare<one_site<jump_ret>, one_site<call_ret> >("5 callers deep", members, "jump entry",
                                                     "call entry");
  }
  for (const std::size_t members : {2, 100}) {
    compare<kInlined, two_sites<jump_ret> >("two places, ret", members, "raw inlined", "ret");
    compare<kInlined, two_sites<jump_jump> >("two places, jump", members, "raw inlined", "jump");
    compare<kInlined, two_sites<jump_either> >("two places, either", members, "raw inlined",
                                               "either");
  }
  bench::compare("two LWPs, from two places", lwps<0>, lwps<1>, "one place", "two places");
  return EXIT_SUCCESS;
}

#endif
