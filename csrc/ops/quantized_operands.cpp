// Products whose operands are both rounded to a quantisation mode. Gradients see the rounding as
// the identity.
#include "base/error.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/quantize.h"
#include "ops/shape.h"

namespace mlx {
namespace {

/// Forwards the second operand, sends gradients to the first: rounding seen as the identity.
class StraightThrough final : public Primitive {
 public:
  const char* name() const override { return "StraightThrough"; }
  void eval(const Arrays& inputs, Arrays& outputs, Queue&) override {
    outputs[0].share(inputs[1], inputs[1].strides(), inputs[1].offset());
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    Arrays result;
    for (const int i : argnums) result.push_back(i == 0 ? cotangents[0] : zeros_like(primals[1]));
    return result;
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    return {{apply(batch_first(inputs[0], axes[0], size), batch_first(inputs[1], axes[1], size))},
            {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[1].shape()};
  }
  bool is_view() const override { return true; }
  static array apply(const array& x, const array& rounded, const StreamOrDevice& s = {}) {
    return array(x.shape(), x.dtype(), make_ref<StraightThrough>(), {x, rounded}, to_stream(s));
  }
};

/// What qqmm sees of its operands once checked: both rounded, x as floats.
struct RoundedOperands {
  Quantization q;
  array x;
  bool packed;  ///< w came packed
};

array rounded(const Quantization& q, const array& x, const std::optional<array>& global_scale,
              const StreamOrDevice& s) {
  const Arrays parts = quantize(stop_gradient(x, s), q.group_size, q.bits, q.mode, global_scale, s);
  return StraightThrough::apply(
      x,
      dequantize(parts[0], parts[1], {}, q.group_size, q.bits, q.mode, global_scale, x.dtype(), s),
      s);
}

RoundedOperands round_operands(const char* op, const array& x, const array& w,
                               const std::optional<array>& scales, std::optional<int> group_size,
                               std::optional<int> bits, const std::string& mode,
                               const std::optional<array>& scale_x,
                               const std::optional<array>& scale_w, const StreamOrDevice& s) {
  const Quantization q = quantization(op, group_size, bits, mode);
  const bool packed = w.dtype() == uint32;
  if (q.is_affine()) fail(op, "affine quantization is not supported.");
  if (packed && !scales) fail(op, "Scales must be provided if second argument is quantized.");
  if (!x.dtype().is_floating() || x.dtype() == float64 || (!packed && !w.dtype().is_floating()))
    fail(op, "Only real floating types except float64 are supported but the operands have types ",
         x.dtype().name(), " and ", w.dtype().name(), ".");
  if (bool(scale_x) != bool(scale_w))
    fail(op, "either both global_scale_x and global_scale_w must be provided, or neither.");
  return {q, rounded(q, x, scale_x, s), packed};
}

array times_global_scale(const array& y, const std::optional<array>& scale,
                         const StreamOrDevice& s) {
  if (!scale) return y;
  return multiply(y, astype(reshape(*scale / 2688.0, {}, s), y.dtype(), s), s);
}

}  // namespace

array qqmm(const array& x, const array& w, const std::optional<array>& scales,
           std::optional<int> group_size, std::optional<int> bits, const std::string& mode,
           const std::optional<array>& global_scale_x, const std::optional<array>& global_scale_w,
           StreamOrDevice s) {
  if (w.ndim() != 2)
    fail("qqmm", "Only 2D weights are supported but w has ", w.ndim(), " dimensions.");
  const RoundedOperands r = round_operands("qqmm", x, w, scales, group_size, bits, mode,
                                           global_scale_x, global_scale_w, s);
  if (!r.packed) return matmul(r.x, transpose(rounded(r.q, w, global_scale_w, s), {}, s), s);
  return times_global_scale(quantized_matmul(r.x, w, *scales, {}, true, group_size, bits, mode, s),
                            global_scale_w, s);
}

array gather_qqmm(const array& x, const array& w, const std::optional<array>& scales,
                  const std::optional<array>& lhs_indices, const std::optional<array>& rhs_indices,
                  std::optional<int> group_size, std::optional<int> bits, const std::string& mode,
                  const std::optional<array>& global_scale_x,
                  const std::optional<array>& global_scale_w, bool sorted_indices,
                  StreamOrDevice s) {
  const RoundedOperands r = round_operands("gather_qqmm", x, w, scales, group_size, bits, mode,
                                           global_scale_x, global_scale_w, s);
  const Arrays weights = r.packed
                             ? Arrays{w, *scales}
                             : quantize(w, r.q.group_size, r.q.bits, r.q.mode, global_scale_w, s);
  return times_global_scale(
      gather_qmm(r.x, weights[0], weights[1], {}, lhs_indices, rhs_indices, true, r.q.group_size,
                 r.q.bits, r.q.mode, sorted_indices, {}, s),
      global_scale_w, s);
}

static const Registered<StraightThrough> straight_through_class("StraightThrough");

}  // namespace mlx
