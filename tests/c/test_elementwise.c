// Elementwise operations, casts, comparisons and selection.
#include <math.h>

#include "check.h"

static void unary(void) {
  CHECK(mlx_abs(&r, F(-1, 2), s), 1, 2);
  CHECK(mlx_arccos(&r, F(1, 0), s), 0, 1.570796);
  CHECK(mlx_arccosh(&r, F(1, 2), s), 0, 1.316958);
  CHECK(mlx_arcsin(&r, F(0, 1), s), 0, 1.570796);
  CHECK(mlx_arcsinh(&r, F(0, 1), s), 0, 0.881374);
  CHECK(mlx_arctan(&r, F(0, 1), s), 0, 0.785398);
  CHECK(mlx_arctanh(&r, F(0, 0.5), s), 0, 0.549306);
  CHECK(mlx_bitwise_invert(&r, Z(0, 5), s), -1, -6);
  CHECK(mlx_ceil(&r, F(1.2, -1.2), s), 2, -1);
  CHECK(mlx_conjugate(&r, C(1, 2), s), 1, -2);
  CHECK(mlx_cos(&r, F(0, 1), s), 1, 0.540302);
  CHECK(mlx_cosh(&r, F(0, 1), s), 1, 1.543081);
  CHECK(mlx_degrees(&r, F(0, 3.14159265), s), 0, 180);
  CHECK(mlx_erf(&r, F(0, 1), s), 0, 0.842701);
  CHECK(mlx_erfinv(&r, F(0, 0.5), s), 0, 0.476936);
  CHECK(mlx_exp(&r, F(0, 1), s), 1, 2.718282);
  CHECK(mlx_expm1(&r, F(0, 1), s), 0, 1.718282);
  CHECK(mlx_floor(&r, F(1.8, -1.2), s), 1, -2);
  CHECK(mlx_imag(&r, C(1, 2), s), 2);
  CHECK(mlx_isfinite(&r, F(1, INFINITY, NAN), s), 1, 0, 0);
  CHECK(mlx_isinf(&r, F(1, INFINITY, NAN), s), 0, 1, 0);
  CHECK(mlx_isnan(&r, F(1, INFINITY, NAN), s), 0, 0, 1);
  CHECK(mlx_isneginf(&r, F(1, INFINITY, -INFINITY), s), 0, 0, 1);
  CHECK(mlx_isposinf(&r, F(1, INFINITY, -INFINITY), s), 0, 1, 0);
  CHECK(mlx_log(&r, F(1, 2), s), 0, 0.693147);
  CHECK(mlx_log10(&r, F(1, 100), s), 0, 2);
  CHECK(mlx_log1p(&r, F(0, 1), s), 0, 0.693147);
  CHECK(mlx_log2(&r, F(1, 8), s), 0, 3);
  CHECK(mlx_logical_not(&r, B(0, 1), s), 1, 0);
  CHECK(mlx_negative(&r, F(1, -2), s), -1, 2);
  CHECK(mlx_positive(&r, F(1, -2), s), 1, -2);
  CHECK(mlx_radians(&r, F(0, 180), s), 0, 3.141593);
  CHECK(mlx_real(&r, C(1, 2), s), 1);
  CHECK(mlx_reciprocal(&r, F(1, 4), s), 1, 0.25);
  CHECK(mlx_round(&r, F(1.26, 2.5), 1, s), 1.3, 2.5);
  CHECK(mlx_rsqrt(&r, F(1, 4), s), 1, 0.5);
  CHECK(mlx_sigmoid(&r, F(0, 2), s), 0.5, 0.880797);
  CHECK(mlx_sign(&r, F(-3, 0, 2), s), -1, 0, 1);
  CHECK(mlx_sin(&r, F(0, 1), s), 0, 0.841471);
  CHECK(mlx_sinh(&r, F(0, 1), s), 0, 1.175201);
  CHECK(mlx_sqrt(&r, F(4, 9), s), 2, 3);
  CHECK(mlx_square(&r, F(2, -3), s), 4, 9);
  CHECK(mlx_stop_gradient(&r, F(2, -3), s), 2, -3);
  CHECK(mlx_tan(&r, F(0, 1), s), 0, 1.557408);
  CHECK(mlx_tanh(&r, F(0, 1), s), 0, 0.761594);
  CHECK(mlx_trunc(&r, F(1.8, -1.8), s), 1, -1);
}

