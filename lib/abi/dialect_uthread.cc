// SPDX-License-Identifier: MIT
// dialect_uthread.cc - the functions of <lwp/dialect/uthread.h>, under their names in object files.
#include <lwp/lwp.h>
#include <lwp/lwpx.h>

#include "abi/abi.h"
#include "abi/lifecycle.h"
#include "core/cancel.h"
#include "core/life.h"
#include "core/thread_set.h"
#include "preempt/slice.h"

using namespace lwp;

struct thread;  // a PROCESS by another name

namespace {

constexpr int kStackSize = 64 * 1024;

thread* create(void (*f)(void*), void* arg, bool preemptible, int slices) noexcept {
  if (f == nullptr) return nullptr;
  if (this_runtime() == nullptr) (void)start_lwps(LWP_NORMAL_PRIORITY, Dialect::coda, nullptr);
  Runtime* const runtime = this_runtime();
  if (may_enter(runtime) != Rc::success) return nullptr;
  const Inside inside(*runtime);
  const NewLwp lwp = {f, arg, kStackSize, runtime->current->priority, "thread"};
  NewLwpExtras extras;
  extras.flags = kSuspended;
  extras.preemptible = preemptible;
  Pcb* pcb;
  if (create_lwp_with(*runtime, lwp, extras, &pcb) != Rc::success) return nullptr;
  if (slices > 0) {
    pcb->rare_in_use = true;
    pcb->slices_left = slices;
  }
  return reinterpret_cast<thread*>(pcb->handle);
}

// Preemption with another slice, and then as it was.
class Slices {
 public:
  Slices(Runtime& runtime, std::int64_t ns) noexcept
      : runtime_(runtime), previous_ns_(runtime.preempting ? runtime.slice_ns : 0) {
    started_ = ns > 0 && start_slices(runtime, ns) == Rc::success;
  }
  ~Slices() {
    if (!started_) return;
    if (previous_ns_ == 0) {
      stop_slices(runtime_);
    } else {
      (void)start_slices(runtime_, previous_ns_);
    }
  }
  Slices(const Slices&) = delete;
  Slices& operator=(const Slices&) = delete;
  bool started() const noexcept { return started_; }

 private:
  Runtime& runtime_;
  const std::int64_t previous_ns_;
  bool started_;
};

Rc may_start(const Runtime& runtime) noexcept {
  return (runtime.current->flags & kThread) != 0 ? Rc::deadlock : Rc::success;
}

}  // namespace

extern "C" {

LWP_EXPORT thread* uthread_create(void (*f)(void*), void* arg) { return create(f, arg, false, 0); }

LWP_EXPORT thread* uthread_create_slots(void (*f)(void*), void* arg, int execution_time_slot) {
  return create(f, arg, true, execution_time_slot);
}

LWP_EXPORT void uthread_add_runqueue(thread* t) {
  Runtime* const runtime = this_runtime();
  if (may_enter(runtime) != Rc::success) return;
  const Inside inside(*runtime);
  if (Pcb* const pcb = find_lwp(*runtime, reinterpret_cast<PROCESS>(t))) {
    add_thread(*runtime, *pcb);
  }
}

LWP_EXPORT void uthread_exit(void) {
  Runtime* const runtime = this_runtime();
  if (may_enter(runtime) != Rc::success || runtime->current == &runtime->first) return;
  critical::enter_library();
  end_lwp(*runtime, nullptr);
}

LWP_EXPORT int uthread_start(void) {
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return LWP_SUCCESS;
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Waiting waiting(*runtime);
  if (const Rc rc = may_start(*runtime); rc != Rc::success) return to_c(rc);
  block_until_threads_end(*runtime);
  return LWP_SUCCESS;
}

LWP_EXPORT int uthread_start_slots(int time_slot_size, long tick_us) {
  std::int64_t ns;
  if (__builtin_mul_overflow(std::int64_t{tick_us}, kNsPerUs, &ns) ||
      __builtin_mul_overflow(ns, std::int64_t{time_slot_size}, &ns)) {
    return LWP_ESYSTEM;
  }
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return ns > 0 ? LWP_SUCCESS : LWP_ESYSTEM;
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Waiting waiting(*runtime);
  if (const Rc rc = may_start(*runtime); rc != Rc::success) return to_c(rc);
  const Slices slices(*runtime, ns);
  if (!slices.started()) return LWP_ESYSTEM;
  block_until_threads_end(*runtime);
  return LWP_SUCCESS;
}

}  // extern "C"
