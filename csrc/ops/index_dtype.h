// The check of index arrays by operations that take any when they are called.
#pragma once

#include "graph/array.h"

namespace mlx {

/// For evaluation: std::runtime_error unless the indices are integers.
void require_integers(const array& indices, const char* op);

}  // namespace mlx
