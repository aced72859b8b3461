// Creation, rearranging, and reading and writing parts of arrays.
#include "check.h"

static void creation(void) {
  CHECK(mlx_arange(&r, 1, 4, 1, MLX_FLOAT32, s), 1, 2, 3);
  CHECK(mlx_bartlett(&r, 4, s), 0, 0.666667, 0.666667, 0);
  CHECK(mlx_blackman(&r, 4, s), 0, 0.63, 0.63, 0);
  CHECK(mlx_eye(&r, 2, 3, 1, MLX_FLOAT32, s), 0, 1, 0, 0, 0, 1);
  CHECK(mlx_full(&r, L(2), SCALAR(7), MLX_INT32, s), 7, 7);
  CHECK(mlx_full_like(&r, F(1, 2), SCALAR(7), MLX_FLOAT32, s), 7, 7);
  CHECK(mlx_hamming(&r, 4, s), 0.08, 0.77, 0.77, 0.08);
  CHECK(mlx_hanning(&r, 4, s), 0, 0.75, 0.75, 0);
  CHECK(mlx_identity(&r, 2, MLX_FLOAT32, s), 1, 0, 0, 1);
  CHECK(mlx_linspace(&r, 0, 1, 3, MLX_FLOAT32, s), 0, 0.5, 1);
  CHECK(mlx_ones(&r, L(2), MLX_INT8, s), 1, 1);
  CHECK(mlx_ones_like(&r, F(5, 6), s), 1, 1);
  CHECK(mlx_tri(&r, 2, 3, 0, MLX_FLOAT32, s), 1, 0, 0, 1, 1, 0);
  CHECK(mlx_zeros(&r, L(3), MLX_FLOAT32, s), 0, 0, 0);
  CHECK(mlx_zeros_like(&r, F(5, 6), s), 0, 0);
}

