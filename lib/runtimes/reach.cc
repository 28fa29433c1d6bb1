// SPDX-License-Identifier: MIT
#include "runtimes/reach.h"

#include <sys/mman.h>

#include <algorithm>

#include "arch/sanitizer.h"
#include "base/short_text.h"
#include "base/wait_while.h"
#include "core/event.h"
#include "core/life.h"
#include "iomgr/io_manager.h"
#include "runtimes/group.h"
#include "runtimes/registry.h"

namespace lwp {

namespace {

using Cell = MessageRing::Cell;

std::size_t bytes_of(std::uint64_t cells) noexcept { return cells * sizeof(Cell); }

// The receiver may take a spawn at the end of a call by a handler, which must not use the heap.
static_assert(Message::kName <= kShortText);

constexpr int kBurst = 64;

// A spawn is not taken before the LWPs that exist have had their turns, so that a sender who is
// faster than they are finds the inbox full, and not this runtime out of memory. After a pause
// there may be a burst.
bool may_spawn(Runtime& runtime) noexcept {
  Port& port = *runtime.port;
  const int dispatches = *runtime.dispatch_count;
  const int since = dispatches - port.seen_dispatches;
  port.seen_dispatches = dispatches;
  const bool idle =
      runtime.current == runtime.idle_lwp && !runtime.queue.has_rival(*runtime.current);
  if (idle || since < 0 || since > kBurst) {
    port.spawns_allowed = kBurst;
  } else {
    port.spawns_allowed = std::min(kBurst, port.spawns_allowed + since);
  }
  if (port.spawns_allowed == 0) return false;
  --port.spawns_allowed;
  return true;
}

enum class Fate : std::uint8_t { delivered, put_off, waits_for_its_turn };

// Puts off what finds no memory.
Fate deliver(Runtime& runtime, const Message& message) noexcept {
  Pcb* pcb = nullptr;
  switch (message.kind) {
    case Message::Kind::event:
      (void)signal_event(runtime, reinterpret_cast<const void*>(message.target));
      return Fate::delivered;
    case Message::Kind::credit:
      pcb = runtime.handles.find(reinterpret_cast<PROCESS>(message.target));
      if (pcb != nullptr) (void)give_credit(runtime, *pcb);
      return Fate::delivered;
    default:
      if (!may_spawn(runtime)) return Fate::waits_for_its_turn;
      const NewLwp wanted = {reinterpret_cast<void (*)(void*)>(message.target), message.parm,
                             message.stack_size, message.priority, message.name};
      if (create_lwp(runtime, wanted, &pcb) != Rc::success) {
        ++runtime.port->spawns_allowed;
        return Fate::put_off;
      }
      note_spawned(runtime);
      return Fate::delivered;
  }
}

// Group or no group, the LWPs that wait for the end of one look again.
void notice_ended_groups(Runtime& runtime, const Registry& registry) noexcept {
  const unsigned ended = registry.ended_groups.load(std::memory_order_seq_cst);
  if (ended == runtime.port->seen_ended_groups) return;
  runtime.port->seen_ended_groups = ended;
  (void)signal_event(runtime, &registry.ended_groups);
}

void set_due(Runtime& runtime, std::int64_t time) noexcept {
  runtime.io_waiters += (time != kNever) - (runtime.messages_due != kNever);
  runtime.messages_due = time;
}

// What has been put off is tried again after a while: nothing tells when there is memory.
void try_again_in_time(Runtime& runtime) noexcept {
  constexpr std::int64_t kPauseNs = 10000000;
  if (runtime.port->put_off == 0) {
    set_due(runtime, kNever);
  } else if (runtime.messages_due == kNever) {
    set_due(runtime, deadline_after(kPauseNs));
  }
}

void take_messages(Runtime& runtime) noexcept {
  Port& port = *runtime.port;
  if (port.put_off > 0 && runtime.messages_due <= monotonic_ns()) {
    port.put_off = 0;
    set_due(runtime, kNever);
  }
  // No more than fit, so that senders can not keep the runtime from its own work.
  for (std::uint64_t left = port.ring.count(); left > 0; --left) {
    const Message* const message = port.ring.front(port.put_off);
    if (message == nullptr) break;
    const Fate fate = deliver(runtime, *message);
    if (fate == Fate::waits_for_its_turn) break;
    if (fate == Fate::put_off) {
      ++port.put_off;
    } else {
      port.ring.pop(port.put_off);
    }
  }
  if (port.ring.front(port.put_off) != nullptr) (void)runtime.attention.ring();
  try_again_in_time(runtime);
  if (runtime.member != nullptr) look_after_member(runtime);
  if (const Registry* const registry = present_registry()) notice_ended_groups(runtime, *registry);
}

std::uint64_t round_up(int inbox) noexcept {
  std::uint64_t count = MessageRing::kFewest;
  while (count < static_cast<std::uint64_t>(inbox)) count *= 2;
  return count;
}

Port* take_free_port(Registry& registry) noexcept {
  const RegistryLock lock(registry);
  for (Port& port : registry.ports) {
    if (port.taken) continue;
    port.taken = true;
    return &port;
  }
  return nullptr;
}

void give_back(Registry& registry, Port& port) noexcept {
  const RegistryLock lock(registry);
  port.taken = false;
}

void next_handle(const Registry& registry, Port& port) noexcept {
  const auto place = static_cast<std::uintptr_t>(&port - registry.ports);
  port.last_handle += Directory::kPorts;
  if (port.last_handle < Directory::kPorts) port.last_handle = Directory::kPorts;
  port.last_handle = port.last_handle / Directory::kPorts * Directory::kPorts + place;
}

// When it returns nobody visits the port any more, which may take as long as a visit.
void close_to_visitors(Port& port) noexcept {
  port.open.store(0, std::memory_order_seq_cst);
  wait_while([&]() noexcept { return port.visitors.load(std::memory_order_seq_cst) != 0; });
}

// A port that the runtime had before a fork has been wiped, or belongs to the parent.
bool has_port(const Runtime& runtime) noexcept {
  const Directory* const present = present_directory();
  return runtime.port != nullptr && present != nullptr && runtime.port >= present->ports &&
         runtime.port < present->ports + Directory::kPorts && runtime.port->zone == &runtime;
}

}  // namespace

Rc open_port(Runtime& runtime, int inbox, std::atomic<int>* work) noexcept {
  if (runtime.block != nullptr) return Rc::no_memory;  // what others reach is not in it
  if (has_port(runtime)) return Rc::success;
  if (const Rc rc = start_io(runtime); rc != Rc::success) return rc;
  Registry* const registry = open_registry();
  if (registry == nullptr) return Rc::no_memory;
  const std::uint64_t count = round_up(inbox);
  void* const memory =
      mmap(nullptr, bytes_of(count), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return Rc::no_memory;
  Port* const port = take_free_port(*registry);
  if (port == nullptr) {
    munmap(memory, bytes_of(count));
    return Rc::no_memory;
  }
  note_roots(memory, bytes_of(count));
  port->ring.start(static_cast<Cell*>(memory), count);
  port->zone = &runtime;
  port->work = work;
  port->refused_spawns.store(0, std::memory_order_relaxed);
  port->spawns_allowed = kBurst;
  port->seen_dispatches = *runtime.dispatch_count;
  port->put_off = 0;
  port->seen_ended_groups = registry->ended_groups.load(std::memory_order_seq_cst);
  next_handle(*registry, *port);
  runtime.port = port;
  runtime.take_messages = take_messages;
  port->open.store(port->last_handle, std::memory_order_seq_cst);
  return Rc::success;
}

void close_port(Runtime& runtime) noexcept {
  Port* const port = runtime.port;
  const bool ours = has_port(runtime);
  runtime.take_messages = nullptr;
  runtime.port = nullptr;
  set_due(runtime, kNever);
  if (!ours) return;
  close_to_visitors(*port);
  forget_roots(port->ring.cells(), bytes_of(port->ring.count()));
  munmap(port->ring.cells(), bytes_of(port->ring.count()));
  port->zone = nullptr;
  give_back(*present_registry(), *port);
}

std::uintptr_t handle_of(const Runtime& runtime) noexcept {
  return has_port(runtime) ? runtime.port->open.load(std::memory_order_relaxed) : 0;
}

}  // namespace lwp
