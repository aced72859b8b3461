// Weak Python numbers becoming arrays.
#include "ops/types.h"

#include <limits>

#include "base/error.h"

namespace mlx {

Dtype dtype_of(const Scalar& number) {
  switch (number.index()) {
    case 0: return bool_;
    case 1: {
      const int64_t value = std::get<int64_t>(number);
      return value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max() ? int32 : int64;
    }
    case 2: return float32;
    default: return complex64;
  }
}

Dtype dtype_beside(const Scalar& number, Dtype dtype) {
  switch (number.index()) {
    case 0: return dtype;
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
    case 2: return dtype.is_inexact() ? dtype : float32;
    default: return complex64;
  }
}

array to_array(const Scalar& number, Dtype dtype) {
  return std::visit([&](auto value) { return array(value, dtype); }, number);
}

array to_array(const ScalarOrArray& value, std::optional<Dtype> dtype) {
  if (const array* x = std::get_if<array>(&value)) return *x;
  const Scalar& number = std::get<Scalar>(value);
  return to_array(number, dtype ? *dtype : dtype_of(number));
}

std::pair<array, array> to_arrays(const ScalarOrArray& a, const ScalarOrArray& b) {
  const array* x = std::get_if<array>(&a);
  const array* y = std::get_if<array>(&b);
  if (x && y) return {*x, *y};
  if (x) return {*x, to_array(std::get<Scalar>(b), dtype_beside(std::get<Scalar>(b), x->dtype()))};
  if (y) return {to_array(std::get<Scalar>(a), dtype_beside(std::get<Scalar>(a), y->dtype())), *y};
  const Scalar &p = std::get<Scalar>(a), &q = std::get<Scalar>(b);
  const Dtype dtype = promote(dtype_of(p), dtype_of(q));
  return {to_array(p, dtype), to_array(q, dtype)};
}

}  // namespace mlx
