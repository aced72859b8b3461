// The part of a graph that depends on given nodes, in order.
#include "transforms/tape.h"

#include <algorithm>

#include "graph/order.h"
#include "graph/primitive.h"

namespace mlx {

Tape::Tape(const Arrays& outputs, const Arrays& sources, bool gradients) {
  for (const array& source : sources) dependent.insert(&source.node());
  const Submission submission;
  const auto order = topological_order(
      outputs, [&](const Node& node) { return node.primitive && !dependent.count(&node); });
  std::unordered_set<const Siblings*> seen;
  for (Node* node : order) {
    const bool depends =
        std::any_of(node->inputs.begin(), node->inputs.end(),
                    [&](const array& input) { return dependent.count(&input.node()); });
    if (!depends || (gradients && node->primitive->stops_gradient())) continue;
    dependent.insert(node);
    if (node->siblings && !seen.insert(node->siblings.get()).second) continue;
    nodes.push_back(node);
  }
}

}  // namespace mlx
