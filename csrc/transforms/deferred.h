// The rules of primitives, called at once or, in a recording for inputs of any shape, when the
// shapes are known.
#pragma once

#include "graph/array.h"

namespace mlx {

/// Primitive::vjp.
Arrays pull_through(Primitive& primitive, const Arrays& inputs, const Arrays& cotangents,
                    const std::vector<int>& argnums, const Arrays& outputs);
/// Primitive::jvp, or the vjp of the vjp.
Arrays push_through(Primitive& primitive, const Arrays& inputs, const Arrays& outputs,
                    const Arrays& tangents, const std::vector<int>& argnums);
/// Primitive::vmap of a node, for batched inputs in place of its own.
std::pair<Arrays, std::vector<int>> batch_through(const Node& node, const Arrays& inputs,
                                                  const std::vector<int>& axes);
/// `x` repeated along a new axis, as often as `like` is long along `like_axis`.
array spread_along(const array& x, int axis, const array& like, int like_axis);

}  // namespace mlx
