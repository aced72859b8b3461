// Sequences and matrices by formula, and the forms of creation that Python calls.
#include <cmath>
#include <limits>

#include "base/error.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx {
namespace {

constexpr double pi = 3.141592653589793;

/// 0, 1, … M - 1 over M - 1, for a window of at least two values.
array positions(int M, StreamOrDevice s) { return divide(arange(M, float32, s), array(float(M - 1)), s); }

array rows_and_columns(int n, std::optional<int> m, int k, const char* op, StreamOrDevice s,
                       array (*compare)(const array&, const array&, StreamOrDevice)) {
  if (n < 0 || m.value_or(n) < 0) fail(op, "sizes must not be negative.");
  const array row = reshape(arange(k, 1, n, int32, s), {n, 1}, s);
  return compare(row, arange(m.value_or(n), int32, s), s);
}

}  // namespace

array linspace(const array& start, const array& stop, int num, bool endpoint, Dtype dtype, StreamOrDevice s) {
  if (num < 0) fail("linspace", "the number of samples, ", num, ", must not be negative.");
  const Dtype wide = dtype == float64 ? float64 : promote(promote(start.dtype(), stop.dtype()), float32);
  if (num == 1) return astype(reshape(start, {1}, s), dtype, s);
  const Dtype real = wide.is_complex() ? float32 : wide;
  const array t = divide(arange(num, real, s), array(endpoint ? num - 1 : num, real), s);
  const array low = multiply(subtract(array(1, real), t, s), astype(start, wide, s), s);
  return astype(add(low, multiply(t, astype(stop, wide, s), s), s), dtype, s);
}

array eye(int n, std::optional<int> m, int k, std::optional<Dtype> dtype, StreamOrDevice s) {
  return astype(rows_and_columns(n, m, k, "eye", s, &equal), dtype.value_or(float32), s);
}

array identity(int n, std::optional<Dtype> dtype, StreamOrDevice s) { return eye(n, {}, 0, dtype, s); }

array tri(int n, std::optional<int> m, int k, std::optional<Dtype> dtype, StreamOrDevice s) {
  return astype(rows_and_columns(n, m, k, "tri", s, &greater_equal), dtype.value_or(float32), s);
}

array bartlett(int M, StreamOrDevice s) {
  if (M < 2) return ones({std::max(M, 0)}, float32, s);
  return subtract(array(1.0f), abs(subtract(multiply(positions(M, s), array(2.0f), s), array(1.0f), s), s), s);
}

array hanning(int M, StreamOrDevice s) {
  if (M < 2) return ones({std::max(M, 0)}, float32, s);
  return square(sin(multiply(positions(M, s), array(float(pi)), s), s), s);
}

array hamming(int M, StreamOrDevice s) {
  if (M < 2) return ones({std::max(M, 0)}, float32, s);
  const array wave = cos(multiply(positions(M, s), array(float(2 * pi)), s), s);
  return subtract(array(0.54f), multiply(wave, array(0.46f), s), s);
}

array blackman(int M, StreamOrDevice s) {
  if (M < 2) return ones({std::max(M, 0)}, float32, s);
  const array angle = multiply(positions(M, s), array(float(2 * pi)), s);
  const array wave = multiply(cos(angle, s), array(0.5f), s);
  const array second = multiply(cos(multiply(angle, array(2.0f), s), s), array(0.08f), s);
  return add(subtract(array(0.42f), wave, s), second, s);
}

