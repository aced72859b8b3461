// Softmax and log-sum-exp over axes.
#pragma once

#include "ops/types.h"

namespace mlx {

/// exp(a - max) / sum(exp(a - max)) over the axes; 16-bit floats are summed in float32 whether
/// `precise` or not.
array softmax(const array& a, const OptionalAxes& axis = {}, bool precise = false,
              StreamOrDevice s = {});
array logsumexp(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
                StreamOrDevice s = {});

}  // namespace mlx
