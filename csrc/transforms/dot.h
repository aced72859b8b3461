// Graphs as text, for Graphviz and for people.
#pragma once

#include <map>
#include <string>

#include "graph/array.h"

namespace mlx {

/// A, B, … Z, AA, AB, …
std::string letters(size_t number);
/// The graph of some arrays as text for Graphviz: boxes are operations, `names` label the arrays
/// known by name.
std::string dot_of(const Arrays& outputs, std::map<const Node*, std::string> names);
/// One line for each operation: its name, inputs and outputs.
std::string listing_of(const Arrays& outputs, std::map<const Node*, std::string> names);

}  // namespace mlx
