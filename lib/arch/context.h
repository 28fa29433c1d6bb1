// SPDX-License-Identifier: MIT
// context.h - a suspended flow of control: making one, and switching to one.
//
// The jump is Boost.Context's, and this is the only file that names it. Around it:
//
//   Entered by a jump, not by a call. jump_fcontext leaves by an indirect jump, so the return
//   address that a call would push onto the processor's return-stack predictor is never popped,
//   and every return after the switch, up the whole chain of callers, is predicted wrong.
//
//   The sticky exception flags of MXCSR go along into the flow that is resumed. Loading an MXCSR
//   value that differs from the present one costs some 80 ns, and after inexact arithmetic it
//   would differ nearly always. They are added, so that no flow loses a flag that it has raised:
//   the present ones may be those of a signal handler, which begins with none. Rounding mode and
//   exception masks belong to each flow.
//
//   A flow that ends needs nothing saved, and one that has never run nothing restored but its
//   floating-point state. So if one follows the other, and that state is the present one, it begins
//   where its stack does, and needs no frame. Therefore one that has never run is bare: it is given
//   its frame, a copy of one that Boost has made, when it is to be switched to after all.
//
// Saved by a switch: callee-saved registers, control bits of x87 and MXCSR, or FPCR. Not saved:
// everything a function call may change, signal mask, thread-local variables, errno.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "arch/sanitizer.h"
#include "base/attributes.h"

