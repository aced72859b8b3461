// Rearranging operations of the public interface.
#include "ops/shape.h"

#include "api/convert.h"
#include "base/error.h"
#include "mlx/ops/shape.h"
#include "ops/rearrange.h"

namespace mlx::core {

array as_strided(array a, Shape shape, Strides strides, size_t offset, StreamOrDevice s) {
  return out(mlx::as_strided(in(a), shape, std::vector<int64_t>(strides.begin(), strides.end()),
                             int64_t(offset), in(s)));
}
array copy(array a, StreamOrDevice s) {
  return out(mlx::copy(in(a), in(s)));
}
array contiguous(const array& a, bool allow_col_major, StreamOrDevice s) {
  return out(mlx::contiguous(in(a), allow_col_major, in(s)));
}
array view(const array& a, const Dtype& dtype, StreamOrDevice s) {
  return out(mlx::view(in(a), in(dtype), in(s)));
}
array reshape(const array& a, Shape shape, StreamOrDevice s) {
  return out(mlx::reshape(in(a), std::move(shape), in(s)));
}
array unflatten(const array& a, int axis, Shape shape, StreamOrDevice s) {
  return out(mlx::unflatten(in(a), axis, std::move(shape), in(s)));
}
array flatten(const array& a, int start_axis, int end_axis, StreamOrDevice s) {
  return out(mlx::flatten(in(a), start_axis, end_axis, in(s)));
}
array flatten(const array& a, StreamOrDevice s) {
  return flatten(a, 0, -1, s);
}
array squeeze(const array& a, const std::vector<int>& axes, StreamOrDevice s) {
  return out(mlx::squeeze(in(a), axes, in(s)));
}
array squeeze(const array& a, int axis, StreamOrDevice s) {
  return squeeze(a, std::vector<int>{axis}, s);
}
array squeeze(const array& a, StreamOrDevice s) {
  return out(mlx::squeeze(in(a), {}, in(s)));
}
array expand_dims(const array& a, const std::vector<int>& axes, StreamOrDevice s) {
  return out(mlx::expand_dims(in(a), axes, in(s)));
}
array expand_dims(const array& a, int axis, StreamOrDevice s) {
  return expand_dims(a, std::vector<int>{axis}, s);
}
array flip(const array& a, const std::vector<int>& axes, StreamOrDevice s) {
  return out(mlx::flip(in(a), axes, in(s)));
}
array flip(const array& a, int axis, StreamOrDevice s) {
  return flip(a, std::vector<int>{axis}, s);
}
array flip(const array& a, StreamOrDevice s) {
  return out(mlx::flip(in(a), {}, in(s)));
}
array transpose(const array& a, std::vector<int> axes, StreamOrDevice s) {
  return out(mlx::transpose(in(a), mlx::IntSequence(std::move(axes)), in(s)));
}
array transpose(const array& a, std::initializer_list<int> axes, StreamOrDevice s) {
  return transpose(a, std::vector<int>(axes), s);
}
array transpose(const array& a, StreamOrDevice s) {
  return out(mlx::transpose(in(a), {}, in(s)));
}
array matrix_transpose(const array& a, StreamOrDevice s) {
  return out(mlx::matrix_transpose(in(a), in(s)));
}
array swapaxes(const array& a, int axis1, int axis2, StreamOrDevice s) {
  return out(mlx::swapaxes(in(a), axis1, axis2, in(s)));
}
array moveaxis(const array& a, int source, int destination, StreamOrDevice s) {
  return out(mlx::moveaxis(in(a), source, destination, in(s)));
}
array broadcast_to(const array& a, const Shape& shape, StreamOrDevice s) {
  return out(mlx::broadcast_to(in(a), shape, in(s)));
}
std::vector<array> broadcast_arrays(const std::vector<array>& inputs, StreamOrDevice s) {
  return out(mlx::broadcast_arrays(in(inputs), in(s)));
}
array concatenate(std::vector<array> arrays, int axis, StreamOrDevice s) {
  return out(mlx::concatenate(in(arrays), axis, in(s)));
}
array concatenate(std::vector<array> arrays, StreamOrDevice s) {
  return concatenate(std::move(arrays), 0, s);
}
array stack(const std::vector<array>& arrays, int axis, StreamOrDevice s) {
  return out(mlx::stack(in(arrays), axis, in(s)));
}
array stack(const std::vector<array>& arrays, StreamOrDevice s) {
  return stack(arrays, 0, s);
}
std::vector<array> unstack(const array& a, int axis, StreamOrDevice s) {
  return out(mlx::unstack(in(a), axis, in(s)).values);
}
std::vector<array> unstack(const array& a, StreamOrDevice s) {
  return unstack(a, 0, s);
}
std::vector<array> split(const array& a, int num_splits, int axis, StreamOrDevice s) {
  return out(mlx::split(in(a), num_splits, axis, in(s)));
}
std::vector<array> split(const array& a, int num_splits, StreamOrDevice s) {
  return split(a, num_splits, 0, s);
}
std::vector<array> split(const array& a, const Shape& indices, int axis, StreamOrDevice s) {
  return out(mlx::split(in(a), std::vector<int>(indices.begin(), indices.end()), axis, in(s)));
}
std::vector<array> split(const array& a, const Shape& indices, StreamOrDevice s) {
  return split(a, indices, 0, s);
}
array repeat(const array& arr, int repeats, int axis, StreamOrDevice s) {
  return out(mlx::repeat(in(arr), repeats, axis, in(s)));
}
array repeat(const array& arr, int repeats, StreamOrDevice s) {
  return out(mlx::repeat(in(arr), repeats, {}, in(s)));
}
array tile(const array& arr, std::vector<int> reps, StreamOrDevice s) {
  return out(mlx::tile(in(arr), std::move(reps), in(s)));
}
array tril(array x, int k, StreamOrDevice s) {
  return out(mlx::tril(in(x), k, in(s)));
}
array triu(array x, int k, StreamOrDevice s) {
  return out(mlx::triu(in(x), k, in(s)));
}
array diagonal(const array& a, int offset, int axis1, int axis2, StreamOrDevice s) {
  return out(mlx::diagonal(in(a), offset, axis1, axis2, in(s)));
}
array diag(const array& a, int k, StreamOrDevice s) {
  return out(mlx::diag(in(a), k, in(s)));
}
std::vector<array> meshgrid(const std::vector<array>& arrays, bool sparse,
                            const std::string& indexing, StreamOrDevice s) {
  return out(mlx::meshgrid(in(arrays), sparse, indexing, in(s)).values);
}

array pad(const array& a, const std::vector<int>& axes, const Shape& low_pad_size,
          const Shape& high_pad_size, const array& pad_value, const std::string& mode,
          StreamOrDevice s) {
  if (axes.size() != low_pad_size.size() || axes.size() != high_pad_size.size())
    fail("pad", "axes, low_pad_size and high_pad_size must have the same length, not ", axes.size(),
         ", ", low_pad_size.size(), " and ", high_pad_size.size(), ".");
  std::vector<std::vector<int>> widths(a.ndim(), {0, 0});
  for (size_t i = 0; i < axes.size(); ++i)
    widths[size_t(normalize_axis(axes[i], int(a.ndim()), "pad"))] = {low_pad_size[i],
                                                                     high_pad_size[i]};
  return out(mlx::pad(in(a), widths, mode, in(pad_value), in(s)));
}
array pad(const array& a, const std::vector<std::pair<int, int>>& pad_width, const array& pad_value,
          const std::string& mode, StreamOrDevice s) {
  std::vector<std::vector<int>> widths;
  for (const auto& [low, high] : pad_width) widths.push_back({low, high});
  return out(mlx::pad(in(a), widths, mode, in(pad_value), in(s)));
}
array pad(const array& a, const std::pair<int, int>& pad_width, const array& pad_value,
          const std::string& mode, StreamOrDevice s) {
  return pad(a, std::vector<std::pair<int, int>>(a.ndim(), pad_width), pad_value, mode, s);
}
array pad(const array& a, int pad_width, const array& pad_value, const std::string& mode,
          StreamOrDevice s) {
  return pad(a, std::pair<int, int>{pad_width, pad_width}, pad_value, mode, s);
}

namespace {

/// What Roll's arguments are inside: shifts and axes of the same length.
array rolled(const array& a, const Shape& shift, const std::optional<std::vector<int>>& axes,
             const StreamOrDevice& s) {
  const std::vector<int> shifts(shift.begin(), shift.end());
  if (!axes) return out(mlx::roll(in(a), shifts, {}, in(s)));
  return out(mlx::roll(in(a), shifts, mlx::IntOrInts(*axes), in(s)));
}

}  // namespace

array roll(const array& a, int shift, StreamOrDevice s) {
  return out(mlx::roll(in(a), shift, {}, in(s)));
}
array roll(const array& a, const Shape& shift, StreamOrDevice s) {
  int total = 0;
  for (const int by : shift) total += by;
  return roll(a, total, s);
}
array roll(const array& a, int shift, int axis, StreamOrDevice s) {
  return rolled(a, {shift}, std::vector<int>{axis}, s);
}
array roll(const array& a, int shift, const std::vector<int>& axes, StreamOrDevice s) {
  return rolled(a, Shape(axes.size(), shift), axes, s);
}
array roll(const array& a, const Shape& shift, int axis, StreamOrDevice s) {
  int total = 0;
  for (const int by : shift) total += by;
  return roll(a, total, axis, s);
}
array roll(const array& a, const Shape& shift, const std::vector<int>& axes, StreamOrDevice s) {
  return rolled(a, shift, axes, s);
}

#define AT_LEAST(name)                                                          \
  array name(const array& a, StreamOrDevice s) {                                \
    return out(std::get<mlx::array>(mlx::name({in(a)}, in(s))));                \
  }                                                                             \
  std::vector<array> name(const std::vector<array>& arrays, StreamOrDevice s) { \
    std::vector<array> result;                                                  \
    for (const array& a : arrays) result.push_back(name(a, s));                 \
    return result;                                                              \
  }
AT_LEAST(atleast_1d)
AT_LEAST(atleast_2d)
AT_LEAST(atleast_3d)
#undef AT_LEAST

std::vector<array> depends(const std::vector<array>& inputs,
                           const std::vector<array>& dependencies) {
  return out(std::get<mlx::Arrays>(mlx::depends(in(inputs), in(dependencies))));
}

}  // namespace mlx::core
