// Operations: a row or more for each family, with the overloads that C++ has.
#include "values.h"

namespace {

const mx::array v({1.0f, 2.0f, 3.0f, 4.0f});
const mx::array m({1.0f, 2.0f, 3.0f, 4.0f}, {2, 2});

TEST(ApiOps, Creation) {
  EXPECT_VALUES(mx::arange(3), 0, 1, 2);
  EXPECT_EQ(mx::arange(3).dtype(), mx::int32);
  EXPECT_VALUES(mx::arange(1.0, 2.0, 0.5), 1, 1.5);
  EXPECT_EQ(mx::arange(1.0, 2.0, 0.5).dtype(), mx::float32);
  EXPECT_VALUES(mx::arange(1, 6, 2), 1, 3, 5);
  EXPECT_VALUES(mx::linspace(0, 1, 3), 0, 0.5, 1);
  EXPECT_VALUES(mx::full({2}, mx::array(7)), 7, 7);
  EXPECT_VALUES(mx::zeros({2}), 0, 0);
  EXPECT_VALUES(mx::ones({2}, mx::int8), 1, 1);
  EXPECT_VALUES(mx::eye(2), 1, 0, 0, 1);
  EXPECT_VALUES(mx::tri(2, mx::float32), 1, 0, 1, 1);
  EXPECT_VALUES(mx::hanning(4), 0, 0.75, 0.75, 0);
}

TEST(ApiOps, Operators) {
  EXPECT_VALUES(v + v, 2, 4, 6, 8);
  EXPECT_VALUES(1.0f - v, 0, -1, -2, -3);
  EXPECT_VALUES(v * 2, 2, 4, 6, 8);
  EXPECT_VALUES(1.0 / v, 1, 0.5, 0.333333, 0.25);
  EXPECT_EQ((1.0 / v).dtype(), mx::float32);
  EXPECT_VALUES(v % 2.0f, 1, 0, 1, 0);
  EXPECT_VALUES(-v, -1, -2, -3, -4);
  EXPECT_VALUES(v > 2.0f, 0, 0, 1, 1);
  EXPECT_VALUES(v == v, 1, 1, 1, 1);
  EXPECT_VALUES((v > 1.0f) && (v < 4.0f), 0, 1, 1, 0);
  EXPECT_VALUES(mx::array(6) & mx::array(3), 2);
  EXPECT_VALUES(~mx::array(0), -1);
  EXPECT_VALUES(mx::array(1) << 3, 8);
}

TEST(ApiOps, Elementwise) {
  EXPECT_VALUES(mx::where(v > 2.0f, v, mx::array(0.0f)), 0, 0, 3, 4);
  EXPECT_VALUES(mx::clip(v, mx::array(2.0f), std::nullopt), 2, 2, 3, 4);
  EXPECT_VALUES(mx::round(mx::array({1.26f}), 1), 1.3);
  EXPECT_VALUES(mx::exp(mx::array(1.0f)), 2.718282);
  EXPECT_VALUES(mx::divmod(mx::array(7), mx::array(2))[1], 1);
  EXPECT_VALUES(mx::allclose(v, v), 1);
  EXPECT_VALUES(mx::nan_to_num(mx::array(NAN), 3.0f), 3);
}

TEST(ApiOps, Shapes) {
  EXPECT_EQ(mx::reshape(v, {2, -1}).shape(), (mx::Shape{2, 2}));
  EXPECT_VALUES(mx::transpose(m, {1, 0}), 1, 3, 2, 4);
  EXPECT_EQ(mx::expand_dims(v, {0, 2}).shape(), (mx::Shape{1, 4, 1}));
  EXPECT_EQ(mx::squeeze(mx::expand_dims(v, 0)).shape(), (mx::Shape{4}));
  EXPECT_VALUES(mx::flip(v), 4, 3, 2, 1);
  EXPECT_VALUES(mx::concatenate({v, v}, 0), 1, 2, 3, 4, 1, 2, 3, 4);
  EXPECT_EQ(mx::stack({v, v}).shape(), (mx::Shape{2, 4}));
  EXPECT_EQ(mx::split(v, 2).size(), 2u);
  EXPECT_EQ(mx::split(v, mx::Shape{1}).size(), 2u);
  EXPECT_VALUES(mx::pad(v, 1), 0, 1, 2, 3, 4, 0);
  EXPECT_VALUES(mx::pad(v, std::pair<int, int>{0, 1}, mx::array(9.0f)), 1, 2, 3, 4, 9);
  EXPECT_VALUES(mx::roll(v, 1), 4, 1, 2, 3);
  EXPECT_VALUES(mx::roll(m, mx::Shape{1, 1}, std::vector<int>{0, 1}), 4, 3, 2, 1);
  EXPECT_VALUES(mx::repeat(mx::array({1, 2}), 2), 1, 1, 2, 2);
  EXPECT_VALUES(mx::tile(mx::array({1, 2}), {2}), 1, 2, 1, 2);
  EXPECT_VALUES(mx::as_strided(v, {2, 2}, {1, 2}, 0), 1, 3, 2, 4);
  EXPECT_VALUES(mx::diagonal(m), 1, 4);
  EXPECT_VALUES(mx::tril(m), 1, 0, 3, 4);
  EXPECT_VALUES(mx::meshgrid({mx::array({1, 2}), mx::array({3})})[0], 1, 2);
  EXPECT_EQ(mx::atleast_2d(v).ndim(), 2u);
}

TEST(ApiOps, Reductions) {
  EXPECT_VALUES(mx::sum(m), 10);
  EXPECT_VALUES(mx::sum(m, 0), 4, 6);
  EXPECT_VALUES(mx::sum(m, std::vector<int>{0, 1}, true), 10);
  EXPECT_VALUES(mx::mean(m, 1), 1.5, 3.5);
  EXPECT_VALUES(mx::var(m), 1.25);
  EXPECT_VALUES(mx::std(m, 1, false, 1), 0.707107, 0.707107);
  EXPECT_VALUES(mx::max(m, true), 4);
  EXPECT_VALUES(std::get<0>(mx::minmax(m)), 1);
  EXPECT_VALUES(mx::argmax(m, 1), 1, 1);
  EXPECT_VALUES(mx::all(m > 0.0f), 1);
  EXPECT_VALUES(mx::softmax(mx::array({0.0f, 0.0f})), 0.5, 0.5);
  EXPECT_VALUES(mx::logsumexp(mx::array({0.0f, 0.0f})), 0.693147);
  EXPECT_VALUES(mx::number_of_elements(m, {0}, true, mx::float32), 0.5);
  EXPECT_THROW(mx::sum(m, 5), std::out_of_range);
}

TEST(ApiOps, SortsAndScans) {
  const mx::array mixed({3.0f, 1.0f, 2.0f});
  EXPECT_VALUES(mx::sort(mixed), 1, 2, 3);
  EXPECT_VALUES(mx::argsort(mixed), 1, 2, 0);
  EXPECT_VALUES(mx::topk(mixed, 1), 3);
  EXPECT_VALUES(mx::cumsum(v), 1, 3, 6, 10);
  EXPECT_VALUES(mx::cumsum(m, 0), 1, 2, 4, 6);
  EXPECT_VALUES(mx::cummax(mixed), 3, 3, 3);
  EXPECT_VALUES(mx::unique(mx::array({3, 1, 3}), 2)[0], 1, 3);
}

TEST(ApiOps, Indexing) {
  EXPECT_VALUES(mx::slice(v, {1}, {3}), 2, 3);
  EXPECT_VALUES(mx::slice(m, {0, 0}, {2, 2}, {1, 2}), 1, 3);
  EXPECT_VALUES(mx::slice_update(v, mx::array({9.0f}), {1}, {2}), 1, 9, 3, 4);
  EXPECT_VALUES(mx::slice_update_add(v, mx::array({9.0f}), mx::Shape{1}, mx::Shape{2}), 1, 11, 3,
                4);
  EXPECT_VALUES(mx::take(v, mx::array({3, 0})), 4, 1);
  EXPECT_VALUES(mx::take(m, 1, 0), 3, 4);
  EXPECT_VALUES(mx::gather(m, mx::array({1}), 0, {1, 2}), 3, 4);
  EXPECT_VALUES(mx::scatter_add(v, mx::array({0, 0}), mx::array({1.0f, 2.0f}, {2, 1}), 0), 4, 2, 3,
                4);
  EXPECT_VALUES(mx::put_along_axis(v, mx::array({2}), mx::array({9.0f}), 0), 1, 2, 9, 4);
  const auto gathered = [](const mx::array& a) {
    return mx::sum(mx::gather(a, mx::array({1, 1}), 0, {1}));
  };
  EXPECT_VALUES(mx::grad(gathered)(v), 0, 2, 0, 0);
}

TEST(ApiOps, Products) {
  EXPECT_VALUES(mx::matmul(m, m), 7, 10, 15, 22);
  EXPECT_VALUES(mx::addmm(m, m, m, 2, 1), 15, 22, 33, 48);
  EXPECT_VALUES(mx::einsum("ij,j->i", {m, mx::array({1.0f, 10.0f})}), 21, 43);
  EXPECT_VALUES(mx::tensordot(m, m, {1}, {0}), 7, 10, 15, 22);
  EXPECT_VALUES(mx::conv1d(mx::reshape(v, {1, 4, 1}), mx::array({1.0f, 2.0f}, {1, 2, 1})), 5, 8,
                11);
  const auto parts = mx::quantize(mx::ones({1, 64}), 32, 4);
  EXPECT_VALUES(mx::quantized_matmul(mx::ones({1, 64}), parts[0], parts[1], parts[2], true, 32, 4),
                64);
}

TEST(ApiOps, Modules) {
  const mx::array k = mx::random::key(0);
  EXPECT_VALUES(mx::random::uniform(mx::array(-1.0f), mx::array(1.0f), {3}, mx::float32, k),
                0.930643, -0.370637, 0.26606);
  EXPECT_VALUES(mx::random::normal({3}, k), 1.81609, -0.482623, 0.339889);
  EXPECT_VALUES(mx::random::permutation(6, k), 1, 5, 0, 4, 2, 3);
  EXPECT_VALUES(mx::linalg::norm(mx::array({3.0f, -4.0f})), 5);
  EXPECT_VALUES(mx::linalg::inv(mx::array({2.0f, 0.0f, 0.0f, 4.0f}, {2, 2}), mx::Device::cpu), 0.5,
                0, 0, 0.25);
  EXPECT_VALUES(mx::fft::fft(v), 10, 0, -2, 2, -2, 0, -2, -2);
  EXPECT_VALUES(mx::fft::irfft(mx::fft::rfft(v)), 1, 2, 3, 4);
  EXPECT_VALUES(mx::fft::fft2(m), 10, 0, -2, 0, -4, 0, 0, 0);
  EXPECT_VALUES(mx::fast::rms_norm(v, std::nullopt, 1e-5f), 0.365148, 0.730296, 1.09544, 1.46059);
}

TEST(ApiOps, Kernels) {
  const auto kernel = mx::fast::opencl_kernel("doubled_api", {"x"}, {"y"},
                                              "size_t i = get_global_id(0); y[i] = 2 * x[i];");
  EXPECT_VALUES(
      kernel({v}, {{4}}, {mx::float32}, {4, 1, 1}, {1, 1, 1}, {}, std::nullopt, false, {})[0], 2, 4,
      6, 8);
}

}  // namespace
