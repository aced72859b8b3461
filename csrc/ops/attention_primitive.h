// How attention runs: parameters, operands, and the two evaluations.
#pragma once

#include <optional>

#include "cl/blas.h"
#include "graph/array.h"

namespace mlx::fast {

struct AttentionKind {
  float scale;
  bool causal, has_mask, has_sinks;
};

/// out = softmax(scale · q kᵀ + mask) v; inputs are q, k, v, then the mask (4 axes that broadcast),
/// then the sinks.
void attend(const Arrays& inputs, array& out, const AttentionKind& kind, Queue& queue);

/// The same without a matrix of scores, for a few queries on a CPU device; false for others. `out`
/// is allocated.
bool attend_few(const Arrays& inputs, array& out, const AttentionKind& kind, Queue& queue);

/// An evaluated (batch, heads, rows, width) array whose last axis is dense.
struct Heads {
  array x;
  int64_t batch_stride, head_stride, row_stride;

  Matrix matrix(int64_t batch, int64_t head, int64_t row, int64_t step) const {
    return {&x.buffer(), x.offset() + batch * batch_stride + head * head_stride + row * row_stride,
            false, row_stride, step};
  }
};
Heads heads_of(const array& input, Dtype dtype, Queue& queue);

/// What the softmax needs to know of mask and sinks: entries along the keys follow each other; the
/// strides of the other axes are 0 where the mask repeats.
/// The array itself or a converted copy.
array in_dtype(const array& x, Dtype dtype, Queue& queue);

struct Masking {
  std::optional<array> mask, sinks;
  int64_t strides[3] = {};
};
Masking make_masking(const Arrays& inputs, const AttentionKind& kind, int64_t keys, Queue& queue);

}  // namespace mlx::fast
