// Recurrent layers over whole sequences: of Elman, gated recurrent units, long short-term memory.
#pragma once

#include "ops/types.h"

namespace mlx::fast {

/// For each step h = f(terms + h @ weightᵀ), f being tanh, or what is not below 0 of its argument:
/// Elman, "Finding structure in time", Cognitive Science 14(2), 1990.
/// terms (N, L, H) is the input's product with its weight; weight (H, H), hidden (N, H); all
/// float32. Returns every h, (N, L, H).
array rnn(const array& terms, const array& weight, const array& hidden, bool relu = false,
          StreamOrDevice s = {});

/// For each step (r, z, n) = gates and (a, b, c) = h @ weightᵀ, m = tanh(n + σ(r + a) (c + bias))
/// and h = (1 - σ(z + b)) m + σ(z + b) h: Cho and others, arXiv:1406.1078.
/// gates (N, L, 3H) is the input's product with its weight; weight (3H, H), bias (H,), hidden
/// (N, H); all float32. Returns every h, (N, L, H).
array gru(const array& gates, const array& weight, const array& bias, const array& hidden,
          StreamOrDevice s = {});

/// For each step (i, f, g, o) = gates + h @ weightᵀ, c = σ(f) c + σ(i) tanh(g) and h = σ(o)
/// tanh(c): Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997.
/// gates (N, L, 4H) is the input's product with its weight; weight (4H, H), hidden and cell (N, H);
/// all float32. Returns every h and every c, both (N, L, H).
Arrays lstm(const array& gates, const array& weight, const array& hidden, const array& cell,
            StreamOrDevice s = {});

}  // namespace mlx::fast
