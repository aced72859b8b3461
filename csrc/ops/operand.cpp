// Numbers becoming arrays.
#include "ops/operand.h"

#include <limits>

#include "base/error.h"

namespace mlx {

Dtype dtype_of(const Scalar& number) {
  switch (number.index()) {
    case 0:
      return bool_;
    case 1: {
      const int64_t value = std::get<int64_t>(number);
      return value >= std::numeric_limits<int32_t>::min() &&
                     value <= std::numeric_limits<int32_t>::max()
                 ? int32
                 : int64;
    }
    case 2:
      return float32;
    default:
      return complex64;
  }
}

Dtype dtype_beside(const Scalar& number, Dtype dtype) {
  switch (number.index()) {
    case 0:
      return dtype;
    case 1: {
      if (dtype == bool_) return dtype_of(number) == int64 ? int64 : int32;
      const int64_t value = std::get<int64_t>(number);
      if (dtype.is_integer() && dtype.size() < 8) {
        const int bits = 8 * dtype.size();
        const bool is_signed = dtype.kind() == Kind::signed_integer;
        const int64_t low = is_signed ? -(int64_t(1) << (bits - 1)) : 0;
        const int64_t high = (int64_t(1) << (is_signed ? bits - 1 : bits)) - 1;
        if (value < low || value > high)
          fail("array", "the integer ", value, " overflows ", dtype.name(), ".");
      }
      return dtype;
    }
    case 2:
      return dtype.is_inexact() ? dtype : float32;
    default:
      return complex64;
  }
}

array to_array(const Scalar& number, Dtype dtype) {
  return std::visit([&](auto value) { return array(value, dtype); }, number);
}

array to_array(Operand operand, std::optional<Dtype> dtype) {
  if (array* const x = operand.as_array()) return std::move(*x);
  return to_array(operand.number(), dtype ? *dtype : dtype_of(operand.number()));
}

array to_array_beside(Operand operand, Dtype dtype) {
  if (array* const x = operand.as_array()) return std::move(*x);
  return to_array(operand.number(), dtype_beside(operand.number(), dtype));
}

std::pair<array, array> to_arrays(Operand a, Operand b) {
  array *const x = a.as_array(), *const y = b.as_array();
  if (x && y) return {std::move(*x), std::move(*y)};
  if (x) {
    array number = to_array_beside(std::move(b), x->dtype());
    return {std::move(*x), std::move(number)};
  }
  if (y) {
    array number = to_array_beside(std::move(a), y->dtype());
    return {std::move(number), std::move(*y)};
  }
  const Dtype dtype = promote(dtype_of(a.number()), dtype_of(b.number()));
  return {to_array(a.number(), dtype), to_array(b.number(), dtype)};
}

}  // namespace mlx
