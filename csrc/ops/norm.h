// Fused normalizations: mx.fast.rms_norm and mx.fast.layer_norm.
#pragma once

#include "ops/types.h"

namespace mlx::fast {

/// x / sqrt(mean(x²) + eps) over the last axis, times `weight` if there is one.
array rms_norm(const array& x, const std::optional<array>& weight, float eps,
               StreamOrDevice s = {});
/// (x - mean) / sqrt(variance + eps) over the last axis, times `weight`, plus `bias`, if there are.
array layer_norm(const array& x, const std::optional<array>& weight,
                 const std::optional<array>& bias, float eps, StreamOrDevice s = {});

}  // namespace mlx::fast
