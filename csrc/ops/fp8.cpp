// Conversion to and from e4m3 bytes.
#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/elementwise.h"
#include "ops/quantize.h"

namespace mlx {
namespace {

/// `to`: floats to bytes; else bytes to floats of the output's dtype.
class Fp8 final : public Primitive {
 public:
  explicit Fp8(bool to, Dtype dtype) : to_(to), dtype_(dtype) {}
  const char* name() const override { return to_ ? "ToFP8" : "FromFP8"; }
  void fields(Fields& f) override {
    f.field("to", to_);
    f.field("dtype", dtype_);
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& out = outputs[0];
    out.allocate(queue);
    if (out.size() == 0) return;
    const array x = contiguous_copy(inputs[0], queue);
    launch(queue, "quantize", to_ ? "to_fp8" : "from_fp8", {{"T", dtype_}})
        .over(work_items(queue, Work::quantized, (x.size() + 15) / 16))
        .moving(size_t(x.nbytes() + out.nbytes()))
        .with(reads(x), writes(out), x.size());
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{to_ ? to_fp8(inputs[0]) : from_fp8(inputs[0], dtype_)}, axes};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }

 private:
  bool to_;
  Dtype dtype_;
};

}  // namespace

array to_fp8(const array& x, StreamOrDevice s) {
  if (!x.dtype().is_floating())
    fail("to_fp8", "Only real floating types are supported but x has type ", x.dtype().name(), ".");
  const array floats = x.dtype() == float64 ? astype(x, float32, s) : x;
  return array(x.shape(), uint8, make_ref<Fp8>(true, floats.dtype()), {floats}, to_stream(s));
}

array from_fp8(const array& x, Dtype dtype, StreamOrDevice s) {
  if (x.dtype() != uint8)
    fail("from_fp8", "Input must have type uint8 but x has type ", x.dtype().name(), ".");
  if (!dtype.is_floating())
    fail("from_fp8", "Only real floating types are supported but dtype is ", dtype.name(), ".");
  const Dtype computed = dtype == float64 ? float32 : dtype;
  return astype(array(x.shape(), computed, make_ref<Fp8>(false, computed), {x}, to_stream(s)),
                dtype, s);
}

static const Registered<Fp8> fp8_class("Fp8", true, float32);

}  // namespace mlx
