// SPDX-License-Identifier: MIT
#include "runtimes/group.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <new>

#include "base/clock.h"
#include "core/cancel.h"
#include "iomgr/timed_wait.h"
#include "runtimes/registry.h"

namespace lwp {

namespace {

// --- the table of groups, under the registry's lock

GroupPlace* find(Registry& registry, std::uintptr_t handle) noexcept {
  GroupPlace& place = registry.groups[handle % Registry::kGroups];
  return place.group != nullptr && place.handle == handle ? &place : nullptr;
}

bool enter(Registry& registry, Group& group, std::uintptr_t* ret_handle) noexcept {
  const RegistryLock lock(registry);
  for (std::size_t i = 0; i < Registry::kGroups; ++i) {
    GroupPlace& place = registry.groups[i];
    if (place.group != nullptr) continue;
    std::uintptr_t generation = place.handle / Registry::kGroups + 1;
    if (generation * Registry::kGroups == 0) generation = 1;
    place = {generation * Registry::kGroups + i, &group};
    *ret_handle = place.handle;
    return true;
  }
  return false;
}

// --- start and end of a group's memory

Group* make_group(const GroupPlan& plan) noexcept {
  void* const memory = malloc(sizeof(Group));
  const auto count = static_cast<std::size_t>(plan.count);
  void* const members = malloc(count * sizeof(Member));
  if (memory == nullptr || members == nullptr) {
    free(memory);
    free(members);
    return nullptr;
  }
  Group& group = *new (memory) Group;
  group.plan = plan;
  group.members = static_cast<Member*>(members);
  group.running = plan.count;
  group.held = plan.main == nullptr;
  group.work.store(group.held ? 1 : plan.count, std::memory_order_relaxed);
  for (int i = 0; i < plan.count; ++i) {
    Member& member = *new (&group.members[i]) Member;
    member.group = &group;
    member.index = i;
  }
  return &group;
}

void free_group(Group* group) noexcept {
  pthread_mutex_destroy(&group->start_lock);
  pthread_cond_destroy(&group->start_news);
  free(group->members);
  free(group);
}

// The core for this member: of those that the caller may use, one after the other.
bool choose_core(pthread_attr_t& attributes, int index) noexcept {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return false;
  int skip = index % CPU_COUNT(&allowed);
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || skip-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    return pthread_attr_setaffinity_np(&attributes, sizeof one, &one) == 0;
  }
  return false;
}

bool create_thread(Member& member) noexcept {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  const bool good = (!member.group->plan.pinned || choose_core(attributes, member.index)) &&
                    pthread_create(&member.thread, &attributes, member_thread, &member) == 0;
  pthread_attr_destroy(&attributes);
  return good;
}

// Starts all kernel threads. Whether each has become a runtime.
Rc start_threads(Group& group, int* ret_created) noexcept {
  int created = 0;
  while (created < group.plan.count && create_thread(group.members[created])) ++created;
  *ret_created = created;
  pthread_mutex_lock(&group.start_lock);
  while (group.reported < created) pthread_cond_wait(&group.start_news, &group.start_lock);
  const Rc rc = group.first_error;
  pthread_mutex_unlock(&group.start_lock);
  return rc == Rc::success && created < group.plan.count ? Rc::system : rc;
}

void pass_verdict(Group& group, Group::Verdict verdict) noexcept {
  pthread_mutex_lock(&group.start_lock);
  group.verdict = verdict;
  pthread_cond_broadcast(&group.start_news);
  pthread_mutex_unlock(&group.start_lock);
}

Group* own_group() noexcept {
  const Runtime* const runtime = this_runtime();
  return runtime != nullptr && runtime->member != nullptr ? runtime->member->group : nullptr;
}

long futex(std::atomic<unsigned>& word, int operation, unsigned value,
           const timespec* deadline) noexcept {
  return syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, deadline, nullptr,
                 FUTEX_BITSET_MATCH_ANY);
}

// Until a group has ended since `seen` was read, or something else happens.
Rc wait_for_an_end(Runtime* runtime, Registry& registry, unsigned seen,
                   std::int64_t deadline) noexcept {
  if (runtime != nullptr) {
    const void* const event = &registry.ended_groups;
    const IoOutcome outcome = block_on_events_until(*runtime, &event, 1, 1, deadline);
    if (wait_was_cut(*runtime->current)) return Rc::cancelled;
    return to_rc(outcome);
  }
  const timespec until = to_timespec(deadline);
  if (futex(registry.ended_groups, FUTEX_WAIT_BITSET, seen,
            deadline == kNever ? nullptr : &until) != 0 &&
      errno == ETIMEDOUT) {
    return Rc::timed_out;
  }
  return Rc::success;
}

