// Shapes and strides: sizes, broadcasting, axes and the collapsing of dimensions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/small_vector.h"

namespace mlx {

using Shape = SmallVector<int32_t, 6>;
using Strides = SmallVector<int64_t, 6>;  ///< in elements
using Axes = std::vector<int>;

int64_t size_of(const Shape& shape);
Strides row_major(const Shape& shape);
/// True when the elements lie densely in row-major order (axes of size 1 do not count).
bool is_row_major(const Shape& shape, const Strides& strides);
std::string to_string(const Shape& shape);  ///< "(2,3)"

/// NumPy's broadcasting; throws std::invalid_argument that names `op`.
Shape broadcast(const Shape& a, const Shape& b, const char* op = "broadcast_shapes");
/// Strides that read an array of `shape`/`strides` as if it had the shape `to` (0 where repeated).
Strides broadcast_strides(const Shape& shape, const Strides& strides, const Shape& to);

/// Counts a negative axis from the end; throws std::out_of_range that names `op` when there is no
/// such axis.
int normalize_axis(int axis, int ndim, const char* op);
/// Normalized, sorted and unique; duplicates throw std::invalid_argument.
Axes normalize_axes(const Axes& axes, int ndim, const char* op);
/// All axes when `axes` is empty.
Axes all_axes(int ndim);

/// Checks that a computed dimension fits int32; throws std::overflow_error with the number.
int32_t dimension(int64_t size, const char* op);

/// Several strided views of one shape with as few dimensions as possible.
struct Collapsed {
  Shape shape;                   ///< at least one dimension
  std::vector<Strides> strides;  ///< one per operand
};
Collapsed collapse_dims(const Shape& shape, const std::vector<const Strides*>& operands);

}  // namespace mlx
