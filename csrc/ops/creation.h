// Arrays from nothing: constants, ranges, identity and triangular matrices, windows.
#pragma once

#include "ops/types.h"

namespace mlx {

/// An array of `shape` filled with the (broadcast) value, converted to `dtype`.
array full(Shape shape, const array& value, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
array zeros(Shape shape, Dtype dtype = float32, StreamOrDevice s = {});
array ones(Shape shape, Dtype dtype = float32, StreamOrDevice s = {});
array zeros_like(const array& a, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
array ones_like(const array& a, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
/// start, start + step, … of the given length; start and step are cast to `dtype` first.
array arange(double start, double step, int64_t length, Dtype dtype, StreamOrDevice s = {});
/// 0, 1, … below `length`.
array arange(int64_t length, Dtype dtype, StreamOrDevice s = {});

}  // namespace mlx
