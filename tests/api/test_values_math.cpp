// Elementwise operations, reductions, scans and sorts in C++, with the values that Python gives:
// see rows.h.
#include "rows.h"

namespace {

TEST(ApiValues, Arithmetic) {
  ROW("v + v", "float32 (4) 2 4 6 8", v + v);
  ROW("1 - m", "float32 (2,3) 0 -1 -2 -3 -4 -5", 1.0f - m);
  ROW("v * 2", "float32 (4) 2 4 6 8", v * 2.0f);
  ROW("i / 2", "float32 (3) 1.5 0.5 1", i / 2);
  ROW("7 // i", "int32 (3) 2 7 3", mx::floor_divide(mx::array(7), i));
  ROW("v % 3", "float32 (4) 1 2 0 1", v % 3.0f);
  ROW("-m", "float32 (2,3) -1 -2 -3 -4 -5 -6", -m);
  ROW("mx.divmod(i, 2)[1]", "int32 (3) 1 1 0", mx::divmod(i, mx::array(2))[1]);
  ROW("mx.remainder(mx.array([-3, 3]), 2)", "int32 (2) 1 1",
      mx::remainder(mx::array({-3, 3}), mx::array(2)));
  ROW("mx.reciprocal(v)", "float32 (4) 1 0.5 0.333333 0.25", mx::reciprocal(v));
  ROW("mx.add(i, v[:3])", "float32 (3) 4 3 5", mx::add(i, mx::slice(v, {0}, {3})));
  ROW("mx.subtract(v, 1)", "float32 (4) 0 1 2 3", mx::subtract(v, mx::array(1.0f)));
  ROW("mx.multiply(i, i)", "int32 (3) 9 1 4", mx::multiply(i, i));
  ROW("mx.divide(v, v)", "float32 (4) 1 1 1 1", mx::divide(v, v));
  ROW("mx.negative(i)", "int32 (3) -3 -1 -2", mx::negative(i));
}

TEST(ApiValues, Comparisons) {
  ROW("v > 2", "bool (4) 0 0 1 1", v > 2.0f);
  ROW("v >= 2", "bool (4) 0 1 1 1", v >= 2.0f);
  ROW("v < 2", "bool (4) 1 0 0 0", v < 2.0f);
  ROW("v <= 2", "bool (4) 1 1 0 0", v <= 2.0f);
  ROW("v == 2", "bool (4) 0 1 0 0", v == 2.0f);
  ROW("v != 2", "bool (4) 1 0 1 1", v != 2.0f);
  ROW("mx.array_equal(v, v)", "bool () 1", mx::array_equal(v, v));
  ROW("mx.array_equal(odd, odd, equal_nan=True)", "bool () 1", mx::array_equal(odd, odd, true));
  ROW("mx.allclose(v, v + 1e-7)", "bool () 1", mx::allclose(v, v + 1e-7f));
  ROW("mx.isclose(v, mx.array([1.0, 2.1, 3.0, 4.0]))", "bool (4) 1 0 1 1",
      mx::isclose(v, mx::array({1.0f, 2.1f, 3.0f, 4.0f})));
}

TEST(ApiValues, Truth) {
  ROW("mx.logical_and(v > 1, v < 4)", "bool (4) 0 1 1 0", mx::logical_and(v > 1.0f, v < 4.0f));
  ROW("mx.logical_or(v < 2, v > 3)", "bool (4) 1 0 0 1", mx::logical_or(v < 2.0f, v > 3.0f));
  ROW("mx.logical_xor(v < 3, v > 1)", "bool (4) 1 0 1 1", mx::logical_xor(v < 3.0f, v > 1.0f));
  ROW("mx.logical_not(v > 2)", "bool (4) 1 1 0 0", mx::logical_not(v > 2.0f));
  ROW("mx.all(v > 0)", "bool () 1", mx::all(v > 0.0f));
  ROW("mx.any(m > 5, axis=1)", "bool (2) 0 1", mx::any(m > 5.0f, 1));
}

TEST(ApiValues, Special) {
  ROW("mx.isnan(odd)", "bool (4) 1 0 0 0", mx::isnan(odd));
  ROW("mx.isinf(odd)", "bool (4) 0 1 1 0", mx::isinf(odd));
  ROW("mx.isfinite(odd)", "bool (4) 0 0 0 1", mx::isfinite(odd));
  ROW("mx.isposinf(odd)", "bool (4) 0 1 0 0", mx::isposinf(odd));
  ROW("mx.isneginf(odd)", "bool (4) 0 0 1 0", mx::isneginf(odd));
  ROW("mx.nan_to_num(odd, 5.0, 6.0, 7.0)", "float32 (4) 5 6 7 1",
      mx::nan_to_num(odd, 5.0f, 6.0f, 7.0f));
}

TEST(ApiValues, Bits) {
  ROW("i & 1", "int32 (3) 1 1 0", mx::bitwise_and(i, mx::array(1)));
  ROW("i | 4", "int32 (3) 7 5 6", mx::bitwise_or(i, mx::array(4)));
  ROW("i ^ 1", "int32 (3) 2 0 3", mx::bitwise_xor(i, mx::array(1)));
  ROW("i << 2", "int32 (3) 12 4 8", mx::left_shift(i, mx::array(2)));
  ROW("i >> 1", "int32 (3) 1 0 1", mx::right_shift(i, mx::array(1)));
  ROW("~i", "int32 (3) -4 -2 -3", mx::bitwise_invert(i));
}

TEST(ApiValues, Rounding) {
  ROW("mx.floor(mx.array([1.5, -1.5]))", "float32 (2) 1 -2", mx::floor(mx::array({1.5f, -1.5f})));
  ROW("mx.ceil(mx.array([1.5, -1.5]))", "float32 (2) 2 -1", mx::ceil(mx::array({1.5f, -1.5f})));
  ROW("mx.trunc(mx.array([1.5, -1.5]))", "float32 (2) 1 -1", mx::trunc(mx::array({1.5f, -1.5f})));
  ROW("mx.round(mx.array([2.5, 3.5]))", "float32 (2) 2 4", mx::round(mx::array({2.5f, 3.5f})));
  ROW("mx.round(mx.array([1.256]), 2)", "float32 (1) 1.26", mx::round(mx::array({1.256f}), 2));
  ROW("mx.sign(mx.array([-2.0, 0.0, 3.0]))", "float32 (3) -1 0 1",
      mx::sign(mx::array({-2.0f, 0.0f, 3.0f})));
  ROW("mx.abs(mx.array([-2, 3]))", "int32 (2) 2 3", mx::abs(mx::array({-2, 3})));
  ROW("mx.positive(i)", "int32 (3) 3 1 2", mx::positive(i));
}

TEST(ApiValues, Choosing) {
  ROW("mx.where(v > 2, v, 0)", "float32 (4) 0 0 3 4", mx::where(v > 2.0f, v, mx::array(0.0f)));
  ROW("mx.clip(v, 2, 3)", "float32 (4) 2 2 3 3", mx::clip(v, mx::array(2.0f), mx::array(3.0f)));
  ROW("mx.clip(v, None, 3)", "float32 (4) 1 2 3 3", mx::clip(v, std::nullopt, mx::array(3.0f)));
  ROW("mx.maximum(v, 2)", "float32 (4) 2 2 3 4", mx::maximum(v, mx::array(2.0f)));
  ROW("mx.minimum(i, mx.array([2, 2, 2]))", "int32 (3) 2 1 2",
      mx::minimum(i, mx::array({2, 2, 2})));
}

TEST(ApiValues, Exponentials) {
  ROW("mx.exp(u)", "float32 (3) 1.10517 1.64872 2.4596", mx::exp(u));
  ROW("mx.expm1(u)", "float32 (3) 0.105171 0.648721 1.4596", mx::expm1(u));
  ROW("mx.log(v)", "float32 (4) 0 0.693147 1.09861 1.38629", mx::log(v));
  ROW("mx.log2(v)", "float32 (4) 0 1 1.58496 2", mx::log2(v));
  ROW("mx.log10(v)", "float32 (4) 0 0.30103 0.477121 0.60206", mx::log10(v));
  ROW("mx.log1p(u)", "float32 (3) 0.0953102 0.405465 0.641854", mx::log1p(u));
  ROW("mx.logaddexp(u, 0.0)", "float32 (3) 0.744397 0.974077 1.24115",
      mx::logaddexp(u, mx::array(0.0f)));
  ROW("mx.sigmoid(u)", "float32 (3) 0.524979 0.622459 0.710949", mx::sigmoid(u));
  ROW("mx.erf(u)", "float32 (3) 0.112463 0.5205 0.796908", mx::erf(u));
  ROW("mx.erfinv(u)", "float32 (3) 0.088856 0.476936 1.16309", mx::erfinv(u));
}

TEST(ApiValues, Powers) {
  ROW("mx.square(v)", "float32 (4) 1 4 9 16", mx::square(v));
  ROW("mx.sqrt(v)", "float32 (4) 1 1.41421 1.73205 2", mx::sqrt(v));
  ROW("mx.rsqrt(v)", "float32 (4) 1 0.707107 0.57735 0.5", mx::rsqrt(v));
  ROW("mx.power(v, 3)", "float32 (4) 1 8 27 64", mx::power(v, mx::array(3.0f)));
  ROW("mx.power(i, i)", "int32 (3) 27 1 4", mx::power(i, i));
}

TEST(ApiValues, Trigonometry) {
  ROW("mx.sin(u)", "float32 (3) 0.0998334 0.479426 0.783327", mx::sin(u));
  ROW("mx.cos(u)", "float32 (3) 0.995004 0.877583 0.62161", mx::cos(u));
  ROW("mx.tan(u)", "float32 (3) 0.100335 0.546302 1.26016", mx::tan(u));
  ROW("mx.arcsin(u)", "float32 (3) 0.100167 0.523599 1.11977", mx::arcsin(u));
  ROW("mx.arccos(u)", "float32 (3) 1.47063 1.0472 0.451027", mx::arccos(u));
  ROW("mx.arctan(u)", "float32 (3) 0.0996687 0.463648 0.732815", mx::arctan(u));
  ROW("mx.arctan2(u, 0.5)", "float32 (3) 0.197396 0.785398 1.0637",
      mx::arctan2(u, mx::array(0.5f)));
  ROW("mx.degrees(u)", "float32 (3) 5.72958 28.6479 51.5662", mx::degrees(u));
  ROW("mx.radians(v)", "float32 (4) 0.0174533 0.0349066 0.0523599 0.0698132", mx::radians(v));
}

TEST(ApiValues, Hyperbolic) {
  ROW("mx.sinh(u)", "float32 (3) 0.100167 0.521095 1.02652", mx::sinh(u));
  ROW("mx.cosh(u)", "float32 (3) 1.005 1.12763 1.43309", mx::cosh(u));
  ROW("mx.tanh(u)", "float32 (3) 0.099668 0.462117 0.716298", mx::tanh(u));
  ROW("mx.arcsinh(u)", "float32 (3) 0.0998341 0.481212 0.808867", mx::arcsinh(u));
  ROW("mx.arccosh(v)", "float32 (4) 0 1.31696 1.76275 2.06344", mx::arccosh(v));
  ROW("mx.arctanh(u)", "float32 (3) 0.100335 0.549306 1.47222", mx::arctanh(u));
}

TEST(ApiValues, Complex) {
  ROW("mx.real(z)", "float32 (2) 1 3", mx::real(z));
  ROW("mx.imag(z)", "float32 (2) 2 -4", mx::imag(z));
  ROW("mx.conjugate(z)", "complex64 (2) 1 -2 3 4", mx::conjugate(z));
  ROW("mx.abs(z)", "float32 (2) 2.23607 5", mx::abs(z));
  ROW("z * z", "complex64 (2) -3 4 -7 -24", z * z);
  ROW("mx.exp(z)", "complex64 (2) -1.1312 2.47173 -13.1288 15.2008", mx::exp(z));
}

TEST(ApiValues, Sums) {
  ROW("mx.sum(m)", "float32 () 21", mx::sum(m));
  ROW("mx.sum(m, axis=0)", "float32 (3) 5 7 9", mx::sum(m, 0));
  ROW("mx.sum(t, axis=(0, 2), keepdims=True)", "int32 (1,3,1) 60 92 124",
      mx::sum(t, std::vector<int>{0, 2}, true));
  ROW("mx.prod(v)", "float32 () 24", mx::prod(v));
  ROW("mx.prod(m, axis=1)", "float32 (2) 6 120", mx::prod(m, 1));
  ROW("mx.count_nonzero(m > 2)", "int32 () 4", mx::count_nonzero(m > 2.0f));
  ROW("mx.count_nonzero(i - 1, axis=0)", "int32 () 2", mx::count_nonzero(i - 1, 0));
  ROW("mx.logsumexp(m, axis=1)", "float32 (2) 3.40761 6.40761", mx::logsumexp(m, 1));
}

TEST(ApiValues, Means) {
  ROW("mx.mean(m)", "float32 () 3.5", mx::mean(m));
  ROW("mx.mean(m, axis=1, keepdims=True)", "float32 (2,1) 2 5", mx::mean(m, 1, true));
  ROW("mx.var(m, axis=0)", "float32 (3) 2.25 2.25 2.25", mx::var(m, 0));
  ROW("mx.var(v, ddof=1)", "float32 () 1.66667", mx::var(v, false, 1));
  ROW("mx.std(m)", "float32 () 1.70783", mx::std(m));
  ROW("mx.std(m, axis=1)", "float32 (2) 0.816497 0.816497", mx::std(m, 1));
  ROW("mx.median(m, axis=1)", "float32 (2) 2 5", mx::median(m, 1));
  ROW("mx.median(v)", "float32 () 2.5", mx::median(v));
}

TEST(ApiValues, Extrema) {
  ROW("mx.max(m)", "float32 () 6", mx::max(m));
  ROW("mx.max(m, axis=0)", "float32 (3) 4 5 6", mx::max(m, 0));
  ROW("mx.min(t, axis=(0, 1))", "int32 (4) 0 1 2 3", mx::min(t, std::vector<int>{0, 1}));
  ROW("mx.argmax(m, axis=1)", "uint32 (2) 2 2", mx::argmax(m, 1));
  ROW("mx.argmin(i)", "uint32 () 1", mx::argmin(i));
  ROW("mx.argmax(m, keepdims=True)", "uint32 (1,1) 5", mx::argmax(m, true));
  ROW("mx.max(m, axis=1)", "float32 (2) 3 6", std::get<1>(mx::minmax(m, 1)));
}

TEST(ApiValues, Scans) {
  ROW("mx.cumsum(v)", "float32 (4) 1 3 6 10", mx::cumsum(v));
  ROW("mx.cumsum(m, axis=1, reverse=True)", "float32 (2,3) 6 5 3 15 11 6", mx::cumsum(m, 1, true));
  ROW("mx.cumsum(v, inclusive=False)", "float32 (4) 0 1 3 6", mx::cumsum(v, false, false));
  ROW("mx.cumprod(v)", "float32 (4) 1 2 6 24", mx::cumprod(v));
  ROW("mx.cumprod(m, axis=0)", "float32 (2,3) 1 2 3 4 10 18", mx::cumprod(m, 0));
  ROW("mx.cummax(i)", "int32 (3) 3 3 3", mx::cummax(i));
  ROW("mx.cummin(i)", "int32 (3) 3 1 1", mx::cummin(i));
  ROW("mx.logcumsumexp(u)", "float32 (3) 0.1 1.01302 1.65125", mx::logcumsumexp(u));
  ROW("mx.diff(i)", "int32 (2) -2 1", mx::diff(i));
  ROW("mx.diff(m, 1, 0)", "float32 (1,3) 3 3 3", mx::diff(m, 1, 0));
}

TEST(ApiValues, Sorting) {
  ROW("mx.sort(i)", "int32 (3) 1 2 3", mx::sort(i));
  ROW("mx.sort(q, axis=0)", "float32 (2,2) 2 1 4 3", mx::sort(q, 0));
  ROW("mx.argsort(i)", "uint32 (3) 1 2 0", mx::argsort(i));
  ROW("mx.topk(v, 1)", "float32 (1) 4", mx::topk(v, 1));
  ROW("mx.partition(i, 0)[:1]", "int32 (1) 1", mx::slice(mx::partition(i, 0), {0}, {1}));
  ROW("mx.argpartition(i, 0)[:1]", "uint32 (1) 1", mx::slice(mx::argpartition(i, 0), {0}, {1}));
  ROW("mx.searchsorted(v, mx.array([2.5, 0.0]))", "uint32 (2) 2 0",
      mx::searchsorted(v, mx::array({2.5f, 0.0f})));
  ROW("mx.searchsorted(v, mx.array([2.0]), side=\"right\")", "uint32 (1) 2",
      mx::searchsorted(v, mx::array({2.0f}), "right"));
  ROW("mx.unique(mx.array([3, 1, 3]), size=2)", "int32 (2) 1 3",
      mx::unique(mx::array({3, 1, 3}), 2)[0]);
}

TEST(ApiValues, Softmax) {
  ROW("mx.softmax(v)", "float32 (4) 0.0320586 0.0871443 0.236883 0.643914", mx::softmax(v));
  ROW("mx.softmax(m, axis=0)",
      "float32 (2,3) 0.0474259 0.0474259 0.0474259 0.952574 0.952574 0.952574", mx::softmax(m, 0));
  ROW("mx.softmax(m, axis=(0, 1))",
      "float32 (2,3) 0.00426978 0.0116065 0.0315496 0.0857608 0.233122 0.633691",
      mx::softmax(m, std::vector<int>{0, 1}));
}

}  // namespace
