// Elementwise operations: the functions of elementwise.def, operators, casts and selection.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/array.h"
#include "graph/primitive.h"

namespace mlx {

#define UNARY(name, ...) array name(const array& a, StreamOrDevice s = {});
#define BINARY(name, ...) array name(const array& a, const array& b, StreamOrDevice s = {});
#include "ops/elementwise.def"
#undef UNARY
#undef BINARY

/// Conversion to another dtype; `x` itself when it has it already.
array astype(const array& x, Dtype dtype, StreamOrDevice s = {});
/// Elements of `x` where `condition` is not zero, of `y` elsewhere; all three broadcast.
array where(const array& condition, const array& x, const array& y, StreamOrDevice s = {});
/// Cuts the flow of gradients.
array stop_gradient(const array& x, StreamOrDevice s = {});
/// Rounds half to even at that many decimals.
array round(const array& x, int decimals = 0, StreamOrDevice s = {});
array clip(const array& x, const array* low, const array* high, StreamOrDevice s = {});

// A number beside an array takes the array's dtype (float32 if a fraction meets integers).
array number_like(double value, const array& like);
inline array operator-(const array& a) { return negative(a); }
#define OPERATOR(symbol, name)                                                                        \
  inline array operator symbol(const array& a, const array& b) { return name(a, b); }                 \
  inline array operator symbol(const array& a, double b) { return name(a, number_like(b, a)); }       \
  inline array operator symbol(double a, const array& b) { return name(number_like(a, b), b); }
OPERATOR(+, add)
OPERATOR(-, subtract)
OPERATOR(*, multiply)
OPERATOR(/, divide)
#undef OPERATOR

/// A row of elementwise.def.
struct ElementwiseRow {
  using Derivative = std::optional<array> (*)(const array& g, const array& a, const array& b, const array& y);
  const char* name;
  int operands;
  std::pair<Dtype, Dtype> (*result)(Dtype, const char* op);  ///< operand dtype → (compute dtype, result dtype)
  const char* real;
  const char* integer;
  const char* complex;
  Derivative derivative[2];  ///< no value: zero
  const char* doc;
  bool boolean;
};
const std::vector<ElementwiseRow>& elementwise_rows();
/// Applies a row to operands of any dtype.
array apply_elementwise(const ElementwiseRow& row, const array& a, const array* b, const StreamOrDevice& s);

/// The primitive behind every row.
class Elementwise final : public Primitive {
 public:
  Elementwise(const ElementwiseRow& row, const char* expression, Dtype operand)
      : row_(row), fragment_{expression, operand, row.boolean} {}
  const char* name() const override { return row_.name; }
  void fields(Fields& f) override { f.field("dtype", fragment_.operand); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays&, const Arrays&, const std::vector<int>&, const Arrays&) override;
  Arrays jvp(const Arrays&, const Arrays&, const std::vector<int>&) override;
  std::pair<Arrays, std::vector<int>> vmap(const Arrays&, const std::vector<int>&) override;
  std::vector<Shape> output_shapes(const Arrays& inputs) const override;
  const Fragment* fragment(const Arrays&) const override { return &fragment_; }

 private:
  const ElementwiseRow& row_;
  Fragment fragment_;
};

/// Moves the batch axes of elementwise operands to the front and pads their ranks, so that they broadcast. Returns
/// the aligned operands; the result's batch axis is 0.
Arrays align_batch(const Arrays& inputs, const std::vector<int>& axes);
/// Sums the axes along which a cotangent of shape `g` was broadcast from `shape`, and casts to `dtype`.
array unbroadcast(const array& g, const Shape& shape, Dtype dtype);

}  // namespace mlx
