// A few rows of 16-bit floats times packed weights, on CPU devices, several matrices in one launch.
#pragma once

#include "ops/quantize.h"

namespace mlx {

/// One matrix of packed weights (weights, scales, biases) and where its product goes.
struct PackedSet {
  const Arrays* packed;
  const array* out;
  int64_t columns;
};

constexpr size_t most_packed_sets = 3;

/// Whether this device's kernel serves m rows of k values of that dtype.
bool can_multiply_packed_words(const Quantization& q, Dtype dtype, int64_t m, int64_t k,
                               const Queue& queue);
/// x (batches of m rows of k values) times each set; with `indices`, lhs and rhs choose the
/// matrices of every batch. Dense operands.
void multiply_packed_words(const Quantization& q, const array& x, const PackedSet* sets,
                           size_t count, const Arrays& indices, int64_t m, int64_t k, Queue& queue);

}  // namespace mlx
