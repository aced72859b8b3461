// Elementwise operations: dtype rules, the primitive, its derivatives and batching.
#include "ops/elementwise.h"

#include <optional>

#include "base/error.h"
#include "graph/group_kernel.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/kits.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx {
namespace {

// Result rules: operand dtype → (compute dtype, result dtype).
using Rule = std::pair<Dtype, Dtype>;
Rule same(Dtype d, const char*) {
  return {d, d};
}
Rule inexact(Dtype d, const char*) {
  return {at_least_float(d), at_least_float(d)};
}
Rule boolean(Dtype d, const char*) {
  return {d, bool_};
}
/// A boolean result whose tangent is a zero of the tangent's dtype.
Rule comparison(Dtype d, const char*) {
  return {d, bool_};
}
Rule magnitude(Dtype d, const char*) {
  return {d, d.is_complex() ? float32 : d};
}
Rule part(Dtype d, const char*) {
  return {d, d.is_complex() ? float32 : d};
}
Rule signed_only(Dtype d, const char* op) {
  if (d == bool_) fail(op, "Not supported for bool, use logical_not.");
  return {d, d};
}
Rule integer_only(Dtype d, const char* op) {
  if (d.is_inexact())
    fail<std::runtime_error>(op, "only integers and booleans have bits, not ", d.name(), ".");
  return {d, d};
}

Rule shifted(Dtype d, const char* op) {
  return integer_only(d == bool_ ? uint8 : d, op);
}

// Derivatives too long for a row.
constexpr auto none = std::nullopt;

array imag_derivative(const array& g, const array& a) {
  if (g.dtype().is_complex()) return imag(g);  // a tangent
  return a.dtype().is_complex() ? multiply(g, array(std::complex<float>(0, -1), complex64))
                                : zeros_like(a);
}

/// What of g turns a value, over its magnitude: the derivative of a / |a| in both directions, its
/// Jacobian being symmetric.
std::optional<array> sign_derivative(const array& g, const array& a, const array& y) {
  if (!a.dtype().is_complex()) return none;
  const array size = abs(a), is_zero = equal(size, 0);
  const array turning = g - y * real(g * conjugate(y));
  return where(is_zero, 0, turning / where(is_zero, 1, size));
}

array power_by_base(const array& g, const array& a, const array& b) {
  return g * b * power(a, b - 1);
}

array power_by_exponent(const array& g, const array& a, const array& y) {
  // 0 ** b has slope 0 in b, not log(0) * 0.
  const array is_zero = equal(a, 0);
  return g * where(is_zero, 0, y * log(where(is_zero, 1, a)));
}

#define DERIVATIVE(expression)                                          \
  +[]([[maybe_unused]] const array& g, [[maybe_unused]] const array& a, \
      [[maybe_unused]] const array& b,                                  \
      [[maybe_unused]] const array& y) -> std::optional<array> { return expression; }

}  // namespace

// Said here, where no program can do without the object file.
[[maybe_unused]] const bool kits_are_known = (kit_rows = rows_of_kits, true);

const std::vector<ElementwiseRow>& elementwise_rows() {
  static const std::vector<ElementwiseRow> rows{
#define UNARY(name, result, real, integer, complex, derivative, doc) \
  {#name,                                                            \
   1,                                                                \
   result,                                                           \
   real,                                                             \
   integer,                                                          \
   complex,                                                          \
   {DERIVATIVE(derivative), nullptr},                                \
   doc,                                                              \
   result == boolean || result == comparison},
#define BINARY(name, result, real, integer, complex, by_a, by_b, doc) \
  {#name,                                                             \
   2,                                                                 \
   result,                                                            \
   real,                                                              \
   integer,                                                           \
   complex,                                                           \
   {DERIVATIVE(by_a), DERIVATIVE(by_b)},                              \
   doc,                                                               \
   result == boolean || result == comparison},
#include "ops/elementwise.def"
#undef UNARY
#undef BINARY
  };
  return rows;
}

namespace {
enum RowNumber {
#define UNARY(name, ...) row_##name,
#define BINARY(name, ...) row_##name,
#include "ops/elementwise.def"
#undef UNARY
#undef BINARY
};

/// The exponent of most powers, worth a multiplication.
bool is_two(const array& x) {
  const Node& node = x.node();
  if (!node.immediate || node.tracer || x.ndim() > 0 || x.dtype() == bool_) return false;
  return visit(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T value;
    std::memcpy(static_cast<void*>(&value), node.value.bytes, sizeof value);
    if constexpr (Half<T>)
      return float(value) == 2;
    else
      return value == T(2);
  });
}
}  // namespace

bool ElementwiseRow::takes(Dtype operand) const {
  try {
    return result(operand, name).first == operand && expression(operand);
  } catch (const std::exception&) {  // a rule that refuses the dtype
    return false;
  }
}

array apply_elementwise(const ElementwiseRow& row, Arrays operands, const StreamOrDevice& s) {
  const array& a = operands[0];
  const array* const b = row.operands == 2 ? &operands[1] : nullptr;
  const auto [operand, result] =
      row.result(b ? promote(a.dtype(), b->dtype()) : a.dtype(), row.name);
  const char* const expression = row.expression(operand);
  if (!expression) fail(row.name, "Not supported for ", operand.name(), ".");
  if (&row == &elementwise_rows()[row_conjugate] && !operand.is_complex()) return a;
  if (b && &row == &elementwise_rows()[row_power] && operand == a.dtype() && is_two(*b))
    return square(a, s);
  Shape shape = b ? broadcast(a.shape(), b->shape(), row.name) : a.shape();
  return array(std::move(shape), result, make_ref<Elementwise>(row, expression, operand),
               std::move(operands), to_stream(s));
}

