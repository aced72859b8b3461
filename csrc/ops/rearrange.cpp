// Rearrangements composed of views, slices and copies.
#include "ops/rearrange.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "graph/deferred.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/shape.h"

namespace mlx {
namespace {

/// The part of `a` with positions [begin, end) along one axis.
array part(const array& a, int axis, int begin, int end, StreamOrDevice s) {
  Shape start(size_t(a.ndim())), stop = a.shape();
  start[axis] = begin;
  stop[axis] = end;
  return slice(a, std::move(start), std::move(stop), s);
}

// Calls whose nodes depend on the shapes.
Arrays repeated(const Arrays& inputs, int repeats, int axis) {
  return {repeat(inputs[0], repeats, axis)};
}
Arrays tiled(const Arrays& inputs, const std::vector<int>& reps) {
  return {tile(inputs[0], reps)};
}
Arrays diagonal_of(const Arrays& inputs, int offset, int axis1, int axis2) {
  return {diagonal(inputs[0], offset, axis1, axis2)};
}
Arrays on_diagonal(const Arrays& inputs, int k) {
  return {diag(inputs[0], k)};
}
Arrays broadcast_together(const Arrays& inputs) {
  Shape shape;
  for (const array& x : inputs) shape = broadcast(shape, x.shape(), "broadcast_arrays");
  return {broadcast_to(inputs[0], shape)};
}
Arrays lower_triangle(const Arrays& inputs, int k) {
  return {tri(inputs[0].shape(-2), inputs[0].shape(-1), k, bool_)};
}

std::vector<int> as_list(const IntOrInts& value) {
  if (const int* number = std::get_if<int>(&value)) return {*number};
  return std::get<std::vector<int>>(value);
}

}  // namespace

array flip(const array& a, const OptionalAxes& axis, StreamOrDevice s) {
  const Axes axes = axis.value_or(all_axes(a.ndim()));
  if (axes.empty()) return a;
  Shape start(size_t(a.ndim())), stop = a.shape(), strides(size_t(a.ndim()), 1);
  for (const int axis_given : axes) {  // one named twice is flipped once, as in MLX
    const int i = normalize_axis(axis_given, a.ndim(), "flip");
    start[i] = a.shape(i) - 1;
    stop[i] = strides[i] = -1;
  }
  return slice(a, std::move(start), std::move(stop), std::move(strides), s);
}

ArrayTuple unstack(const array& x, int axis, StreamOrDevice s) {
  const int at = normalize_axis(axis, x.ndim(), "unstack");
  Arrays parts;
  for (int i = 0; i < x.shape(at); ++i)
    parts.push_back(squeeze(part(x, at, i, i + 1, s), Axes{at}, s));
  return {parts};
}

array stack(const Arrays& arrays, std::optional<int> axis, StreamOrDevice s) {
  if (arrays.empty()) fail("stack", "no arrays provided for stacking.");
  const int at = normalize_axis(axis.value_or(0), arrays[0].ndim() + 1, "stack");
  Arrays parts;
  for (const array& x : arrays) {
    if (!(x.shape() == arrays[0].shape())) fail("stack", "all arrays must have the same shape.");
    parts.push_back(expand_dims(x, {at}, s));
  }
  return concatenate(parts, at, s);
}

Arrays split(const array& a, const IntOrInts& indices_or_sections, int axis, StreamOrDevice s) {
  const int at = normalize_axis(axis, a.ndim(), "split"), n = a.shape(at);
  std::vector<int> cuts;
  if (const int* count = std::get_if<int>(&indices_or_sections)) {
    if (*count <= 0) fail("split", "the number of parts must be positive, got ", *count, ".");
    if (n % *count)
      fail("split", "an axis of size ", n, " cannot be split into ", *count, " equal parts.");
    for (int i = 1; i < *count; ++i) cuts.push_back(i * (n / *count));
  } else {
    cuts = std::get<std::vector<int>>(indices_or_sections);
  }
  Arrays parts;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const auto counted = [&](int cut) { return std::clamp(cut < 0 ? cut + n : cut, 0, n); };
    parts.push_back(
        part(a, at, i ? counted(cuts[i - 1]) : 0, i < cuts.size() ? counted(cuts[i]) : n, s));
  }
  return parts;
}

