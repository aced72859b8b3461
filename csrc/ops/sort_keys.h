// The keys that values are sorted by: unsigned integers in the values' order
// (kernels/sort_keys.clh).
#pragma once

#include "cl/program.h"

namespace mlx {

/// The dtype of the keys.
Dtype key_of(Dtype dtype);
/// What sort_keys.clh wants to know of the values.
Defines sort_key_defines(Dtype dtype);

}  // namespace mlx
