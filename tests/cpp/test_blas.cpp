// Matrix products against plain loops: every dtype, transposition, batch and path.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "cl/blas.h"

namespace mlx {
namespace {

struct Form {
  Dtype dtype;
  int64_t batch, m, n, k;
  bool a_transposed, b_transposed;
  int64_t padding;            ///< more elements between rows
  bool a_repeats, b_repeats;  ///< one matrix for every batch
  float alpha, beta;
};

std::complex<double> element(Dtype dtype, const void* data, int64_t i) {
  return visit(dtype, [&](auto zero) -> std::complex<double> {
    using T = decltype(zero);
    if constexpr (std::is_same_v<T, complex64_t>)
      return std::complex<double>(static_cast<const T*>(data)[i]);
    else if constexpr (sizeof(T) == 2)
      return double(float(static_cast<const T*>(data)[i]));
    else
      return double(static_cast<const T*>(data)[i]);
  });
}

Ref<Buffer> random_buffer(Device& device, Dtype dtype, int64_t count, uint32_t seed) {
  Ref<Buffer> buffer = device.allocator().allocate(size_t(count * dtype.size()));
  void* const to = buffer->write();
  visit(dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto next = [&] {
      return float(int((seed = seed * 1664525 + 1013904223) >> 16) % 2001 - 1000) / 500;
    };
    for (int64_t i = 0; i < count; ++i) {
      if constexpr (std::is_same_v<T, complex64_t>)
        static_cast<T*>(to)[i] = T(next(), next());
      else
        static_cast<T*>(to)[i] = T(next());
    }
  });
  return buffer;
}

Matrix matrix(Buffer* buffer, int64_t rows, int64_t columns, bool transposed, int64_t padding,
              bool repeats) {
  const int64_t leading = (transposed ? rows : columns) + padding;
  return {buffer, 3, transposed, leading, repeats ? 0 : leading * (transposed ? columns : rows)};
}

int64_t place(const Matrix& x, int64_t batch, int64_t row, int64_t column) {
  return x.offset + batch * x.batch_stride +
         (x.transposed ? column * x.leading + row : row * x.leading + column);
}

double tolerance(Dtype dtype, int64_t k) {
  const double unit = dtype == float64    ? 1e-14
                      : dtype == float16  ? 1e-3
                      : dtype == bfloat16 ? 8e-3
                                          : 1e-6;
  return unit * (4 * std::sqrt(double(k)) + 4);
}

void expect_product(Queue& queue, const Form& f, void (*multiply)(Queue&, const Product&)) {
  Device& device = queue.device();
  const int64_t a_size = 3 + f.batch * (f.m + f.padding) * (f.k + f.padding);
  const int64_t b_size = 3 + f.batch * (f.k + f.padding) * (f.n + f.padding);
  const int64_t c_size = 3 + f.batch * f.m * (f.n + f.padding);
  const Ref<Buffer> a = random_buffer(device, f.dtype, a_size, 1),
                    b = random_buffer(device, f.dtype, b_size, 2);
  const Ref<Buffer> c = random_buffer(device, f.dtype, c_size, 3),
                    before = random_buffer(device, f.dtype, c_size, 3);
  const Product p{f.dtype,
                  f.batch,
                  f.m,
                  f.n,
                  f.k,
                  matrix(a.get(), f.m, f.k, f.a_transposed, f.padding, f.a_repeats),
                  matrix(b.get(), f.k, f.n, f.b_transposed, f.padding, f.b_repeats),
                  matrix(c.get(), f.m, f.n, false, f.padding, false),
                  f.alpha,
                  f.beta};
  queue.expect(size_t(f.batch * f.m * f.n * f.k));
  multiply(queue, p);
  const void* const result = c->read();
  const void* const x = a->read();
  const void* const y = b->read();
  double worst = 0;
  for (int64_t batch = 0; batch < f.batch; ++batch)
    for (int64_t i = 0; i < f.m; ++i)
      for (int64_t j = 0; j < f.n; ++j) {
        std::complex<double> sum = 0;
        for (int64_t k = 0; k < f.k; ++k)
          sum += element(f.dtype, x, place(p.a, batch, i, k)) *
                 element(f.dtype, y, place(p.b, batch, k, j));
        const int64_t at = place(p.c, batch, i, j);
        const auto expected =
            double(f.alpha) * sum + double(f.beta) * element(f.dtype, before->read(), at);
        worst = std::max(
            worst, std::abs(expected - element(f.dtype, result, at)) / (1 + std::abs(expected)));
      }
  EXPECT_LE(worst, tolerance(f.dtype, f.k))
      << f.dtype.name() << ' ' << f.batch << " of " << f.m << 'x' << f.n << 'x' << f.k
      << " transposed " << f.a_transposed << f.b_transposed << " padding " << f.padding
      << " repeats " << f.a_repeats << f.b_repeats << " alpha " << f.alpha << " beta " << f.beta
      << " on " << device.facts().name;
}

std::vector<Form> forms(Dtype dtype) {
  std::vector<Form> all;
  for (const bool a : {false, true})
    for (const bool b : {false, true}) {
      all.push_back({dtype, 1, 17, 33, 65, a, b, 0, false, false, 1, 0});
      all.push_back({dtype, 3, 20, 7, 12, a, b, 5, false, false, 0.5, 2});
      all.push_back({dtype, 4, 9, 16, 10, a, b, 0, true, false, 1, 1});
      all.push_back({dtype, 4, 9, 16, 10, a, b, 0, false, true, 2, 0});
      all.push_back({dtype, 1, 1, 50, 70, a, b, 0, false, false, 1, 0});
      all.push_back({dtype, 1, 50, 1, 70, a, b, 2, false, false, 1, 0});
      all.push_back({dtype, 1, 40, 30, 1, a, b, 0, false, false, 1, 0});
      all.push_back({dtype, 1, 130, 140, 150, a, b, 0, false, false, 1, 0});
      all.push_back({dtype, 1, 1, 300, 301, a, b, 0, false, false, 1, 0});
      all.push_back({dtype, 1, 3, 301, 300, a, b, 4, false, false, 0.5, 2});
    }
  all.push_back({dtype, 2, 3, 4, 0, false, false, 0, false, false, 1, 0});
  all.push_back({dtype, 2, 3, 4, 0, false, false, 0, false, false, 1, 0.5});
  all.push_back({dtype, 6, 96, 64, 128, false, true, 0, false, true, 1, 0});
  return all;
}

class BlasTest : public testing::TestWithParam<Dtype::Id> {};

TEST_P(BlasTest, AgreesWithPlainLoops) {
  const Submission submission;
  Ref<Queue> queue = make_ref<Queue>(Device::get(Device::preferred()));
  for (const Form& form : forms(GetParam())) expect_product(*queue, form, multiply);
}

TEST_P(BlasTest, OwnKernelAgreesWithPlainLoops) {
  const Submission submission;
  Ref<Queue> queue = make_ref<Queue>(Device::get(Device::preferred()));
  for (const Form& form : forms(GetParam())) expect_product(*queue, form, multiply_with_kernel);
}

INSTANTIATE_TEST_SUITE_P(Dtypes, BlasTest,
                         testing::Values(Dtype::float32, Dtype::float64, Dtype::complex64,
                                         Dtype::float16, Dtype::bfloat16),
                         [](const auto& info) { return std::string(Dtype(info.param).name()); });

// Figures on request: --gtest_also_run_disabled_tests --gtest_filter='*Figures'
TEST(Blas, DISABLED_PrintsFigures) {
  const Submission submission;
  Device& device = Device::get(Device::preferred());
  Ref<Queue> queue = make_ref<Queue>(device);
  struct Size {
    int64_t m, n;
    bool b_transposed;
  };
  for (const Dtype dtype : {float32, bfloat16, float16})
    for (const auto [m, n, b_transposed] :
         {Size{16, 16, false}, Size{64, 64, false}, Size{256, 256, false}, Size{1024, 1024, false},
          Size{1, 4096, false}, Size{1, 4096, true}}) {
      const Ref<Buffer> a = random_buffer(device, dtype, m * n, 1),
                        b = random_buffer(device, dtype, n * n, 2);
      const Ref<Buffer> c = device.allocator().allocate(size_t(m * n * dtype.size()));
      const Product p{dtype,
                      1,
                      m,
                      n,
                      n,
                      {a.get(), 0, false, n, 0},
                      {b.get(), 0, b_transposed, n, 0},
                      {c.get(), 0, false, n, 0}};
      double best = 1e9;
      for (int i = 0; i < (n > 512 ? 10 : 200); ++i) {
        const auto start = std::chrono::steady_clock::now();
        queue->expect(size_t(m * n * n));
        multiply(*queue, p);
        queue->finish();
        best = std::min(
            best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      }
      std::printf("%s %ld x %ld x %ld%s: %.1f us, %.1f GFLOP/s\n", dtype.name(), long(m), long(n),
                  long(n), b_transposed ? " transposed" : "", best * 1e6,
                  2e-9 * double(m * n * n) / best);
    }
}

}  // namespace
}  // namespace mlx
