// Arrays, shapes and indices in C++, with the values that Python gives: see rows.h.
#include "rows.h"

namespace {

TEST(ApiValues, Numbers) {
  ROW("mx.array(1.5)", "float32 () 1.5", mx::array(1.5f));
  ROW("mx.array(3, mx.float16)", "float16 () 3", mx::array(3, mx::float16));
  ROW("mx.array(True)", "bool () 1", mx::array(true));
  ROW("mx.array([1, 2, 3])", "int32 (3) 1 2 3", mx::array({1, 2, 3}));
  ROW("mx.array([[1, 2], [3, 4]], mx.uint8)", "uint8 (2,2) 1 2 3 4",
      mx::array({1, 2, 3, 4}, {2, 2}, mx::uint8));
  ROW("z", "complex64 (2) 1 2 3 -4", z);
}

TEST(ApiValues, Ranges) {
  ROW("mx.arange(3)", "int32 (3) 0 1 2", mx::arange(3));
  ROW("mx.arange(1, 6, 2)", "int32 (3) 1 3 5", mx::arange(1, 6, 2));
  ROW("mx.arange(0.0, 1.0, 0.25)", "float32 (4) 0 0.25 0.5 0.75", mx::arange(0.0, 1.0, 0.25));
  ROW("mx.arange(4, dtype=mx.float16)", "float16 (4) 0 1 2 3", mx::arange(4.0, mx::float16));
  ROW("mx.linspace(0, 1, 5)", "float32 (5) 0 0.25 0.5 0.75 1", mx::linspace(0, 1, 5));
  ROW("mx.linspace(0, 1, 4, endpoint=False)", "float32 (4) 0 0.25 0.5 0.75",
      mx::linspace(0, 1, 4, false));
}

TEST(ApiValues, Filled) {
  ROW("mx.zeros((2, 2))", "float32 (2,2) 0 0 0 0", mx::zeros({2, 2}));
  ROW("mx.zeros((2,), mx.int8)", "int8 (2) 0 0", mx::zeros({2}, mx::int8));
  ROW("mx.ones((2,), mx.uint16)", "uint16 (2) 1 1", mx::ones({2}, mx::uint16));
  ROW("mx.full((2, 2), 7.5)", "float32 (2,2) 7.5 7.5 7.5 7.5", mx::full({2, 2}, 7.5f));
  ROW("mx.full((3,), 2, mx.int64)", "int64 (3) 2 2 2", mx::full({3}, 2, mx::int64));
  ROW("mx.zeros_like(m)", "float32 (2,3) 0 0 0 0 0 0", mx::zeros_like(m));
  ROW("mx.ones_like(i)", "int32 (3) 1 1 1", mx::ones_like(i));
  ROW("mx.full_like(i, 9)", "int32 (3) 9 9 9", mx::full_like(i, mx::array(9)));
  ROW("mx.full_like(i, 2.5, mx.float32)", "float32 (3) 2.5 2.5 2.5",
      mx::full_like(i, mx::array(2.5f), mx::float32));
}

TEST(ApiValues, SpecialMatrices) {
  ROW("mx.eye(3)", "float32 (3,3) 1 0 0 0 1 0 0 0 1", mx::eye(3));
  ROW("mx.eye(2, 3, k=1)", "float32 (2,3) 0 1 0 0 0 1", mx::eye(2, 3, 1));
  ROW("mx.identity(2)", "float32 (2,2) 1 0 0 1", mx::identity(2));
  ROW("mx.tri(3, 3, -1)", "float32 (3,3) 0 0 0 1 0 0 1 1 0", mx::tri(3, 3, -1, mx::float32));
  ROW("mx.tril(q)", "float32 (2,2) 4 0 2 3", mx::tril(q));
  ROW("mx.triu(m, 1)", "float32 (2,3) 0 2 3 0 0 6", mx::triu(m, 1));
  ROW("mx.diag(v, 1)", "float32 (5,5) 0 1 0 0 0 0 0 2 0 0 0 0 0 3 0 0 0 0 0 4 0 0 0 0 0",
      mx::diag(v, 1));
  ROW("mx.diag(q)", "float32 (2) 4 3", mx::diag(q));
  ROW("mx.diagonal(m, 1)", "float32 (2) 2 6", mx::diagonal(m, 1));
  ROW("mx.trace(q)", "float32 () 7", mx::trace(q));
}

TEST(ApiValues, Windows) {
  ROW("mx.hanning(5)", "float32 (5) 0 0.5 1 0.5 7.64274e-15", mx::hanning(5));
  ROW("mx.hamming(5)", "float32 (5) 0.08 0.54 1 0.54 0.08", mx::hamming(5));
  ROW("mx.bartlett(5)", "float32 (5) 0 0.5 1 0.5 0", mx::bartlett(5));
  ROW("mx.blackman(5)", "float32 (5) 0 0.34 1 0.34 0", mx::blackman(5));
}

TEST(ApiValues, Casts) {
  ROW("mx.array([1.7, -1.7]).astype(mx.int32)", "int32 (2) 1 -1",
      mx::astype(mx::array({1.7f, -1.7f}), mx::int32));
  ROW("v.astype(mx.bfloat16)", "bfloat16 (4) 1 2 3 4", mx::astype(v, mx::bfloat16));
  ROW("mx.view(mx.array([1.0]), mx.int32)", "int32 (1) 1.06535e+09",
      mx::view(mx::array({1.0f}), mx::int32));
  ROW("mx.view(mx.array([258], mx.uint16), mx.uint8)", "uint8 (2) 2 1",
      mx::view(mx::array({258}, mx::uint16), mx::uint8));
  ROW("mx.to_fp8(v)", "uint8 (4) 56 64 68 72", mx::to_fp8(v));
  ROW("mx.from_fp8(mx.to_fp8(v), mx.float32)", "float32 (4) 1 2 3 4",
      mx::from_fp8(mx::to_fp8(v), mx::float32));
  ROW("mx.stop_gradient(v)", "float32 (4) 1 2 3 4", mx::stop_gradient(v));
  ROW("mx.contiguous(m.T)", "float32 (3,2) 1 4 2 5 3 6", mx::contiguous(mx::transpose(m)));
}

TEST(ApiValues, Shapes) {
  ROW("mx.reshape(m, (3, -1))", "float32 (3,2) 1 2 3 4 5 6", mx::reshape(m, {3, -1}));
  ROW("mx.flatten(t, 1)",
      "int32 (2,12) 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23",
      mx::flatten(t, 1, -1));
  ROW("mx.flatten(m)", "float32 (6) 1 2 3 4 5 6", mx::flatten(m));
  ROW("mx.unflatten(v, 0, (2, 2))", "float32 (2,2) 1 2 3 4", mx::unflatten(v, 0, {2, 2}));
  ROW("mx.expand_dims(v, (0, 2))", "float32 (1,4,1) 1 2 3 4", mx::expand_dims(v, {0, 2}));
  ROW("mx.squeeze(mx.zeros((1, 2, 1)))", "float32 (2) 0 0", mx::squeeze(mx::zeros({1, 2, 1})));
  ROW("mx.squeeze(mx.zeros((1, 2, 1)), 2)", "float32 (1,2) 0 0",
      mx::squeeze(mx::zeros({1, 2, 1}), 2));
  ROW("mx.atleast_1d(mx.array(1))", "int32 (1) 1", mx::atleast_1d(mx::array(1)));
  ROW("mx.atleast_2d(v)", "float32 (1,4) 1 2 3 4", mx::atleast_2d(v));
  ROW("mx.atleast_3d(v)", "float32 (1,4,1) 1 2 3 4", mx::atleast_3d(v));
}

TEST(ApiValues, Axes) {
  ROW("mx.transpose(m)", "float32 (3,2) 1 4 2 5 3 6", mx::transpose(m));
  ROW("mx.transpose(t, (2, 0, 1))",
      "int32 (4,2,3) 0 4 8 12 16 20 1 5 9 13 17 21 2 6 10 14 18 22 3 7 11 15 19 23",
      mx::transpose(t, {2, 0, 1}));
  ROW("mx.swapaxes(t, 0, 2)",
      "int32 (4,3,2) 0 12 4 16 8 20 1 13 5 17 9 21 2 14 6 18 10 22 3 15 7 19 11 23",
      mx::swapaxes(t, 0, 2));
  ROW("mx.moveaxis(t, 0, -1)",
      "int32 (3,4,2) 0 12 1 13 2 14 3 15 4 16 5 17 6 18 7 19 8 20 9 21 10 22 11 23",
      mx::moveaxis(t, 0, -1));
  ROW("mx.matrix_transpose(t)",
      "int32 (2,4,3) 0 4 8 1 5 9 2 6 10 3 7 11 12 16 20 13 17 21 14 18 22 15 19 23",
      mx::matrix_transpose(t));
  ROW("mx.flip(m, 1)", "float32 (2,3) 3 2 1 6 5 4", mx::flip(m, 1));
  ROW("mx.flip(t, (0, 2))",
      "int32 (2,3,4) 15 14 13 12 19 18 17 16 23 22 21 20 3 2 1 0 7 6 5 4 11 10 9 8",
      mx::flip(t, std::vector<int>{0, 2}));
}

TEST(ApiValues, Joining) {
  ROW("mx.concatenate([m, m], 1)", "float32 (2,6) 1 2 3 1 2 3 4 5 6 4 5 6",
      mx::concatenate({m, m}, 1));
  ROW("mx.concatenate([i, v])", "float32 (7) 3 1 2 1 2 3 4", mx::concatenate({i, v}));
  ROW("mx.stack([i, i], -1)", "int32 (3,2) 3 3 1 1 2 2", mx::stack({i, i}, -1));
  ROW("mx.stack([v, v])", "float32 (2,4) 1 2 3 4 1 2 3 4", mx::stack({v, v}));
  ROW("mx.tile(i, (2, 2))", "int32 (2,6) 3 1 2 3 1 2 3 1 2 3 1 2", mx::tile(i, {2, 2}));
  ROW("mx.repeat(m, 2, 1)", "float32 (2,6) 1 1 2 2 3 3 4 4 5 5 6 6", mx::repeat(m, 2, 1));
  ROW("mx.repeat(i, 2)", "int32 (6) 3 3 1 1 2 2", mx::repeat(i, 2));
}

TEST(ApiValues, Dividing) {
  ROW("mx.split(v, 2)[1]", "float32 (2) 3 4", mx::split(v, 2)[1]);
  ROW("mx.split(m, [1], 1)[1]", "float32 (2,2) 2 3 5 6", mx::split(m, mx::Shape{1}, 1)[1]);
  ROW("mx.unstack(m)[1]", "float32 (3) 4 5 6", mx::unstack(m)[1]);
  ROW("mx.unstack(m, axis=1)[2]", "float32 (2) 3 6", mx::unstack(m, 1)[2]);
}

TEST(ApiValues, Padding) {
  ROW("mx.pad(v, 1)", "float32 (6) 0 1 2 3 4 0", mx::pad(v, 1));
  ROW("mx.pad(m, [(0, 1), (1, 0)], constant_values=9)", "float32 (3,4) 9 1 2 3 9 4 5 6 9 9 9 9",
      mx::pad(m, std::vector<std::pair<int, int>>{{0, 1}, {1, 0}}, mx::array(9.0f)));
  ROW("mx.pad(v, (2, 0), mode=\"edge\")", "float32 (6) 1 1 1 2 3 4",
      mx::pad(v, std::pair<int, int>{2, 0}, mx::array(0.0f), "edge"));
}

TEST(ApiValues, Broadcasts) {
  ROW("mx.broadcast_to(i, (2, 3))", "int32 (2,3) 3 1 2 3 1 2", mx::broadcast_to(i, {2, 3}));
  ROW("mx.broadcast_arrays(mx.array([[1], [2]]), i)[0]", "int32 (2,3) 1 1 1 2 2 2",
      mx::broadcast_arrays({mx::array({1, 2}, {2, 1}), i})[0]);
  ROW("mx.meshgrid(i, mx.array([7, 8]))[1]", "int32 (2,3) 7 7 7 8 8 8",
      mx::meshgrid({i, mx::array({7, 8})})[1]);
  ROW("mx.meshgrid(i, mx.array([7, 8]), indexing=\"ij\")[0]", "int32 (3,2) 3 3 1 1 2 2",
      mx::meshgrid({i, mx::array({7, 8})}, false, "ij")[0]);
  ROW("mx.as_strided(v, (3, 2), (1, 1), 0)", "float32 (3,2) 1 2 2 3 3 4",
      mx::as_strided(v, {3, 2}, {1, 1}, 0));
}

TEST(ApiValues, Rolling) {
  ROW("mx.roll(v, 1)", "float32 (4) 4 1 2 3", mx::roll(v, 1));
  ROW("mx.roll(m, 1, 1)", "float32 (2,3) 3 1 2 6 4 5", mx::roll(m, 1, 1));
  ROW("mx.roll(m, 1, (0, 1))", "float32 (2,3) 6 4 5 3 1 2", mx::roll(m, 1, std::vector<int>{0, 1}));
  ROW("mx.roll(m, (1, 2), (0, 1))", "float32 (2,3) 5 6 4 2 3 1",
      mx::roll(m, mx::Shape{1, 2}, std::vector<int>{0, 1}));
}

TEST(ApiValues, Slices) {
  ROW("m[:, 1:]", "float32 (2,2) 2 3 5 6", mx::slice(m, {0, 1}, {2, 3}));
  ROW("v[::2]", "float32 (2) 1 3", mx::slice(v, {0}, {4}, {2}));
  ROW("mx.slice(m, mx.array([1]), (0,), (1, 2))", "float32 (1,2) 4 5",
      mx::slice(m, mx::array({1}), {0}, {1, 2}));
  ROW("mx.slice_update(m, mx.array([[9.0]]), mx.array([0, 1]), (0, 1))",
      "float32 (2,3) 1 9 3 4 5 6",
      mx::slice_update(m, mx::array({9.0f}, {1, 1}), mx::array({0, 1}), {0, 1}));
  ROW("v.at[1:3].add(mx.array([10.0, 20.0]))", "float32 (4) 1 12 23 4",
      mx::slice_update_add(v, mx::array({10.0f, 20.0f}), mx::Shape{1}, mx::Shape{3}));
  ROW("v.at[1:3].multiply(mx.array([10.0, 20.0]))", "float32 (4) 1 20 60 4",
      mx::slice_update_prod(v, mx::array({10.0f, 20.0f}), mx::Shape{1}, mx::Shape{3}));
  ROW("v.at[1:3].maximum(mx.array([3.0, 2.0]))", "float32 (4) 1 3 3 4",
      mx::slice_update_max(v, mx::array({3.0f, 2.0f}), mx::Shape{1}, mx::Shape{3}));
  ROW("v.at[1:3].minimum(mx.array([3.0, 2.0]))", "float32 (4) 1 2 2 4",
      mx::slice_update_min(v, mx::array({3.0f, 2.0f}), mx::Shape{1}, mx::Shape{3}));
}

TEST(ApiValues, Gathering) {
  ROW("mx.take(v, i)", "float32 (3) 4 2 3", mx::take(v, i));
  ROW("mx.take(m, mx.array([2, 0]), 1)", "float32 (2,2) 3 1 6 4",
      mx::take(m, mx::array({2, 0}), 1));
  ROW("mx.take(m, 1, 0)", "float32 (3) 4 5 6", mx::take(m, 1, 0));
  ROW("mx.take(m, 4)", "float32 () 5", mx::take(m, 4));
  ROW("mx.take_along_axis(m, mx.array([[2], [0]]), 1)", "float32 (2,1) 3 4",
      mx::take_along_axis(m, mx::array({2, 0}, {2, 1}), 1));
  ROW("m[mx.array([1, 0]), mx.array([2, 1])]", "float32 (2) 6 2",
      mx::squeeze(mx::gather(m, {mx::array({1, 0}), mx::array({2, 1})}, {0, 1}, {1, 1}), {1, 2}));
}

TEST(ApiValues, Scattering) {
  ROW("mx.put_along_axis(m, mx.array([[2], [0]]), mx.array(9.0), 1)", "float32 (2,3) 1 2 9 9 5 6",
      mx::put_along_axis(m, mx::array({2, 0}, {2, 1}), mx::array(9.0f), 1));
  ROW("m.at[mx.array([0, 1]), mx.array([2, 2])].add(10.0)", "float32 (2,3) 1 2 13 4 5 16",
      mx::scatter_add(m, {mx::array({0, 1}), mx::array({2, 2})}, mx::full({2, 1, 1}, 10.0f),
                      {0, 1}));
  ROW("v.at[mx.array([0, 2])].multiply(mx.array([5.0, 6.0]))", "float32 (4) 5 2 18 4",
      mx::scatter_prod(v, mx::array({0, 2}), mx::array({5.0f, 6.0f}, {2, 1}), 0));
  ROW("v.at[mx.array([0, 2])].maximum(mx.array([5.0, 0.0]))", "float32 (4) 5 2 3 4",
      mx::scatter_max(v, mx::array({0, 2}), mx::array({5.0f, 0.0f}, {2, 1}), 0));
  ROW("v.at[mx.array([0, 2])].minimum(mx.array([5.0, 0.0]))", "float32 (4) 1 2 0 4",
      mx::scatter_min(v, mx::array({0, 2}), mx::array({5.0f, 0.0f}, {2, 1}), 0));
  ROW("mx.array([1.0, 9.0, 3.0, 8.0])", "float32 (4) 1 9 3 8",
      mx::scatter(v, mx::array({1, 3}), mx::array({9.0f, 8.0f}, {2, 1}), 0));
}

}  // namespace
