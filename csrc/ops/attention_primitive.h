// How attention runs: parameters and the chunked evaluation.
#pragma once

#include "graph/array.h"

namespace mlx::fast {

struct AttentionKind {
  float scale;
  bool causal, has_mask, has_sinks;
};

/// out = softmax(scale · q kᵀ + mask) v; inputs are q, k, v, then the mask (4 axes that broadcast),
/// then the sinks.
void attend(const Arrays& inputs, array& out, const AttentionKind& kind, Queue& queue);

}  // namespace mlx::fast