namespace lwp {

struct Context {
  void* frame = nullptr;  // where the registers lie, on the flow's own stack; null: see is_bare()
  FiberNote note;
  std::uint16_t x87_control = 0;  // x86-64: of a bare flow; and scratch of a flow that ends
  // x86-64: MXCSR of a bare flow, and scratch of the switch that suspends it; AArch64: FPCR
  std::uint32_t fp_control = 0;
};

#if defined(__x86_64__) && defined(__ELF__) && !defined(LWP_ASAN) && !defined(LWP_TSAN)
#define LWP_FLOWS_BEGIN_BARE 1
#endif

// What a flow receives when it gets the processor: whom it came from. To be passed to land().
using Arrival = boost::context::detail::transfer_t;
using ContextEntry = void (*)(Arrival);

namespace detail {

#if defined(__x86_64__) && defined(__ELF__)

constexpr std::uint32_t kStickyFlags = 0x3f;  // of MXCSR

LWP_ALWAYS_INLINE Arrival jump(Context& self, const Context& to) noexcept {
  __asm__ __volatile__("stmxcsr %0" : "=m"(self.fp_control));
  void* frame = to.frame;
  auto& resumed_mxcsr = *static_cast<std::uint32_t*>(frame);  // the first word of Boost's frame
  // A branch, as nearly always there is nothing to add.
  const std::uint32_t more = self.fp_control & ~resumed_mxcsr & kStickyFlags;
  if (LWP_UNLIKELY(more != 0)) resumed_mxcsr |= more;

  Arrival arrival;
  void* data = &self;
  // The frame pointer makes the CFA (the build asks for it), so unwinding survives the push; and
  // the build forbids the red zone, which it would overwrite.
  __asm__ __volatile__(
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rax\n\t"
      "jmp jump_fcontext\n"
      "1:"
      : "=a"(arrival.fctx), "=d"(arrival.data), "+D"(frame), "+S"(data)
      :
      : "rcx", "r8", "r9", "r10", "r11", "memory", "cc", "st", "st(1)", "st(2)", "st(3)", "st(4)",
        "st(5)", "st(6)", "st(7)", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
        "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#if defined(__AVX512F__)
        ,
        "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5",
        "k6", "k7"
#endif
  );
  return arrival;
}

#elif defined(__aarch64__)

inline std::uint32_t fp_control() noexcept {
  std::uint64_t fpcr;
  __asm__ __volatile__("mrs %0, fpcr" : "=r"(fpcr));
  return static_cast<std::uint32_t>(fpcr);
}

// Boost's switch leaves both floating-point registers as they are.
LWP_ALWAYS_INLINE Arrival jump(Context& self, const Context& to) noexcept {
  self.fp_control = fp_control();
  std::uint64_t flags;
  __asm__ __volatile__("mrs %0, fpsr" : "=r"(flags));
  if (LWP_UNLIKELY(self.fp_control != to.fp_control)) {
    __asm__ __volatile__("msr fpcr, %0" : : "r"(std::uint64_t{to.fp_control}));
  }
  const Arrival arrival = boost::context::detail::jump_fcontext(to.frame, &self);
  std::uint64_t present;
  __asm__ __volatile__("mrs %0, fpsr" : "=r"(present));
  if (LWP_UNLIKELY((flags & ~present) != 0)) {
    __asm__ __volatile__("msr fpsr, %0" : : "r"(flags | present));
  }
  return arrival;
}

#elif defined(__i386__)

inline std::uint16_t x87_status() noexcept {
  std::uint16_t status;
  __asm__ __volatile__("fnstsw %0" : "=a"(status));
  return status;
}

// Boost's switch gives each flow its MXCSR back, but leaves the flags of the x87 unit, which does
// most of the arithmetic here, as they are.
LWP_ALWAYS_INLINE Arrival jump(Context& self, const Context& to) noexcept {
  constexpr std::uint32_t kFlags = 0x3f;
  const std::uint32_t flags = x87_status() & kFlags;
  const Arrival arrival = boost::context::detail::jump_fcontext(to.frame, &self);
  if (LWP_UNLIKELY((flags & ~x87_status()) != 0)) {
    std::uint32_t environment[7];  // status is the second word; to be changed only as a whole
    __asm__ __volatile__("fnstenv %0" : "=m"(environment));
    environment[1] |= flags;
    __asm__ __volatile__("fldenv %0" : : "m"(environment));
  }
  return arrival;
}

#else

LWP_ALWAYS_INLINE Arrival jump(Context& self, const Context& to) noexcept {
  return boost::context::detail::jump_fcontext(to.frame, &self);
}

#endif

}  // namespace detail

// Makes `ret_context` a flow that begins with entry() on the given stack. entry() never returns.
inline void context_make(Context& ret_context, char* low, char* top, ContextEntry entry) noexcept {
  const auto size = static_cast<std::size_t>(top - low);
#if defined(__aarch64__)
  ret_context.fp_control = detail::fp_control();
#endif
  ret_context.frame = boost::context::detail::make_fcontext(top, size, entry);
  ret_context.note.made(low, size);
}

// First thing a flow does when it gets the processor: completes the switch that led here.
LWP_ALWAYS_INLINE void land(Context& self, Arrival arrival) noexcept {
  auto* from = static_cast<Context*>(arrival.data);
  from->frame = arrival.fctx;
  self.note.running(from->note);
}

// Suspends the running flow as `self` and resumes `to`. Returns when something resumes `self`.
LWP_ALWAYS_INLINE void context_switch(Context& self, Context& to) noexcept {
  to.note.about_to_run(&self.note);
  land(self, detail::jump(self, to));
}

// The same for a flow that is never resumed. `self` must stay readable until `to` has landed.
[[noreturn]] LWP_ALWAYS_INLINE void context_leave(Context& self, Context& to) noexcept {
  to.note.about_to_run(nullptr);
  detail::jump(self, to);
  __builtin_unreachable();
}

#if defined(LWP_FLOWS_BEGIN_BARE)

// A flow that has never run. It begins with begin_at(), or FirstFrame completes it before it is
// switched to. The running flow may look like one.
LWP_ALWAYS_INLINE bool is_bare(const Context& context) noexcept { return context.frame == nullptr; }

// As context_make(), with the floating-point state of now; but the flow is bare.
LWP_ALWAYS_INLINE void context_make_bare(Context& ret_context, char*, char*,
                                         ContextEntry) noexcept {
  __asm__ __volatile__("stmxcsr %0\n\tfnstcw %1"
                       : "=m"(ret_context.fp_control), "=m"(ret_context.x87_control));
  ret_context.frame = nullptr;
}

// The frames of flows that have the same entry. Nothing in one says where it lies, with the
// versions of Boost that we know: so Boost makes one for all, and copies will do.
class FirstFrame {
 public:
  void start(ContextEntry entry) noexcept {
    entry_ = entry;
    constexpr std::ptrdiff_t kRoom = 128;
    alignas(16) char memory[2 * kRoom] = {};
    char* const high = memory + sizeof memory;
    const auto* const one = make(high);
    const auto* const other = make(high - kRoom);
    bytes_ = static_cast<std::size_t>(high - one);
    const auto* const words = reinterpret_cast<const std::uint64_t*>(one);
    const std::size_t last = bytes_ / sizeof *words - kLastWords;
    memcpy(last_words_, words + last, sizeof last_words_);
    copies_do_ = bytes_ <= kRoom / 2 + sizeof *words && memcmp(one, other, bytes_) == 0;
    // Between these and the control words, the first, there are registers that begin as anything.
    for (std::size_t i = 1; i < last; ++i) copies_do_ &= words[i] == 0;
  }