namespace {
Arrays operands_of(RowNumber, Operand& a) {
  Arrays operands;
  if (array* const x = a.as_array())
    operands.push_back(std::move(*x));
  else
    operands.push_back(to_array(std::move(a)));
  return operands;
}

Arrays operands_of(RowNumber row, Operand& a, Operand& b) {
  Arrays operands;
  operands.reserve(2);
  array *const left = a.as_array(), *const right = b.as_array();
  if (left && right) {  // the usual case first
    operands.push_back(std::move(*left));
    operands.push_back(std::move(*right));
  } else if (row == row_logical_and ||
             row == row_logical_or) {  // a number is true or false there and need not fit
    operands.push_back(to_array(std::move(a)));
    operands.push_back(to_array(std::move(b)));
  } else {
    auto [x, y] = to_arrays(std::move(a), std::move(b));
    operands.push_back(std::move(x));
    operands.push_back(std::move(y));
  }
  return operands;
}
}  // namespace

#define FUNCTION(name, ...) \
  return apply_elementwise(elementwise_rows()[row_##name], operands_of(row_##name, __VA_ARGS__), s);
#define UNARY(name, ...)                    \
  array name(Operand a, StreamOrDevice s) { \
    FUNCTION(name, a)                       \
  }
#define BINARY(name, ...)                              \
  array name(Operand a, Operand b, StreamOrDevice s) { \
    FUNCTION(name, a, b)                               \
  }
#include "ops/elementwise.def"
#undef FUNCTION
#undef UNARY
#undef BINARY

std::vector<Shape> Elementwise::output_shapes(const Arrays& inputs) const {
  return {inputs.size() == 1 ? inputs[0].shape()
                             : broadcast(inputs[0].shape(), inputs[1].shape(), name())};
}

array unbroadcast(const array& g, const Shape& shape, Dtype dtype) {
  array result = g;
  if (g.shape() != shape) {
    const int lead = g.ndim() - int(shape.size());
    Axes axes;
    for (int i = 0; i < g.ndim(); ++i)
      if (i < lead || (shape[i - lead] == 1 && g.shape(i) != 1)) axes.push_back(i);
    if (lead >= 0 && !axes.empty()) result = sum(result, axes, true);
    result = size_of(shape) == result.size() ? reshape(result, shape) : broadcast_to(result, shape);
  }
  if (dtype.is_complex() || !result.dtype().is_complex()) return astype(result, dtype);
  return astype(real(result), dtype);
}

Arrays Elementwise::vjp(const Arrays& primals, const Arrays& cotangents,
                        const std::vector<int>& argnums, const Arrays& outputs) {
  Arrays result;
  // One Jacobian serves both directions: J^H g = conj(J conj(g)), or J g where it is symmetric.
  const bool conjugated =
      (primals[0].dtype().is_complex() || primals.back().dtype().is_complex()) &&
      &row_ != &elementwise_rows()[row_sign];
  const array g =
      conjugated && cotangents[0].dtype().is_complex() ? conjugate(cotangents[0]) : cotangents[0];
  for (const int i : argnums) {
    std::optional<array> part = row_.derivative[i](g, primals[0], primals.back(), outputs[0]);
    if (part && conjugated && part->dtype().is_complex()) part = conjugate(*part);
    result.push_back(part ? unbroadcast(*part, primals[i].shape(), primals[i].dtype())
                          : zeros_like(primals[i]));
  }
  return result;
}

Arrays Elementwise::jvp(const Arrays& primals, const Arrays& tangents,
                        const std::vector<int>& argnums) {
  const array y = apply_elementwise(row_, primals, {});
  std::optional<array> total;
  for (size_t k = 0; k < argnums.size(); ++k) {
    const std::optional<array> part =
        row_.derivative[argnums[k]](tangents[k], primals[0], primals.back(), y);
    if (part) total = total ? *total + *part : *part;
  }
  if (!total)
    return {row_.result == comparison ? zeros_like(y, tangents[0].dtype()) : zeros_like(y)};
  return {
      astype(total->shape() == y.shape() ? *total : broadcast_to(*total, y.shape()), y.dtype())};
}

Arrays align_batch(const Arrays& inputs, const std::vector<int>& axes) {
  int rank = 0;
  for (size_t i = 0; i < inputs.size(); ++i)
    rank = std::max(rank, inputs[i].ndim() - (axes[i] >= 0));
  Arrays result;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const array& x = inputs[i];
    result.push_back(axes[i] < 0 ? x : align_examples(moveaxis(x, axes[i], 0), rank));
  }
  return result;
}

std::pair<Arrays, std::vector<int>> Elementwise::vmap(const Arrays& inputs,
                                                      const std::vector<int>& axes) {
  return {{apply_elementwise(row_, align_batch(inputs, axes), {})}, {0}};
}

// Its fields hold the dtype; name and dtype find the expression.
static const bool elementwise_class = [] {
  register_primitive("Elementwise", typeid(Elementwise),
                     [](const std::string& name, Fields& fields) {
                       Dtype dtype = float32;
                       fields.field("dtype", dtype);
                       for (const ElementwiseRow& row : elementwise_rows()) {
                         const char* const expression = dtype.is_complex()    ? row.complex
                                                        : dtype.is_floating() ? row.real
                                                                              : row.integer;
                         if (name == row.name && expression)
                           return Ref<Primitive>(make_ref<Elementwise>(row, expression, dtype));
                       }
                       fail<std::runtime_error>("import_function", "there is no operation ", name,
                                                " of ", dtype.name(), ".");
                     });
  return true;
}();

}  // namespace mlx
