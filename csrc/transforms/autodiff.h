// Reverse- and forward-mode differentiation of functions of arrays.
#pragma once

#include <functional>
#include <optional>

#include "graph/array.h"

namespace mlx {

using Function = std::function<Arrays(const Arrays&)>;

/// Outputs of `f` at `primals`, and the vector-Jacobian products: one per primal, zeros where it
/// has no influence. `cotangents` match the outputs in order; outputs behind stop_gradient may be
/// left out. Throws std::invalid_argument when counts or shapes do not match.
std::pair<Arrays, Arrays> vjp(const Function& f, const Arrays& primals, const Arrays& cotangents);

/// Outputs of `f` at `primals`, and the Jacobian-vector products: one per output.
std::pair<Arrays, Arrays> jvp(const Function& f, const Arrays& primals, const Arrays& tangents);

/// All outputs of `f` and the gradient of its first one, a scalar, with regard to each primal.
std::pair<Arrays, Arrays> value_and_gradient(const Function& f, const Arrays& primals);

/// Cotangents of the nodes `sources`, given those of `outputs` (where there is one); no value where
/// there is no path.
std::vector<std::optional<array>> pull_back(const Arrays& outputs,
                                            const std::vector<std::optional<array>>& cotangents,
                                            const Arrays& sources);

/// A primitive's jvp, or the vjp of its vjp (which is linear in the cotangents) where it has none.
Arrays push_forward(Primitive& primitive, const Arrays& inputs, const Arrays& outputs,
                    const Arrays& tangents, const std::vector<int>& argnums);

/// The values, zeros where there is none: one for each of `like`.
Arrays or_zeros(const std::vector<std::optional<array>>& values, const Arrays& like);

/// Stands for `x` in a function being traced: the same value under a node of its own.
array tracer_of(const array& x);
/// Same value; marks the place where a traced function took its argument.
array identity(const array& x);

}  // namespace mlx
