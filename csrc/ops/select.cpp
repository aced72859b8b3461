// Casts, selection by a condition, rounding and clipping; the end of gradients.
#include <cmath>
#include <tuple>

#include "base/error.h"
#include "graph/group_kernel.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx {

Fragment where_fragment(Dtype dtype) {
  return {dtype.is_complex() ? "c_select(c, b, a.re != 0)" : "select(c, b, a != ($T)(0))", dtype};
}

namespace {

class AsType final : public Primitive {
 public:
  explicit AsType(Dtype dtype) : fragment_{"a", dtype} {}
  const char* name() const override { return "astype"; }
  void fields(Fields& f) override { f.field("dtype", fragment_.operand); }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {cuts(primals[0]) ? zeros_like(primals[0]) : astype(cotangents[0], primals[0].dtype())};
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) override {
    return {cuts(primals[0]) ? zeros_like(primals[0], fragment_.operand)
                             : astype(tangents[0], fragment_.operand)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{astype(inputs[0], fragment_.operand)}, axes};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  const Fragment* fragment(const Arrays&) const override { return &fragment_; }

 private:
  /// Whole numbers made of others are constant between jumps.
  bool cuts(const array& from) const {
    return from.dtype().is_inexact() && !fragment_.operand.is_inexact();
  }

  Fragment fragment_;
};

/// The condition, a bool, becomes 0 or 1 of the values' dtype and then a mask.
class Where final : public Primitive {
 public:
  explicit Where(Dtype dtype) : fragment_(where_fragment(dtype)) {}
  const char* name() const override { return "where"; }
  void fields(Fields& f) override {
    f.field("dtype", fragment_.operand);
    fragment_ = where_fragment(fragment_.operand);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const array &condition = primals[0], &g = cotangents[0], zero = array(0, g.dtype());
    Arrays result;
    for (const int i : argnums) {
      const array& x = primals[i];
      result.push_back(
          i == 0 ? zeros_like(condition)
                 : unbroadcast(i == 1 ? where(condition, g, zero) : where(condition, zero, g),
                               x.shape(), x.dtype()));
    }
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    Arrays parts{primals[0], array(0, fragment_.operand), array(0, fragment_.operand)};
    for (size_t k = 0; k < argnums.size(); ++k)
      if (argnums[k] > 0) parts[argnums[k]] = tangents[k];
    return {broadcast_to(where(parts[0], parts[1], parts[2]), output_shapes(primals)[0])};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const Arrays aligned = align_batch(inputs, axes);
    return {{where(aligned[0], aligned[1], aligned[2])}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {broadcast(broadcast(inputs[0].shape(), inputs[1].shape(), "where"), inputs[2].shape(),
                      "where")};
  }
  const Fragment* fragment(const Arrays&) const override { return &fragment_; }

 private:
  Fragment fragment_;
};

class StopGradient final : public Primitive {
 public:
  const char* name() const override { return "stop_gradient"; }
  void eval(const Arrays& inputs, Arrays& outputs, Queue&) override {
    outputs[0].share(inputs[0], inputs[0].strides(), inputs[0].offset());
  }
  Arrays vjp(const Arrays& primals, const Arrays&, const std::vector<int>&,
             const Arrays&) override {
    return {zeros_like(primals[0])};
  }
  Arrays jvp(const Arrays& primals, const Arrays&, const std::vector<int>&) override {
    return {zeros_like(primals[0])};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{stop_gradient(inputs[0])}, axes};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  bool stops_gradient() const override { return true; }
  size_t work(const Arrays&, const Arrays&) const override { return 0; }
  bool is_view() const override { return true; }
};

}  // namespace

array astype(const array& a, Dtype dtype, StreamOrDevice s, std::optional<bool> copy) {
  if (a.dtype() == dtype) return copy == true ? mlx::copy(a, s) : a;
  return array(a.shape(), dtype, make_ref<AsType>(dtype), {a}, to_stream(s));
}

array where(Condition condition, Operand x, Operand y, StreamOrDevice s) {
  if (!x.as_array() || !y.as_array()) std::tie(x, y) = to_arrays(std::move(x), std::move(y));
  const Dtype dtype = promote(x.as_array()->dtype(), y.as_array()->dtype());
  auto primitive = make_ref<Where>(dtype);
  Arrays inputs;
  inputs.reserve(3);
  inputs.push_back(condition.as_array() ? astype(*condition.as_array(), bool_, s)
                                        : to_array(condition.number(), bool_));
  inputs.push_back(std::move(*x.as_array()));
  inputs.push_back(std::move(*y.as_array()));
  Shape shape = primitive->output_shapes(inputs)[0];
  return array(std::move(shape), dtype, std::move(primitive), std::move(inputs), to_stream(s));
}

array stop_gradient(const array& x, StreamOrDevice s) {
  return array(x.shape(), x.dtype(), make_ref<StopGradient>(), {x}, to_stream(s));
}

array round(Operand a, int decimals, StreamOrDevice s) {
  const array x = to_array(std::move(a));
  if (decimals == 0) return rint(x, s);
  if (!x.dtype().is_inexact() && decimals > 0) return x;
  const Dtype dtype = at_least_float(x.dtype());
  const array scale(std::pow(10.0, std::abs(decimals)), dtype), wide = astype(x, dtype, s);
  const array rounded = decimals > 0 ? divide(rint(multiply(wide, scale, s), s), scale, s)
                                     : multiply(rint(divide(wide, scale, s), s), scale, s);
  return astype(rounded, x.dtype(), s);
}

array clip(const array& a, const std::optional<Operand>& a_min, const std::optional<Operand>& a_max,
           StreamOrDevice s) {
  if (!a_min && !a_max) fail("clip", "at most one of a_min and a_max may be None.");
  const array raised = a_min ? maximum(a, *a_min, s) : a;
  return a_max ? minimum(raised, *a_max, s) : raised;
}

static const Registered<AsType> as_type_class("AsType", float32);
static const Registered<Where> where_class("Where", float32);
static const Registered<StopGradient> stop_gradient_class("StopGradient");

}  // namespace mlx
