// SPDX-License-Identifier: MIT
// group.h - runtimes that were started together, each on a kernel thread of its own.
//
// The work of a group is counted: one for each member that has LWPs of the program, one for each
// spawn that is on its way, and one while a group without a main function has not been asked to
// end. When there is none left nobody can bring new work, and all members end together. So no
// member ends under the hands of another that still wants to spawn on it.
//
// In a member, the first LWP does nothing but wait for the end. Being of the highest priority it
// runs as soon as that is told, and ends the runtime with all that is in it.
//
// Context: start_group(), stop_groups(), join_group() on any kernel thread, not in signal handlers;
//          the rest inside the library, by the member's own kernel thread.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstdint>

#include "base/rc.h"
#include "core/runtime.h"

namespace lwp {

struct Group;
struct Registry;
struct Port;

struct GroupPlan {
  int count;
  void (*main)(void* argument, int index);  // null: members serve until they are stopped
  void* argument;
  int priority;    // of the LWPs that run main
  int stack_size;  // of these
  int inbox;       // places in each inbox
  bool pinned;     // each member to one core
  Dialect dialect;
};

struct Member {
  Group* group = nullptr;
  int index = 0;
  bool busy = false;      // counted as work
  bool orphaned = false;  // without work, in a forked child: the other members are not here
  pthread_t thread{};
  Port* port = nullptr;
  std::uintptr_t handle = 0;
};

struct Group {
  GroupPlan plan;
  Member* members = nullptr;
  std::atomic<int> work{0};
  std::atomic<bool> over{false};

  // --- under the registry's lock
  int running = 0;    // kernel threads that have not ended
  bool held = false;  // counted as work, as there is no main

  // --- the start, under start_lock
  pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t start_news = PTHREAD_COND_INITIALIZER;
  int reported = 0;
  Rc first_error = Rc::success;
  enum class Verdict : std::uint8_t { none, go, give_up } verdict = Verdict::none;
};

// All members have started when it returns; if one can not, none has. Rc::no_memory; Rc::system.
Rc start_group(const GroupPlan& plan, std::uintptr_t* ret_handle) noexcept;

enum class Stop : std::uint8_t { when_idle, now };

// handle 0: the group of the calling runtime; if that is in none, all groups. Rc::no_runtime.
Rc stop_groups(std::uintptr_t handle, Stop how) noexcept;

// Waits until all kernel threads of the group have ended, and frees it. runtime: the caller's, with
// a port, of which only the running LWP waits; null: the kernel thread waits. Switches. handle 0:
// all groups that there are. Rc::no_runtime; Rc::system if it is the caller's own; Rc::timed_out;
// Rc::cancelled.
Rc join_groups(Runtime* runtime, std::uintptr_t handle, std::int64_t deadline) noexcept;

// The handle of a member's runtime; 0 if there is none. group 0: the caller's.
std::uintptr_t member_handle(std::uintptr_t group, int index) noexcept;

// --- the member's part

void* member_thread(void* member) noexcept;

// An LWP has been spawned on this runtime from outside: its work is now the member's.
void note_spawned(Runtime& runtime) noexcept;

// Somebody has rung.
void look_after_member(Runtime& runtime) noexcept;

// One piece of work less. The last ends the group.
void release_work(Group& group) noexcept;

// All members are to end, as soon as they hear of it.
void end_group(Group& group) noexcept;

// This kernel thread has ended, as far as the group is concerned, which may be freed at once.
void leave_group(Registry& registry, Group& group) noexcept;

}  // namespace lwp