namespace python {
namespace {
/// The one of the two that is given.
const ScalarOrArray& value_of(const std::optional<ScalarOrArray>& vals, const std::optional<ScalarOrArray>& fill_value, const char* op) {
  if (bool(vals) == bool(fill_value)) fail<std::domain_error>(op, "give the value once, as vals or as fill_value.");
  return vals ? *vals : *fill_value;
}
}  // namespace

array full(const Shape& shape, const std::optional<ScalarOrArray>& value, std::optional<Dtype> dtype,
           const std::optional<ScalarOrArray>& fill_value, StreamOrDevice s) {
  const ScalarOrArray& vals = value_of(value, fill_value, "full");
  const std::optional<Dtype> truth = dtype == bool_ ? dtype : std::nullopt;
  if (const array* values = std::get_if<array>(&vals)) return mlx::full(shape, *values, truth, s);
  const Scalar& number = std::get<Scalar>(vals);
  return mlx::full(shape, to_array(number, dtype ? dtype_beside(number, *dtype) : dtype_of(number)), truth, s);
}

array full_like(const array& a, const std::optional<ScalarOrArray>& value, std::optional<Dtype> dtype,
                const std::optional<ScalarOrArray>& fill_value, StreamOrDevice s) {
  const ScalarOrArray& vals = value_of(value, fill_value, "full_like");
  const Dtype to = dtype.value_or(a.dtype());
  if (const array* values = std::get_if<array>(&vals)) return mlx::full_like(a, astype(*values, to, s), s);
  const Scalar& number = std::get<Scalar>(vals);
  return mlx::full_like(a, astype(to_array(number, dtype_beside(number, to)), to, s), s);
}

array zeros(const Shape& shape, std::optional<Dtype> dtype, StreamOrDevice s) {
  return mlx::zeros(shape, dtype.value_or(float32), s);
}

array ones(const Shape& shape, std::optional<Dtype> dtype, StreamOrDevice s) {
  return mlx::ones(shape, dtype.value_or(float32), s);
}

array arange(const std::optional<Scalar>& start, const std::optional<Scalar>& stop, const std::optional<Scalar>& step,
             std::optional<Dtype> dtype, StreamOrDevice s) {
  if (!start && !stop) fail("arange", "needs a stop.");
  const Scalar zero = int64_t(0), one = int64_t(1);
  const Scalar& first = start && stop ? *start : zero;
  const Scalar& end = stop ? *stop : *start;
  const Scalar& by = step ? *step : one;
  const auto real = [](const Scalar& number) {
    return std::visit([](auto value) -> double {
      if constexpr (std::is_same_v<decltype(value), std::complex<float>>) fail("arange", "complex bounds are not supported.");
      else if constexpr (std::is_same_v<decltype(value), bool>) fail("arange", "bools are not supported.");
      else return double(value);
    }, number);
  };
  const double from = real(first), to = real(end), stride = real(by);
  if (stride == 0) fail("arange", "the step must not be zero.");
  if (std::isnan(from) || std::isnan(to) || std::isnan(stride) || std::isinf(from) || std::isinf(to))
    fail("arange", "cannot compute a length from infinite bounds or NaN.");
  const double length = std::max(0.0, std::isinf(stride) ? double((to - from) * stride > 0) : std::ceil((to - from) / stride));
  if (length > std::numeric_limits<int32_t>::max()) fail("arange", "a length of ", length, " is too large.");
  Dtype result = int32;
  for (const Scalar* number : {&first, &end, &by}) {
    const Dtype own = dtype_of(*number);
    if (own == float32 || (own == int64 && result != float32)) result = own;
  }
  const Dtype as = dtype.value_or(result);
  const double finite = std::isinf(stride) ? 0 : stride;
  if (as.is_complex()) return astype(mlx::arange(from, finite, int64_t(length), float32, s), as, s);
  return mlx::arange(from, finite, int64_t(length), as, s);
}

array linspace(const ScalarOrArray& start, const ScalarOrArray& stop, int num, bool endpoint,
               std::optional<Dtype> dtype, StreamOrDevice s) {
  const std::optional<Dtype> wide = dtype == float64 ? dtype : std::nullopt;  // numbers keep their 53 bits
  return mlx::linspace(to_array(start, wide), to_array(stop, wide), num, endpoint, dtype.value_or(float32), s);
}

}  // namespace python

}  // namespace mlx
