// Operations of one class that read the same first input and gain from one launch, as the products
// of a transformer's layer do.
#include "graph/together.h"

#include <algorithm>

#include "graph/primitive.h"

namespace mlx {
namespace {

std::vector<const Together*>& kinds() {
  static auto* const list = new std::vector<const Together*>;  // leaked: used at exit
  return *list;
}

const Together* kind_of(const Node& node) {
  if (node.siblings || node.tracer || node.inputs.empty()) return nullptr;
  const Primitive& primitive = *node.primitive;
  const std::type_info& type = typeid(primitive);
  for (const Together* kind : kinds())
    if (*kind->primitive == type) return kind;
  return nullptr;
}

/// Evaluated, or a view of what is.
bool is_ready(const Node& node) {
  if (node.evaluated) return true;
  return !node.siblings && !node.tracer && node.primitive->is_view() &&
         std::all_of(node.inputs.begin(), node.inputs.end(),
                     [](const array& x) { return is_ready(x.node()); });
}

}  // namespace

Together::Together(const std::type_info& primitive, size_t most, Evaluate evaluate)
    : primitive(&primitive), most(most), evaluate(evaluate) {
  kinds().push_back(this);
}

TogetherGroups::TogetherGroups(const Nodes& order) {
  for (Node* node : order)
    if (const Together* const kind = kind_of(*node)) {
      Group& group = groups_[&node->inputs[0].node()];
      if (!group.kind) group.kind = kind;
      if (group.kind == kind) group.nodes.push_back(node);
    }
}

TogetherGroups::Group* TogetherGroups::group_of(const Node& node) {
  const Together* const kind = groups_.empty() ? nullptr : kind_of(node);
  if (!kind) return nullptr;
  const auto found = groups_.find(&node.inputs[0].node());
  // An input may have readers of several kinds, of which one forms a group.
  return found == groups_.end() || found->second.kind != kind ? nullptr : &found->second;
}

void TogetherGroups::leave(const Node& node, const Nodes& ran) {
  const auto found = groups_.find(&node.inputs[0].node());
  Nodes& nodes = found->second.nodes;
  std::erase_if(nodes, [&](Node* other) {
    return other == &node || std::find(ran.begin(), ran.end(), other) != ran.end();
  });
  if (nodes.empty()) groups_.erase(found);
}

Nodes TogetherGroups::ready(const Group& group, Node& node) {
  Nodes result{&node};
  for (Node* other : group.nodes) {
    if (result.size() == group.kind->most) break;
    if (other == &node || other->evaluated || !(other->stream == node.stream)) continue;
    if (std::all_of(other->inputs.begin(), other->inputs.end(),
                    [](const array& x) { return is_ready(x.node()); }))
      result.push_back(other);
  }
  return result;
}

}  // namespace mlx
