// Cross entropy of classes given as indices.
#pragma once

#include "ops/types.h"

namespace mlx::fast {

/// logsumexp(logits) - logits[target] over the last axis, in float32; NaN where a target names no
/// class. Targets are integers shaped as the logits without that axis. No array of the logits' size
/// is made but the gradient.
array cross_entropy(const array& logits, const array& targets, StreamOrDevice s = {});

}  // namespace mlx::fast
