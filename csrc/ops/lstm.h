// Long short-term memory over whole sequences.
#pragma once

#include "ops/types.h"

namespace mlx::fast {

/// For each step (i, f, g, o) = gates + h @ weightᵀ, c = σ(f) c + σ(i) tanh(g) and h = σ(o)
/// tanh(c): Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997.
/// gates (N, L, 4H) is the input's product with its weight; weight (4H, H), hidden and cell (N, H);
/// all float32. Returns every h and every c, both (N, L, H).
Arrays lstm(const array& gates, const array& weight, const array& hidden, const array& cell,
            StreamOrDevice s = {});

}  // namespace mlx::fast
