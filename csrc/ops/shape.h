// Operations that only rearrange: views where strides allow, copies where they do not.
#pragma once

#include "ops/types.h"

namespace mlx {

array reshape(const array& a, Shape shape, StreamOrDevice s = {});  ///< one -1 allowed
array transpose(const array& a, const OptionalAxes& axes = {}, StreamOrDevice s = {});
array moveaxis(const array& a, int source, int destination, StreamOrDevice s = {});
array swapaxes(const array& a, int axis1, int axis2, StreamOrDevice s = {});
array expand_dims(const array& a, const Axes& axes, StreamOrDevice s = {});
array squeeze(const array& a, const OptionalAxes& axes = {}, StreamOrDevice s = {});
array broadcast_to(const array& a, const Shape& shape, StreamOrDevice s = {});
/// Elements start, start + stride, … below stop along every axis; a negative stride walks down and a stop of -1 then
/// includes element 0.
array slice(const array& a, Shape start, Shape stop, Shape strides, StreamOrDevice s = {});
/// `a` with the elements that slice() would give replaced by `update` (broadcast to them).
array slice_update(const array& a, const array& update, Shape start, Shape stop, Shape strides, StreamOrDevice s = {});
array concatenate(const Arrays& arrays, int axis = 0, StreamOrDevice s = {});
/// A dense row-major copy if the array is not so already.
array contiguous(const array& a, bool allow_col_major = false, StreamOrDevice s = {});

}  // namespace mlx
