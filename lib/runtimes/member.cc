// SPDX-License-Identifier: MIT
// member.cc - the life of one kernel thread of a group.
#include "core/event.h"
#include "core/life.h"
#include "core/safe_point.h"
#include "runtimes/ending.h"
#include "runtimes/group.h"
#include "runtimes/reach.h"
#include "runtimes/registry.h"

namespace lwp {

namespace {

constexpr int kFirstPriority = kPriorities - 1;
// LWPs that are not the program's: the first one and the I/O manager's.
constexpr std::size_t kOwnLwps = 2;

bool is_over(const Member& member) noexcept {
  return member.orphaned || member.group->over.load(std::memory_order_acquire);
}

// In a forked child, where the group is not.
bool is_orphan(const Runtime& runtime) noexcept {
  return handle_of(runtime) != runtime.member->handle;
}

// Wakes the first LWP if there is nothing left to wait for. Whether it did.
bool tell_end(Runtime& runtime) noexcept {
  return is_over(*runtime.member) && signal_event(runtime, runtime.member) == Rc::success;
}

// Nobody is ready: the only time at which it shows that the last LWP has ended.
bool before_sleep(Runtime& runtime) noexcept {
  Member& member = *runtime.member;
  const bool idle = runtime.handles.live() == kOwnLwps;
  if (idle && is_orphan(runtime)) {
    member.orphaned = true;
  } else if (idle && member.busy) {
    member.busy = false;
    release_work(*member.group);
  } else if (!idle && !member.busy) {
    member.busy = add_work(member.group->work);  // by IOMGR_SoftSig
  }
  return tell_end(runtime);
}

void main_of_member(void* argument) noexcept {
  const Member& member = *static_cast<const Member*>(argument);
  const GroupPlan& plan = member.group->plan;
  plan.main(plan.argument, member.index);
}

Rc start_member(Member& member) noexcept {
  const GroupPlan& plan = member.group->plan;
  if (const Rc rc = start_runtime(kFirstPriority, plan.dialect); rc != Rc::success) return rc;
  Runtime& runtime = *this_runtime();
  if (const Rc rc = open_port(runtime, plan.inbox, &member.group->work); rc != Rc::success) {
    return rc;
  }
  runtime.member = &member;
  runtime.before_sleep = before_sleep;
  member.port = runtime.port;
  member.handle = handle_of(runtime);
  member.busy = plan.main != nullptr;
  if (!member.busy) return Rc::success;
  Pcb* pcb;
  const NewLwp main = {main_of_member, &member, plan.stack_size, plan.priority, "main"};
  return create_lwp(runtime, main, &pcb);
}

// Whether all others have started too.
bool report_and_wait(Group& group, Rc rc) noexcept {
  pthread_mutex_lock(&group.start_lock);
  ++group.reported;
  if (group.first_error == Rc::success) group.first_error = rc;
  pthread_cond_broadcast(&group.start_news);
  while (group.verdict == Group::Verdict::none) {
    pthread_cond_wait(&group.start_news, &group.start_lock);
  }
  const bool go = group.verdict == Group::Verdict::go;
  pthread_mutex_unlock(&group.start_lock);
  return go;
}

}  // namespace

void* member_thread(void* argument) noexcept {
  Member& member = *static_cast<Member*>(argument);
  const Rc rc = start_member(member);
  const bool go = report_and_wait(*member.group, rc);
  if (go) {
    const void* const event = &member;
    while (!is_over(member)) (void)block_on_events(*this_runtime(), &event, 1, 1);
  }
  // A child may have been forked off when the group was over already.
  const bool leaves = go && !is_orphan(*this_runtime());
  if (this_runtime() != nullptr) end_runtime(*this_runtime());
  if (leaves) leave_group(*present_registry(), *member.group);
  return nullptr;
}

void note_spawned(Runtime& runtime) noexcept {
  Member* const member = runtime.member;
  if (member == nullptr) return;
  if (member->busy) {
    release_work(*member->group);
  } else {
    member->busy = true;
  }
}

void look_after_member(Runtime& runtime) noexcept {
  int refused = runtime.port->refused_spawns.exchange(0, std::memory_order_seq_cst);
  for (; refused > 0; --refused) release_work(*runtime.member->group);
  (void)tell_end(runtime);
}

}  // namespace lwp
