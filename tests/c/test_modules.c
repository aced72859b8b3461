// Products, convolutions, quantised matrices, random numbers, linear algebra, Fourier transforms,
// fused operations.
#include "check.h"

static const mlx_optional_int unset = {0, false}, group = {32, true}, bits = {4, true};

static mlx_array ones(int ndim, const int* shape) {
  mlx_array result = mlx_array_new();
  mlx_ones(&result, shape, (size_t)ndim, MLX_FLOAT32, s);
  return held(result);
}
#define ONES(...) ones(COUNT(int, __VA_ARGS__), (int[]){__VA_ARGS__})

static void products(void) {
  CHECK(mlx_addmm(&r, M(1, 1, 1, 1), M(1, 2, 3, 4), M(1, 0, 0, 1), 2, 3, s), 5, 7, 9, 11);
  CHECK(mlx_einsum(&r, "ij,j->i", V(M(1, 2, 3, 4), F(1, 10)), s), 21, 43);
  CHECK(mlx_gather_mm(&r, ONES(2, 1, 2), ONES(2, 2, 1), none, U(1), false, s), 2, 2);
  CHECK(mlx_hadamard_transform(&r, F(1, 2, 3, 4), (mlx_optional_float){0, false}, s), 5, -1, -2, 0);
  CHECK(mlx_inner(&r, F(1, 2), F(3, 4), s), 11);
  CHECK(mlx_kron(&r, F(1, 2), F(1, 3), s), 1, 3, 2, 6);
  CHECK(mlx_matmul(&r, M(1, 2, 3, 4), M(1, 1, 0, 1), s), 1, 3, 3, 7);
  CHECK(mlx_outer(&r, F(1, 2), F(3, 4), s), 3, 4, 6, 8);
  CHECK(mlx_segmented_mm(&r, ONES(2, 4), ONES(4, 2), cast(M(0, 2, 2, 4), MLX_UINT32), s), 2, 2, 2,
        2, 2, 2, 2, 2);
  CHECK(mlx_tensordot(&r, M(1, 2, 3, 4), M(1, 1, 0, 1), L(1), L(0), s), 1, 3, 3, 7);
  CHECK(mlx_tensordot_axis(&r, M(1, 2, 3, 4), M(1, 1, 0, 1), 2, s), 7);
  CHECK(mlx_vecdot(&r, M(1, 2, 3, 4), M(1, 1, 0, 1), -1, s), 3, 4);
  OK(mlx_block_masked_mm(&r, ONES(32, 32), ONES(32, 32), 32, S(B(1), 1, 1), none, none, s));
  CHECK(mlx_mean(&r, r, false, s), 32);
}

static void convolutions(void) {
  CHECK(mlx_conv1d(&r, S(F(1, 2, 3, 4), 1, 4, 1), S(F(1, 2), 1, 2, 1), 1, 0, 1, 1, s), 5, 8, 11);
  CHECK(mlx_conv_transpose1d(&r, S(F(1, 2, 3, 4), 1, 4, 1), S(F(1, 2), 1, 2, 1), 1, 0, 1, 0, 1, s),
        1, 4, 7, 10, 8);
  CHECK(mlx_conv2d(&r, S(F(0, 1, 2, 3, 4, 5, 6, 7, 8), 1, 3, 3, 1), S(F(1, 2, 3, 4), 1, 2, 2, 1), 1,
                   1, 0, 0, 1, 1, 1, s),
        27, 37, 57, 67);
  CHECK(mlx_conv_transpose2d(&r, S(F(1, 2, 3, 4), 1, 2, 2, 1), S(F(1, 2, 3, 4), 1, 2, 2, 1), 1, 1,
                             0, 0, 1, 1, 0, 0, 1, s),
        1, 4, 4, 6, 20, 16, 9, 24, 16);
  CHECK(mlx_conv3d(&r, S(F(0, 1, 2, 3, 4, 5, 6, 7), 1, 2, 2, 2, 1), ONES(1, 2, 2, 2, 1), 1, 1, 1, 0,
                   0, 0, 1, 1, 1, 1, s),
        28);
  CHECK(mlx_conv_transpose3d(&r, ONES(1, 1, 1, 1, 1), S(F(0, 1, 2, 3, 4, 5, 6, 7), 1, 2, 2, 2, 1),
                             1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, s),
        0, 1, 2, 3, 4, 5, 6, 7);
  CHECK(mlx_conv_general(&r, S(F(0, 1, 2, 3, 4, 5, 6, 7, 8), 1, 3, 3, 1),
                         S(F(1, 2, 3, 4), 1, 2, 2, 1), L(2, 2), L(1, 1), L(1, 1), L(1, 1), L(1, 1),
                         1, false, s),
        0, 11, 30, 67);
}