array repeat(const array& a, int repeats, std::optional<int> axis, StreamOrDevice s) {
  if (repeats < 0) fail("repeat", "the number of repeats cannot be negative.");
  if (!axis) return repeat(flatten(a, 0, -1, s), repeats, 0, s);
  const int at = normalize_axis(*axis, a.ndim(), "repeat");
  if (repeats == 1) return a;
  if (follows_shape(a)) return deferred<&repeated>({a}, s, repeats, at);
  dimension(int64_t(a.shape(at)) * repeats, "repeat");
  const array apart = expand_dims(a, {at + 1}, s);
  Shape shape = apart.shape();
  shape[at + 1] = repeats;
  return flatten(broadcast_to(apart, shape, s), at, at + 1, s);
}

array tile(const array& a, const IntOrInts& reps, StreamOrDevice s) {
  std::vector<int> counts = as_list(reps);
  if (follows_shape(a)) return deferred<&tiled>({a}, s, counts);
  const size_t ndim = std::max(counts.size(), size_t(a.ndim()));
  counts.insert(counts.begin(), ndim - counts.size(), 1);
  Shape apart, spread, merged;
  for (size_t i = 0; i < ndim; ++i) {
    const size_t lead = ndim - a.ndim();
    const int n = i < lead ? 1 : a.shape(int(i - lead));
    if (counts[i] < 0) fail("tile", "negative repetitions are not allowed.");
    if (counts[i] != 1) apart.push_back(1), spread.push_back(counts[i]);
    apart.push_back(n), spread.push_back(n);
    merged.push_back(dimension(int64_t(n) * counts[i], "tile"));
  }
  return reshape(broadcast_to(reshape(a, apart, s), spread, s), merged, s);
}

array roll(const array& a, const IntOrInts& shift, const std::optional<IntOrInts>& axis,
           StreamOrDevice s) {
  const std::vector<int> shifts = as_list(shift);
  const int total = std::accumulate(shifts.begin(), shifts.end(), 0);
  if (!axis) return a.ndim() ? reshape(roll(flatten(a, 0, -1, s), total, 0, s), a.shape(), s) : a;
  const std::vector<int> axes = as_list(*axis);
  const bool each = std::holds_alternative<int>(shift), one = std::holds_alternative<int>(*axis);
  if (!each && !one && shifts.size() < axes.size())
    fail("roll", "got ", shifts.size(), " shifts for ", axes.size(), " axes.");
  array result = a;
  for (size_t k = 0; k < axes.size(); ++k) {
    const int at = normalize_axis(axes[k], a.ndim(), "roll"), n = a.shape(at);
    if (n == 0) continue;
    const int by = ((each || one ? total : shifts[k]) % n + n) % n;
    if (by)
      result = concatenate({part(result, at, n - by, n, s), part(result, at, 0, n - by, s)}, at, s);
  }
  return result;
}

array diagonal(const array& a, int offset, int axis1, int axis2, StreamOrDevice s) {
  if (a.ndim() < 2)
    fail("diagonal", "the array must have at least two dimensions, but has ", a.ndim(), ".");
  const int i = normalize_axis(axis1, a.ndim(), "diagonal");
  const int j = normalize_axis(axis2, a.ndim(), "diagonal");
  if (i == j) fail("diagonal", "axis1 and axis2 cannot be the same axis.");
  if (follows_shape(a)) return deferred<&diagonal_of>({a}, s, offset, i, j);
  Axes order;
  for (int k = 0; k < a.ndim(); ++k)
    if (k != i && k != j) order.push_back(k);
  order.push_back(i), order.push_back(j);
  const array last = transpose(a, order, s);
  const int rows = a.shape(i), columns = a.shape(j), axis = a.ndim() - 2;
  const int64_t down = std::max(0, -offset), right = std::max(0, offset);
  const int64_t count = std::max<int64_t>(0, std::min(rows - down, columns - right));
  // A step of one row and one column.
  const array flat = flatten(last, axis, axis + 1, s);
  Shape start(size_t(axis + 1)), stop = flat.shape(), strides(size_t(axis + 1), 1);
  start[axis] = count ? int32_t(down * columns + right) : 0;
  stop[axis] = count ? int32_t(start[axis] + (count - 1) * (columns + 1) + 1) : 0;
  strides[axis] = columns + 1;
  return slice(flat, std::move(start), std::move(stop), std::move(strides), s);
}