static void rearranging(void) {
  CHECK(mlx_as_strided(&r, F(1, 2, 3, 4), L(2, 2), (int64_t[]){1, 2}, 2, 0, s), 1, 3, 2, 4);
  CHECK(mlx_atleast_1d(&r, S(F(5), 1), s), 5);
  CHECK(mlx_atleast_2d(&r, F(5, 6), s), 5, 6);
  TRUE(mlx_array_ndim(r) == 2);
  CHECK(mlx_atleast_3d(&r, F(5, 6), s), 5, 6);
  TRUE(mlx_array_ndim(r) == 3);
  CHECK_ALL(mlx_broadcast_arrays(&v, V(F(1), F(2, 3)), s), 1, 1, 2, 3);
  CHECK(mlx_broadcast_to(&r, F(1, 2), L(2, 2), s), 1, 2, 1, 2);
  CHECK(mlx_concatenate_axis(&r, V(M(1, 2), M(3, 4)), 1, s), 1, 2, 3, 4);
  CHECK(mlx_concatenate(&r, V(F(1), F(2, 3)), s), 1, 2, 3);
  CHECK(mlx_contiguous(&r, M(1, 2, 3, 4), false, s), 1, 2, 3, 4);
  CHECK(mlx_copy(&r, F(1, 2), s), 1, 2);
  CHECK_ALL(mlx_depends(&v, V(F(1, 2)), V(F(3))), 1, 2);
  CHECK(mlx_diag(&r, F(1, 2), 0, s), 1, 0, 0, 2);
  CHECK(mlx_diagonal(&r, M(1, 2, 3, 4), 0, 0, 1, s), 1, 4);
  CHECK(mlx_expand_dims_axes(&r, F(1, 2), L(0, 2), s), 1, 2);
  TRUE(mlx_array_ndim(r) == 3);
  CHECK(mlx_expand_dims(&r, F(1, 2), 1, s), 1, 2);
  TRUE(mlx_array_dim(r, 1) == 1);
  CHECK(mlx_flatten(&r, M(1, 2, 3, 4), 0, -1, s), 1, 2, 3, 4);
  TRUE(mlx_array_ndim(r) == 1);
  CHECK(mlx_matrix_transpose(&r, M(1, 2, 3, 4), s), 1, 3, 2, 4);
  CHECK_ALL(mlx_meshgrid(&v, V(F(1, 2), F(3)), false, "ij", s), 1, 2, 3, 3);
  CHECK(mlx_moveaxis(&r, M(1, 2, 3, 4), 0, 1, s), 1, 3, 2, 4);
  CHECK(mlx_pad(&r, F(1, 2), L(0), L(1), L(2), SCALAR(9), "constant", s), 9, 1, 2, 9, 9);
  CHECK(mlx_pad_symmetric(&r, F(1, 2), 1, SCALAR(0), "edge", s), 1, 1, 2, 2);
  CHECK(mlx_repeat_axis(&r, M(1, 2), 2, 0, s), 1, 2, 1, 2);
  CHECK(mlx_repeat(&r, F(1, 2), 2, s), 1, 1, 2, 2);
  CHECK(mlx_reshape(&r, F(1, 2, 3, 4), L(2, -1), s), 1, 2, 3, 4);
  TRUE(mlx_array_dim(r, 1) == 2);
  CHECK(mlx_roll_axis(&r, M(1, 2, 3, 4), L(1), 1, s), 2, 1, 4, 3);
  CHECK(mlx_roll_axes(&r, M(1, 2, 3, 4), L(1, 1), L(0, 1), s), 4, 3, 2, 1);
  CHECK(mlx_roll(&r, F(1, 2, 3), L(1), s), 3, 1, 2);
  CHECK_ALL(mlx_split(&v, F(1, 2, 3, 4), 2, 0, s), 1, 2, 3, 4);
  TRUE(mlx_vector_array_size(v) == 2);
  CHECK_ALL(mlx_split_sections(&v, F(1, 2, 3, 4), L(1, 3), 0, s), 1, 2, 3, 4);
  TRUE(mlx_vector_array_size(v) == 3);
  CHECK(mlx_squeeze_axes(&r, S(F(1, 2), 1, 2, 1), L(0, 2), s), 1, 2);
  TRUE(mlx_array_ndim(r) == 1);
  CHECK(mlx_squeeze_axis(&r, S(F(1, 2), 1, 2, 1), 0, s), 1, 2);
  TRUE(mlx_array_ndim(r) == 2);
  CHECK(mlx_squeeze(&r, S(F(1, 2), 1, 2, 1), s), 1, 2);
  TRUE(mlx_array_ndim(r) == 1);
  CHECK(mlx_stack_axis(&r, V(F(1, 2), F(3, 4)), 1, s), 1, 3, 2, 4);
  CHECK(mlx_stack(&r, V(F(1, 2), F(3, 4)), s), 1, 2, 3, 4);
  CHECK(mlx_swapaxes(&r, M(1, 2, 3, 4), 0, 1, s), 1, 3, 2, 4);
  CHECK(mlx_tile(&r, F(1, 2), L(2), s), 1, 2, 1, 2);
  CHECK(mlx_transpose_axes(&r, M(1, 2, 3, 4), L(1, 0), s), 1, 3, 2, 4);
  CHECK(mlx_transpose(&r, M(1, 2, 3, 4), s), 1, 3, 2, 4);
  CHECK(mlx_tril(&r, M(1, 2, 3, 4), 0, s), 1, 0, 3, 4);
  CHECK(mlx_triu(&r, M(1, 2, 3, 4), 0, s), 1, 2, 0, 4);
  CHECK(mlx_unflatten(&r, F(1, 2, 3, 4), 0, L(2, 2), s), 1, 2, 3, 4);
  TRUE(mlx_array_ndim(r) == 2);
  CHECK_ALL(mlx_unstack(&v, M(1, 2, 3, 4), 0, s), 1, 2, 3, 4);
  CHECK(mlx_view(&r, F(1, -2), MLX_INT32, s), 1065353216, -1073741824);
}

