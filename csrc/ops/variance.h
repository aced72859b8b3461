// Variances over neighbouring axes, in one pass over memory.
#pragma once

#include "ops/types.h"

namespace mlx {

/// Σ (x - mean)² / max(n - ddof, 0) over the axes `first` to `last` of a real floating x, rounded
/// once.
array variance(const array& x, int first, int last, bool keepdims, int ddof,
               const StreamOrDevice& s);

}  // namespace mlx
