// Public primitives in the graph inside.
#pragma once

#include <memory>
#include <vector>

#include "graph/array.h"
#include "mlx/array.h"

namespace mlx::core {

/// The not yet computed outputs of a public primitive.
mlx::Arrays outputs_of(std::shared_ptr<Primitive> primitive, std::vector<Shape> shapes,
                       const std::vector<Dtype>& dtypes, const std::vector<array>& inputs);

}  // namespace mlx::core
