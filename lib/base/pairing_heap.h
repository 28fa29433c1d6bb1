// SPDX-License-Identifier: MIT
// pairing_heap.h - a priority queue whose links live in its elements.
//
// Cost:    insert and front are constant, pop and erase logarithmic (amortised).
// Memory:  nothing is allocated, so nothing can fail.
// Context: no locking; the caller sees to it that nobody else touches the heap.
#pragma once

#include "base/check.h"

namespace lwp {

template <typename T>
struct HeapLink {
  T* child = nullptr;
  T* next = nullptr;  // sibling
  T* prev = nullptr;  // sibling before, or the parent of a first child; the root itself; null: none
};

// kBefore(a, b): a is to come out before b. It must be a strict order of all elements.
template <typename T, HeapLink<T> T::*kLink, bool (*kBefore)(const T&, const T&)>
class PairingHeap {
 public:
  bool empty() const noexcept { return root_ == nullptr; }
  T* front() const noexcept { return root_; }
  static bool contains(const T& element) noexcept { return (element.*kLink).prev != nullptr; }

  void insert(T& element) noexcept {
    LWP_CHECK(!contains(element));
    element.*kLink = {};
    set_root(root_ == nullptr ? &element : meld(root_, &element));
  }

  void erase(T& element) noexcept {
    HeapLink<T>& link = element.*kLink;
    LWP_CHECK(contains(element));
    T* const orphans = meld_siblings(link.child);
    if (&element == root_) {
      set_root(orphans);
    } else {
      HeapLink<T>& before = link.prev->*kLink;
      (before.child == &element ? before.child : before.next) = link.next;
      if (link.next != nullptr) (link.next->*kLink).prev = link.prev;
      if (orphans != nullptr) set_root(meld(root_, orphans));
    }
    link = {};
  }

  // Up to kRoom elements for which within() holds, in no order. If it holds for one it does so for
  // all before that. How many.
  template <typename Within, int kRoom>
  int collect(Within within, T* (&ret_elements)[kRoom]) const noexcept {
    T* pending[kRoom + 1];  // each with the siblings behind it
    int pending_count = 0;
    int count = 0;
    if (root_ != nullptr) pending[pending_count++] = root_;
    while (pending_count > 0) {
      T* const element = pending[--pending_count];
      const HeapLink<T>& link = element->*kLink;
      if (link.next != nullptr) pending[pending_count++] = link.next;
      if (!within(*element)) continue;
      ret_elements[count++] = element;
      if (count == kRoom) break;
      if (link.child != nullptr) pending[pending_count++] = link.child;
    }
    return count;
  }

 private:
  void set_root(T* root) noexcept {
    root_ = root;
    if (root != nullptr) (root->*kLink).prev = root;
  }

  // Two roots become one; its prev is not set.
  static T* meld(T* a, T* b) noexcept {
    if (kBefore(*b, *a)) {
      T* const swap = a;
      a = b;
      b = swap;
    }
    HeapLink<T>& parent = a->*kLink;
    HeapLink<T>& child = b->*kLink;
    child.prev = a;
    child.next = parent.child;
    if (parent.child != nullptr) (parent.child->*kLink).prev = b;
    parent.child = b;
    parent.next = parent.prev = nullptr;
    return a;
  }

  // In pairs from left to right, then the pairs from right to left: without recursion.
  static T* meld_siblings(T* first) noexcept {
    T* pairs = nullptr;  // chained by next, the last pair in front
    while (first != nullptr) {
      T* const a = first;
      T* const b = (a->*kLink).next;
      first = b != nullptr ? (b->*kLink).next : nullptr;
      (a->*kLink).next = (a->*kLink).prev = nullptr;
      if (b != nullptr) (b->*kLink).next = (b->*kLink).prev = nullptr;
      T* const pair = b != nullptr ? meld(a, b) : a;
      (pair->*kLink).next = pairs;
      pairs = pair;
    }
    T* root = nullptr;
    while (pairs != nullptr) {
      T* const next = (pairs->*kLink).next;
      (pairs->*kLink).next = nullptr;
      root = root == nullptr ? pairs : meld(root, pairs);
      pairs = next;
    }
    return root;
  }

  T* root_ = nullptr;
};

}  // namespace lwp
