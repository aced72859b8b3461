// Comparisons of whole arrays, composed from elementwise operations and reductions.
#include "ops/compare.h"

#include "base/error.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"

namespace mlx {
array isclose(const array& a, const array& b, double rtol, double atol, bool equal_nan,
              StreamOrDevice s) {
  const array bound = add(array(atol, float32), multiply(array(rtol, float32), abs(b, s), s), s);
  const array near = less_equal(abs(subtract(a, b, s), s), bound, s);
  const array infinite = logical_or(isinf(a, s), isinf(b, s), s);
  const array alike = logical_and(infinite, mlx::equal(a, b, s), s);
  array result = logical_or(logical_and(near, logical_not(infinite, s), s), alike, s);
  if (equal_nan) result = logical_or(result, logical_and(isnan(a, s), isnan(b, s), s), s);
  return result;
}

array allclose(const array& a, const array& b, double rtol, double atol, bool equal_nan,
               StreamOrDevice s) {
  return all(isclose(a, b, rtol, atol, equal_nan, s), {}, false, s);
}

array array_equal(const Operand& a, const Operand& b, bool equal_nan, StreamOrDevice s) {
  const auto [x, y] = to_arrays(a, b);
  if (x.shape() != y.shape()) return array(0, bool_);
  array same = mlx::equal(x, y, s);
  if (equal_nan) same = logical_or(same, logical_and(isnan(x, s), isnan(y, s), s), s);
  return all(same, {}, false, s);
}

array nan_to_num(const Operand& a, float nan, std::optional<float> posinf,
                 std::optional<float> neginf, StreamOrDevice s) {
  const array x = to_array(a);
  const Dtype dtype = x.dtype();
  if (!dtype.is_inexact()) return x;
  if (dtype.is_complex() || dtype == float64)
    fail("nan_to_num", "Does not yet support given type: ", dtype.name(), ".");
  const array high(posinf ? *posinf : float(dtype.largest()), dtype),
      low(neginf ? *neginf : -float(dtype.largest()), dtype);
  const array finite = where(isposinf(x, s), high, where(isneginf(x, s), low, x, s), s);
  return where(isnan(x, s), array(nan, dtype), finite, s);
}

}  // namespace mlx
