// Reading at positions given by arrays: gather, take and dynamic slices. Indices count from the end
// when negative; those out of range are clamped.
#pragma once

#include "ops/types.h"

namespace mlx {

/// Elements at `indices` (integers, broadcast together) of the consecutive axes axis, axis + 1, …,
/// one per index array. Shape: a.shape[:axis] + index shape + a.shape[axis + len(indices):].
array gather(const array& a, const Arrays& indices, int axis, StreamOrDevice s = {});
/// gather along one axis, which one index removes; without an axis from the flattened array.
array take(const array& a, const std::variant<int, array>& indices, std::optional<int> axis = {},
           StreamOrDevice s = {});
/// Element [i, indices[i, j, k], k] at each [i, j, k]; other axes broadcast. Without axis from the
/// flattened array.
array take_along_axis(const array& a, const array& indices, std::optional<int> axis = {},
                      StreamOrDevice s = {});
/// A slice of `slice_size` (one per axis of a) that starts at `start` (integers, one per entry of
/// `axes`).
array dynamic_slice(const array& a, const array& start, const IntSequence& axes,
                    const Shape& slice_size, StreamOrDevice s = {});
/// `a` with the slice that begins at `start` replaced by `update`.
array dynamic_slice_update(const array& a, const array& update, const array& start,
                           const IntSequence& axes, StreamOrDevice s = {});

/// Rows of `a` at the true places of `mask` (bool, the leading axes of a); those missing from
/// `count` are zeros.
array masked_take(const array& a, const array& mask, int32_t count, StreamOrDevice s = {});

/// The value of a one-element integer array on which the shape of a result depends. Evaluates it;
/// inside a function that compile or vmap traces, std::invalid_argument that says so.
int32_t known_extent(array x, const char* op);
/// Positions (uint32, int64 beyond) of what is true in the flattened mask, a constant to gradients.
/// Evaluates the mask.
array true_places(const array& mask, const char* op, StreamOrDevice s = {});
/// The same as one array of indices for each axis.
Arrays true_coordinates(const array& mask, const char* op, StreamOrDevice s = {});
/// Indices of the elements that are not zero, one array for each axis, and as rows of one array.
/// They evaluate `a`.
ArrayTuple nonzero(const array& a, StreamOrDevice s = {});
array argwhere(const array& a, StreamOrDevice s = {});

/// The index arrays as one integer dtype and one shape, ready for a kernel; throws unless they hold
/// integers.
Arrays common_indices(const Arrays& indices, const char* op, StreamOrDevice s);
/// Kernels take that many index arrays; the last two of more become one, over two axes made one.
constexpr int most_index_arrays = 4;
void merge_last_indices(Arrays& indices, int32_t rows, int32_t columns, StreamOrDevice s);
/// 0, 1, … size - 1 to broadcast with batched indices: the batch as one more index.
array example_indices(int size, const array& batched);
/// What the vjp and jvp of these operations say when the indices depend on what is differentiated.
[[noreturn]] void no_gradient_of_indices(const char* op);

}  // namespace mlx
