// LAPACK's factorisations multiply back to what they factor.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>

#include "cl/lapack.h"

namespace mlx {
namespace {

struct LapackTest : testing::Test {
  Device& device = Device::get(Device::preferred());
  std::unique_lock<std::recursive_mutex> lock = submission_lock();
  Ref<Queue> queue = make_ref<Queue>(device);

  void SetUp() override {
    if (!lapack::is_built_in()) GTEST_SKIP() << "built without LAPACK";
  }
  Ref<Buffer> make(int64_t count, size_t bytes = 8) { return device.allocator().allocate(size_t(count) * bytes); }
  Ref<Buffer> random(int64_t count) {
    Ref<Buffer> buffer = make(count);
    uint32_t seed = 7;
    auto* const values = static_cast<double*>(buffer->write());
    for (int64_t i = 0; i < count; ++i) values[i] = double(int((seed = seed * 1664525 + 1013904223) >> 16) % 201 - 100) / 50;
    return buffer;
  }
  static BufferArgument argument(const Ref<Buffer>& buffer, bool writes = true) { return {buffer.get(), 0, writes}; }
  static const double* values(const Ref<Buffer>& buffer) { return static_cast<const double*>(buffer->read()); }
};

/// (x @ y)[i, j] of row-major matrices.
double product(const double* x, const double* y, int depth, int columns, int i, int j) {
  double sum = 0;
  for (int k = 0; k < depth; ++k) sum += x[i * depth + k] * y[k * columns + j];
  return sum;
}

constexpr int batch = 3, m = 7, n = 4;

TEST_F(LapackTest, QrAndSvdAndLuGiveTheMatrixBack) {
  const Ref<Buffer> a = random(batch * m * n), q = make(batch * m * n), r = make(batch * n * n);
  const Ref<Buffer> u = make(batch * m * m), s = make(batch * n), vt = make(batch * n * n);
  const Ref<Buffer> f = make(batch * m * n), pivots = make(batch * n, 4), order = make(batch * m, 4);
  const lapack::Matrices matrices{float64, batch, m, n, argument(a, false)};
  lapack::qr(*queue, matrices, argument(q), argument(r));
  lapack::svd(*queue, matrices, argument(s), true, argument(u), argument(vt));
  lapack::lu(*queue, matrices, argument(f), argument(pivots), argument(order));
  for (int b = 0; b < batch; ++b)
    for (int i = 0; i < m; ++i)
      for (int j = 0; j < n; ++j) {
        const double* const x = values(a) + b * m * n;
        EXPECT_NEAR(product(values(q) + b * m * n, values(r) + b * n * n, n, n, i, j), x[i * n + j], 1e-12);
        double sum = 0, factored = 0;
        for (int k = 0; k < n; ++k)
          sum += values(u)[b * m * m + i * m + k] * values(s)[b * n + k] * values(vt)[b * n * n + k * n + j];
        EXPECT_NEAR(sum, x[i * n + j], 1e-12);
        for (int k = 0; k <= std::min(i, j); ++k)
          factored += (k == i ? 1 : values(f)[b * m * n + i * n + k]) * values(f)[b * m * n + k * n + j];
        const uint32_t row = static_cast<const uint32_t*>(order->read())[b * m + i];
        EXPECT_NEAR(factored, x[int(row) * n + j], 1e-12);
      }
}

TEST_F(LapackTest, InverseCholeskyAndEigh) {
  const Ref<Buffer> x = random(batch * n * n), a = make(batch * n * n), inverse = make(batch * n * n);
  const Ref<Buffer> factor = make(batch * n * n), w = make(batch * n), v = make(batch * n * n), t = make(batch * n * n);
  for (int b = 0; b < batch; ++b)  // a = x xᵀ + 1, symmetric and positive definite
    for (int i = 0; i < n * n; ++i) {
      double sum = i / n == i % n;
      for (int k = 0; k < n; ++k) sum += values(x)[b * n * n + i / n * n + k] * values(x)[b * n * n + i % n * n + k];
      static_cast<double*>(a->write())[b * n * n + i] = sum;
    }
  const lapack::Matrices matrices{float64, batch, n, n, argument(a, false)};
  lapack::inverse(*queue, matrices, argument(inverse));
  lapack::cholesky(*queue, matrices, argument(factor), false);
  lapack::triangular_inverse(*queue, {float64, batch, n, n, argument(factor, false)}, argument(t), false);
  lapack::eigh(*queue, matrices, argument(w), true, argument(v), false);
  for (int b = 0; b < batch; ++b)
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        const int base = b * n * n;
        EXPECT_NEAR(product(values(a) + base, values(inverse) + base, n, n, i, j), i == j, 1e-10);
        EXPECT_NEAR(product(values(factor) + base, values(t) + base, n, n, i, j), i == j, 1e-10);
        double square = 0, spectral = 0;
        for (int k = 0; k < n; ++k) {
          square += values(factor)[base + i * n + k] * values(factor)[base + j * n + k];
          spectral += values(v)[base + i * n + k] * values(w)[b * n + k] * values(v)[base + j * n + k];
        }
        EXPECT_NEAR(square, values(a)[base + i * n + j], 1e-10);
        EXPECT_NEAR(spectral, values(a)[base + i * n + j], 1e-10);
      }
}

TEST_F(LapackTest, EigFindsComplexPairs) {
  const Ref<Buffer> a = make(9, 4), w = make(3), v = make(9);
  const float matrix[9] = {0, -2, 0, 2, 0, 0, 0, 0, 3};
  std::copy_n(matrix, 9, static_cast<float*>(a->write()));
  lapack::eig(*queue, {float32, 1, 3, 3, argument(a, false)}, argument(w), true, argument(v));
  const auto* const values = static_cast<const complex64_t*>(w->read());
  const auto* const vectors = static_cast<const complex64_t*>(v->read());
  for (int j = 0; j < 3; ++j)
    for (int i = 0; i < 3; ++i) {
      complex64_t sum = 0;
      for (int k = 0; k < 3; ++k) sum += matrix[i * 3 + k] * vectors[k * 3 + j];
      EXPECT_NEAR(std::abs(sum - values[j] * vectors[i * 3 + j]), 0, 1e-5);
    }
}

TEST_F(LapackTest, WhatCannotBeFactoredSurfacesAtFinish) {
  const Ref<Buffer> zero = make(4), result = make(4);
  std::fill_n(static_cast<double*>(zero->write()), 4, 0.0);
  const lapack::Matrices matrices{float64, 1, 2, 2, argument(zero, false)};
  const auto finish_of = [&](auto&& call) {
    call();
    queue->finish();
  };
  EXPECT_THROW(finish_of([&] { lapack::cholesky(*queue, matrices, argument(result), true); }), std::runtime_error);
  EXPECT_THROW(finish_of([&] { lapack::inverse(*queue, matrices, argument(result)); }), std::runtime_error);
  EXPECT_THROW(lapack::inverse(*queue, {float16, 1, 2, 2, argument(zero, false)}, argument(result)),
               std::invalid_argument);
}

}  // namespace
}  // namespace mlx
