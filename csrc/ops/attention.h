// Scaled dot-product attention.
#pragma once

#include <string>
#include <variant>

#include "ops/types.h"

namespace mlx::fast {

/// None, "causal" (aligned to the last key), or an array that broadcasts to (B, Hq, Lq, Lk): bool
/// (True keeps) or added.
using AttentionMask = std::optional<std::variant<std::string, array>>;

/// softmax(scale · q kᵀ + mask) v for q (B, Hq, Lq, D), k and v (B, Hkv, Lk, D), Hq a multiple of
/// Hkv. `sinks` adds one logit per query head to the softmax's sum. Scores are computed in float32
/// and never held for all queries at once.
array scaled_dot_product_attention(const array& q, const array& k, const array& v, float scale,
                                   const AttentionMask& mask = {},
                                   const std::optional<array>& sinks = {}, bool force_fused = false,
                                   StreamOrDevice s = {});

}  // namespace mlx::fast
