// Rearrangements composed of views, slices and copies.
#pragma once

#include "ops/types.h"

namespace mlx {

array flip(const array& a, const OptionalAxes& axis = {}, StreamOrDevice s = {});
ArrayTuple unstack(const array& x, int axis = 0, StreamOrDevice s = {});
array stack(const Arrays& arrays, std::optional<int> axis = 0, StreamOrDevice s = {});
/// An int: that many equal parts; several: the positions to cut at.
Arrays split(const array& a, const IntOrInts& indices_or_sections, int axis = 0,
             StreamOrDevice s = {});
array repeat(const array& a, int repeats, std::optional<int> axis = {}, StreamOrDevice s = {});
array tile(const array& a, const IntOrInts& reps, StreamOrDevice s = {});
/// Without axes the flattened array is rolled.
array roll(const array& a, const IntOrInts& shift, const std::optional<IntOrInts>& axis = {},
           StreamOrDevice s = {});
array diagonal(const array& a, int offset = 0, int axis1 = 0, int axis2 = 1, StreamOrDevice s = {});
/// The k-th diagonal of a matrix, or the matrix with this vector on its k-th diagonal.
array diag(const array& a, int k = 0, StreamOrDevice s = {});
array tril(const array& x, int k = 0, StreamOrDevice s = {});
array triu(const array& x, int k = 0, StreamOrDevice s = {});

/// An int for all sides, a pair for all axes, or a pair for each axis.
using PadWidth = std::variant<int, std::vector<int>, std::vector<std::vector<int>>>;
/// mode: constant, edge, reflect or symmetric.
array pad(const array& a, const PadWidth& pad_width, const std::string& mode = "constant",
          const Operand& constant_values = 0, StreamOrDevice s = {});

ArrayTuple meshgrid(const Arrays& arrays, bool sparse = false, const std::string& indexing = "xy",
                    StreamOrDevice s = {});
Arrays broadcast_arrays(const Arrays& arrays, StreamOrDevice s = {});
Shape broadcast_shapes(const std::vector<Shape>& shapes);
std::variant<array, Arrays> atleast_1d(const Arrays& arrays, StreamOrDevice s = {});
std::variant<array, Arrays> atleast_2d(const Arrays& arrays, StreamOrDevice s = {});
std::variant<array, Arrays> atleast_3d(const Arrays& arrays, StreamOrDevice s = {});

/// The bytes read as another dtype; the last axis grows or shrinks by the ratio of the sizes.
array view(Operand a, Dtype dtype, StreamOrDevice s = {});
/// Element [i, j, …] is the one at offset + i * strides[0] + … of the array in row-major order.
array as_strided(const array& a, const std::optional<Shape>& shape = {},
                 const std::optional<std::vector<int64_t>>& strides = {}, int64_t offset = 0,
                 StreamOrDevice s = {});
/// The inputs, computed after the dependencies: one array, or as many as are given.
std::variant<array, Arrays> depends(const std::variant<array, Arrays>& inputs,
                                    const std::variant<array, Arrays>& dependencies);

}  // namespace mlx
