// Samples that need more than elementwise operations: categorical, permutation and multivariate
// normal.
#include "base/error.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/linalg.h"
#include "ops/matmul.h"
#include "ops/random.h"
#include "ops/reduce.h"
#include "ops/scan.h"
#include "ops/shape.h"
#include "ops/sort.h"

namespace mlx::random {
namespace {

/// Many samples of one distribution: its cumulative weights are searched instead of drawing noise
/// for every class.
array by_inversion(const array& logits, const Shape& shape, const std::optional<array>& key,
                   const StreamOrDevice& s) {
  const array x =
      astype(reshape(logits, {-1}, s), promote(at_least_float(logits.dtype()), float32), s);
  const array top = max(x, Axes{0}, true, s);
  // An infinite maximum takes all the weight.
  const array weights = where(isinf(top, s), astype(mlx::equal(x, top, s), x.dtype(), s),
                              exp(subtract(x, top, s), s), s);
  const array cumulative = cumsum(weights, 0, false, false, {}, s);
  const array u =
      multiply(uniform(0, 1, shape, float32, key, s), sum(weights, Axes{0}, false, s), s);
  const array index = searchsorted(cumulative, u, "right", s);
  return astype(subtract(astype(index, int32, s), array(1, int32), s), uint32, s);
}

}  // namespace

array categorical(const array& logits, int axis_, const std::optional<Shape>& shape_,
                  std::optional<int> num_samples, const std::optional<array>& key,
                  StreamOrDevice s) {
  const int ndim = logits.ndim(), axis = normalize_axis(axis_, ndim, "categorical");
  if (shape_ && num_samples)
    fail("categorical", "At most one of shape or num_samples can be specified.");
  Shape batch = logits.shape();
  batch.erase(batch.begin() + axis);
  Shape shape = shape_ ? *shape_ : batch;
  if (num_samples) shape.push_back(*num_samples);
  if (!num_samples && broadcast(shape, batch) != shape)
    fail("categorical", "Requested shape ", to_string(shape),
         " is not broadcast-compatible with reduced logits shape ", to_string(batch), ".");
  if (logits.size() == logits.shape(axis) && logits.size() > 0 && !shape.empty())
    return by_inversion(logits, shape, key, s);
  // The class axis goes back to its place, counted from the end of the logits' own axes.
  const array x = num_samples ? expand_dims(logits, {-1}, s) : logits;
  const int from_end = x.ndim() - axis;
  Shape noise = shape;
  noise.insert(noise.end() - (from_end - 1), logits.shape(axis));
  return argmax(add(gumbel(noise, float32, key, s), x, s), -from_end, false, s);
}

array permutation(const std::variant<int, array>& x, int axis, const std::optional<array>& key,
                  StreamOrDevice s) {
  if (const int* length = std::get_if<int>(&x)) return argsort(bits({*length}, key, s), 0, s);
  const array& a = std::get<array>(x);
  normalize_axis(axis, a.ndim(), "permutation");
  return take(a, argsort(bits({a.shape(axis)}, key, s), 0, s), axis, s);
}

array multivariate_normal(const array& mean, const array& cov, const Shape& shape,
                          std::optional<Dtype> dtype, const std::optional<array>& key,
                          StreamOrDevice s) {
  const char* const op = "multivariate_normal";
  if (dtype.value_or(float32) != float32) fail(op, "dtype must be float32.");
  if (mean.ndim() < 1) fail(op, "mean must have at least one dimension.");
  if (cov.ndim() < 2) fail(op, "cov must have at least two dimensions.");
  const int32_t n = mean.shape(-1);
  if (cov.shape(-1) != cov.shape(-2) || cov.shape(-1) != n)
    fail(op, "mean and cov must have compatible shapes.");
  // cov = U S Vᵀ, so that z √S Vᵀ has this covariance; U √S Vᵀ is its symmetric square root.
  const Shape batch = broadcast(Shape(mean.shape().begin(), mean.shape().end() - 1),
                                Shape(cov.shape().begin(), cov.shape().end() - 2));
  Shape samples = shape.empty() ? batch : shape;
  if (broadcast(samples, batch) != samples)
    fail(op, "Cannot generate random values of shape ", to_string(shape),
         " from broadcasted shape ", to_string(batch), ".");
  const auto precision = [](const array& x) { return x.dtype() == float64 ? float64 : float32; };
  const Arrays factors = linalg::svd(astype(cov, precision(cov), s), true, s);
  const array root =
      matmul(multiply(factors[0], expand_dims(sqrt(factors[1], s), {-2}, s), s), factors[2], s);
  samples.push_back(n);
  const array z =
      astype(expand_dims(normal(samples, float32, {}, {}, key, s), {-2}, s), precision(cov), s);
  const array centered = squeeze(matmul(z, root, s), Axes{-2}, s);
  return astype(add(centered, astype(mean, precision(mean), s), s), precision(mean), s);
}

}  // namespace mlx::random
