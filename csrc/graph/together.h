// Operations of one class that read the same first input and gain from one launch, as the products
// of a transformer's layer do.
#pragma once

#include <typeinfo>
#include <unordered_map>
#include <vector>

#include "graph/array.h"

namespace mlx {

using Nodes = std::vector<Node*>;

/// A static of this type says that nodes whose primitives are of that class may run together.
struct Together {
  /// Runs nodes with the same first input, whose inputs are all evaluated, as one; false, and
  /// nothing done, where that does not serve them. At most `most` of them.
  using Evaluate = bool (*)(const Nodes& nodes, Queue& queue);
  Together(const std::type_info& primitive, size_t most, Evaluate evaluate);
  const std::type_info* primitive;
  size_t most;
  Evaluate evaluate;
};

/// What may run together in an evaluation.
class TogetherGroups {
 public:
  explicit TogetherGroups(const Nodes& order);
  /// While there are groups, nodes of the order run before their turn, and their inputs may die:
  /// the caller holds what is still to come.
  bool empty() const { return groups_.empty(); }
  /// Runs `node`, which is ready, with others of its group that are ready but for views, which
  /// `run` evaluates. False, and at most those views done, where there are none. Returns the nodes
  /// that ran.
  template <typename Run>
  Nodes run_with_others(Node& node, Queue& queue, Run run) {
    Group* const group = group_of(node);
    if (!group) return {};
    const Together* const kind = group->kind;
    Nodes together = ready(*group, node);
    if (together.size() > 1) {
      for (Node* other : together)
        for (array& input : other->inputs) run_views(input.node(), run);
      if (!kind->evaluate(together, queue)) together.clear();
    } else {
      together.clear();
    }
    leave(node, together);
    return together;
  }

 private:
  struct Group {
    const Together* kind;
    Nodes nodes;
  };
  Group* group_of(const Node& node);
  static Nodes ready(const Group& group, Node& node);
  template <typename Run>
  void run_views(Node& node, Run run) {
    if (node.evaluated) return;
    for (array& input : node.inputs) run_views(input.node(), run);
    run(node);
  }
  /// Takes node and those that ran with it out of their group: from now on they may die.
  void leave(const Node& node, const Nodes& ran);
  std::unordered_map<const Node*, Group> groups_;  ///< by the first input
};

}  // namespace mlx