/// 0, 1/64, … as `rows` rows of `columns`.
static mlx_array ramp(int rows, int columns) {
  float values[128];
  for (int i = 0; i < rows * columns; ++i) values[i] = (float)i / 64;
  const int shape[] = {rows, columns};
  return held(mlx_array_new_data(values, shape, 2, MLX_FLOAT32));
}

static void quantised(void) {
  mlx_array w = mlx_array_new(), scales = mlx_array_new(), biases = mlx_array_new();
  mlx_array block = mlx_array_new(), block_scales = mlx_array_new();
  OK(mlx_quantize(&v, ramp(1, 64), group, bits, "affine", none, s));
  TRUE(mlx_vector_array_size(v) == 3);
  mlx_vector_array_get(&w, v, 0), mlx_vector_array_get(&scales, v, 1);
  mlx_vector_array_get(&biases, v, 2);
  CHECK(mlx_astype(&r, scales, MLX_FLOAT32, s), -0.0322917, -0.0328125);
  OK(mlx_dequantize(&r, w, scales, biases, group, bits, "affine", none,
                    (mlx_optional_dtype){MLX_FLOAT32, false}, s));
  CHECK(mlx_slice(&r, r, L(0, 0), L(1, 4), L(1, 1), s), 0, 0, 0.0322917, 0.0322917);
  CHECK(mlx_quantized_matmul(&r, ONES(1, 64), w, scales, biases, true, group, bits, "affine", s),
        31.5391);
  const int three[] = {1, 1, 8};
  CHECK(mlx_gather_qmm(&r, ONES(1, 1, 64), shaped(w, 3, three), S(scales, 1, 1, 2),
                       S(biases, 1, 1, 2), none, U(0), true, group, bits, "affine", false, s),
        31.5391);
  OK(mlx_quantize(&v, ramp(2, 32), unset, unset, "nvfp4", none, s));
  mlx_vector_array_get(&block, v, 0), mlx_vector_array_get(&block_scales, v, 1);
  CHECK(mlx_qqmm(&r, ONES(1, 32), block, block_scales, unset, unset, "nvfp4", none, none, s),
        7.89551, 24.5566);
  CHECK(mlx_gather_qqmm(&r, ONES(1, 1, 32), S(block, 1, 2, 4), S(block_scales, 1, 2, 2), none, U(0),
                        unset, unset, "nvfp4", none, none, false, s),
        7.89551, 24.5566);
  CHECK(mlx_to_fp8(&r, F(1, 2, 3, 4), s), 56, 64, 68, 72);
  CHECK(mlx_from_fp8(&r, r, MLX_FLOAT32, s), 1, 2, 3, 4);
  mlx_array_free(w), mlx_array_free(scales), mlx_array_free(biases);
  mlx_array_free(block), mlx_array_free(block_scales);
}

static void random_numbers(void) {
  mlx_array k = mlx_array_new();
  OK(mlx_random_key(&k, 0));
  VALUES(k, 0, 0);
  CHECK(mlx_random_bernoulli(&r, SCALAR(0.5), L(6), k, s), 0, 1, 0, 0, 0, 1);
  CHECK_BOTH(mlx_random_split(&r, &r2, k, s), 4146024105, 967050713, 2718843009, 1272950319);
  CHECK(mlx_random_split_num(&r, k, 3, s), 2467461003, 428148500, 3186719485, 3840466878,
        2562233961, 1946702221);
  OK(mlx_random_bits(&r, L(3), 4, k, s));
  TRUE(mlx_array_dtype(r) == MLX_UINT32 && mlx_array_size(r) == 3);
  CHECK(mlx_random_categorical(&r, F(0.1, 0.2, 0.7), -1, k, s), 0);
  CHECK(mlx_random_categorical_num_samples(&r, F(0.1, 0.2, 0.7), -1, 4, k, s), 2, 0, 2, 1);
  CHECK(mlx_random_categorical_shape(&r, F(0.1, 0.2, 0.7), -1, L(2), k, s), 0, 2);
  CHECK(mlx_random_gumbel(&r, L(3), MLX_FLOAT32, k, s), 3.34404, -0.145133, 0.782552);
  CHECK(mlx_random_laplace(&r, L(3), MLX_FLOAT32, 0, 1, k, s), -2.66849, 0.463046, -0.309328);
  CHECK(mlx_random_multivariate_normal(&r, F(0, 1), M(1, 0, 0, 1), L(2), MLX_FLOAT32, k, s),
        1.81609, 0.245115, 0.339889, 0.465165);
  CHECK(mlx_random_normal(&r, L(3), MLX_FLOAT32, 1, 2, k, s), 4.63217, 0.034754, 1.67978);
  CHECK(mlx_random_normal_broadcast(&r, L(3), MLX_FLOAT32, SCALAR(1), SCALAR(2), k, s), 4.63217,
        0.034754, 1.67978);
  CHECK(mlx_random_permutation(&r, F(10, 20, 30, 40), 0, k, s), 20, 40, 30, 10);
  CHECK(mlx_random_permutation_arange(&r, 6, k, s), 1, 5, 0, 4, 2, 3);
  CHECK(mlx_random_randint(&r, SCALAR(0), SCALAR(10), L(5), MLX_INT32, k, s), 5, 0, 3, 8, 5);
  CHECK(mlx_random_truncated_normal(&r, SCALAR(-1), SCALAR(1), L(3), MLX_FLOAT32, k, s), 0.906521,
        -0.322637, 0.22965);
  CHECK(mlx_random_uniform(&r, SCALAR(-1), SCALAR(1), L(3), MLX_FLOAT32, k, s), 0.930643, -0.370637,
        0.26606);
  // The same seed gives the same numbers.
  OK(mlx_random_seed(7));
  OK(mlx_random_uniform(&r, SCALAR(0), SCALAR(1), L(3), MLX_FLOAT32, none, s));
  OK(mlx_random_seed(7));
  OK(mlx_random_uniform(&r2, SCALAR(0), SCALAR(1), L(3), MLX_FLOAT32, none, s));
  CHECK(mlx_array_equal(&r, r, r2, false, s), 1);
  mlx_array_free(k);
}

