// What MLX calls the primitives, for exported functions and pictures of graphs.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "graph/primitive.h"

namespace mlx {

/// One item of a primitive's state. Shapes are tuples, other numbers lists.
using StateItem =
    std::variant<bool, int64_t, double, Dtype, std::string, Shape, std::vector<int64_t>>;

/// An elementwise operation in MLX's class names.
struct ElementwiseName {
  std::string name;
  std::optional<StateItem> state;  ///< what tells apart operations of one class
};
ElementwiseName elementwise_name(const std::string& ours);

/// The label of a primitive in a graph.
std::string mlx_name(const Primitive& primitive);

}  // namespace mlx
