// SPDX-License-Identifier: MIT
// intrusive_list.h - a doubly linked list whose links live in its elements.
//
// Memory:  nothing is allocated, so nothing can fail. An element is in one list per link at most.
// Context: no locking; the caller sees to it that nobody else touches the list.
#pragma once

#include "base/check.h"

namespace lwp {

template <typename T>
struct ListLink {
  T* next = nullptr;
  T* prev = nullptr;
};

template <typename T, ListLink<T> T::*kLink>
class IntrusiveList {
 public:
  bool empty() const noexcept { return head_ == nullptr; }
  T* front() const noexcept { return head_; }
  static T* next(const T& element) noexcept { return (element.*kLink).next; }

  bool holds_only(const T& element) const noexcept { return head_ == &element && tail_ == &element; }

  // The same as erase() of the only element.
  void clear() noexcept { head_ = tail_ = nullptr; }

  void push_back(T& element) noexcept {
    ListLink<T>& link = element.*kLink;
    link.next = nullptr;
    link.prev = tail_;
    (tail_ != nullptr ? (tail_->*kLink).next : head_) = &element;
    tail_ = &element;
  }

  void erase(T& element) noexcept {
    ListLink<T>& link = element.*kLink;
    T*& to_here = link.prev != nullptr ? (link.prev->*kLink).next : head_;
    LWP_CHECK(to_here == &element);
    to_here = link.next;
    (link.next != nullptr ? (link.next->*kLink).prev : tail_) = link.prev;
    link.next = link.prev = nullptr;
  }

 private:
  T* head_ = nullptr;
  T* tail_ = nullptr;
};

}  // namespace lwp
