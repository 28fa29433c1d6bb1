// SPDX-License-Identifier: MIT
#include "iomgr/blocking_pool.h"

#include <errno.h>
#include <signal.h>

#include <cstdlib>
#include <new>

#include "core/cancel.h"
#include "core/event.h"
#include "iomgr/io_manager.h"
#include "sigsafe/signal_catcher.h"

namespace lwp {

void* BlockingPool::thread_main(void* pool) noexcept {
  auto& self = *static_cast<BlockingPool*>(pool);
  while (Job* const job = self.next_job()) {
    errno = 0;
    job->outcome.result = job->function(job->argument);
    job->outcome.error = errno;
    job->outcome.done = true;
    self.push_done(job);
  }
  return nullptr;
}

// Null when the pool stops.
BlockingPool::Job* BlockingPool::next_job() noexcept {
  pthread_mutex_lock(&mutex_);
  ++idle_;
  while (first_ == nullptr && !stopping_) pthread_cond_wait(&work_, &mutex_);
  --idle_;
  Job* const job = stopping_ ? nullptr : first_;
  if (job != nullptr) {
    first_ = job->next;
    if (first_ == nullptr) last_ = nullptr;
    --queued_;
  }
  pthread_mutex_unlock(&mutex_);
  return job;
}

void BlockingPool::push_done(Job* job) noexcept {
  job->next = done_.load(std::memory_order_relaxed);
  while (!done_.compare_exchange_weak(job->next, job, std::memory_order_seq_cst)) {
  }
  wake_sleeper(*zone_);
}

void BlockingPool::enqueue(Job* job) noexcept {
  pthread_mutex_lock(&mutex_);
  (last_ != nullptr ? last_->next : first_) = job;
  last_ = job;
  ++queued_;
  pthread_cond_signal(&work_);
  pthread_mutex_unlock(&mutex_);
}

// A thread will take the next job, sooner or later.
bool BlockingPool::have_thread() noexcept {
  pthread_mutex_lock(&mutex_);
  const bool enough = idle_ > queued_ || thread_count_ == kThreads;
  pthread_mutex_unlock(&mutex_);
  if (enough) return true;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(&threads_[thread_count_], nullptr, thread_main, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error == 0) ++thread_count_;
  return thread_count_ > 0;
}

Rc BlockingPool::run(Runtime& runtime, Function function, void* argument,
                     Outcome* ret_outcome) noexcept {
  if (runtime.block != nullptr) return Rc::system;  // threads have stacks of their own
  while (job_count_ >= kMostJobs) {
    const void* const place = &job_count_;
    if (const Rc rc = block_on_events(runtime, &place, 1, 1); rc != Rc::success) return rc;
    if (wait_was_cut(*runtime.current)) return Rc::system;
    if (runtime.io == nullptr || &runtime.io->pool != this) return Rc::system;
  }
  if (zone_ == nullptr) zone_ = &runtime;  // the pool's threads read it, once there are any
  void* const memory = malloc(sizeof(Job));
  if (memory == nullptr) return Rc::no_memory;
  Job* const job = new (memory) Job;
  job->function = function;
  job->argument = argument;
  job->waiter = runtime.current->handle;
  job->ret_outcome = ret_outcome;
  if (!have_thread()) {
    free(job);
    return Rc::system;
  }
  jobs_.push_back(*job);
  ++job_count_;
  ++runtime.io_waiters;
  enqueue(job);
  const void* const event = job;
  if (const Rc rc = block_on_events(runtime, &event, 1, 1); rc != Rc::success) return rc;
  return ret_outcome->done ? Rc::success : Rc::system;
}

void BlockingPool::forget(Runtime& runtime, Job& job) noexcept {
  jobs_.erase(job);
  --job_count_;
  --runtime.io_waiters;
  free(&job);
}

bool BlockingPool::collect(Runtime& runtime) noexcept {
  if (!has_done()) return false;
  Job* in_order = nullptr;
  for (Job *job = done_.exchange(nullptr), *next; job != nullptr; job = next) {
    next = job->next;
    job->next = in_order;
    in_order = job;
  }
  bool woke = false;
  while (Job* const job = in_order) {
    in_order = job->next;
    if (runtime.handles.find(job->waiter) != nullptr) *job->ret_outcome = job->outcome;
    woke |= signal_event(runtime, job) == Rc::success;
    forget(runtime, *job);
  }
  (void)signal_event(runtime, &job_count_);
  return woke;
}

void BlockingPool::stop(Runtime& runtime) noexcept {
  pthread_mutex_lock(&mutex_);
  stopping_ = true;
  pthread_cond_broadcast(&work_);
  pthread_mutex_unlock(&mutex_);
  for (int i = 0; i < thread_count_; ++i) pthread_join(threads_[i], nullptr);
  while (Job* const job = jobs_.front()) {
    Pcb* const waiter = runtime.handles.find(job->waiter);
    // It may wait for something else by now, in a clean-up handler.
    const bool waits =
        waiter != nullptr && waiter->node_count == 1 && waiter->nodes[0].event == job;
    if (waits) forget_wait(runtime, *waiter);
    forget(runtime, *job);
  }
  (void)signal_event(runtime, &job_count_);
  pthread_mutex_destroy(&mutex_);
  pthread_cond_destroy(&work_);
}

// The mutex and the queue are as some thread of the parent had them.
void BlockingPool::leave_parent(Runtime& runtime) noexcept {
  (void)collect(runtime);
  while (Job* const job = jobs_.front()) {
    (void)signal_event(runtime, job);
    forget(runtime, *job);
  }
  (void)signal_event(runtime, &job_count_);
  new (this) BlockingPool;
}

}  // namespace lwp