static void binary(void) {
  CHECK(mlx_add(&r, F(1, 2), F(3, 4), s), 4, 6);
  CHECK(mlx_arctan2(&r, F(1, 0), F(1, 1), s), 0.785398, 0);
  CHECK(mlx_bitwise_and(&r, Z(6, 5), Z(3, 4), s), 2, 4);
  CHECK(mlx_bitwise_or(&r, Z(6, 5), Z(3, 4), s), 7, 5);
  CHECK(mlx_bitwise_xor(&r, Z(6, 5), Z(3, 4), s), 5, 1);
  CHECK(mlx_divide(&r, F(6, 5), F(3, 2), s), 2, 2.5);
  CHECK_ALL(mlx_divmod(&v, F(7, -7), F(2, 2), s), 3, -4, 1, 1);
  CHECK(mlx_equal(&r, F(1, 2), F(1, 3), s), 1, 0);
  CHECK(mlx_floor_divide(&r, F(7, -7), F(2, 2), s), 3, -4);
  CHECK(mlx_greater(&r, F(1, 2, 3), F(2, 2, 2), s), 0, 0, 1);
  CHECK(mlx_greater_equal(&r, F(1, 2, 3), F(2, 2, 2), s), 0, 1, 1);
  CHECK(mlx_left_shift(&r, Z(1, 3), Z(2, 1), s), 4, 6);
  CHECK(mlx_less(&r, F(1, 2, 3), F(2, 2, 2), s), 1, 0, 0);
  CHECK(mlx_less_equal(&r, F(1, 2, 3), F(2, 2, 2), s), 1, 1, 0);
  CHECK(mlx_logaddexp(&r, F(0, 1), F(0, 2), s), 0.693147, 2.313262);
  CHECK(mlx_logical_and(&r, B(0, 1, 1), B(1, 0, 1), s), 0, 0, 1);
  CHECK(mlx_logical_or(&r, B(0, 1, 0), B(1, 0, 0), s), 1, 1, 0);
  CHECK(mlx_logical_xor(&r, B(0, 1, 1), B(1, 0, 1), s), 1, 1, 0);
  CHECK(mlx_maximum(&r, F(1, 5), F(3, 4), s), 3, 5);
  CHECK(mlx_minimum(&r, F(1, 5), F(3, 4), s), 1, 4);
  CHECK(mlx_multiply(&r, F(1, 2), F(3, 4), s), 3, 8);
  CHECK(mlx_not_equal(&r, F(1, 2), F(1, 3), s), 0, 1);
  CHECK(mlx_power(&r, F(2, 3), F(3, 2), s), 8, 9);
  CHECK(mlx_remainder(&r, F(7, -7), F(4, 4), s), 3, 1);
  CHECK(mlx_right_shift(&r, Z(8, 6), Z(2, 1), s), 2, 3);
  CHECK(mlx_subtract(&r, F(1, 2), F(3, 5), s), -2, -3);
}

static void others(void) {
  CHECK(mlx_allclose(&r, F(1, 2), F(1, 2.0000001), 1e-5, 1e-8, false, s), 1);
  CHECK(mlx_array_equal(&r, F(1, NAN), F(1, NAN), true, s), 1);
  CHECK(mlx_astype(&r, F(1.7, -1.7), MLX_INT32, s), 1, -1);
  CHECK(mlx_clip(&r, F(-1, 0.5, 3), SCALAR(0), SCALAR(1), s), 0, 0.5, 1);
  CHECK(mlx_clip(&r, F(-1, 0.5, 3), none, SCALAR(1), s), -1, 0.5, 1);
  CHECK(mlx_isclose(&r, F(1, 2), F(1, 3), 1e-5, 1e-8, false, s), 1, 0);
  const mlx_optional_float ten = {10, true}, unset = {0, false};
  CHECK(mlx_nan_to_num(&r, F(NAN, INFINITY, 1), 5, ten, unset, s), 5, 10, 1);
  CHECK(mlx_where(&r, B(1, 0), F(1, 2), F(3, 4), s), 1, 4);
}

int main(void) {
  start();
  unary();
  binary();
  others();
  return finish();
}
