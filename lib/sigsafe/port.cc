// SPDX-License-Identifier: MIT
#include "sigsafe/port.h"

#include <unistd.h>

#include "sigsafe/signal_catcher.h"
#include "sigsafe/tick_timer.h"

namespace lwp {

std::atomic<Directory*> directory{nullptr};

Directory* present_directory() noexcept {
  Directory* const present = directory.load(std::memory_order_acquire);
  if (present == nullptr || present->wiped_on_fork) return present;
  return present->process == getpid() ? present : nullptr;
}

namespace {

// Either the owner, closing, sees the visitor, or the visitor sees that it is closed.
class Visit {
 public:
  LWP_SIGSAFE explicit Visit(Port& port) noexcept : port_(port) {
    port_.visitors.fetch_add(1, std::memory_order_seq_cst);
    handle_ = port_.open.load(std::memory_order_seq_cst);
  }
  LWP_SIGSAFE ~Visit() { port_.visitors.fetch_sub(1, std::memory_order_release); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  LWP_SIGSAFE std::uintptr_t handle() const noexcept { return handle_; }

 private:
  Port& port_;
  std::uintptr_t handle_;
};

// The first to find that the runtime does not know yet wakes it; others rely on that.
LWP_SIGSAFE void alert(Zone& zone) noexcept {
  if (!zone.attention.ring()) return;
  hurry(zone);
  if (&zone != lwp_thread.zone) wake_ticks_of_other(zone);
}

}  // namespace

bool add_work(std::atomic<int>& work) noexcept {
  int present = work.load(std::memory_order_relaxed);
  do {
    if (present == 0) return false;
  } while (!work.compare_exchange_weak(present, present + 1, std::memory_order_seq_cst));
  return true;
}

Delivery send(std::uintptr_t handle, const Message& message) noexcept {
  Directory* const present = present_directory();
  if (present == nullptr || handle == 0) return Delivery::no_runtime;
  Port& port = present->ports[handle % Directory::kPorts];
  const Visit visit(port);
  if (visit.handle() != handle) return Delivery::no_runtime;
  const bool counts = message.kind == Message::Kind::spawn && port.work != nullptr;
  if (counts && !add_work(*port.work)) return Delivery::no_runtime;
  const bool sent = port.ring.push(message);
  if (!sent && !counts) return Delivery::full;
  // What was the last work of the group must end it, which only members can do.
  if (!sent) port.refused_spawns.fetch_add(1, std::memory_order_seq_cst);
  alert(*port.zone);
  return sent ? Delivery::sent : Delivery::full;
}

void alert(Port& port) noexcept {
  const Visit visit(port);
  if (visit.handle() != 0) alert(*port.zone);
}

}  // namespace lwp
