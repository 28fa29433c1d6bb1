// SPDX-License-Identifier: MIT
// loop_abi.cc - the functions of <preempt/loop.h>.
#include <preempt/loop.h>
#include <ucontext.h>

#include "abi/abi.h"
#include "core/loop_list.h"
#include "preempt/loop_check.h"

using namespace lwp;

extern "C" {

int PRE_AskLoops(const void* context) {
  Runtime* const runtime = this_runtime();
  if (runtime == nullptr) return LWP_EINIT;
  ask_for_slice(*runtime, static_cast<const ucontext_t*>(context));
  return LWP_SUCCESS;
}

int PRE_CancelLoops(PROCESS pid) {
  Runtime* const runtime = this_runtime();
  if (const Rc rc = may_enter(runtime); rc != Rc::success) return to_c(rc);
  const Inside inside(*runtime);
  Pcb* const pcb = runtime->handles.find(pid);
  if (pcb == nullptr) return LWP_EBADPID;
  return cancel_loops(*pcb) ? LWP_SUCCESS : LWP_ENOWAIT;
}

void lwpx_loop_begin(struct PRE_Loop* loop, int size, int is_signed, int up) {
  begin_loop(this_runtime(), *loop, size, is_signed != 0, up != 0);
}

int lwpx_loop_again(struct PRE_Loop* loop, int more) {
  return loop_goes_on(this_runtime(), *loop, more != 0);
}

void lwpx_loop_end(struct PRE_Loop* loop) { end_loop(this_runtime(), *loop); }

struct PRE_Loop* lwpx_loops(void) {
  const Runtime* const runtime = this_runtime();
  return runtime != nullptr ? runtime->current->loops : nullptr;
}

void lwpx_drop_loops(struct PRE_Loop* loops) {
  const Runtime* const runtime = this_runtime();
  if (runtime != nullptr) runtime->current->loops = loops;
}

void lwpx_checkpoint(void) { checkpoint(this_runtime()); }

}  // extern "C"
