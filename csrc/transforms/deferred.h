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
/// Throws where a rule that waits, read from a file, does not fit the primitive it is about; see
/// import_check.h. Does nothing for other primitives.
void check_waiting_rule(const Primitive& primitive, const Arrays& inputs,
                        const std::vector<Shape>& shapes, const std::vector<Dtype>& dtypes);
/// `x` repeated along a new axis, as often as `like` is long along `like_axis`.
array spread_along(const array& x, int axis, const array& like, int like_axis);

}  // namespace mlx
