// Reading and writing parts of arrays, in the public interface.
//
// gather and scatter take any axes and sizes of slices: each element of the slices has a position
// in the flattened array, and those positions are one index array for the operations inside.
#include "ops/indexing.h"

#include "api/convert.h"
#include "base/error.h"
#include "mlx/ops/creation.h"
#include "mlx/ops/elementwise.h"
#include "mlx/ops/indexing.h"
#include "mlx/ops/shape.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx::core {

array slice(const array& a, Shape start, Shape stop, Shape strides, StreamOrDevice s) {
  return out(mlx::slice(in(a), std::move(start), std::move(stop), std::move(strides), in(s)));
}
array slice(const array& a, std::initializer_list<int> start, Shape stop, Shape strides,
            StreamOrDevice s) {
  return slice(a, Shape(start), std::move(stop), std::move(strides), s);
}
array slice(const array& a, Shape start, Shape stop, StreamOrDevice s) {
  const Shape ones(a.ndim(), 1);
  return slice(a, std::move(start), std::move(stop), ones, s);
}
array slice(const array& a, const array& start, std::vector<int> axes, Shape slice_size,
            StreamOrDevice s) {
  return out(mlx::dynamic_slice(in(a), in(start), std::move(axes), slice_size, in(s)));
}
array slice_update(const array& src, const array& update, Shape start, Shape stop, Shape strides,
                   StreamOrDevice s) {
  return out(mlx::slice_update(in(src), in(update), std::move(start), std::move(stop),
                               std::move(strides), in(s)));
}
array slice_update(const array& src, const array& update, Shape start, Shape stop,
                   StreamOrDevice s) {
  const Shape ones(src.ndim(), 1);
  return slice_update(src, update, std::move(start), std::move(stop), ones, s);
}
array slice_update(const array& src, const array& update, std::initializer_list<int> start,
                   Shape stop, StreamOrDevice s) {
  return slice_update(src, update, Shape(start), std::move(stop), s);
}
array slice_update(const array& src, const array& update, const array& start, std::vector<int> axes,
                   StreamOrDevice s) {
  return out(mlx::dynamic_slice_update(in(src), in(update), in(start), std::move(axes), in(s)));
}

// The slice before, combined with the update, takes its place.
#define COMBINED(name, combine)                                                                  \
  array name(const array& src, const array& update, Shape start, Shape stop, Shape strides,      \
             StreamOrDevice s) {                                                                 \
    const array before = slice(src, start, stop, strides, s);                                    \
    return slice_update(src, combine(before, astype(update, src.dtype(), s), s), start, stop,    \
                        strides, s);                                                             \
  }                                                                                              \
  array name(const array& src, const array& update, Shape start, Shape stop, StreamOrDevice s) { \
    return name(src, update, std::move(start), std::move(stop), Shape(src.ndim(), 1), s);        \
  }
COMBINED(slice_update_add, add)
COMBINED(slice_update_prod, multiply)
COMBINED(slice_update_max, maximum)
COMBINED(slice_update_min, minimum)
#undef COMBINED

array take(const array& a, const array& indices, int axis, StreamOrDevice s) {
  return out(mlx::take(in(a), in(indices), axis, in(s)));
}
array take(const array& a, int index, int axis, StreamOrDevice s) {
  return out(mlx::take(in(a), index, axis, in(s)));
}
array take(const array& a, const array& indices, StreamOrDevice s) {
  return out(mlx::take(in(a), in(indices), {}, in(s)));
}
array take(const array& a, int index, StreamOrDevice s) {
  return out(mlx::take(in(a), index, {}, in(s)));
}
array take_along_axis(const array& a, const array& indices, int axis, StreamOrDevice s) {
  return out(mlx::take_along_axis(in(a), in(indices), axis, in(s)));
}
array put_along_axis(const array& a, const array& indices, const array& values, int axis,
                     StreamOrDevice s) {
  return out(mlx::put_along_axis(in(a), in(indices), in(values), axis, in(s)));
}
array scatter_add_axis(const array& a, const array& indices, const array& values, int axis,
                       StreamOrDevice s) {
  return out(mlx::scatter_add_axis(in(a), in(indices), in(values), axis, in(s)));
}
array masked_scatter(const array& a, const array& mask, const array& src, StreamOrDevice s) {
  const mlx::array target = in(a);
  const mlx::array places = mlx::broadcast_to(in(mask), target.shape(), in(s));
  const mlx::array values = mlx::reshape(in(src), {-1}, in(s));
  return out(mlx::masked_put(target, places, values, in(s)));
}

