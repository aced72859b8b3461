// Products of chosen matrices, of masked blocks and of stretches of the inner dimension; Hadamard
// transforms.
#pragma once

#include "ops/types.h"

namespace mlx {

/// For vmap: the indices (batch, …) of each example among its matrices of x (batch, …, m, n),
/// counted over all examples.
array indices_of_examples(const array& indices, const array& x);
/// a[lhs_indices] @ b[rhs_indices] over the flattened batches; the indices broadcast. Floating
/// dtypes.
array gather_mm(const array& a, const array& b, const std::optional<array>& lhs_indices = {},
                const std::optional<array>& rhs_indices = {}, bool sorted_indices = false,
                StreamOrDevice s = {});
/// a @ b with block_size × block_size tiles of either operand and of the result multiplied by a
/// mask (bool: kept or not).
array block_masked_mm(const array& a, const array& b, int block_size = 64,
                      const std::optional<array>& mask_out = {},
                      const std::optional<array>& mask_lhs = {},
                      const std::optional<array>& mask_rhs = {}, StreamOrDevice s = {});
/// a[:, start:stop] @ b[start:stop] for each (start, stop) of `segments` (…, 2); shape (…, m, n).
array segmented_mm(const array& a, const array& b, const array& segments, StreamOrDevice s = {});
/// The last axis, of size m · 2^k with m 1, 12, 20 or 28, times a Hadamard matrix and scale (1 /
/// sqrt(size)).
array hadamard_transform(const array& a, std::optional<float> scale = {}, StreamOrDevice s = {});

}  // namespace mlx
