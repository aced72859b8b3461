// Operations that only rearrange: views where strides allow, copies where they do not.
#pragma once

#include "ops/types.h"

namespace mlx {

array reshape(const array& a, Shape shape, StreamOrDevice s = {});  ///< one -1 allowed
array flatten(const array& a, int start_axis = 0, int end_axis = -1, StreamOrDevice s = {});
array unflatten(const array& a, int axis, Shape shape, StreamOrDevice s = {});  ///< one -1 allowed
array expand_dims(const array& a, const Axes& axes, StreamOrDevice s = {});
array squeeze(const array& a, const OptionalAxes& axes = {}, StreamOrDevice s = {});

array transpose(const array& a, const std::optional<IntSequence>& axes = {}, StreamOrDevice s = {});
array moveaxis(const array& a, int source, int destination, StreamOrDevice s = {});
array swapaxes(const array& a, int axis1, int axis2, StreamOrDevice s = {});
array broadcast_to(Operand a, const Shape& shape, StreamOrDevice s = {});

/// Elements start, start + stride, … below stop along every axis. With a positive stride negative
/// bounds count from the end; a negative stride walks down and a stop below 0 then includes element
/// 0. Bounds are clamped.
array slice(const array& a, Shape start, Shape stop, Shape strides, StreamOrDevice s = {});
array slice(const array& a, Shape start, Shape stop, StreamOrDevice s = {});  ///< strides of 1
/// `a` with the elements that slice() would give replaced by `update` (broadcast to them).
array slice_update(const array& a, const array& update, Shape start, Shape stop, Shape strides,
                   StreamOrDevice s = {});
/// Joined along an axis; without one flattened before.
array concatenate(const Arrays& arrays, std::optional<int> axis = 0, StreamOrDevice s = {});
/// A dense row-major copy if the array is not so already.
array contiguous(const array& a, bool allow_col_major = false, StreamOrDevice s = {});

array copy(const array& a, StreamOrDevice s = {});  ///< the value in memory of its own
/// The last two axes exchanged.
array matrix_transpose(const array& a, StreamOrDevice s = {});

/// The batch axis moved to the front; an array without one (axis < 0) repeated `size` times.
array batch_first(const array& x, int axis, int size);
/// `x`, batched along its first axis, with axes of 1 behind that so that each example has `ndim`.
array align_examples(const array& x, int ndim);
/// The same axes behind a batch axis in front.
Axes behind_batch(const Axes& axes);
/// The size of the batch: that of the first batched input.
int batch_size(const Arrays& inputs, const std::vector<int>& axes);
/// A tangent for each of the first `count` primals: that of its argnum, else zeros.
Arrays all_tangents(const Arrays& primals, const Arrays& tangents, const std::vector<int>& argnums,
                    size_t count);
/// An evaluated array over the memory of `base`, which is being computed: what copy_into() writes
/// through.
array view_into(const array& base, Shape shape, Strides strides, int64_t offset);

}  // namespace mlx
