// SPDX-License-Identifier: MIT
// pcb.h - the process control block: everything the library knows of one LWP.
//
// It lies in the arena of the LWP's stack, beside other blocks (arch/stack.h); the first LWP's is
// in the Runtime. Ordered by use: what a dispatch reads is in the first cache line.
//
// A block outlives its LWP: it waits in the stack pool for the next one, and keeps its place in the
// handle table. Fields that must survive that are marked "kept".
#pragma once

#include <lwp/detail/types.h>
#include <sys/time.h>

#include <cstddef>
#include <cstdint>

#include "arch/context.h"
#include "arch/stack.h"
#include "base/cache_line.h"
#include "base/clock.h"
#include "base/intrusive_list.h"
#include "base/short_text.h"
#include "base/wide.h"
#include "sigsafe/critical.h"
#include "sigsafe/tick_counts.h"

struct LWPX_Cleanup;
struct PRE_Loop;

namespace lwp {

struct Pcb;
struct Runtime;
struct IoRequest;  // iomgr/request.h

// What others count on from an LWP that has been woken: if it is destroyed before it runs again,
// this is called first. It lies on the LWP's stack.
struct Obligation {
  void (*pass_on)(Runtime&, const Pcb& destroyed) noexcept;
  const void* to;  // whom or what it concerns
};

enum class PcbState : std::uint8_t {
  dead,
  ready,      // in the run queue, or running
  waiting,    // for events, credits or I/O
  suspended,  // would be ready but for LWPX_Suspend
  ended,      // and waits to be joined
};

// What few LWPs are, all in one byte of the control block: 0 tells that there is nothing special.
enum PcbFlag : std::uint8_t {
  kCancelWanted = 1,    // LWPX_Cancel; for good
  kCancelDisabled = 2,  // LWPX_SetCancelState; or it is ending already
  kWaitCut = 4,         // a cancellation has ended its wait; acted on before the call returns
  kSuspended = 8,       // not to enter the run queue until LWPX_Ready
  kJoinable = 16,       // its end is kept until somebody has seen it
  kPlaced = 32,         // its block vanishes with it. Kept
  kThread = 64,         // its end is waited for, see thread_set.h
  kOwnsMemory = 128,    // name or list_memory is allocated, and freed with it
};

// What libstdc++ and libc++abi keep per kernel thread and an LWP must have for itself, so that it
// can yield inside a catch block. The layout is the C++ ABI's __cxa_eh_globals.
struct ExceptionGlobals {
  void* caught = nullptr;
  unsigned uncaught = 0;
};

// One place in the list of events that an LWP waits for. event is null once it has been signalled.
struct WaitNode {
  ListLink<WaitNode> link;
  const void* event = nullptr;
  Pcb* waiter = nullptr;
};

struct Rock {
  int tag;
  char* value;
};

constexpr int kRocks = 8;

// Its place among those that wait for time to pass (iomgr/deadline_queue.h). Not in its block, and
// not on its stack either: a hundred of these share a page. All zero means that it is not among
// them, so LWPs that never wait so touch no memory for it.
struct DueNode {
  DueNode* next = nullptr;    // in its chain
  DueNode** place = nullptr;  // what points to it; null: it is not among them
  std::int64_t deadline = 0;
  Pcb* pcb = nullptr;            // whose it is
  IoRequest* request = nullptr;  // its io_request
};

struct alignas(kCacheLine) Pcb {
  // --- what a dispatch touches
  Pcb* next = nullptr;  // in the ring of its priority, if ready
  Pcb* prev = nullptr;
  Context context;                             // valid while another LWP runs
  int critical_word = critical::kInitialWord;  // likewise
  std::uint8_t priority = 0;
  PcbState state = PcbState::dead;
  std::uint8_t flags = 0;       // of PcbFlag
  bool in_tick = false;         // suspended by a tick, in its handler; see handover.h
  ExceptionGlobals exceptions;  // valid while another LWP runs
  PROCESS handle = nullptr;     // of a dead one, its last. Kept

  // --- identity
  void (*entry)(void*) = nullptr;
  void* parm = nullptr;
  char* name = nullptr;  // short_name, or allocated. Of a dead one short_name
  char short_name[kShortText];
  int index = 0;
  int nominal_stack = 0;  // bytes, as the creator asked for, rounded; 0 for the first LWP

  // --- its stack, and its place in the handle table. Kept.
  StackSlot slot;
  std::uint32_t table_index = 0;  // 0: none yet

  bool stack_accounted = false;
  // Some of what is `rare` below may not be zero any more, or the block has no place yet. Set
  // before that is written to, also by handlers; cleared when an LWP begins. Kept.
  bool rare_in_use = true;
  PROCESS joiner = nullptr;  // the LWP that joins this one, if alive. Set if joinable

  // --- all zero when an LWP begins, up to `nodes`, but for `due`; so that no store of 16 bytes is
  // split. Rare, up to `due`: most LWPs leave it as it is
  alignas(16) int rock_count = 0;
  int slices_left = 0;              // that may end while it runs, before it ends; 0: no limit
  LwpTicks ticks;                   // that found it running
  void* list_memory = nullptr;      // grows with the longest list; freed with the LWP
  std::size_t list_bytes = 0;       // its size
  LWPX_Cleanup* cleanup = nullptr;  // what it wants done before it ends, last pushed first
  PRE_Loop* loops = nullptr;        // under way, the newest first; see loop_list.h
  timeval ready_since{};            // kept up only while run_wait_threshold is set
  IoRequest* io_request = nullptr;  // what it waits for outside this process
  const Obligation* obligation = nullptr;  // while it waits, and until it runs again
  // Not rare
  DueNode* due = nullptr;       // its own. Kept, and beside io_request: who sleeps touches both
  alignas(16) int credits = 0;  // of QSignal; -1 while in QWait
  int wake_event = 0;           // 1 + place of the event that ended the last wait
  int node_count = 0;           // 0: does not wait for events
  int remaining = 0;            // events still to come

  // --- waiting
  WaitNode* nodes = nullptr;  // the list of the present wait: &only_node, or in list_memory
  void* status = nullptr;     // that it has ended with
  WaitNode only_node;         // the list of a wait for one event

  Rock rocks[kRocks];

  // For the next LWP: everything but what is kept and what its creator sets. The first of these if
  // rare_in_use.
  void clear_rare() noexcept;
  void begin_anew() noexcept;

  // For whoever is about to change them.
  LWP_SIGSAFE LwpTicks& ticks_to_change() noexcept {
    rare_in_use = true;
    return ticks;
  }
};

inline void Pcb::clear_rare() noexcept {
  constexpr std::size_t kFirst = offsetof(Pcb, rock_count);
  memset(reinterpret_cast<char*>(this) + kFirst, 0, offsetof(Pcb, due) - kFirst);
}

LWP_ALWAYS_INLINE void Pcb::begin_anew() noexcept {
  clear_wide<offsetof(Pcb, nodes) - offsetof(Pcb, credits)>(&credits);
  LWP_STORES_SO_FAR();
  critical_word = critical::kInitialWord + critical::kDepthUnit;
  clear_wide<sizeof exceptions>(&exceptions);
}

inline bool is_blocked(const Pcb& pcb) noexcept {
  return pcb.state == PcbState::waiting || pcb.state == PcbState::suspended;
}

inline Pcb& pcb_of(StackSlot& slot) noexcept {
  return *reinterpret_cast<Pcb*>(reinterpret_cast<char*>(&slot) - offsetof(Pcb, slot));
}

}  // namespace lwp
