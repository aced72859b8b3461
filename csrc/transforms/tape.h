// The part of a graph that depends on given nodes, in order: what every transformation walks.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/array.h"

namespace mlx {

/// The nodes between `sources` and `outputs` that depend on a source, inputs before users.
/// Multi-output applications appear once, by their first sibling in the order.
struct Tape {
  /// With `gradients`, nothing depends on a source through stop_gradient.
  Tape(const Arrays& outputs, const Arrays& sources, bool gradients);
  bool depends(const array& x) const { return dependent.count(&x.node()) > 0; }

  std::vector<Node*> nodes;
  std::unordered_set<const Node*> dependent;  ///< the sources included
};

}  // namespace mlx
