// SPDX-License-Identifier: MIT
// runtime.h - the LWPs of one kernel thread and everything that belongs to them.
//
// There is one Runtime per kernel thread that has called LWP_Init, reached through the thread's
// zone pointer, and no other mutable state but the historical exported variables
// (base/legacy_variables.h) and the process-wide signal actions (base/signal_action.h). Runtimes
// share nothing and know nothing of each other; what one sends to another goes through a port
// (sigsafe/port.h).
//
// Context: only library code on the runtime's own kernel thread touches it; signal handlers see its
//          base, the Zone.
#pragma once

#include <signal.h>
#include <ucontext.h>

#include "arch/stack.h"
#include "base/block_heap.h"
#include "base/clock.h"
#include "base/rc.h"
#include "base/signal_action.h"
#include "core/aging.h"
#include "core/dialect.h"
#include "core/event.h"
#include "core/forced_ticks.h"
#include "core/handle_table.h"
#include "core/pcb.h"
#include "core/run_queue.h"
#include "sigsafe/zone.h"

namespace lwp {

struct CodePolicy;  // preempt/code_policy.h
struct IoManager;   // iomgr/io_manager.h
struct Member;      // runtimes/group.h

struct Runtime : Zone {
  // --- the scheduler's, see scheduler.h
  Pcb* current = nullptr;
  RunQueue queue;
  ExceptionGlobals* exceptions = nullptr;  // this kernel thread's; a dummy without a C++ runtime
  int* dispatch_count = nullptr;           // Cont_Sws, or a dummy
  PROCESS* current_mirror = nullptr;       // lwp_cpptr, or a dummy
  int* next_index = nullptr;               // lwp_nextindex, or this runtime's own
  timeval last_dispatch{};                 // kept up only while cont_sw_threshold is set
  const Pcb* last_dispatched = nullptr;
  const ucontext_t* handed_over = nullptr;  // see handover.h
  ForcedTicks forced_ticks;
  Aging aging;
  int asked_at = ~0;      // *dispatch_count when a tick last asked loops; see loop_list.h
  int cancellations = 0;  // LWPs that are to be cancelled and have not ended yet
  bool aborting = false;  // on the way to exit(): no second deadlock report

  // --- memory. The block that it was started on, which holds the Runtime too; null: it takes what
  // it needs from the system.
  BlockHeap* block = nullptr;
  BlockHeap block_heap;

  // --- modules, in the order in which they are started
  HandleTable handles;
  StackPool stacks;
  FirstFrame first_frame;  // of LWPs
  EventTable events;

  // --- the I/O manager's, above this layer. The functions are set while io is.
  IoManager* io = nullptr;
  Pcb* idle_lwp = nullptr;  // the I/O manager's LWP, which sleeps when nobody else is ready
  int io_waiters = 0;       // LWPs, and messages, that ticks have to look after
  bool (*poll_waiters)(Runtime&) = nullptr;     // serves what is due; whether somebody became ready
  void (*forget_io)(Runtime&, Pcb&) = nullptr;  // of an LWP that dies or wakes otherwise
  bool (*cancel_io)(Runtime&, Pcb&) = nullptr;  // makes an LWP ready that waits for I/O

  // --- preemption's, above this layer
  SignalUser tick_user;
  CodePolicy* policy = nullptr;  // null: the default
  int tick_signal = SIGALRM;     // as ever: programs block it to keep preemption away

  // --- of a runtime that others can reach, above this layer
  void (*take_messages)(Runtime&) = nullptr;  // delivers what they have sent
  std::int64_t messages_due = kNever;         // when it is to be called though nobody rings
  bool (*before_sleep)(Runtime&) = nullptr;   // nobody is ready; whether somebody became so
  Member* member = nullptr;                   // of a group

  Pcb first;  // the LWP that called LWP_Init
  DueNode first_due;
  FiberNote departed;  // of the last LWP that left memory which is not the stack pool's
  int threads = 0;     // living ones that are waited for, see thread_set.h. An event, too
  bool primary = false;
  Dialect dialect = Dialect::coda;
  int afs3_smallest_stack = 0;  // bytes, of LWPs that AFS-3 code creates
  SignalUser fault_user;
  void* alternate_stack = nullptr;  // if this runtime has set one up
  ExceptionGlobals no_exceptions;
  int own_dispatch_count = 0;
  int own_next_index = 0;
  PROCESS own_current = nullptr;
};

// Null in a kernel thread without LWPs.
LWP_ALWAYS_INLINE Runtime* this_runtime() noexcept {
  return static_cast<Runtime*>(lwp_thread.zone);
}

// Makes the calling kernel thread a host of LWPs, itself the first. Rc::no_memory.
Rc start_runtime(int priority, Dialect dialect) noexcept;
// All that it will ever need comes out of this memory. Rc::no_memory: it is too small even for
// this.
Rc start_runtime_in(void* memory, std::size_t bytes, int priority) noexcept;

// Frees everything. The caller runs as the first LWP, inside the library; afterwards there is none.
void stop_runtime(Runtime& runtime) noexcept;

}  // namespace lwp
