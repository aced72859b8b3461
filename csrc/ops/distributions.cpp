// Continuous distributions, randint and bernoulli: random words and elementwise operations.
#include <cmath>

#include "base/error.h"
#include "ops/elementwise.h"
#include "ops/random.h"
#include "ops/shape.h"

namespace mlx::random {
namespace {

const float above_minus_one = std::nextafter(-1.0f, 0.0f);

bool is_number(const Operand& value, double number) {
  return !value.as_array() &&
         std::visit([&](auto x) { return x == decltype(x)(number); }, value.number());
}

/// Floats on [0, 1) of this dtype.
array unit_uniform(const Shape& shape, Dtype dtype, const std::optional<array>& key,
                   const StreamOrDevice& s) {
  const array words = astype(bits(shape, key, s), float32, s);
  const array u = multiply(words, array(0x1p-32f), s);  // a power of two: the same as dividing
  return astype(minimum(u, array(dtype.below_one(), float32), s), dtype, s);
}

/// float32 on (-1, 1), as normal and laplace want it.
array signed_uniform(const Shape& shape, const std::optional<array>& key, const StreamOrDevice& s) {
  return uniform(above_minus_one, 1, shape, float32, key, s);
}

/// (…, 2) reals as (…) complex values.
array complex_pairs(const array& x, const StreamOrDevice& s) {
  Shape start(x.ndim(), 0), middle = x.shape();
  middle.back() = 1;
  const array real = slice(x, start, middle, s);
  start.back() = 1;
  const array imaginary = slice(x, start, x.shape(), s);
  const array pairs =
      add(real, multiply(imaginary, array(std::complex<float>(0, 1), complex64), s), s);
  return squeeze(pairs, Axes{-1}, s);
}

array scaled(const array& x, const std::optional<Operand>& factor, Dtype dtype,
             const StreamOrDevice& s) {
  return factor && !is_number(*factor, 1) ? multiply(x, astype(to_array(*factor), dtype, s), s) : x;
}

array moved(const array& x, const std::optional<Operand>& distance, Dtype dtype,
            const StreamOrDevice& s) {
  return distance && !is_number(*distance, 0) ? add(x, astype(to_array(*distance), dtype, s), s)
                                              : x;
}

}  // namespace

array uniform(const Operand& low, const Operand& high, const Shape& shape,
              std::optional<Dtype> dtype_, const std::optional<array>& key, StreamOrDevice s) {
  const Dtype dtype = dtype_.value_or(float32);
  if (!dtype.is_floating())
    fail("uniform", "Can only generate uniform numbers with real floating point type.");
  if (dtype == float64) fail<std::runtime_error>("uniform", "Unsupported type.");
  if (is_number(low, 0) && is_number(high, 1)) return unit_uniform(shape, dtype, key, s);
  const array lo = astype(to_array(low), dtype, s), hi = astype(to_array(high), dtype, s);
  const array range = subtract(hi, lo, s);
  if (broadcast(shape, range.shape(), "uniform") != shape)
    fail("uniform", "Cannot generate random values of shape ", to_string(shape),
         " from broadcasted shape ", to_string(range.shape()), ".");
  return add(multiply(range, unit_uniform(shape, dtype, key, s), s), lo, s);
}

array normal(const Shape& shape, std::optional<Dtype> dtype_, const std::optional<Operand>& loc,
             const std::optional<Operand>& scale, const std::optional<array>& key,
             StreamOrDevice s) {
  const Dtype dtype = dtype_.value_or(float32);
  if (!dtype.is_inexact()) fail("normal", "Only floating point and complex64 types are supported.");
  if (dtype.is_complex()) {
    Shape parts = shape;
    parts.push_back(2);
    const array pairs = erfinv(signed_uniform(parts, key, s), s);
    const array samples = complex_pairs(pairs, s);
    return moved(scaled(samples, scale, dtype, s), loc, dtype, s);
  }
  const array samples = astype(erfinv(signed_uniform(shape, key, s), s), dtype, s);
  array factor(std::sqrt(2.0), dtype);
  if (scale) factor = multiply(factor, astype(to_array(*scale), dtype, s), s);
  return moved(multiply(factor, samples, s), loc, dtype, s);
}

array randint(const Operand& low, const Operand& high, const Shape& shape,
              std::optional<Dtype> dtype_, const std::optional<array>& key, StreamOrDevice s) {
  const Dtype dtype = dtype_.value_or(int32);
  if (dtype.is_inexact()) fail("randint", "randint only accepts integer dtypes and bool.");
  const array u = uniform(low, high, shape, float32, key, s);
  const Dtype bound = dtype == bool_ ? int32 : dtype;  // low … high would lose its ends as bools
  const array first = astype(to_array(low), bound, s);
  const array last = subtract(astype(to_array(high), bound, s), array(1, bound), s);
  return astype(maximum(minimum(astype(floor(u, s), bound, s), last, s), first, s), dtype, s);
}

array bernoulli(const Operand& p_, const std::optional<Shape>& shape_,
                const std::optional<array>& key, StreamOrDevice s) {
  const array p = to_array(p_);
  if (!p.dtype().is_floating())
    fail("bernoulli", "bernoulli probability `p` must be a float type.");
  const Shape& shape = shape_ ? *shape_ : p.shape();
  if (broadcast(p.shape(), shape) != shape)
    fail("bernoulli", "shape ", to_string(p.shape()), " of `p` cannot be broadcast to shape ",
         to_string(shape), ".");
  const array threshold = multiply(p, array(4294967808.0f), s);
  return less(astype(bits(shape, key, s), float32, s), threshold, s);
}

array truncated_normal(const Operand& lower, const Operand& upper,
                       const std::optional<Shape>& shape_, std::optional<Dtype> dtype_,
                       const std::optional<array>& key, StreamOrDevice s) {
  const Dtype dtype = dtype_.value_or(float32);
  if (!dtype.is_floating())
    fail("trunc_normal", "trunc_normal only accepts floating point dtypes.");
  const array lo = astype(to_array(lower), dtype, s), hi = astype(to_array(upper), dtype, s);
  const array root(std::sqrt(2.0), dtype);
  const Shape limits = broadcast(lo.shape(), hi.shape());
  const Shape& shape = shape_ ? *shape_ : limits;
  if (broadcast(limits, shape) != shape)
    fail("trunc_normal", "bounds of shape ", to_string(limits), " cannot be broadcast to shape ",
         to_string(shape), ".");
  const array u =
      uniform(erf(divide(lo, root, s), s), erf(divide(hi, root, s), s), shape, dtype, key, s);
  return maximum(minimum(multiply(root, erfinv(u, s), s), hi, s), lo, s);
}

array gumbel(const Shape& shape, std::optional<Dtype> dtype, const std::optional<array>& key,
             StreamOrDevice s) {
  const array u = uniform(0, 1, shape, dtype, key, s);
  return negative(log(negative(log(u, s), s), s), s);
}

array laplace(const Shape& shape, std::optional<Dtype> dtype_, float loc, float scale,
              const std::optional<array>& key, StreamOrDevice s) {
  const Dtype dtype = dtype_.value_or(float32);
  if (!dtype.is_floating()) fail("laplace", "Only real floating point types are supported.");
  const array u = signed_uniform(shape, key, s);
  const array samples = astype(multiply(sign(u, s), log1p(negative(abs(u, s), s), s), s), dtype, s);
  return moved(scaled(samples, scale, dtype, s), loc, dtype, s);
}

}  // namespace mlx::random
