// Padding with a constant, the edge, or a mirror image of the values.
#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/deferred.h"
#include "graph/primitive.h"
#include "graph/registry.h"
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
    if (sides->empty() || sides->size() > 2)
      fail("pad", "pad_width must be an int, a pair or a pair for each axis.");
    pairs.assign(ndim, {sides->front(), sides->back()});
  } else {
    const auto& each = std::get<std::vector<std::vector<int>>>(width);
    if (each.size() != 1 && int(each.size()) != ndim)
      fail("pad", "got ", each.size(), " padding sizes for ", ndim, " axes.");
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

/// An array in the midst of a value that is broadcast. Inputs: the array, the value.
class Pad final : public Primitive {
 public:
  Pad(Shape low, Shape high) : low_(std::move(low)), high_(std::move(high)) {}
  const char* name() const override { return "pad"; }
  void fields(Fields& f) override { f.field("low", low_), f.field("high", high_); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& y = outputs[0];
    y.allocate(queue);
    if (y.size() == 0) return;
    copy_into(inputs[1], view_into(y, y.shape(), y.strides(), 0), queue);
    int64_t offset = 0;
    for (int i = 0; i < y.ndim(); ++i) offset += low_[i] * y.strides()[i];
    if (inputs[0].size())
      copy_into(inputs[0], view_into(y, inputs[0].shape(), y.strides(), offset), queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const array& g = cotangents[0];
    const array zero = array(0, g.dtype());
    Arrays result;
    for (const int i : argnums) {
      if (i == 0)
        result.push_back(inner(g));
      else
        result.push_back(
            unbroadcast(g - make(inner(g), zero), primals[1].shape(), primals[1].dtype()));
    }
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    const Arrays both = all_tangents(primals, tangents, argnums, 2);
    return {make(both[0], both[1])};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    if (axes[1] >= 0) fail(name(), "vmap over the padding value is not supported.");
    Shape low = low_, high = high_;
    low.insert(low.begin(), 0), high.insert(high.begin(), 0);
    return {{Pad(low, high).make(moveaxis(inputs[0], axes[0], 0), inputs[1])}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = inputs[0].shape();
    for (size_t i = 0; i < shape.size(); ++i)
      shape[i] = dimension(int64_t(low_[i]) + shape[i] + high_[i], name());
    return {shape};
  }
  array make(const array& a, const array& value, StreamOrDevice s = {}) const {
    return array(output_shapes({a})[0], a.dtype(), make_ref<Pad>(low_, high_), {a, value},
                 to_stream(s));
  }

 private:
  /// The part of a result that the array fills.
  array inner(const array& g) const {
    Shape stop = g.shape();
    for (size_t i = 0; i < stop.size(); ++i) stop[i] -= high_[i];
    return slice(g, low_, stop);
  }
  Shape low_, high_;
};

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
      if (mirror != Mirror::edge)
        fail("pad", "cannot pad the empty axis ", axis, " with its own values.");
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

array pad(const array& a, const PadWidth& pad_width, const std::string& mode,
          const Operand& constant_values, StreamOrDevice s) {
  const Mirror mirror = mode == "edge"        ? Mirror::edge
                        : mode == "reflect"   ? Mirror::reflect
                        : mode == "symmetric" ? Mirror::symmetric
                                              : Mirror::none;
  if (mirror == Mirror::none && mode != "constant")
    fail("pad", "unknown mode '", mode, "'; it is constant, edge, reflect or symmetric.");
  const Pairs pairs = pairs_of(pad_width, a.ndim());
  if (follows_shape(a)) fail("pad", "Pad cannot infer output shapes.");
  if (mirror != Mirror::none) return mirrored(a, pairs, mirror, s);
  const std::optional<Dtype> wide = a.dtype() == float64 ? std::optional(float64) : std::nullopt;
  if (!constant_values.as_array()) dtype_beside(constant_values.number(), a.dtype());  // it fits
  const array value = astype(to_array(constant_values, wide), a.dtype(), s);
  Shape low, high;
  for (const auto& [before, after] : pairs) low.push_back(before), high.push_back(after);
  const Pad primitive(low, high);
  const Shape shape = primitive.output_shapes({a})[0];
  if (shape == a.shape()) return a;
  if (broadcast(value.shape(), shape, "pad") != shape)
    fail("pad", "a value of shape ", to_string(value.shape()), " does not fit an array padded to ",
         to_string(shape), ".");
  return primitive.make(a, value, s);
}

static const Registered<Pad> pad_class("Pad", Shape{}, Shape{});

}  // namespace mlx
