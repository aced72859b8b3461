// Graphs as text.
#pragma once

#include <ostream>
#include <string>
#include <unordered_map>
#include <vector>

#include "mlx/array.h"

namespace mlx::core {

/// Names for arrays in a picture; those without one get letters.
class NodeNamer {
 public:
  void set_name(const array& x, std::string name);
  /// The name of an array; one without is given the next letters.
  const std::string& get_name(const array& x);
  const std::unordered_map<std::uintptr_t, std::string>& names() const { return names_; }

 private:
  std::unordered_map<std::uintptr_t, std::string> names_;
  size_t made_ = 0;
};

void export_to_dot(std::ostream& os, const NodeNamer& namer, const std::vector<array>& outputs);
/// One line for each operation.
void print_graph(std::ostream& os, const NodeNamer& namer, const std::vector<array>& outputs);

}  // namespace mlx::core
