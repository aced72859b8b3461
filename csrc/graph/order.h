// The only graph walk.
#pragma once

#include <vector>

#include "graph/array.h"

namespace mlx {

/// The nodes that `outputs` depend on, inputs before users, each multi-output application once per
/// living output. Iterative and linear. Walks on to a node only if `enter(node)`; nodes refused are
/// left out.
template <typename Enter>
std::vector<Node*> topological_order(const Arrays& outputs, Enter&& enter);

uint64_t next_mark();

template <typename Enter>
std::vector<Node*> topological_order(const Arrays& outputs, Enter&& enter) {
  struct Frame {
    Node* node;
    size_t next;
  };
  std::vector<Node*> order;
  std::vector<Frame> stack;
  const uint64_t mark = next_mark();
  const auto visit = [&](Node* node) {
    if (node->mark == mark || !enter(*node)) return;
    node->mark = mark;
    stack.push_back({node, 0});
  };
  for (const array& output : outputs) {
    visit(&output.node());
    while (!stack.empty()) {
      Frame& frame = stack.back();
      if (frame.next < frame.node->inputs.size()) {
        visit(&frame.node->inputs[frame.next++].node());
      } else {
        order.push_back(frame.node);
        stack.pop_back();
      }
    }
  }
  return order;
}

}  // namespace mlx
