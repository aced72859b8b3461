// Products built on matmul: inner, outer, tensordot, vecdot and kron.
#include <algorithm>

#include "base/error.h"
#include "graph/deferred.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx {
namespace {

int32_t extent(const array& x, const Axes& axes) {
  int64_t size = 1;
  for (const int axis : axes) size *= x.shape(axis);
  return dimension(size, "tensordot");
}

/// The axes of x that are not in `axes`.
Axes free_axes(const array& x, const Axes& axes) {
  Axes result;
  for (int axis = 0; axis < x.ndim(); ++axis)
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) result.push_back(axis);
  return result;
}

Axes joined(Axes first, const Axes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::pair<Axes, Axes> contracted(const array& a, const array& b, const ContractedAxes& axes) {
  std::pair<Axes, Axes> result;
  if (const int* count = std::get_if<int>(&axes)) {
    if (*count < 0) fail("tensordot", "axis must be greater or equal to 0.");
    if (*count > std::min(a.ndim(), b.ndim()))
      fail("tensordot", "axis must be less than the number of dimensions of a and b.");
    for (int i = 0; i < *count; ++i) {
      result.first.push_back(a.ndim() - *count + i);
      result.second.push_back(i);
    }
    return result;
  }
  const auto& lists = std::get<std::vector<IntSequence>>(axes);
  if (lists.size() != 2) fail("tensordot", "axes must be a list of two lists.");
  if (lists[0].size() != lists[1].size()) fail("tensordot", "axes must have the same size.");
  for (size_t i = 0; i < lists[0].size(); ++i) {
    result.first.push_back(normalize_axis(lists[0][i], a.ndim(), "tensordot"));
    result.second.push_back(normalize_axis(lists[1][i], b.ndim(), "tensordot"));
  }
  return result;
}

// Calls whose nodes depend on the shapes.
Arrays contraction(const Arrays& inputs, const Axes& axes_a, const Axes& axes_b) {
  return {tensordot(inputs[0], inputs[1], std::vector<IntSequence>{axes_a, axes_b})};
}
Arrays kronecker(const Arrays& inputs) {
  return {kron(inputs[0], inputs[1])};
}

}  // namespace

array tensordot(const array& a, const array& b, const ContractedAxes& axes, StreamOrDevice s) {
  const auto [axes_a, axes_b] = contracted(a, b, axes);
  for (size_t i = 0; i < axes_a.size(); ++i)
    if (a.shape(axes_a[i]) != b.shape(axes_b[i]))
      fail("tensordot", "a and b must have the same shape on the contracted axes.");
  if (follows_shape(Arrays{a, b})) return deferred<&contraction>({a, b}, s, axes_a, axes_b);
  const Axes free_a = free_axes(a, axes_a), free_b = free_axes(b, axes_b);
  const int32_t k = extent(a, axes_a);
  const array left = reshape(transpose(a, joined(free_a, axes_a), s), {extent(a, free_a), k}, s);
  const array right = reshape(transpose(b, joined(axes_b, free_b), s), {k, extent(b, free_b)}, s);
  Shape shape;
  for (const int axis : free_a) shape.push_back(a.shape(axis));
  for (const int axis : free_b) shape.push_back(b.shape(axis));
  return reshape(matmul(left, right, s), shape, s);
}

array inner(const array& a, const array& b, StreamOrDevice s) {
  if (a.ndim() == 0 || b.ndim() == 0) return multiply(a, b, s);
  if (a.shape(-1) != b.shape(-1)) fail("inner", "a and b must have the same last dimension.");
  return tensordot(a, b, std::vector<IntSequence>{{-1}, {-1}}, s);
}

array outer(const array& a, const array& b, StreamOrDevice s) {
  return multiply(reshape(a, {-1, 1}, s), reshape(b, {1, -1}, s), s);
}

array vecdot(const array& a, const array& b, int axis, StreamOrDevice s) {
  if (a.ndim() < 1 || b.ndim() < 1) fail("vecdot", "inputs must be at least 1D.");
  for (const array* x : {&a, &b}) normalize_axis(axis, x->ndim(), "vecdot");
  if (a.ndim() != b.ndim()) fail("vecdot", "a and b must have the same number of dimensions.");
  if (a.shape(axis) != b.shape(axis)) fail("vecdot", "a and b must have the same size along axis.");
  return sum(multiply(a.dtype().is_complex() ? conjugate(a, s) : a, b, s), Axes{axis}, false, s);
}

array kron(const array& a, const array& b, StreamOrDevice s) {
  if (a.size() == 0 || b.size() == 0) fail("kron", "Input arrays cannot be empty.");
  if (follows_shape(Arrays{a, b})) return deferred<&kronecker>({a, b}, s);
  // Axes of a and b interleave: (a0, 1, a1, 1, …) * (1, b0, 1, b1, …).
  const int ndim = std::max(a.ndim(), b.ndim());
  Shape left, right, result;
  for (int i = 0; i < ndim; ++i) {
    const int32_t x = i < ndim - a.ndim() ? 1 : a.shape(i - ndim),
                  y = i < ndim - b.ndim() ? 1 : b.shape(i - ndim);
    left.push_back(x), left.push_back(1);
    right.push_back(1), right.push_back(y);
    result.push_back(dimension(int64_t(x) * y, "kron"));
  }
  return reshape(multiply(reshape(a, left, s), reshape(b, right, s), s), result, s);
}

static const Registered<DeferredCall<&contraction>> contraction_class("Tensordot", Axes{}, Axes{});
static const Registered<DeferredCall<&kronecker>> kronecker_class("Kron");

}  // namespace mlx
