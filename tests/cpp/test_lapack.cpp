// LAPACK's factorisations multiply back to what they factor.
#include <gtest/gtest.h>

#include "graph/evaluate.h"
#include "ops/elementwise.h"
#include "ops/linalg.h"
#include "ops/matmul.h"
#include "ops/random.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx {
namespace {

array sample(const Shape& shape) {
  return astype(random::normal(shape, float32, {}, {}, random::key(7)), float64);
}
array turned(const array& x) {
  return swapaxes(x, -1, -2);
}
array identity_of(const array& x) {
  return matmul(x, linalg::inv(x));
}

/// The largest difference of two arrays.
double distance(const array& a, const array& b) {
  return max(abs(a - b)).item<double>();
}

array first_columns(const array& x, int count) {
  Shape stop = x.shape();
  stop.back() = count;
  return slice(x, Shape(x.ndim(), 0), stop);
}

TEST(Lapack, QrAndSvdGiveTheMatrixBack) {
  const array a = sample({3, 7, 4});
  const auto [q, r] = linalg::qr(a);
  EXPECT_LT(distance(matmul(q, r), a), 1e-12);
  const Arrays factors = linalg::svd(a);
  const array scaled = first_columns(factors[0], 4) * expand_dims(factors[1], {-2});
  EXPECT_LT(distance(matmul(scaled, factors[2]), a), 1e-12);
}

TEST(Lapack, CholeskyEighAndSolve) {
  const array x = sample({3, 4, 4}), a = matmul(x, turned(x)), factor = linalg::cholesky(a);
  EXPECT_LT(distance(matmul(factor, turned(factor)), a), 1e-10);
  EXPECT_LT(distance(matmul(factor, linalg::tri_inv(factor)), identity_of(a)), 1e-9);
  EXPECT_LT(distance(linalg::cholesky_inv(factor), linalg::inv(a)), 1e-6);
  const auto [w, v] = linalg::eigh(a);
  EXPECT_LT(distance(matmul(v * expand_dims(w, {-2}), turned(v)), a), 1e-10);
  const array b = sample({3, 4, 2});
  EXPECT_LT(distance(matmul(a, linalg::solve(a, b)), b), 1e-8);
}

TEST(Lapack, EigFindsComplexPairs) {
  const float values[9] = {0, -2, 0, 2, 0, 0, 0, 0, 3};
  const array a = array::from_host(values, {3, 3}, float32);
  const auto [w, v] = linalg::eig(a);
  const array rest = abs(matmul(astype(a, complex64), v) - v * expand_dims(w, {0}));
  EXPECT_LT(max(rest).item<float>(), 1e-5f);
}

TEST(Lapack, ASingularMatrixSurfacesWhenEvaluated) {
  const float values[4] = {1, 2, 2, 4};
  const array a = array::from_host(values, {2, 2}, float32);
  EXPECT_THROW(eval({linalg::inv(a)}), std::runtime_error);
  EXPECT_THROW(linalg::inv(astype(a, float16)), std::invalid_argument);
}

}  // namespace
}  // namespace mlx
