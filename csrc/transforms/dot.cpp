// Graphs as text.
#include "transforms/dot.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "graph/mlx_names.h"
#include "graph/order.h"
#include "graph/primitive.h"

namespace mlx {

/// A, B, … Z, AA, AB, …
std::string letters(size_t number) {
  std::string name;
  for (++number; number > 0; number = (number - 1) / 26)
    name.insert(name.begin(), char('A' + (number - 1) % 26));
  return name;
}

namespace {

/// The name of a node: its own, else the next letters that are free.
std::string name_of(const Node& node, std::map<const Node*, std::string>& names, size_t& made) {
  std::string& found = names[&node];
  if (found.empty()) found = letters(made++);
  return found;
}

std::vector<Node*> ordered(const Arrays& outputs) {
  const Submission submission;
  return topological_order(outputs, [](const Node&) { return true; });
}

}  // namespace

std::string dot_of(const Arrays& outputs, std::map<const Node*, std::string> names) {
  std::string text = "digraph {\n";
  size_t made = 0;
  const auto name = [&](const Node& node) { return '"' + name_of(node, names, made) + '"'; };
  std::map<const void*, bool> drawn;
  for (const Node* node : ordered(outputs)) {
    const bool is_output = std::any_of(outputs.begin(), outputs.end(),
                                       [&](const array& x) { return &x.node() == node; });
    if (!node->primitive) {
      text += "{ rank=source; " + name(*node) + "; }\n";
      continue;
    }
    const void* const box = node->siblings ? static_cast<const void*>(node->siblings.get()) : node;
    const std::string id = std::to_string(reinterpret_cast<uintptr_t>(box));
    if (!drawn[box]) {
      drawn[box] = true;
      text += "{ " + id + " [label =\"" + mlx_name(*node->primitive) + "\", shape=rectangle]; }\n";
      for (const array& input : node->inputs) text += name(input.node()) + " -> " + id + '\n';
    }
    text += (is_output ? "{ rank=sink; " : "{ ") + name(*node) + "; }\n" + id + " -> " +
            name(*node) + '\n';
  }
  return text + "}\n";
}

std::string listing_of(const Arrays& outputs, std::map<const Node*, std::string> names) {
  std::string text;
  size_t made = 0;
  const auto listed = [&](const Arrays& arrays) {
    std::string line;
    for (const array& x : arrays)
      line += (line.empty() ? "" : ", ") + name_of(x.node(), names, made);
    return line;
  };
  std::map<const void*, bool> shown;
  for (const Node* node : ordered(outputs)) {
    if (!node->primitive) continue;
    const void* const step = node->siblings ? static_cast<const void*>(node->siblings.get()) : node;
    if (std::exchange(shown[step], true)) continue;
    const std::string inputs = listed(node->inputs);
    text += mlx_name(*node->primitive) + '(' + inputs + ") -> " +
            listed(array(Ref<Node>(const_cast<Node*>(node))).outputs()) + '\n';
  }
  return text;
}

}  // namespace mlx
