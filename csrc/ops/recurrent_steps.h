// What the recurrent layers share: pieces of sequences, batching, and the steps back of those with
// one state.
#pragma once

#include <functional>
#include <optional>

#include "cl/blas.h"
#include "graph/array.h"

namespace mlx::recurrent {

/// Of an array (batch, length, width).
struct Sizes {
  int64_t batch, length, width;
  explicit Sizes(const array& states)
      : batch(states.shape(0)), length(states.shape(1)), width(states.shape(2)) {}
  int64_t row() const { return length * width; }
};

/// The matrix that begins `at` elements into x.
Matrix matrix(const array& x, int64_t at, int64_t leading, bool transposed = false);
BufferArgument reads_at(const array& x, int64_t at);
BufferArgument writes_at(const array& x, int64_t at);

array at_step(const array& x, int t);
/// What came before each step.
array shifted(const array& first, const array& x);
/// One of `parts` equal pieces of the last axis.
array part_of(const array& gates, int which, int parts);
/// Σ over batch and steps of aᵀ b.
array weight_product(const array& a, const array& b);

/// Names the operand whose dtype is not float32.
void expect_float32(const char* op, const Arrays& inputs);
void expect_shape(const char* op, const char* what, const array& x, const Shape& shape);

/// All steps of a sequence in one launch, for which a CPU device's work-items take rows of the
/// batch; the weight is packed for their products.
class WholeSequence {
 public:
  /// Empty where a product and a kernel for each step serve better. The products are of states with
  /// weightᵀ, on the way back of cotangents with the weight.
  static std::optional<WholeSequence> of(const array& weight, int64_t batch, bool back,
                                         Queue& queue);
  Launch start(Queue& queue, const char* kernel) const;
  BufferArgument packed() const { return reads(packed_); }
  BufferArgument product() const { return writes(product_); }
  int64_t wide() const { return product_.shape(1); }
  int64_t shares() const { return shares_; }

 private:
  WholeSequence(array packed, array product, int64_t shares)
      : packed_(std::move(packed)), product_(std::move(product)), shares_(shares) {}
  array packed_, product_;  ///< the product of a step, in rows of whole panels
  int64_t shares_;
};

using Apply = std::function<Arrays(const Arrays&)>;
/// The same primitive over the examples of a batch: as more rows, or one after another where one of
/// the inputs from `first` to `last` is batched, which all rows share.
std::pair<Arrays, std::vector<int>> over_examples(const Arrays& inputs,
                                                  const std::vector<int>& axes, size_t first,
                                                  size_t last, const Apply& apply);

/// The derivatives of a state by what enters its step, for all steps: by the state before, apart
/// from its product with the weight, and by each part of that product.
struct Slopes {
  array through;  ///< (N, L, H)
  array parts;    ///< (N, L, K H) for a weight (K H, H)
};

/// Tangents of the states, step by step: d = terms + through * d before + Σ parts * (d before @
/// weightᵀ).
array tangents_of(const Slopes& slopes, const array& weight, const array& terms, array first);

/// Cotangents, from the last step to the first: of the product's parts (N, L, K H), of the states
/// (N, L, H), to which those of later steps have been added, and of the first state (N, H).
Arrays cotangents_of(const Slopes& slopes, const array& weight, const array& cotangent);

}  // namespace mlx::recurrent
