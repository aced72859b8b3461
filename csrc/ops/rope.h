// Rotary position embeddings.
#pragma once

#include "ops/types.h"

namespace mlx::fast {

/// Rotates pairs of the first `dims` features of a (…, T, D) by the angles (t + offset) · scale ·
/// f_i, where f_i = base^(-2i/dims) or 1 / freqs[i]. Pairs are (2i, 2i + 1) if `traditional`, else
/// (i, i + dims/2). `offset` is a number, or an integer array of one element or one per entry of
/// the first axis. Su et al., arXiv:2104.09864.
array rope(const array& a, int dims, bool traditional, std::optional<float> base, float scale,
           const Operand& offset, const std::optional<array>& freqs = {}, StreamOrDevice s = {});

}  // namespace mlx::fast
