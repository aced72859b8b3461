// Writing at positions given by arrays or masks. Every duplicate index counts.
#pragma once

#include "graph/primitive.h"
#include "ops/types.h"

namespace mlx {

enum class ScatterMode { set, add, multiply, maximum, minimum };
Names names_of(ScatterMode);

/// `a` with `updates` (shaped as gather(a, indices, axis) or broadcast to it) combined into the
/// elements that gather would read. With `set`, the last of several updates of one element stays.
array scatter(const array& a, const Arrays& indices, const array& updates, int axis,
              ScatterMode mode, StreamOrDevice s = {});
/// `a` with `values` written where take_along_axis would read; without axis into the flattened
/// array.
array put_along_axis(const array& a, const array& indices, const array& values,
                     std::optional<int> axis, StreamOrDevice s = {});
/// The same, with `values` added.
array scatter_add_axis(const array& a, const array& indices, const array& values, int axis,
                       StreamOrDevice s = {});
/// `a` with its elements where `mask` (bool, the leading axes of a) is true replaced by rows of
/// `values`, one each in row order. Too few rows are a std::runtime_error when evaluated on a CPU
/// device.
array masked_put(const array& a, const array& mask, const array& values, StreamOrDevice s = {});

}  // namespace mlx