array diag(const array& a, int k, StreamOrDevice s) {
  if (a.ndim() == 2) return diagonal(a, k, 0, 1, s);
  if (a.ndim() != 1)
    fail("diag", "the array must be 1-D or 2-D, not of ", a.ndim(), " dimensions.");
  if (follows_shape(a)) return deferred<&on_diagonal>({a}, s, k);
  const int n = dimension(int64_t(a.size()) + std::abs(int64_t(k)), "diag");
  const int size = dimension(int64_t(n) * n, "diag"), start = k < 0 ? -k * n : k;
  if (a.size() == 0) return zeros({n, n}, a.dtype(), s);
  const int stop = start + int(a.size() - 1) * (n + 1) + 1;
  return reshape(slice_update(zeros({size}, a.dtype(), s), a, {start}, {stop}, {n + 1}, s), {n, n},
                 s);
}

namespace {
array lower_part(const array& x, int k, const char* op, StreamOrDevice s) {
  if (x.ndim() < 2) fail(op, "the array must be at least 2-D.");
  if (follows_shape(x)) return deferred<&lower_triangle>({x}, s, k);
  return tri(x.shape(-2), x.shape(-1), k, bool_, s);
}
}  // namespace

array tril(const array& x, int k, StreamOrDevice s) {
  return where(lower_part(x, k, "tril", s), x, array(0, x.dtype()), s);
}

array triu(const array& x, int k, StreamOrDevice s) {
  return where(lower_part(x, k - 1, "triu", s), array(0, x.dtype()), x, s);
}

ArrayTuple meshgrid(const Arrays& arrays, bool sparse, const std::string& indexing,
                    StreamOrDevice s) {
  if (indexing != "xy" && indexing != "ij")
    fail("meshgrid", "invalid indexing '", indexing, "'; it is 'xy' or 'ij'.");
  const bool swap = indexing == "xy" && arrays.size() > 1;
  Arrays grids;
  for (size_t i = 0; i < arrays.size(); ++i) {
    Shape shape(arrays.size(), 1);
    shape[swap && i < 2 ? 1 - i : i] = -1;
    grids.push_back(reshape(arrays[i], shape, s));
  }
  return {sparse ? grids : broadcast_arrays(grids, s)};
}

Arrays broadcast_arrays(const Arrays& arrays, StreamOrDevice s) {
  Shape shape;
  for (const array& x : arrays) shape = broadcast(shape, x.shape(), "broadcast_arrays");
  Arrays result;
  const bool follows = follows_shape(arrays);
  for (size_t i = 0; i < arrays.size(); ++i) {
    Arrays together = arrays;
    std::swap(together[0], together[i]);
    result.push_back(follows ? deferred<&broadcast_together>(std::move(together), s)
                             : broadcast_to(arrays[i], shape, s));
  }
  return result;
}

Shape broadcast_shapes(const std::vector<Shape>& shapes) {
  if (shapes.empty()) fail("broadcast_shapes", "must provide at least one shape.");
  Shape shape;
  for (const Shape& other : shapes) shape = broadcast(shape, other, "broadcast_shapes");
  return shape;
}

namespace {
template <typename F>
std::variant<array, Arrays> each(const Arrays& arrays, F&& f) {
  if (arrays.size() == 1) return f(arrays[0]);
  Arrays result;
  for (const array& x : arrays) result.push_back(f(x));
  return result;
}
}  // namespace

std::variant<array, Arrays> atleast_1d(const Arrays& arrays, StreamOrDevice s) {
  return each(arrays, [&](const array& x) { return x.ndim() ? x : reshape(x, {1}, s); });
}

std::variant<array, Arrays> atleast_2d(const Arrays& arrays, StreamOrDevice s) {
  return each(arrays, [&](const array& x) { return x.ndim() > 1 ? x : reshape(x, {1, -1}, s); });
}

std::variant<array, Arrays> atleast_3d(const Arrays& arrays, StreamOrDevice s) {
  return each(arrays, [&](const array& x) {
    if (x.ndim() > 2) return x;
    return x.ndim() == 2 ? expand_dims(x, {2}, s) : reshape(x, {1, -1, 1}, s);
  });
}

static const Registered<DeferredCall<&repeated>> repeat_class("Repeat", 0, 0);
static const Registered<DeferredCall<&tiled>> tile_class("Tile", std::vector<int>{});
static const Registered<DeferredCall<&diagonal_of>> diagonal_class("Diagonal", 0, 0, 0);
static const Registered<DeferredCall<&on_diagonal>> diag_class("Diag", 0);
static const Registered<DeferredCall<&broadcast_together>> broadcast_class("BroadcastTogether");
static const Registered<DeferredCall<&lower_triangle>> lower_class("LowerTriangle", 0);

}  // namespace mlx