Rc join_group(Runtime* runtime, Registry& registry, std::uintptr_t handle,
              std::int64_t deadline) noexcept {
  for (bool known = false;; known = true) {
    Group* ended = nullptr;
    unsigned seen;
    {
      const RegistryLock lock(registry);
      GroupPlace* const place = find(registry, handle);
      // Somebody else has joined it meanwhile.
      if (place == nullptr) return known ? Rc::success : Rc::no_runtime;
      if (place->group == own_group()) return Rc::system;
      seen = registry.ended_groups.load(std::memory_order_seq_cst);
      if (place->group->running == 0) {
        ended = place->group;
        place->group = nullptr;
      }
    }
    if (ended != nullptr) {
      for (int i = 0; i < ended->plan.count; ++i) pthread_join(ended->members[i].thread, nullptr);
      free_group(ended);
      return Rc::success;
    }
    const Rc rc = wait_for_an_end(runtime, registry, seen, deadline);
    if (rc != Rc::success) return rc;
  }
}

void stop_group(Group& group, Stop how) noexcept {
  if (how == Stop::now) {
    end_group(group);
  } else if (group.held) {
    group.held = false;
    release_work(group);
  }
}

}  // namespace

Rc start_group(const GroupPlan& plan, std::uintptr_t* ret_handle) noexcept {
  Registry* const registry = open_registry();
  if (registry == nullptr || static_cast<std::size_t>(plan.count) > Directory::kPorts) {
    return Rc::no_memory;
  }
  Group* const group = make_group(plan);
  if (group == nullptr) return Rc::no_memory;
  int created;
  Rc rc = start_threads(*group, &created);
  // Known to others only from here on, when nothing can fail any more.
  if (rc == Rc::success && !enter(*registry, *group, ret_handle)) rc = Rc::no_memory;
  if (rc == Rc::success) {
    pass_verdict(*group, Group::Verdict::go);
    return rc;
  }
  pass_verdict(*group, Group::Verdict::give_up);
  for (int i = 0; i < created; ++i) pthread_join(group->members[i].thread, nullptr);
  free_group(group);
  return rc;
}

Rc stop_groups(std::uintptr_t handle, Stop how) noexcept {
  Group* const own = handle == 0 ? own_group() : nullptr;
  bool found = handle == 0 && own == nullptr;  // all that there are, be there none
  if (Registry* const registry = present_registry()) {
    const RegistryLock lock(*registry);
    for (const GroupPlace& place : registry->groups) {
      if (place.group == nullptr) continue;
      if (own != nullptr ? place.group != own : handle != 0 && place.handle != handle) continue;
      stop_group(*place.group, how);
      found = true;
    }
  }
  return found ? Rc::success : Rc::no_runtime;
}

Rc join_groups(Runtime* runtime, std::uintptr_t handle, std::int64_t deadline) noexcept {
  Registry* const registry = present_registry();
  if (handle != 0) {
    return registry != nullptr ? join_group(runtime, *registry, handle, deadline) : Rc::no_runtime;
  }
  if (own_group() != nullptr) return Rc::system;
  for (std::size_t i = 0; registry != nullptr && i < Registry::kGroups; ++i) {
    std::uintptr_t member;
    {
      const RegistryLock lock(*registry);
      member = registry->groups[i].group != nullptr ? registry->groups[i].handle : 0;
    }
    if (member == 0) continue;
    const Rc rc = join_group(runtime, *registry, member, deadline);
    if (rc != Rc::success && rc != Rc::no_runtime) return rc;
  }
  return Rc::success;
}

std::uintptr_t member_handle(std::uintptr_t handle, int index) noexcept {
  Registry* const registry = present_registry();
  if (registry == nullptr) return 0;
  const Group* group = own_group();
  const RegistryLock lock(*registry);
  if (handle != 0) {
    const GroupPlace* const place = find(*registry, handle);
    group = place != nullptr ? place->group : nullptr;
  }
  if (group == nullptr || index < 0 || index >= group->plan.count) return 0;
  return group->members[index].handle;
}

void release_work(Group& group) noexcept {
  if (group.work.fetch_sub(1, std::memory_order_acq_rel) == 1) end_group(group);
}

void end_group(Group& group) noexcept {
  group.over.store(true, std::memory_order_seq_cst);
  for (int i = 0; i < group.plan.count; ++i) {
    if (group.members[i].port != nullptr) alert(*group.members[i].port);
  }
}

void leave_group(Registry& registry, Group& group) noexcept {
  {
    const RegistryLock lock(registry);
    if (--group.running > 0) return;
  }
  registry.ended_groups.fetch_add(1, std::memory_order_seq_cst);
  (void)futex(registry.ended_groups, FUTEX_WAKE, INT_MAX, nullptr);
  for (Port& port : registry.ports) alert(port);
}

}  // namespace lwp
