// Automatic batching.
#pragma once

#include "transforms/autodiff.h"

namespace mlx {

/// Applies `f`, written for single examples, to inputs batched along `in_axes` (-1: not batched).
/// `out_axes(n)` gives the batch axes wanted of the n outputs (-1: the output must not be batched).
/// Throws std::invalid_argument for sizes that differ, and for primitives without a batching rule.
Arrays vmap(const Function& f, const Arrays& inputs, const std::vector<int>& in_axes,
            const std::function<std::vector<int>(const Arrays&)>& out_axes);

}  // namespace mlx