#define A M(4, 1, 1, 3)
static void linear_algebra(void) {
  CHECK(mlx_linalg_cholesky(&r, A, false, s), 2, 0, 0.5, 1.65831);
  CHECK(mlx_linalg_cholesky_inv(&r, r, false, s), 0.272727, -0.0909091, -0.0909091, 0.363636);
  CHECK(mlx_linalg_cross(&r, F(1, 0, 0), F(0, 1, 0), -1, s), 0, 0, 1);
  CHECK(mlx_linalg_det(&r, A, s), 11);
  CHECK_BOTH(mlx_linalg_slogdet(&r, &r2, A, s), 1, 2.3979);
  CHECK_BOTH(mlx_linalg_eig(&r, &r2, M(2, 0, 0, 3), s), 2, 0, 3, 0, 1, 0, 0, 0, 0, 0, 1, 0);
  CHECK_BOTH(mlx_linalg_eigh(&r, &r2, A, "L", s), 2.38197, 4.61803, 0.525731, -0.850651, -0.850651,
             -0.525731);
  CHECK(mlx_linalg_eigvals(&r, M(2, 0, 0, 3), s), 2, 0, 3, 0);
  CHECK(mlx_linalg_eigvalsh(&r, A, "U", s), 2.38197, 4.61803);
  CHECK(mlx_linalg_inv(&r, A, s), 0.272727, -0.0909091, -0.0909091, 0.363636);
  CHECK_ALL(mlx_linalg_lu(&v, A, s), 0, 1, 1, 0, 0.25, 1, 4, 1, 0, 2.75);
  CHECK_BOTH(mlx_linalg_lu_factor(&r, &r2, A, s), 4, 1, 0.25, 2.75, 0, 1);
  CHECK(mlx_linalg_norm(&r, F(3, -4), 1, NULL, 0, false, s), 7);
  CHECK(mlx_linalg_norm_matrix(&r, A, "fro", L(0, 1), false, s), 5.196152);
  CHECK(mlx_linalg_norm_l2(&r, F(3, -4), NULL, 0, false, s), 5);
  CHECK(mlx_linalg_pinv(&r, A, s), 0.272727, -0.0909091, -0.0909091, 0.363636);
  CHECK_BOTH(mlx_linalg_qr(&r, &r2, A, s), -0.970143, -0.242536, -0.242536, 0.970142, -4.12311,
             -1.69775, 0, 2.66789);
  CHECK(mlx_linalg_solve(&r, A, F(1, 2), s), 0.0909091, 0.636364);
  CHECK(mlx_linalg_solve_triangular(&r, M(2, 0, 1, 4), F(2, 5), false, s), 1, 1);
  OK(mlx_linalg_svd(&v, A, true, s));
  OK(mlx_vector_array_get(&r, v, 1));
  VALUES(r, 4.61803, 2.38197);
  CHECK(mlx_linalg_tri_inv(&r, M(2, 0, 1, 4), false, s), 0.5, 0, -0.125, 0.25);
}

