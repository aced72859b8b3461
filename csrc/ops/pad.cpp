// Padding with a constant, the edge, or a mirror image of the values.
#include "base/error.h"
#include "graph/deferred.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/rearrange.h"
#include "ops/shape.h"

namespace mlx {
namespace {

using Pairs = std::vector<std::pair<int, int>>;

Pairs pairs_of(const PadWidth& width, int ndim) {
  Pairs pairs;
  if (const int* all = std::get_if<int>(&width)) {
    pairs.assign(ndim, {*all, *all});
  } else if (const auto* sides = std::get_if<std::vector<int>>(&width)) {
    if (sides->empty() || sides->size() > 2) fail("pad", "pad_width must be an int, a pair or a pair for each axis.");
    pairs.assign(ndim, {sides->front(), sides->back()});
  } else {
    const auto& each = std::get<std::vector<std::vector<int>>>(width);
    if (each.size() != 1 && int(each.size()) != ndim) fail("pad", "got ", each.size(), " padding sizes for ", ndim, " axes.");
    for (int i = 0; i < ndim; ++i) {
      const std::vector<int>& pair = each.size() == 1 ? each[0] : each[i];
      if (pair.empty() || pair.size() > 2) fail("pad", "the padding of an axis is a pair.");
      pairs.push_back({pair.front(), pair.back()});
    }
  }
  for (const auto& [low, high] : pairs)
    if (low < 0 || high < 0) fail("pad", "padding sizes must not be negative.");
  return pairs;
}

enum class Mirror { none, edge, reflect, symmetric };

/// Which element of an axis of size n shows at position i (negative: before the first).
int source(int64_t i, int64_t n, Mirror mirror) {
  if (mirror == Mirror::edge || n == 1) return int(std::clamp<int64_t>(i, 0, n - 1));
  const int64_t period = mirror == Mirror::reflect ? 2 * (n - 1) : 2 * n;
  const int64_t at = ((i % period) + period) % period;
  return int(at < n ? at : mirror == Mirror::reflect ? period - at : period - 1 - at);
}

array mirrored(const array& a, const Pairs& pairs, Mirror mirror, StreamOrDevice s) {
  array result = a;
  for (int axis = 0; axis < a.ndim(); ++axis) {
    const auto [low, high] = pairs[axis];
    const int n = a.shape(axis);
    if (low + high == 0) continue;
    if (n == 0) {
      if (mirror != Mirror::edge) fail("pad", "cannot pad the empty axis ", axis, " with its own values.");
      Shape shape = result.shape();
      shape[axis] = low + high;
      result = zeros(shape, a.dtype(), s);
      continue;
    }
    std::vector<int32_t> from;
    for (int64_t i = -low; i < int64_t(n) + high; ++i) from.push_back(source(i, n, mirror));
    result = take(result, array::from_host(from.data(), {int32_t(from.size())}, int32), axis, s);
  }
  return result;
}

}  // namespace

array pad(const array& a, const PadWidth& pad_width, const std::string& mode, const ScalarOrArray& constant_values,
          StreamOrDevice s) {
  const Mirror mirror = mode == "edge" ? Mirror::edge : mode == "reflect" ? Mirror::reflect : mode == "symmetric" ? Mirror::symmetric : Mirror::none;
  if (mirror == Mirror::none && mode != "constant") fail("pad", "unknown mode '", mode, "'; it is constant, edge, reflect or symmetric.");
  const Pairs pairs = pairs_of(pad_width, a.ndim());
  if (follows_shape(a)) fail("pad", "Pad cannot infer output shapes.");
  if (mirror != Mirror::none) return mirrored(a, pairs, mirror, s);
  Shape shape, start, stop, strides(size_t(a.ndim()), 1);
  for (int i = 0; i < a.ndim(); ++i) {
    start.push_back(pairs[i].first);
    stop.push_back(dimension(int64_t(pairs[i].first) + a.shape(i), "pad"));
    shape.push_back(dimension(int64_t(stop[i]) + pairs[i].second, "pad"));
  }
  if (shape == a.shape()) return a;
  const array value = astype(to_array(constant_values), a.dtype(), s);
  return slice_update(full(std::move(shape), value, a.dtype(), s), a, std::move(start), std::move(stop), std::move(strides), s);
}

}  // namespace mlx