namespace {

/// Positions in the flattened array of every element that gather reads: the shape of the indices,
/// then `sizes`.
mlx::array positions(const mlx::array& a, const mlx::Arrays& indices, const std::vector<int>& axes,
                     const Shape& sizes, const char* op, const mlx::StreamOrDevice& s) {
  if (indices.size() != axes.size())
    fail(op, indices.size(), " index arrays for ", axes.size(), " axes.");
  if (int(sizes.size()) != a.ndim())
    fail(op, "a slice has as many sizes as the array has dimensions, ", a.ndim(), ", not ",
         sizes.size(), ".");
  for (int axis = 0; axis < a.ndim(); ++axis)
    if (sizes[axis] < 0 || sizes[axis] > a.shape(axis))
      fail(op, "slices of ", sizes[axis], " do not fit axis ", axis, " of size ", a.shape(axis),
           ".");
  const Dtype wide = a.size() > INT32_MAX ? int64 : int32;
  const mlx::Arrays common = mlx::common_indices(indices, op, s);
  const int leading = common.empty() ? 0 : common.front().ndim();
  const Strides strides = row_major(a.shape());
  mlx::array result = mlx::array(0, in(wide));
  for (int axis = 0; axis < a.ndim(); ++axis) {
    Shape along(size_t(leading) + sizes.size(), 1);
    along[size_t(leading + axis)] = sizes[axis];
    const mlx::array steps = mlx::array(int(strides[axis]), in(wide));
    result = result + in(reshape(arange(0.0, double(sizes[axis]), 1.0, wide), along)) * steps;
  }
  for (size_t i = 0; i < common.size(); ++i) {
    const int axis = normalize_axis(axes[i], a.ndim(), op);
    const mlx::array extent = mlx::array(a.shape(axis), in(wide));
    const mlx::array index = mlx::astype(common[i], in(wide), s);
    const mlx::array from_start = mlx::where(index < 0, index + extent, index, s);
    Shape shape = common[i].shape();
    shape.resize(size_t(leading) + sizes.size(), 1);
    result =
        result + mlx::reshape(from_start, shape, s) * mlx::array(int64_t(strides[axis]), in(wide));
  }
  return result;
}

array scattered(const array& a, const std::vector<array>& indices, const array& updates,
                const std::vector<int>& axes, mlx::ScatterMode mode, const char* op,
                const StreamOrDevice& where) {
  const auto s = in(where);
  const mlx::array target = in(a), values = in(updates);
  const mlx::Arrays common = mlx::common_indices(in(indices), op, s);
  const int leading = common.empty() ? 0 : common.front().ndim();
  if (values.ndim() != leading + target.ndim())
    fail(op, "updates must have the ", leading, " dimensions of the indices and the ",
         target.ndim(), " of the array, not ", values.ndim(), ".");
  const Shape sizes(values.shape().begin() + leading, values.shape().end());
  const mlx::array at =
      mlx::broadcast_to(positions(target, common, axes, sizes, op, s), values.shape(), s);
  const mlx::array flat = mlx::reshape(target, {-1}, s);
  return out(mlx::reshape(mlx::scatter(flat, {at}, values, 0, mode, s), target.shape(), s));
}

}  // namespace

array gather(const array& a, const std::vector<array>& indices, const std::vector<int>& axes,
             const Shape& slice_sizes, StreamOrDevice s) {
  const mlx::array from = in(a);
  const mlx::array at = positions(from, in(indices), axes, slice_sizes, "gather", in(s));
  return out(mlx::gather(mlx::reshape(from, {-1}, in(s)), {at}, 0, in(s)));
}
array gather(const array& a, const array& indices, int axis, const Shape& slice_sizes,
             StreamOrDevice s) {
  return gather(a, std::vector<array>{indices}, {axis}, slice_sizes, s);
}

#define SCATTER(name, mode)                                                           \
  array name(const array& a, const std::vector<array>& indices, const array& updates, \
             const std::vector<int>& axes, StreamOrDevice s) {                        \
    return scattered(a, indices, updates, axes, mlx::ScatterMode::mode, #name, s);    \
  }                                                                                   \
  array name(const array& a, const array& indices, const array& updates, int axis,    \
             StreamOrDevice s) {                                                      \
    return name(a, std::vector<array>{indices}, updates, {axis}, s);                  \
  }
SCATTER(scatter, set)
SCATTER(scatter_add, add)
SCATTER(scatter_prod, multiply)
SCATTER(scatter_max, maximum)
SCATTER(scatter_min, minimum)
#undef SCATTER

}  // namespace mlx::core
