// Dense and strided copies.
#pragma once

#include "graph/array.h"

namespace mlx {

/// `x` if it is dense and row-major, else a dense copy of it.
array contiguous_copy(const array& x, Queue& queue);
/// True when a dense copy of `x` exchanges axes, which tiles do far faster than strided reads.
bool is_exchanged(const array& x);
/// Copies `from` (broadcast to `to`'s shape, converted to its dtype) into the strided view `to`.
void copy_into(const array& from, const array& to, Queue& queue);

}  // namespace mlx
