// Norms of vectors and matrices, and the cross product.
#include <cmath>

#include "base/error.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/linalg.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx::linalg {
namespace {

constexpr const char* op = "linalg::norm";

array euclidean(const array& a, const Axes& axes, bool keepdims, const StreamOrDevice& s) {
  if (axes.empty()) return abs(astype(a, at_least_float(a.dtype()), s), s);
  const array x = a.dtype().is_complex() ? abs(a, s) : astype(a, at_least_float(a.dtype()), s);
  return sqrt(sum(square(x, s), axes, keepdims, s), s);
}

array norm_of_vectors(const array& a, double ord, const Axes& axes, bool keepdims,
                      const StreamOrDevice& s) {
  if (ord == 2) return euclidean(a, axes, keepdims, s);
  const Dtype dtype = at_least_float(a.dtype());
  const array size = abs(a, s);
  if (ord == 0)
    return astype(sum(not_equal(a, array(0, a.dtype()), s), axes, keepdims, s), dtype, s);
  if (ord == 1) return astype(sum(size, axes, keepdims, s), dtype, s);
  if (std::isinf(ord))
    return astype(ord > 0 ? max(size, axes, keepdims, s) : min(size, axes, keepdims, s), dtype, s);
  const array x = astype(size, dtype.is_complex() ? float32 : dtype, s);
  const array total = sum(power(x, ord, s), axes, keepdims, s);
  return astype(power(total, 1 / ord, s), dtype, s);
}

/// Singular values of the matrices that lie along two axes.
array singular_values_along(const array& a, int rows, int columns, const StreamOrDevice& s) {
  array x = moveaxis(a, rows, -1, s);
  x = moveaxis(x, columns > rows ? columns - 1 : columns, -1, s);
  return svdvals(x, s);
}

array norm_of_matrices(const array& a, double ord, const Axes& axes, bool keepdims,
                       const StreamOrDevice& s) {
  const Dtype dtype = at_least_float(a.dtype());
  int rows = axes[0], columns = axes[1];
  if (std::abs(ord) == 2) {
    const array values = singular_values_along(a, rows, columns, s);
    const array result =
        ord > 0 ? max(values, Axes{-1}, false, s) : min(values, Axes{-1}, false, s);
    return astype(keepdims
                      ? expand_dims(result, {std::min(rows, columns), std::max(rows, columns)}, s)
                      : result,
                  dtype, s);
  }
  if (std::abs(ord) != 1 && !std::isinf(ord)) fail(op, "Invalid ord ", ord, " for matrix norm.");
  // 1: the largest column sum; infinity: the largest row sum.
  const int summed = std::abs(ord) == 1 ? rows : columns,
            kept = std::abs(ord) == 1 ? columns : rows;
  const array sums = sum(abs(a, s), Axes{summed}, true, s);
  const array result = ord > 0 ? max(sums, Axes{kept}, true, s) : min(sums, Axes{kept}, true, s);
  return astype(keepdims ? result : squeeze(result, Axes{rows, columns}, s), dtype, s);
}

array named_norm(const array& a, const std::string& name, const Axes& axes, bool keepdims,
                 const StreamOrDevice& s) {
  if (axes.size() != 2)
    fail(op, "Norm '", name, "' only supported for matrices, but received ", axes.size(),
         " axis/axes.");
  if (name == "fro" || name == "f") return euclidean(a, axes, keepdims, s);
  if (name != "nuc") fail(op, "Invalid ord value '", name, "' for matrix norm.");
  const array result = sum(singular_values_along(a, axes[0], axes[1], s), Axes{-1}, false, s);
  return keepdims ? expand_dims(result, {std::min(axes[0], axes[1]), std::max(axes[0], axes[1])}, s)
                  : result;
}

}  // namespace

array norm(const array& a, const Order& ord, const OptionalAxes& axis, bool keepdims,
           StreamOrDevice s) {
  Axes axes = axis ? *axis : all_axes(a.ndim());
  if ((axis || ord) && (axes.size() > 2 || (ord && axes.empty())))
    fail(op, "Received too many axes for norm.");
  if (axis) {
    normalize_axes(*axis, a.ndim(), op);
    for (int& i : axes) i = normalize_axis(i, a.ndim(), op);
  }
  if (!ord && !axis)
    return a.ndim() == 0 ? euclidean(a, {}, keepdims, s) : euclidean(a, axes, keepdims, s);
  if (!ord) return euclidean(a, axes, keepdims, s);
  if (const std::string* name = std::get_if<std::string>(&*ord))
    return named_norm(a, *name, axes, keepdims, s);
  const double number = std::get<double>(*ord);
  return axes.size() == 1 ? norm_of_vectors(a, number, axes, keepdims, s)
                          : norm_of_matrices(a, number, axes, keepdims, s);
}

array vector_norm(const array& a, const OptionalAxes& axis, bool keepdims, double ord,
                  StreamOrDevice s) {
  const char* const name = "linalg::vector_norm";
  Axes axes = axis ? *axis : all_axes(a.ndim());
  for (int& i : axes) i = normalize_axis(i, a.ndim(), name);
  return norm_of_vectors(a, ord, axes, keepdims, s);
}

array matrix_norm(const array& a, bool keepdims, const Order& ord, StreamOrDevice s) {
  if (a.ndim() < 2)
    fail("linalg::matrix_norm", "a matrix has at least two dimensions, not ", a.ndim(), ".");
  return norm(a, ord, Axes{-2, -1}, keepdims, s);
}

array cross(const array& a, const array& b, int axis, StreamOrDevice s) {
  for (const array* x : {&a, &b}) {
    normalize_axis(axis, x->ndim(), "linalg::cross");
    if (x->shape(axis) != 2 && x->shape(axis) != 3)
      fail("linalg::cross", "The specified axis must have size 2 or 3.");
  }
  const Dtype dtype = promote(a.dtype(), b.dtype());
  /// Component i along the axis, which goes last; a missing third one is zero.
  const auto component = [&](const array& x, int i) {
    const array last = moveaxis(astype(x, dtype, s), axis, -1, s);
    Shape start(last.ndim(), 0), stop = last.shape();
    if (i >= stop.back()) return zeros(Shape(stop.begin(), stop.end() - 1), dtype, s);
    start.back() = i, stop.back() = i + 1;
    return squeeze(slice(last, start, stop, s), Axes{-1}, s);
  };
  Arrays parts;
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    const array part = subtract(multiply(component(a, j), component(b, k), s),
                                multiply(component(a, k), component(b, j), s), s);
    parts.push_back(expand_dims(part, {-1}, s));
  }
  const array result = concatenate(parts, -1, s);
  const int place = axis < 0 ? axis : axis - std::max(a.ndim(), b.ndim());
  return moveaxis(result, -1, place, s);
}

}  // namespace mlx::linalg