static void fourier(void) {
  const mlx_fft_norm n = MLX_FFT_NORM_BACKWARD;
  CHECK(mlx_fft_fft(&r, F(1, 2, 3, 4), 4, -1, n, s), 10, 0, -2, 2, -2, 0, -2, -2);
  CHECK(mlx_fft_fft(&r, F(1, 2, 3, 4), 4, -1, MLX_FFT_NORM_ORTHO, s), 5, 0, -1, 1, -1, 0, -1, -1);
  CHECK(mlx_fft_ifft(&r, F(1, 2, 3, 4), 4, -1, n, s), 2.5, 0, -0.5, -0.5, -0.5, 0, -0.5, 0.5);
  CHECK(mlx_fft_rfft(&r, F(1, 2, 3, 4), 4, -1, n, s), 10, 0, -2, 2, -2, 0);
  CHECK(mlx_fft_irfft(&r, C(10, 0, -2, 2, -2, 0), 4, -1, n, s), 1, 2, 3, 4);
  CHECK(mlx_fft_fft2(&r, M(1, 2, 3, 4), L(2, 2), L(0, 1), n, s), 10, 0, -2, 0, -4, 0, 0, 0);
  CHECK(mlx_fft_ifft2(&r, M(1, 2, 3, 4), L(2, 2), L(0, 1), n, s), 2.5, 0, -0.5, 0, -1, 0, 0, 0);
  CHECK(mlx_fft_rfft2(&r, M(1, 2, 3, 4), L(2, 2), L(0, 1), n, s), 10, 0, -2, 0, -4, 0, 0, 0);
  CHECK(mlx_fft_irfft2(&r, S(C(10, 0, -2, 0, -4, 0, 0, 0), 2, 2), L(2, 2), L(0, 1), n, s), 1, 2, 3,
        4);
  CHECK(mlx_fft_fftn(&r, M(1, 2, 3, 4), L(2, 2), L(0, 1), n, s), 10, 0, -2, 0, -4, 0, 0, 0);
  CHECK(mlx_fft_ifftn(&r, M(1, 2, 3, 4), L(2, 2), L(0, 1), n, s), 2.5, 0, -0.5, 0, -1, 0, 0, 0);
  CHECK(mlx_fft_rfftn(&r, M(1, 2, 3, 4), L(2, 2), L(0, 1), n, s), 10, 0, -2, 0, -4, 0, 0, 0);
  CHECK(mlx_fft_irfftn(&r, S(C(10, 0, -2, 0, -4, 0, 0, 0), 2, 2), L(2, 2), L(0, 1), n, s), 1, 2, 3,
        4);
  CHECK(mlx_fft_fftfreq(&r, 4, 1, s), 0, 0.25, -0.5, -0.25);
  CHECK(mlx_fft_rfftfreq(&r, 4, 1, s), 0, 0.25, 0.5);
  CHECK(mlx_fft_fftshift(&r, F(1, 2, 3, 4), L(0), s), 3, 4, 1, 2);
  CHECK(mlx_fft_ifftshift(&r, F(1, 2, 3), L(0), s), 2, 3, 1);
}

static void fused(void) {
  const mlx_optional_float base = {10000, true};
#define Q S(F(0, 1, 2, 3, 4, 5, 6, 7), 1, 1, 2, 4)
  CHECK(mlx_fast_rms_norm(&r, F(1, 2, 3, 4), none, 1e-5f, s), 0.365148, 0.730296, 1.09544, 1.46059);
  CHECK(mlx_fast_layer_norm(&r, F(1, 2, 3, 4), none, none, 1e-5f, s), -1.34164, -0.447212, 0.447212,
        1.34164);
  CHECK(mlx_fast_rope(&r, Q, 4, false, base, 1, 1, none, s), -1.68294, 0.96995, 1.0806, 3.00985,
        -7.12037, 4.85901, 1.14031, 7.09859);
  CHECK(mlx_fast_rope_dynamic(&r, Q, 4, false, base, 1, Z(1), none, s), -1.68294, 0.96995, 1.0806,
        3.00985, -7.12037, 4.85901, 1.14031, 7.09859);
  CHECK(mlx_fast_scaled_dot_product_attention(&r, Q, Q, Q, 0.5, "causal", none, none, s), 0, 1, 2,
        3, 4, 5, 6, 7);
  CHECK(
      mlx_fast_scaled_dot_product_attention(&r, Q, Q, Q, 0.5, "", S(F(0, 0, 0, 0), 2, 2), none, s),
      3.99998, 4.99998, 5.99998, 6.99998, 4, 5, 6, 7);
  CHECK(mlx_fast_cross_entropy(&r, N(1, 2, 3), Z(2), s), 0.407606);
  OK(mlx_fast_gated_delta_update(&v, ONES(1, 1, 1, 2), ONES(1, 1, 1, 2), ONES(1, 1, 1, 2),
                                 ONES(1, 1, 1), ONES(1, 1, 1), none, none, s));
  OK(mlx_vector_array_get(&r, v, 0));
  VALUES(r, 2, 2);
  end_row();
}

int main(void) {
  start();
  products();
  convolutions();
  quantised();
  random_numbers();
  linear_algebra();
  fourier();
  fused();
  return finish();
}