static void indexing(void) {
  CHECK(mlx_gather(&r, M(1, 2, 3, 4, 5, 6), V(Z(2, 0)), L(0), L(1, 2), s), 5, 6, 1, 2);
  CHECK(mlx_gather(&r, M(1, 2, 3, 4, 5, 6), V(Z(1, -1), Z(0, 1)), L(0, 1), L(1, 1), s), 3, 6);
  CHECK(mlx_gather_single(&r, M(1, 2, 3, 4, 5, 6), Z(0, 1), 0, L(2, 1), s), 1, 3, 3, 5);
  CHECK(mlx_masked_scatter(&r, F(1, 2, 3), B(1, 0, 1), F(8, 9), s), 8, 2, 9);
  CHECK(mlx_put_along_axis(&r, F(1, 2, 3), Z(2), F(9), 0, s), 1, 2, 9);
  CHECK(mlx_scatter(&r, F(1, 2, 3), V(Z(0, 2)), S(F(8, 9), 2, 1), L(0), s), 8, 2, 9);
  CHECK(mlx_scatter(&r, M(1, 2, 3, 4), V(Z(1), Z(0)), S(F(9), 1, 1, 1), L(0, 1), s), 1, 2, 9, 4);
  CHECK(mlx_scatter_single(&r, F(1, 2, 3), Z(1), S(F(9), 1, 1), 0, s), 1, 9, 3);
  CHECK(mlx_scatter_add(&r, F(1, 2), V(Z(0, 0)), S(F(8, 9), 2, 1), L(0), s), 18, 2);
  CHECK(mlx_scatter_add_single(&r, F(1, 2), Z(1), S(F(9), 1, 1), 0, s), 1, 11);
  CHECK(mlx_scatter_add_axis(&r, F(1, 2), Z(1), F(9), 0, s), 1, 11);
  CHECK(mlx_scatter_max(&r, F(1, 5), V(Z(0, 1)), S(F(3, 3), 2, 1), L(0), s), 3, 5);
  CHECK(mlx_scatter_max_single(&r, F(1, 5), Z(0), S(F(3), 1, 1), 0, s), 3, 5);
  CHECK(mlx_scatter_min(&r, F(1, 5), V(Z(0, 1)), S(F(3, 3), 2, 1), L(0), s), 1, 3);
  CHECK(mlx_scatter_min_single(&r, F(1, 5), Z(1), S(F(3), 1, 1), 0, s), 1, 3);
  CHECK(mlx_scatter_prod(&r, F(2, 5), V(Z(0, 0)), S(F(3, 4), 2, 1), L(0), s), 24, 5);
  CHECK(mlx_scatter_prod_single(&r, F(2, 5), Z(1), S(F(3), 1, 1), 0, s), 2, 15);
  CHECK(mlx_slice(&r, F(1, 2, 3, 4), L(0), L(4), L(2), s), 1, 3);
  CHECK(mlx_slice_dynamic(&r, F(1, 2, 3, 4), Z(1), L(0), L(2), s), 2, 3);
  CHECK(mlx_slice_update(&r, F(1, 2, 3), F(9), L(1), L(2), L(1), s), 1, 9, 3);
  CHECK(mlx_slice_update_dynamic(&r, F(1, 2, 3), F(9), Z(2), L(0), s), 1, 2, 9);
  CHECK(mlx_slice_update_add(&r, F(1, 2, 3), F(9), L(1), L(2), L(1), s), 1, 11, 3);
  CHECK(mlx_slice_update_max(&r, F(1, 2, 3), F(1, 9), L(1), L(3), L(1), s), 1, 2, 9);
  CHECK(mlx_slice_update_min(&r, F(1, 2, 3), F(1, 9), L(1), L(3), L(1), s), 1, 1, 3);
  CHECK(mlx_slice_update_prod(&r, F(1, 2, 3), F(9), L(1), L(2), L(1), s), 1, 18, 3);
  CHECK(mlx_take_axis(&r, M(1, 2, 3, 4), Z(1), 1, s), 2, 4);
  CHECK(mlx_take(&r, M(1, 2, 3, 4), Z(3, 0), s), 4, 1);
  CHECK(mlx_take_along_axis(&r, M(1, 2, 3, 4), S(Z(1, 0), 2, 1), 1, s), 2, 3);
}

int main(void) {
  start();
  creation();
  rearranging();
  indexing();
  return finish();
}
