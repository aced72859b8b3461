// What operations take beside arrays: numbers, whose dtype follows from the arrays they meet.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "graph/array.h"

namespace mlx {

/// A number as Python and C++ write it.
using Scalar = std::variant<bool, int64_t, double, std::complex<float>>;

/// The dtype a number has on its own: bool, int32 (int64 when too wide), float32, complex64.
Dtype dtype_of(const Scalar& number);
/// The dtype a number takes beside an array of `dtype`. Throws std::invalid_argument for an int
/// that does not fit.
Dtype dtype_beside(const Scalar& number, Dtype dtype);
array to_array(const Scalar& number, Dtype dtype);

/// A parameter that takes an array or a number: `where(x > 0, x, 0.0)`.
class Operand {
 public:
  Operand(array value) : value_(std::move(value)) {}
  Operand(Scalar number) : value_(number) {}
  Operand(std::complex<float> number) : value_(Scalar(number)) {}
  template <typename T>
    requires std::is_arithmetic_v<T>
  Operand(T number) : value_(scalar(number)) {}

  /// The array, or null for a number.
  const array* as_array() const { return std::get_if<array>(&value_); }
  array* as_array() { return std::get_if<array>(&value_); }
  /// The number; only where as_array() is null.
  const Scalar& number() const { return std::get<Scalar>(value_); }

 private:
  template <typename T>
  static Scalar scalar(T number) {
    if constexpr (std::is_same_v<T, bool>)
      return number;
    else if constexpr (std::is_integral_v<T>)
      return int64_t(number);
    else
      return double(number);
  }
  std::variant<Scalar, array> value_;
};

/// What `where` chooses by, whose dtype is not weighed with that of the values.
struct Condition : Operand {
  using Operand::Operand;
  Condition(Operand operand) : Operand(std::move(operand)) {}
};

/// The array, or the number in `dtype` (by default its own).
array to_array(Operand operand, std::optional<Dtype> dtype = {});
/// The array, or the number in the dtype it takes beside an array of `dtype`.
array to_array_beside(Operand operand, Dtype dtype);
/// Two operands of a binary operation: a number takes its dtype from the other, two numbers
/// promote.
std::pair<array, array> to_arrays(Operand a, Operand b);

}  // namespace mlx
