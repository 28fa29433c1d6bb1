// SPDX-License-Identifier: MIT
#include "time/timer_index.h"

#include <cstdlib>

namespace lwp {

namespace {

constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;

}  // namespace

// --- the hash table

TimerNode*& TimerIndex::bucket(const TM_Elem& elem) const noexcept {
  const std::uint64_t mixed = reinterpret_cast<std::uintptr_t>(&elem) * kGoldenRatio;
  return table_[mixed >> (64 - bits_)];
}

bool TimerIndex::make_table() noexcept {
  bits_ = kFirstBits;
  table_ = static_cast<TimerNode**>(calloc(buckets(), sizeof(TimerNode*)));
  return table_ != nullptr;
}

void TimerIndex::grow_table() noexcept {
  auto** const bigger = static_cast<TimerNode**>(calloc(buckets() * 2, sizeof(TimerNode*)));
  if (bigger == nullptr) return;
  TimerNode** const old_table = table_;
  const std::size_t old_buckets = buckets();
  table_ = bigger;
  ++bits_;
  for (std::size_t i = 0; i < old_buckets; ++i) {
    for (TimerNode *node = old_table[i], *next; node != nullptr; node = next) {
      next = node->next_in_bucket;
      TimerNode*& head = bucket(*node->elem);
      node->next_in_bucket = head;
      head = node;
    }
  }
  free(old_table);
}

TimerNode* TimerIndex::find(const TM_Elem& elem) const noexcept {
  if (table_ == nullptr) return nullptr;
  TimerNode* node = bucket(elem);
  while (node != nullptr && node->elem != &elem) node = node->next_in_bucket;
  return node;
}

// --- the treap

// The pointer that points to the node.
TimerNode*& TimerIndex::link_to(const TimerNode& node) noexcept {
  if (node.up == nullptr) return root_;
  return node.up->left == &node ? node.up->left : node.up->right;
}

// The node changes places with its parent, which becomes its child.
void TimerIndex::rotate_up(TimerNode& node) noexcept {
  TimerNode& parent = *node.up;
  const bool was_left = parent.left == &node;
  TimerNode*& between = was_left ? node.right : node.left;
  link_to(parent) = &node;
  node.up = parent.up;
  (was_left ? parent.left : parent.right) = between;
  if (between != nullptr) between->up = &parent;
  between = &parent;
  parent.up = &node;
}

TimerNode* TimerIndex::insert(TM_Elem& elem, const Expiry& expiry) noexcept {
  if (table_ == nullptr && !make_table()) return nullptr;
  auto* const node = static_cast<TimerNode*>(malloc(sizeof(TimerNode)));
  if (node == nullptr) return nullptr;
  if (++count_ > buckets()) grow_table();

  random_ += kGoldenRatio;
  TimerNode*& head = bucket(elem);
  *node = {};
  node->elem = &elem;
  node->expiry = expiry;
  node->weight = static_cast<std::uint32_t>((random_ ^ (random_ >> 29)) * 0xbf58476d1ce4e5b9 >> 32);
  node->next_in_bucket = head;
  head = node;

  TimerNode** place = &root_;
  while (*place != nullptr) {
    node->up = *place;
    place = expiry < node->up->expiry ? &node->up->left : &node->up->right;
  }
  *place = node;
  while (node->up != nullptr && node->weight > node->up->weight) rotate_up(*node);
  return node;
}

void TimerIndex::erase(TimerNode& node) noexcept {
  TimerNode** place = &bucket(*node.elem);
  while (*place != &node) place = &(*place)->next_in_bucket;
  *place = node.next_in_bucket;
  --count_;

  // Down to where it has one child at most, the heavier child always coming up.
  while (node.left != nullptr && node.right != nullptr) {
    rotate_up(node.left->weight > node.right->weight ? *node.left : *node.right);
  }
  TimerNode* const only_child = node.left != nullptr ? node.left : node.right;
  link_to(node) = only_child;
  if (only_child != nullptr) only_child->up = node.up;
  free(&node);
}

void TimerIndex::clear() noexcept {
  for (std::size_t i = 0; table_ != nullptr && i < buckets(); ++i) {
    for (TimerNode *node = table_[i], *next; node != nullptr; node = next) {
      next = node->next_in_bucket;
      free(node);
    }
  }
  free(table_);
  *this = TimerIndex{};
}

TimerNode* TimerIndex::next(const TimerNode& node) noexcept {
  if (TimerNode* lowest = node.right; lowest != nullptr) {
    while (lowest->left != nullptr) lowest = lowest->left;
    return lowest;
  }
  const TimerNode* child = &node;
  while (child->up != nullptr && child->up->right == child) child = child->up;
  return child->up;
}

TimerNode* TimerIndex::prev(const TimerNode& node) noexcept {
  if (TimerNode* highest = node.left; highest != nullptr) {
    while (highest->right != nullptr) highest = highest->right;
    return highest;
  }
  const TimerNode* child = &node;
  while (child->up != nullptr && child->up->left == child) child = child->up;
  return child->up;
}

}  // namespace lwp
