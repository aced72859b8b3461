// Reductions, sorting and scans.
#include "check.h"

static void reductions(void) {
  CHECK(mlx_all_axes(&r, M(1, 0, 1, 1), L(0), false, s), 1, 0);
  CHECK(mlx_all_axis(&r, M(1, 0, 1, 1), 1, false, s), 0, 1);
  CHECK(mlx_all(&r, M(1, 0, 1, 1), false, s), 0);
  CHECK(mlx_any_axes(&r, M(1, 0, 1, 0), L(0), false, s), 1, 0);
  CHECK(mlx_any_axis(&r, M(1, 0, 0, 0), 1, false, s), 1, 0);
  CHECK(mlx_any(&r, M(1, 0, 0, 0), false, s), 1);
  CHECK(mlx_argmax_axis(&r, M(1, 2, 4, 3), 1, false, s), 1, 0);
  CHECK(mlx_argmax(&r, M(1, 2, 4, 3), false, s), 2);
  CHECK(mlx_argmin_axis(&r, M(1, 2, 4, 3), 1, false, s), 0, 1);
  CHECK(mlx_argmin(&r, M(2, 1, 4, 3), false, s), 1);
  CHECK(mlx_count_nonzero(&r, M(1, 0, 4, 3), false, s), 3);
  CHECK(mlx_count_nonzero_axes(&r, M(1, 0, 4, 3), L(0), false, s), 2, 1);
  CHECK(mlx_count_nonzero_axis(&r, M(1, 0, 4, 3), 1, false, s), 1, 2);
  CHECK(mlx_logsumexp_axes(&r, M(0, 0, 1, 1), L(1), false, s), 0.693147, 1.693147);
  CHECK(mlx_logsumexp_axis(&r, M(0, 0, 1, 1), 1, false, s), 0.693147, 1.693147);
  CHECK(mlx_logsumexp(&r, F(0, 0), false, s), 0.693147);
  CHECK(mlx_max_axes(&r, M(1, 2, 4, 3), L(0), false, s), 4, 3);
  CHECK(mlx_max_axis(&r, M(1, 2, 4, 3), 1, false, s), 2, 4);
  CHECK(mlx_max(&r, M(1, 2, 4, 3), true, s), 4);
  TRUE(mlx_array_ndim(r) == 2);
  CHECK(mlx_mean_axes(&r, M(1, 2, 5, 4), L(0), false, s), 3, 3);
  CHECK(mlx_mean_axis(&r, M(1, 2, 5, 4), 1, false, s), 1.5, 4.5);
  CHECK(mlx_mean(&r, M(1, 2, 5, 4), false, s), 3);
  CHECK(mlx_median(&r, M(1, 2, 5, 4), L(0, 1), false, s), 3);
  CHECK(mlx_min_axes(&r, M(1, 2, 4, 3), L(0), false, s), 1, 2);
  CHECK(mlx_min_axis(&r, M(1, 2, 4, 3), 1, false, s), 1, 3);
  CHECK(mlx_min(&r, M(1, 2, 4, 3), false, s), 1);
  CHECK_BOTH(mlx_minmax(&r, &r2, M(1, 2, 4, 3), false, s), 1, 4);
  CHECK_BOTH(mlx_minmax_axes(&r, &r2, M(1, 2, 4, 3), L(0), false, s), 1, 2, 4, 3);
  CHECK_BOTH(mlx_minmax_axis(&r, &r2, M(1, 2, 4, 3), 1, false, s), 1, 3, 2, 4);
  CHECK(mlx_number_of_elements(&r, M(1, 2, 4, 3), L(0), false, MLX_INT32, s), 2);
  CHECK(mlx_number_of_elements(&r, M(1, 2, 4, 3), L(0, 1), true, MLX_FLOAT32, s), 0.25);
  CHECK(mlx_prod_axes(&r, M(1, 2, 4, 3), L(0), false, s), 4, 6);
  CHECK(mlx_prod_axis(&r, M(1, 2, 4, 3), 1, false, s), 2, 12);
  CHECK(mlx_prod(&r, M(1, 2, 4, 3), false, s), 24);
  CHECK(mlx_softmax_axes(&r, M(0, 0, 1, 1), L(1), true, s), 0.5, 0.5, 0.5, 0.5);
  CHECK(mlx_softmax_axis(&r, M(0, 0, 1, 1), 1, false, s), 0.5, 0.5, 0.5, 0.5);
  CHECK(mlx_softmax(&r, F(0, 1.0986123), false, s), 0.25, 0.75);
  CHECK(mlx_std_axes(&r, M(1, 2, 5, 4), L(0), false, 0, s), 2, 1);
  CHECK(mlx_std_axis(&r, M(1, 3, 5, 4), 1, false, 0, s), 1, 0.5);
  CHECK(mlx_std(&r, F(1, 3), false, 1, s), 1.414214);
  CHECK(mlx_sum_axes(&r, M(1, 2, 4, 3), L(0), false, s), 5, 5);
  CHECK(mlx_sum_axis(&r, M(1, 2, 4, 3), 1, false, s), 3, 7);
  CHECK(mlx_sum(&r, M(1, 2, 4, 3), false, s), 10);
  CHECK(mlx_trace(&r, M(1, 2, 4, 3), 0, 0, 1, MLX_FLOAT32, s), 4);
  CHECK(mlx_var_axes(&r, M(1, 2, 5, 4), L(0), false, 0, s), 4, 1);
  CHECK(mlx_var_axis(&r, M(1, 3, 5, 4), 1, false, 0, s), 1, 0.25);
  CHECK(mlx_var(&r, F(1, 3), false, 1, s), 2);
}

