// Constants and ranges.
#include "ops/creation.h"

#include "base/error.h"
#include "graph/deferred.h"
#include "graph/group_kernel.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx {
namespace {

/// A value spread over a shape: a fused group that reads a constant needs no memory for it.
class Full final : public Primitive {
 public:
  Full(Shape shape, Dtype dtype) : shape_(std::move(shape)), fragment_{"a", dtype} {}
  const char* name() const override { return "full"; }
  void fields(Fields& f) override { f.field("shape", shape_), f.field("dtype", fragment_.operand); }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {unbroadcast(cotangents[0], primals[0].shape(), primals[0].dtype())};
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return {filled(shape_, tangents[0], fragment_.operand)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const array x = batch_first(inputs[0], axes[0], 0);
    Shape shape = shape_;
    shape.insert(shape.begin(), x.shape(0));
    return {{filled(shape, align_examples(x, int(shape_.size())), fragment_.operand)}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays&) const override { return {shape_}; }
  const Fragment* fragment(const Arrays&) const override { return &fragment_; }

 private:
  Shape shape_;
  Fragment fragment_;
};

class Arange final : public Primitive {
 public:
  Arange(double start, double step, int64_t length, Dtype dtype)
      : start_(start), step_(step), length_(length), dtype_(dtype) {}
  const char* name() const override { return "arange"; }
  void fields(Fields& f) override {
    f.field("start", start_), f.field("step", step_), f.field("length", length_),
        f.field("dtype", dtype_);
  }
  void eval(const Arrays&, Arrays& outputs, Queue& queue) override {
    array& y = outputs[0];
    y.allocate(queue);
    if (length_ == 0) return;
    Launch kernel = launch(queue, "arange", "arange", {{"T", dtype_}});
    set_number(kernel, start_);
    set_number(kernel, step_);
    kernel.over(work_items(queue, Work::arange, length_)).with(writes(y), length_);
  }
  std::vector<Shape> output_shapes(const Arrays&) const override {
    return {Shape{int32_t(length_)}};
  }

 private:
  /// Rounded to the dtype, in the type that kernels compute it in.
  void set_number(Launch& kernel, double value) const {
    visit(dtype_, [&](auto zero) {
      using T = decltype(zero);
      if constexpr (std::is_same_v<T, complex64_t>)
        fail("arange", "complex64 is not supported.");
      else if constexpr (std::is_class_v<T>)
        kernel.set(float(T(float(value))));
      else if constexpr (sizeof(T) == 8 || std::is_same_v<T, float>)
        set_bytes(kernel, T(value));
      else
        set_bytes(kernel, T(int64_t(value)));
    });
  }
  template <typename T>
  static void set_bytes(Launch& kernel, T value) {
    kernel.set_bytes(&value, sizeof value);
  }

  double start_, step_;
  int64_t length_;
  Dtype dtype_;
};

}  // namespace

array filled(Shape shape, const array& value, Dtype dtype, StreamOrDevice s) {
  for (const int32_t extent : shape)
    if (extent < 0)
      fail("full", "negative dimensions are not allowed, got shape ", to_string(shape), ".");
  if (!(broadcast(value.shape(), shape, "full") == shape))
    fail("full", "cannot broadcast a value of shape ", to_string(value.shape()), " to ",
         to_string(shape), ".");
  if (shape.empty() && value.dtype() == dtype) return value;
  auto primitive = make_ref<Full>(shape, dtype);
  return array(std::move(shape), dtype, std::move(primitive), {value}, to_stream(s));
}

array full(IntOrShape shape, const Operand& value, std::optional<Dtype> dtype, StreamOrDevice s) {
  const array x = dtype ? to_array_beside(value, *dtype) : to_array(value);
  return filled(std::move(shape.value), x, dtype == bool_ ? bool_ : x.dtype(), s);
}

array zeros(IntOrShape shape, std::optional<Dtype> dtype, StreamOrDevice s) {
  const Dtype to = dtype.value_or(float32);
  return filled(std::move(shape.value), array(0, to), to, s);
}
array ones(IntOrShape shape, std::optional<Dtype> dtype, StreamOrDevice s) {
  const Dtype to = dtype.value_or(float32);
  return filled(std::move(shape.value), array(1, to), to, s);
}

namespace {
Arrays filled_like(const Arrays& inputs, const Dtype& dtype) {
  return {filled(inputs[0].shape(), inputs[1], dtype)};
}

array like(const array& a, const array& value, const StreamOrDevice& s) {
  if (follows_shape(a)) return deferred<&filled_like>({a, value}, s, value.dtype());
  return filled(a.shape(), value, value.dtype(), s);
}
}  // namespace

array full_like(const array& a, const Operand& value, std::optional<Dtype> dtype,
                StreamOrDevice s) {
  const Dtype to = dtype.value_or(a.dtype());
  return like(a, astype(to_array_beside(value, to), to, s), s);
}
array zeros_like(const array& a, std::optional<Dtype> dtype, StreamOrDevice s) {
  return like(a, array(0, dtype.value_or(a.dtype())), s);
}
array ones_like(const array& a, std::optional<Dtype> dtype, StreamOrDevice s) {
  return like(a, array(1, dtype.value_or(a.dtype())), s);
}

array ramp(double start, double step, int64_t length, Dtype dtype, StreamOrDevice s) {
  if (dtype == bool_ || dtype.is_complex()) fail("arange", dtype.name(), " is not supported.");
  return array(Shape{dimension(length, "arange")}, dtype,
               make_ref<Arange>(start, step, length, dtype), {}, to_stream(s));
}

array arange(int64_t length, Dtype dtype, StreamOrDevice s) {
  return ramp(0, 1, length, dtype, s);
}

static const Registered<DeferredCall<&filled_like>> full_like_class("FullLike", float32);
static const Registered<Full> full_class("Full", Shape{}, float32);
static const Registered<Arange> arange_class("Arange", 0.0, 1.0, int64_t(0), float32);

}  // namespace mlx
