// Element by element reductions on the host.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/dtype.h"

namespace mlx::comm {

enum class Reduction : uint8_t { sum, max, min };

/// Combines `count` elements of each of `many` blocks, which lie `step` bytes apart, into `out`,
/// which may be one of them. float16 and bfloat16 are combined in float32 and rounded once. Sums of
/// bools are their disjunction; NaN wins extrema; complex numbers are ordered by real part, then
/// imaginary part.
void combine(Reduction reduction, Dtype dtype, const char* blocks, size_t step, int many, void* out,
             size_t count);

}  // namespace mlx::comm
