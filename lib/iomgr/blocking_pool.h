// SPDX-License-Identifier: MIT
// blocking_pool.h - a few kernel threads that make the calls which block, for one runtime.
//
// Threads are started as jobs come, up to a limit, and end with the pool. They run with all signals
// blocked and are hosts of no LWPs. A forked child starts with none.
// Memory:  a job is on the heap, as it may outlive the LWP that asked for it. There are kMostJobs
// at
//          most; who comes later waits for a place.
// Context: everything but the threads' own part runs inside the library on the runtime's thread.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "base/intrusive_list.h"
#include "base/rc.h"
#include "core/runtime.h"

namespace lwp {

class BlockingPool {
 public:
  using Function = void* (*)(void*);

  struct Outcome {
    void* result;
    int error;  // errno
    bool done;
  };

  // Switches. Rc::no_memory; Rc::system (no thread, a runtime that must not take memory for one,
  // the pool was stopped while the caller waited for a place, or this is a child that was forked
  // off since). *ret_outcome must last as long as the LWP, which may be cancelled meanwhile.
  Rc run(Runtime& runtime, Function function, void* argument, Outcome* ret_outcome) noexcept;

  // Makes the LWPs ready whose jobs are done. Whether there were any.
  bool collect(Runtime& runtime) noexcept;
  bool has_done() const noexcept { return done_.load(std::memory_order_seq_cst) != nullptr; }

  // Waits for the jobs that have begun, forgets the others, ends all threads. LWPs that wait for
  // their jobs are not woken.
  void stop(Runtime& runtime) noexcept;

  // In a forked child, where there are no threads: the LWPs whose jobs were not done become ready.
  void leave_parent(Runtime& runtime) noexcept;

 private:
  struct Job {
    Job* next = nullptr;  // in the queue or among those done
    ListLink<Job> link;
    Function function;
    void* argument;
    Outcome outcome{};
    PROCESS waiter;
    Outcome* ret_outcome;  // on the waiter's stack, valid while it lives
  };

  static constexpr int kThreads = 4;
  static constexpr int kMostJobs = 64;

  static void* thread_main(void* pool) noexcept;
  Job* next_job() noexcept;
  void push_done(Job* job) noexcept;
  void enqueue(Job* job) noexcept;
  bool have_thread() noexcept;
  void forget(Runtime& runtime, Job& job) noexcept;

  // The runtime's thread and the pool's: under mutex_.
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t work_ = PTHREAD_COND_INITIALIZER;
  Job* first_ = nullptr;
  Job* last_ = nullptr;
  int queued_ = 0;
  int idle_ = 0;
  bool stopping_ = false;

  // The runtime's thread alone.
  Zone* zone_ = nullptr;
  IntrusiveList<Job, &Job::link> jobs_;  // all that have not been collected
  int job_count_ = 0;                    // its address is the event of those who wait for a place
  pthread_t threads_[kThreads];
  int thread_count_ = 0;

  std::atomic<Job*> done_{nullptr};  // pushed by the pool, taken whole by the runtime's thread
};

}  // namespace lwp