static void sorting(void) {
  CHECK(mlx_argpartition_axis(&r, F(3, 1, 2), 1, 0, s), 1, 2, 0);
  CHECK(mlx_argpartition(&r, F(3, 1, 2), 1, s), 1, 2, 0);
  CHECK(mlx_argsort_axis(&r, M(2, 1, 1, 2), 1, s), 1, 0, 0, 1);
  CHECK(mlx_argsort(&r, F(3, 1, 2), s), 1, 2, 0);
  CHECK(mlx_partition_axis(&r, F(3, 1, 2), 1, 0, s), 1, 2, 3);
  CHECK(mlx_partition(&r, F(3, 1, 2), 1, s), 1, 2, 3);
  CHECK(mlx_searchsorted(&r, F(1, 2, 3), F(2, 2.5), "right", s), 2, 2);
  CHECK(mlx_sort_axis(&r, M(2, 1, 1, 2), 1, s), 1, 2, 1, 2);
  CHECK(mlx_sort(&r, F(3, 1, 2), s), 1, 2, 3);
  CHECK(mlx_topk_axis(&r, M(2, 1, 1, 2), 1, 1, s), 2, 2);
  CHECK(mlx_topk(&r, F(3, 1, 2), 1, s), 3);
  CHECK_ALL(mlx_unique(&v, F(3, 1, 3), 2, false, false, true, none, s), 1, 3, 1, 2);
}

static void scans(void) {
  CHECK(mlx_cummax(&r, F(1, 3, 2), 0, false, true, s), 1, 3, 3);
  CHECK(mlx_cummin(&r, F(3, 1, 2), 0, false, true, s), 3, 1, 1);
  CHECK(mlx_cumprod(&r, F(1, 2, 3), 0, false, true, s), 1, 2, 6);
  CHECK(mlx_cumsum(&r, F(1, 2, 3), 0, true, true, s), 6, 5, 3);
  CHECK(mlx_diff(&r, F(1, 3, 6), 1, 0, s), 2, 3);
  CHECK(mlx_logcumsumexp(&r, F(0, 0), 0, false, true, s), 0, 0.693147);
}

int main(void) {
  start();
  reductions();
  sorting();
  scans();
  return finish();
}
