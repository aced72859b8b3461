// Sequences and matrices by formula.
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
array positions(int M, StreamOrDevice s) {
  return divide(arange(M, float32, s), M - 1, s);
}

array rows_and_columns(int n, int m, int k, StreamOrDevice s,
                       array (*compare)(Operand, Operand, StreamOrDevice)) {
  const array row = reshape(ramp(k, 1, n, int32, s), {n, 1}, s);
  return compare(row, arange(m, int32, s), s);
}

}  // namespace

array arange(const Scalar& start, const Scalar& stop, const std::optional<Scalar>& step,
             std::optional<Dtype> dtype, StreamOrDevice s) {
  const Scalar by = step.value_or(int64_t(1));
  const auto real = [](const Scalar& number) {
    return std::visit(
        [](auto value) -> double {
          if constexpr (std::is_same_v<decltype(value), std::complex<float>>)
            fail("arange", "complex bounds are not supported.");
          else
            return double(value);
        },
        number);
  };
  const double from = real(start), to = real(stop), stride = real(by);
  if (stride == 0) fail("arange", "the step must not be zero.");
  if (std::isnan(from) || std::isnan(to) || std::isnan(stride) || std::isinf(from) ||
      std::isinf(to))
    fail("arange", "cannot compute a length from infinite bounds or NaN.");
  const double length = std::max(
      0.0, std::isinf(stride) ? double((to - from) * stride > 0) : std::ceil((to - from) / stride));
  if (length > std::numeric_limits<int32_t>::max())
    fail("arange", "a length of ", length, " is too large.");
  Dtype result = dtype_of(start);
  for (const Scalar* number : {&stop, step ? &*step : &stop})
    result = promote(result, dtype_of(*number));
  const Dtype as = dtype.value_or(result);
  const double finite = std::isinf(stride) ? 0 : stride;
  if (as.is_complex()) return astype(ramp(from, finite, int64_t(length), float32, s), as, s);
  // Integers step by the distance of the first two, as in NumPy; far out, numbers are whole anyway.
  const bool truncates = as.is_integer() && std::abs(from) < 0x1p52;
  const double apart = truncates ? std::trunc(from + finite) - std::trunc(from) : finite;
  return ramp(from, apart, int64_t(length), as, s);
}

array linspace(const Operand& first, const Operand& last, int num, bool endpoint,
               std::optional<Dtype> dtype_, StreamOrDevice s) {
  const std::optional<Dtype> own =
      dtype_ == float64 ? dtype_ : std::nullopt;  // numbers keep their 53 bits
  const array start = to_array(first, own), stop = to_array(last, own);
  const Dtype dtype = dtype_.value_or(float32);
  if (num < 0) fail("linspace", "the number of samples, ", num, ", must not be negative.");
  const Dtype wide =
      dtype == float64 ? float64 : promote(promote(start.dtype(), stop.dtype()), float32);
  if (num == 1) return astype(reshape(start, {1}, s), dtype, s);
  const Dtype real = wide.is_complex() ? float32 : wide;
  const array t = divide(arange(num, real, s), array(endpoint ? num - 1 : num, real), s);
  const array low = multiply(subtract(array(1, real), t, s), astype(start, wide, s), s);
  return astype(add(low, multiply(t, astype(stop, wide, s), s), s), dtype, s);
}

array eye(int n, std::optional<int> m, int k, std::optional<Dtype> dtype, StreamOrDevice s) {
  const int columns = m.value_or(n);
  if (n < 0 || columns < 0) fail("eye", "sizes must not be negative.");
  return astype(rows_and_columns(n, columns, k, s, &equal), dtype.value_or(float32), s);
}

array identity(int n, std::optional<Dtype> dtype, StreamOrDevice s) {
  return eye(n, {}, 0, dtype, s);
}

array tri(int n, std::optional<int> m, int k, std::optional<Dtype> dtype, StreamOrDevice s) {
  const int rows = std::max(n, 0), columns = std::max(m.value_or(n), 0);
  return astype(rows_and_columns(rows, columns, k, s, &greater_equal), dtype.value_or(float32), s);
}

array bartlett(int M, StreamOrDevice s) {
  if (M < 2) return ones({std::max(M, 0)}, float32, s);
  return subtract(1, abs(subtract(multiply(positions(M, s), 2, s), 1, s), s), s);
}

array hanning(int M, StreamOrDevice s) {
  if (M < 2) return ones({std::max(M, 0)}, float32, s);
  return square(sin(multiply(positions(M, s), pi, s), s), s);
}

array hamming(int M, StreamOrDevice s) {
  if (M < 2) return ones({std::max(M, 0)}, float32, s);
  const array wave = cos(multiply(positions(M, s), 2 * pi, s), s);
  return subtract(0.54, multiply(wave, 0.46, s), s);
}

array blackman(int M, StreamOrDevice s) {
  if (M < 2) return ones({std::max(M, 0)}, float32, s);
  const array angle = multiply(positions(M, s), 2 * pi, s);
  const array wave = multiply(cos(angle, s), 0.5, s);
  const array second = multiply(cos(multiply(angle, 2, s), s), 0.08, s);
  return add(subtract(0.42, wave, s), second, s);
}

}  // namespace mlx
