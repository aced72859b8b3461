// What a step of a recording may say: files come from anywhere, and what they hold was checked by
// none of the functions that make nodes.
#pragma once

#include "graph/primitive.h"

namespace mlx {

/// Throws std::exception where parameters, inputs and outputs of a step do not fit each other, so
/// that evaluating it or transforming it could read what is not there.
void check_step(Primitive& primitive, const Arrays& inputs, const std::vector<Shape>& shapes,
                const std::vector<Dtype>& dtypes);

}  // namespace mlx
