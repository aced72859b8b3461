// Elementwise operations: the functions of elementwise.def, operators, casts and selection.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/primitive.h"
#include "ops/operand.h"

namespace mlx {

#define UNARY(name, ...) array name(Operand a, StreamOrDevice s = {});
#define BINARY(name, ...) array name(Operand a, Operand b, StreamOrDevice s = {});
#include "ops/elementwise.def"
#undef UNARY
#undef BINARY

/// Conversion to another dtype; `a` itself when it has it already, or with `copy` the same in
/// memory of its own.
array astype(const array& a, Dtype dtype, StreamOrDevice s = {}, std::optional<bool> copy = {});
/// Elements of `x` where `condition` is not zero, of `y` elsewhere; all three broadcast.
array where(Condition condition, Operand x, Operand y, StreamOrDevice s = {});
/// Cuts the flow of gradients.
array stop_gradient(const array& x, StreamOrDevice s = {});
/// Rounds half to even at that many decimals.
array round(Operand a, int decimals = 0, StreamOrDevice s = {});
/// Limited to the bounds, of which one may be missing.
array clip(const array& a, const std::optional<Operand>& a_min, const std::optional<Operand>& a_max,
           StreamOrDevice s = {});

inline array operator-(const array& a) {
  return negative(a);
}
#define OPERATOR(symbol, name)                         \
  inline array operator symbol(Operand a, Operand b) { \
    return name(std::move(a), std::move(b));           \
  }
OPERATOR(+, add)
OPERATOR(-, subtract)
OPERATOR(*, multiply)
OPERATOR(/, divide)
OPERATOR(<, less)
OPERATOR(<=, less_equal)
OPERATOR(>, greater)
OPERATOR(>=, greater_equal)
#undef OPERATOR

/// A row of elementwise.def.
struct ElementwiseRow {
  using Derivative = std::optional<array> (*)(const array& g, const array& a, const array& b,
                                              const array& y);
  const char* name;
  int operands;
  std::pair<Dtype, Dtype> (*result)(
      Dtype, const char* op);  ///< operand dtype → (compute dtype, result dtype)
  const char* real;
  const char* integer;
  const char* complex;
  Derivative derivative[2];  ///< no value: zero
  const char* doc;
  bool boolean;

  /// The OpenCL expression for operands of this dtype, or nullptr.
  const char* expression(Dtype operand) const {
    return operand.is_complex() ? complex : operand.is_floating() ? real : integer;
  }
  /// Whether operands of this dtype are taken as they are.
  bool takes(Dtype operand) const;
};
const std::vector<ElementwiseRow>& elementwise_rows();
/// What `where` computes, of values of this dtype.
Fragment where_fragment(Dtype dtype);
/// Applies a row to one or two operands of any dtype.
array apply_elementwise(const ElementwiseRow& row, Arrays operands, const StreamOrDevice& s);

/// The primitive behind every row.
class Elementwise final : public Primitive {
 public:
  Elementwise(const ElementwiseRow& row, const char* expression, Dtype operand)
      : row_(row), fragment_{expression, operand, row.boolean} {}
  const char* name() const override { return row_.name; }
  void fields(Fields& f) override { f.field("dtype", fragment_.operand); }
  Arrays vjp(const Arrays&, const Arrays&, const std::vector<int>&, const Arrays&) override;
  Arrays jvp(const Arrays&, const Arrays&, const std::vector<int>&) override;
  std::pair<Arrays, std::vector<int>> vmap(const Arrays&, const std::vector<int>&) override;
  std::vector<Shape> output_shapes(const Arrays& inputs) const override;
  const Fragment* fragment(const Arrays&) const override { return &fragment_; }

 private:
  const ElementwiseRow& row_;
  Fragment fragment_;
};

/// Moves the batch axes of elementwise operands to the front and pads their ranks, so that they
/// broadcast. Returns the aligned operands; the result's batch axis is 0.
Arrays align_batch(const Arrays& inputs, const std::vector<int>& axes);
/// Sums the axes along which a cotangent of shape `g` was broadcast from `shape`, and casts to
/// `dtype`.
array unbroadcast(const array& g, const Shape& shape, Dtype dtype);

}  // namespace mlx
