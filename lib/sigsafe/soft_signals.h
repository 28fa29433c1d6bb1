// SPDX-License-Identifier: MIT
// soft_signals.h - procedures that signal handlers ask the I/O manager to run as LWPs.
//
// Context: requested by handlers at any instant; taken by the runtime's own kernel thread.
#pragma once

#include <atomic>

#include "base/attributes.h"

namespace lwp {

class SoftSignals {
 public:
  using Procedure = void (*)(void*);

  struct Request {
    Procedure procedure;
    void* argument;
    int stack_size;
    int priority;
  };

  // False if as many are outstanding as there are places.
  LWP_SIGSAFE bool request(const Request& request) noexcept {
    for (Place& place : places_) {
      auto expected = State::free;
      if (!place.state.compare_exchange_strong(expected, State::claimed)) continue;
      place.request = request;
      place.state.store(State::requested);
      return true;
    }
    return false;
  }

  LWP_SIGSAFE bool pending() const noexcept {
    for (const Place& place : places_) {
      if (place.state.load(std::memory_order_relaxed) == State::requested) return true;
    }
    return false;
  }

  // Calls start(request) for each; one for which it returns false stays. The others' places are
  // free again when started() is called, after each, which may switch.
  template <typename Start, typename Started>
  void take(Start start, Started started) noexcept {
    for (Place& place : places_) {
      if (place.state.load() != State::requested) continue;
      if (!start(place.request)) continue;
      place.state.store(State::free);
      started();
    }
  }

 private:
  static constexpr int kPlaces = 4;  // historical: the fifth is refused
  enum class State : int { free, claimed, requested };

  struct Place {
    std::atomic<State> state{State::free};
    Request request = {};
  };
  Place places_[kPlaces];
};

}  // namespace lwp