  std::size_t bytes() const noexcept { return bytes_; }

  // The rest of context_make().
  LWP_ALWAYS_INLINE void complete(Context& bare, char* top) const noexcept {
    char* frame = top - bytes_;
    if (LWP_LIKELY(copies_do_)) {
      memcpy(top - sizeof last_words_, last_words_, sizeof last_words_);
    } else {
      frame = make(top);
    }
    const std::uint32_t control[] = {bare.fp_control, bare.x87_control};
    memcpy(frame, control, sizeof control);
    bare.frame = frame;
  }

 private:
  static constexpr std::size_t kLastWords = 3;

  char* make(char* top) const noexcept {
    return static_cast<char*>(boost::context::detail::make_fcontext(top, 0, entry_));
  }

  ContextEntry entry_ = nullptr;
  std::size_t bytes_ = 0;
  bool copies_do_ = false;
  std::uint64_t last_words_[kLastWords] = {};
};

// Whether `to` is bare, and the present floating-point state is that which it was made with. `self`
// is about to end.
LWP_ALWAYS_INLINE bool begins_as_is(Context& self, const Context& to) noexcept {
  if (LWP_UNLIKELY(!is_bare(to))) return false;
  __asm__ __volatile__("stmxcsr %0\n\tfnstcw %1" : "=m"(self.fp_control), "=m"(self.x87_control));
  // Flags may be added, but none taken away.
  const std::uint32_t changed = self.fp_control ^ to.fp_control;
  const bool x87_changed = self.x87_control != to.x87_control;
  if (LWP_LIKELY(changed == 0 && !x87_changed)) return true;
  return !x87_changed && (changed & (~detail::kStickyFlags | to.fp_control)) == 0;
}

// Goes on with entry(argument) at the top of a stack, whatever is on it now. There is nothing to
// return to. By a jump, see above.
[[noreturn]] LWP_ALWAYS_INLINE void begin_at(char* top, void (*entry)(void*),
                                             void* argument) noexcept {
  __asm__ __volatile__(
      "leaq -8(%0), %%rsp\n\t"  // as after a call
      "xorl %%ebp, %%ebp\n\t"
      "jmp *%1"
      :
      : "r"(top), "r"(entry), "D"(argument)
      : "memory");
  __builtin_unreachable();
}

// Goes on with the last that the running flow does, at the top of its own stack.
[[noreturn]] LWP_ALWAYS_INLINE void end_at(char* top, void (*ending)(void*),
                                           void* argument) noexcept {
  begin_at(top, ending, argument);
}

#else

constexpr bool is_bare(const Context&) noexcept { return false; }

inline void context_make_bare(Context& ret_context, char* low, char* top,
                              ContextEntry entry) noexcept {
  context_make(ret_context, low, top, entry);
}

// Not used, as none is bare.
struct FirstFrame {
  void start(ContextEntry) noexcept {}
  std::size_t bytes() const noexcept { return 0; }
  void complete(Context&, char*) const noexcept {}
};

inline bool begins_as_is(const Context&, const Context&) noexcept { return false; }

// Not called, as nothing begins so.
[[noreturn]] inline void begin_at(char*, void (*)(void*), void*) noexcept { __builtin_trap(); }

[[noreturn]] inline void end_at(char*, void (*ending)(void*), void* argument) noexcept {
  ending(argument);
  __builtin_unreachable();
}

#endif

// Ends backtraces at the function that calls it, which must be the entry of a flow.
LWP_ALWAYS_INLINE void end_of_backtrace() noexcept {
#if defined(__x86_64__) && defined(__ELF__)
  __asm__ __volatile__(".cfi_undefined rip");
#endif
}

}  // namespace lwp
