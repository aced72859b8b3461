// Products, layers, the modules and the transformations in C++, with the values that Python gives:
// see rows.h.
#include "rows.h"

namespace {

TEST(ApiValues, Products) {
  ROW("mx.matmul(q, q)", "float32 (2,2) 18 7 14 11", mx::matmul(q, q));
  ROW("m.T @ m", "float32 (3,3) 17 22 27 22 29 36 27 36 45", mx::matmul(mx::transpose(m), m));
  ROW("mx.addmm(q, q, q, 2.0, 1.0)", "float32 (2,2) 40 15 30 25", mx::addmm(q, q, q, 2.0f, 1.0f));
  ROW("mx.inner(v, v)", "float32 () 30", mx::inner(v, v));
  ROW("mx.outer(i, i)", "int32 (3,3) 9 3 6 3 1 2 6 2 4", mx::outer(i, i));
  ROW("mx.vecdot(m, m)", "float32 (2) 14 77", mx::vecdot(m, m));
  ROW("mx.kron(q, mx.eye(2))", "float32 (4,4) 4 0 1 0 0 4 0 1 2 0 3 0 0 2 0 3",
      mx::kron(q, mx::eye(2)));
  ROW("mx.tensordot(m, m, 2)", "float32 () 91", mx::tensordot(m, m, 2));
  ROW("mx.tensordot(m, q, [[0], [1]])", "float32 (3,2) 8 14 13 19 18 24",
      mx::tensordot(m, q, {0}, {1}));
}

TEST(ApiValues, Einsum) {
  ROW("mx.einsum(\"ij,jk->ik\", q, m)", "float32 (2,3) 8 13 18 14 19 24",
      mx::einsum("ij,jk->ik", {q, m}));
  ROW("mx.einsum(\"ii\", q)", "float32 () 7", mx::einsum("ii", {q}));
  ROW("mx.einsum(\"i,j->ij\", v, u)", "float32 (4,3) 0.1 0.5 0.9 0.2 1 1.8 0.3 1.5 2.7 0.4 2 3.6",
      mx::einsum("i,j->ij", {v, u}));
}

TEST(ApiValues, IndexedProducts) {
  ROW("mx.gather_mm(mx.stack([q, q]), mx.stack([q, -q]), rhs_indices=mx.array([1, 0]))",
      "float32 (2,2,2) -18 -7 -14 -11 18 7 14 11",
      mx::gather_mm(mx::stack({q, q}), mx::stack({q, -q}), std::nullopt, mx::array({1, 0})));
  ROW("mx.segmented_mm(m, m.T, mx.array([[0, 1], [1, 3]], mx.uint32))",
      "float32 (2,2,2) 1 4 4 16 13 28 28 61",
      mx::segmented_mm(m, mx::transpose(m), mx::array({0, 1, 1, 3}, {2, 2}, mx::uint32)));
  ROW("mx.block_masked_mm(mx.ones((32, 32)), mx.ones((32, 32)), 32, "
      "mask_out=mx.array([[True]]))[:1, :2]",
      "float32 (1,2) 32 32",
      mx::slice(mx::block_masked_mm(mx::ones({32, 32}), mx::ones({32, 32}), 32,
                                    mx::array({true}, {1, 1})),
                {0, 0}, {1, 2}));
}

TEST(ApiValues, Convolutions) {
  ROW("mx.conv1d(v.reshape(1, 4, 1), mx.array([1.0, 2.0]).reshape(1, 2, 1))",
      "float32 (1,3,1) 5 8 11",
      mx::conv1d(mx::reshape(v, {1, 4, 1}), mx::array({1.0f, 2.0f}, {1, 2, 1})));
  ROW("mx.conv1d(v.reshape(1, 4, 1), mx.array([1.0, 2.0]).reshape(1, 2, 1), 2, 1)",
      "float32 (1,3,1) 2 8 4",
      mx::conv1d(mx::reshape(v, {1, 4, 1}), mx::array({1.0f, 2.0f}, {1, 2, 1}), 2, 1));
  ROW("mx.conv2d(m.reshape(1, 2, 3, 1), q.reshape(1, 2, 2, 1))", "float32 (1,1,2,1) 29 39",
      mx::conv2d(mx::reshape(m, {1, 2, 3, 1}), mx::reshape(q, {1, 2, 2, 1})));
  ROW("mx.conv3d(mx.ones((1, 2, 2, 2, 1)), mx.ones((1, 2, 2, 2, 1)))", "float32 (1,1,1,1,1) 8",
      mx::conv3d(mx::ones({1, 2, 2, 2, 1}), mx::ones({1, 2, 2, 2, 1})));
  ROW("mx.conv_general(v.reshape(1, 4, 1), mx.array([1.0, 2.0]).reshape(1, 2, 1), padding=1, "
      "flip=True)",
      "float32 (1,5,1) 1 4 7 10 8",
      mx::conv_general(mx::reshape(v, {1, 4, 1}), mx::array({1.0f, 2.0f}, {1, 2, 1}), {1}, {1}, {1},
                       {1}, 1, true));
  ROW("mx.conv_transpose1d(v.reshape(1, 4, 1), mx.array([1.0, 2.0]).reshape(1, 2, 1))",
      "float32 (1,5,1) 1 4 7 10 8",
      mx::conv_transpose1d(mx::reshape(v, {1, 4, 1}), mx::array({1.0f, 2.0f}, {1, 2, 1})));
  ROW("mx.conv_transpose2d(m.reshape(1, 2, 3, 1), q.reshape(1, 2, 2, 1))",
      "float32 (1,3,4,1) 4 9 14 3 18 31 41 15 8 22 27 18",
      mx::conv_transpose2d(mx::reshape(m, {1, 2, 3, 1}), mx::reshape(q, {1, 2, 2, 1})));
  ROW("mx.conv_transpose3d(mx.ones((1, 1, 1, 1, 1)), mx.ones((1, 2, 1, 2, 1)))",
      "float32 (1,2,1,2,1) 1 1 1 1",
      mx::conv_transpose3d(mx::ones({1, 1, 1, 1, 1}), mx::ones({1, 2, 1, 2, 1})));
}

TEST(ApiValues, Quantised) {
  ROW("mx.quantize(mx.arange(64.0).reshape(1, 64), 64, 8)[1]", "float32 (1,1) -0.247059",
      mx::quantize(mx::reshape(mx::arange(64.0), {1, 64}), 64, 8)[1]);
  ROW("mx.quantize(mx.arange(64.0).reshape(1, 64), 64, 8)[0][:1, :4]",
      "uint32 (1,4) 4.09312e+09 3.82363e+09 3.53736e+09 3.26781e+09",
      mx::slice(mx::quantize(mx::reshape(mx::arange(64.0), {1, 64}), 64, 8)[0], {0, 0}, {1, 4}));
  ROW("mx.dequantize(*mx.quantize(mx.arange(64.0).reshape(1, 64), 64, 4), 64, 4)[:1, :4]",
      "float32 (1,4) 3.8147e-06 3.8147e-06 3.8147e-06 4.2",
      mx::slice(
          [] {
            const auto w = mx::quantize(mx::reshape(mx::arange(64.0), {1, 64}), 64, 4);
            return mx::dequantize(w[0], w[1], w[2], 64, 4);
          }(),
          {0, 0}, {1, 4}));
  ROW("mx.quantized_matmul(mx.ones((1, 64)), *mx.quantize(mx.arange(128.0).reshape(2, 64), 64, 8), "
      "True, 64, 8)",
      "float32 (1,2) 2016 6111.81", [] {
        const auto w = mx::quantize(mx::reshape(mx::arange(128.0), {2, 64}), 64, 8);
        return mx::quantized_matmul(mx::ones({1, 64}), w[0], w[1], w[2], true, 64, 8);
      }());
  ROW("mx.gather_qmm(mx.ones((1, 1, 64)), *mx.quantize(mx.arange(128.0).reshape(2, 1, 64), 64, 8), "
      "rhs_indices=mx.array([1]), group_size=64, bits=8)",
      "float32 (1,1,1) 6111.81", [] {
        const auto w = mx::quantize(mx::reshape(mx::arange(128.0), {2, 1, 64}), 64, 8);
        return mx::gather_qmm(mx::ones({1, 1, 64}), w[0], w[1], w[2], std::nullopt, mx::array({1}),
                              true, 64, 8);
      }());
  ROW("mx.hadamard_transform(v)", "float32 (4) 5 -1 -2 0", mx::hadamard_transform(v));
}

TEST(ApiValues, RandomBits) {
  ROW("mx.random.key(7)", "uint32 (2) 0 7", mx::random::key(7));
  ROW("mx.random.split(mx.random.key(7))",
      "uint32 (2,2) 9.66302e+08 9.8929e+08 1.94824e+09 1.05855e+09",
      mx::random::split(mx::random::key(7), 2));
  ROW("mx.random.randint(0, 10, (4,), key=mx.random.key(1))", "int32 (4) 5 3 8 4",
      mx::random::randint(mx::array(0), mx::array(10), {4}, mx::int32, mx::random::key(1)));
  ROW("mx.random.bernoulli(0.5, (4,), key=mx.random.key(1))", "bool (4) 0 1 0 1",
      mx::random::bernoulli(mx::array(0.5f), {4}, mx::random::key(1)));
  ROW("mx.random.permutation(5, key=mx.random.key(1))", "uint32 (5) 1 2 4 3 0",
      mx::random::permutation(5, mx::random::key(1)));
  ROW("mx.random.categorical(mx.zeros((4, 3)), key=mx.random.key(1))", "uint32 (4) 0 1 2 0",
      mx::random::categorical(mx::zeros({4, 3}), -1, mx::random::key(1)));
}

TEST(ApiValues, RandomReals) {
  ROW("mx.random.uniform(shape=(3,), key=mx.random.key(0))",
      "float32 (3) 0.965321 0.314682 0.63303", mx::random::uniform({3}, mx::random::key(0)));
  ROW("mx.random.uniform(-1, 1, (3,), key=mx.random.key(0))",
      "float32 (3) 0.930643 -0.370637 0.26606",
      mx::random::uniform(mx::array(-1.0f), mx::array(1.0f), {3}, mx::float32, mx::random::key(0)));
  ROW("mx.random.normal((3,), key=mx.random.key(0))", "float32 (3) 1.81609 -0.482623 0.339889",
      mx::random::normal({3}, mx::random::key(0)));
  ROW("mx.random.normal((2,), loc=1.0, scale=2.0, key=mx.random.key(0))",
      "float32 (2) -0.569531 2.71289", mx::random::normal({2}, 1.0f, 2.0f, mx::random::key(0)));
  ROW("mx.random.truncated_normal(-1.0, 1.0, (3,), key=mx.random.key(0))",
      "float32 (3) 0.906521 -0.322637 0.22965",
      mx::random::truncated_normal(mx::array(-1.0f), mx::array(1.0f), {3}, mx::float32,
                                   mx::random::key(0)));
  ROW("mx.random.gumbel((3,), key=mx.random.key(0))", "float32 (3) 3.34404 -0.145133 0.782552",
      mx::random::gumbel({3}, mx::float32, mx::random::key(0)));
  ROW("mx.random.laplace((3,), key=mx.random.key(0))", "float32 (3) -2.66849 0.463046 -0.309328",
      mx::random::laplace({3}, mx::random::key(0)));
}

TEST(ApiValues, Norms) {
  ROW("mx.linalg.norm(v)", "float32 () 5.47723", mx::linalg::norm(v));
  ROW("mx.linalg.norm(m, axis=1)", "float32 (2) 3.74166 8.77496", mx::linalg::norm(m, 1));
  ROW("mx.linalg.norm(q, \"fro\")", "float32 () 5.47723", mx::linalg::norm(q, "fro"));
  ROW("mx.linalg.norm(q, float(\"inf\"))", "float32 () 5", mx::linalg::norm(q, INFINITY));
  ROW("mx.linalg.norm(v, 1)", "float32 () 10", mx::linalg::norm(v, 1.0));
  ROW("mx.linalg.cross(i, mx.array([1, 0, 0]))", "int32 (3) 0 2 -1",
      mx::linalg::cross(i, mx::array({1, 0, 0})));
}

TEST(ApiValues, Solving) {
  ROW("mx.linalg.inv(q, stream=mx.cpu)", "float32 (2,2) 0.3 -0.1 -0.2 0.4",
      mx::linalg::inv(q, mx::Device::cpu));
  ROW("mx.linalg.solve(q, mx.array([1.0, 2.0]), stream=mx.cpu)", "float32 (2) 0.1 0.6",
      mx::linalg::solve(q, mx::array({1.0f, 2.0f}), mx::Device::cpu));
  ROW("mx.linalg.solve_triangular(mx.tril(q), mx.array([1.0, 2.0]), stream=mx.cpu)",
      "float32 (2) 0.25 0.5",
      mx::linalg::solve_triangular(mx::tril(q), mx::array({1.0f, 2.0f}), false, mx::Device::cpu));
  ROW("mx.linalg.tri_inv(mx.tril(q), stream=mx.cpu)", "float32 (2,2) 0.25 0 -0.166667 0.333333",
      mx::linalg::tri_inv(mx::tril(q), false, mx::Device::cpu));
  ROW("mx.linalg.pinv(m, stream=mx.cpu)",
      "float32 (3,2) -0.944444 0.444444 -0.111111 0.111111 0.722222 -0.222222",
      mx::linalg::pinv(m, mx::Device::cpu));
  ROW("mx.linalg.det(q, stream=mx.cpu)", "float32 () 10", mx::linalg::det(q, mx::Device::cpu));
  ROW("mx.linalg.slogdet(q, stream=mx.cpu)[1]", "float32 () 2.30259",
      mx::linalg::slogdet(q, mx::Device::cpu).second);
}

TEST(ApiValues, Factorisations) {
  ROW("mx.linalg.cholesky(mx.array([[4.0, 2.0], [2.0, 3.0]]), stream=mx.cpu)",
      "float32 (2,2) 2 0 1 1.41421",
      mx::linalg::cholesky(mx::array({4.0f, 2.0f, 2.0f, 3.0f}, {2, 2}), false, mx::Device::cpu));
  ROW("mx.linalg.cholesky_inv(mx.tril(q), stream=mx.cpu)",
      "float32 (2,2) 0.0902778 -0.0555556 -0.0555556 0.111111",
      mx::linalg::cholesky_inv(mx::tril(q), false, mx::Device::cpu));
  ROW("mx.abs(mx.linalg.qr(q, stream=mx.cpu)[1])", "float32 (2,2) 4.47214 2.23607 0 2.23607",
      mx::abs(mx::linalg::qr(q, mx::Device::cpu).second));
  ROW("mx.linalg.svd(q, compute_uv=False, stream=mx.cpu)", "float32 (2) 5.11667 1.9544",
      mx::linalg::svd(q, false, mx::Device::cpu)[0]);
  ROW("mx.linalg.lu(q, stream=mx.cpu)[2]", "float32 (2,2) 4 1 0 2.5",
      mx::linalg::lu(q, mx::Device::cpu)[2]);
  ROW("mx.linalg.lu_factor(q, stream=mx.cpu)[0]", "float32 (2,2) 4 1 0.5 2.5",
      mx::linalg::lu_factor(q, mx::Device::cpu).first);
  ROW("mx.linalg.eigvalsh(mx.array([[2.0, 1.0], [1.0, 2.0]]), stream=mx.cpu)", "float32 (2) 1 3",
      mx::linalg::eigvalsh(mx::array({2.0f, 1.0f, 1.0f, 2.0f}, {2, 2}), "L", mx::Device::cpu));
  ROW("mx.linalg.eigh(mx.array([[2.0, 1.0], [1.0, 2.0]]), stream=mx.cpu)[0]", "float32 (2) 1 3",
      mx::linalg::eigh(mx::array({2.0f, 1.0f, 1.0f, 2.0f}, {2, 2}), "L", mx::Device::cpu).first);
  ROW("mx.sort(mx.real(mx.linalg.eigvals(q, stream=mx.cpu)))", "float32 (2) 2 5",
      mx::sort(mx::real(mx::linalg::eigvals(q, mx::Device::cpu))));
  ROW("mx.sort(mx.real(mx.linalg.eig(q, stream=mx.cpu)[0]))", "float32 (2) 2 5",
      mx::sort(mx::real(mx::linalg::eig(q, mx::Device::cpu).first)));
}

TEST(ApiValues, Fourier) {
  ROW("mx.fft.fft(v)", "complex64 (4) 10 0 -2 2 -2 0 -2 -2", mx::fft::fft(v));
  ROW("mx.fft.ifft(z)", "complex64 (2) 2 -1 -1 3", mx::fft::ifft(z));
  ROW("mx.fft.rfft(v)", "complex64 (3) 10 0 -2 2 -2 0", mx::fft::rfft(v));
  ROW("mx.fft.irfft(mx.fft.rfft(v))", "float32 (4) 1 2 3 4", mx::fft::irfft(mx::fft::rfft(v)));
  ROW("mx.fft.fft(v, n=2, norm=\"ortho\")", "complex64 (2) 2.12132 0 -0.707107 0",
      mx::fft::fft(v, 2, -1, mx::fft::FFTNorm::Ortho));
  ROW("mx.fft.fft2(q)", "complex64 (2,2) 10 0 2 0 0 0 4 0", mx::fft::fft2(q));
  ROW("mx.fft.ifft2(q)", "complex64 (2,2) 2.5 0 0.5 0 0 0 1 0", mx::fft::ifft2(q));
  ROW("mx.fft.rfft2(m)", "complex64 (2,2) 21 0 -3 1.73205 -9 0 0 0", mx::fft::rfft2(m));
  ROW("mx.fft.irfft2(mx.fft.rfft2(q))", "float32 (2,2) 4 1 2 3",
      mx::fft::irfft2(mx::fft::rfft2(q)));
  ROW("mx.fft.fftn(m)", "complex64 (2,3) 21 0 -3 1.73205 -3 -1.73205 -9 0 0 0 0 0",
      mx::fft::fftn(m));
  ROW("mx.fft.ifftn(m)", "complex64 (2,3) 3.5 0 -0.5 -0.288675 -0.5 0.288675 -1.5 0 0 0 0 0",
      mx::fft::ifftn(m));
  ROW("mx.fft.rfftn(m)", "complex64 (2,2) 21 0 -3 1.73205 -9 0 0 0", mx::fft::rfftn(m));
  ROW("mx.fft.irfftn(mx.fft.rfftn(q))", "float32 (2,2) 4 1 2 3",
      mx::fft::irfftn(mx::fft::rfftn(q)));
}

TEST(ApiValues, FourierShifts) {
  ROW("mx.fft.fftshift(v)", "float32 (4) 3 4 1 2", mx::fft::fftshift(v));
  ROW("mx.fft.ifftshift(m, axes=(1,))", "float32 (2,3) 2 3 1 5 6 4", mx::fft::ifftshift(m, {1}));
  ROW("mx.fft.fftfreq(4)", "float32 (4) 0 0.25 -0.5 -0.25", mx::fft::fftfreq(4));
  ROW("mx.fft.rfftfreq(4, 0.5)", "float32 (3) 0 0.5 1", mx::fft::rfftfreq(4, 0.5));
  ROW("mx.fft.stft(mx.arange(8.0), 4, 2)",
      "complex64 (3,5) 4 0 6 0 14 0 22 0 24 0 2 0 -2 2 -2 2 -2 2 0 -2 0 0 -2 0 -2 0 -2 0 0 0",
      mx::fft::stft(mx::arange(8.0), 4, 2));
  ROW("mx.fft.istft(mx.fft.stft(mx.arange(8.0), 4, 2), 4, 2)", "float32 (8) 0 1 2 3 4 5 6 7",
      mx::fft::istft(mx::fft::stft(mx::arange(8.0), 4, 2), 4, 2));
}

TEST(ApiValues, FastLayers) {
  ROW("mx.fast.rms_norm(v, None, 1e-5)", "float32 (4) 0.365148 0.730296 1.09544 1.46059",
      mx::fast::rms_norm(v, std::nullopt, 1e-5f));
  ROW("mx.fast.layer_norm(v, None, None, 1e-5)", "float32 (4) -1.34164 -0.447212 0.447212 1.34164",
      mx::fast::layer_norm(v, std::nullopt, std::nullopt, 1e-5f));
  ROW("mx.fast.rope(t.astype(mx.float32), 4, traditional=False, base=10000.0, scale=1.0, offset=1)",
      "float32 (2,3,4) -1.68294 0.96995 1.0806 3.00985 -7.12037 4.85901 1.14031 7.09859 -9.33114 "
      "8.666 -8.77097 11.265 -5.29697 12.8494 17.6619 15.1292 -23.0257 16.6166 7.05812 19.3362 "
      "-22.9045 20.3007 -18.9574 23.6196",
      mx::fast::rope(mx::astype(t, mx::float32), 4, false, 10000.0f, 1.0f, 1));
  ROW("mx.fast.cross_entropy(m, mx.array([0, 2]))", "float32 (2) 2.40761 0.407606",
      mx::fast::cross_entropy(m, mx::array({0, 2})));
  ROW("mx.fast.scaled_dot_product_attention(q.reshape(1, 1, 2, 2), q.reshape(1, 1, 2, 2), "
      "q.reshape(1, 1, 2, 2), scale=1.0, mask=\"causal\")",
      "float32 (1,1,2,2) 4 1 2.23841 2.76159", [] {
        const auto x = mx::reshape(q, {1, 1, 2, 2});
        return mx::fast::scaled_dot_product_attention(x, x, x, 1.0f, "causal");
      }());
}

TEST(ApiValues, Gradients) {
  ROW("mx.grad(lambda x: mx.sum(x * x))(v)", "float32 (4) 2 4 6 8",
      mx::grad([](const mx::array& x) { return mx::sum(x * x); })(v));
  ROW("mx.value_and_grad(lambda x: mx.prod(x))(v)[1]", "float32 (4) 24 12 8 6",
      mx::value_and_grad([](const mx::array& x) { return mx::prod(x); })(v).second);
  ROW("mx.grad(mx.grad(lambda x: x * x * x))(mx.array(2.0))", "float32 () 12",
      mx::grad(mx::grad([](const mx::array& x) { return x * x * x; }))(mx::array(2.0f)));
  ROW("mx.vjp(mx.sin, [u], [u])[1][0]", "float32 (3) 0.0995004 0.438791 0.559449",
      mx::vjp([](const mx::array& x) { return mx::sin(x); }, u, u).second);
  ROW("mx.jvp(mx.sin, [u], [u])[1][0]", "float32 (3) 0.0995004 0.438791 0.559449",
      mx::jvp([](const mx::array& x) { return mx::sin(x); }, u, u).second);
}

TEST(ApiValues, Batches) {
  ROW("mx.vmap(lambda x: mx.sum(x * x))(m)", "float32 (2) 14 77",
      mx::vmap([](const mx::array& x) { return mx::sum(x * x); })(m));
  ROW("mx.vmap(lambda x: x[0], in_axes=1)(m)", "float32 (3) 1 2 3",
      mx::vmap([](const mx::array& x) { return mx::take(x, 0, 0); }, 1)(m));
  ROW("mx.vmap(lambda a, b: mx.inner(a, b))(m, m)", "float32 (2) 14 77",
      mx::vmap([](const mx::array& a, const mx::array& b) { return mx::inner(a, b); })(m, m));
}

TEST(ApiValues, Compiled) {
  ROW("mx.compile(lambda x: mx.exp(x) * 2 + 1)(u)", "float32 (3) 3.21034 4.29744 5.91921",
      mx::compile([](const std::vector<mx::array>& xs) {
        return std::vector<mx::array>{mx::exp(xs[0]) * 2.0f + 1.0f};
      })({u})[0]);
  ROW("mx.checkpoint(lambda x: mx.sin(x) + x)(u)", "float32 (3) 0.199833 0.979426 1.68333",
      mx::checkpoint([](const std::vector<mx::array>& xs) {
        return std::vector<mx::array>{mx::sin(xs[0]) + xs[0]};
      })({u})[0]);
}

}  // namespace
