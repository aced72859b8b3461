// Arrays and an operation in C, against the installed package.
#include <stdio.h>

#include "mlx/c/mlx.h"

int main(void) {
  const float data[] = {1, 2, 3};
  const int shape[] = {3};
  mlx_stream s = mlx_default_cpu_stream_new();
  mlx_array x = mlx_array_new_data(data, shape, 1, MLX_FLOAT32);
  mlx_array sum = mlx_array_new();
  float value = 0;
  mlx_add(&sum, x, x, s);
  mlx_sum(&sum, sum, false, s);
  mlx_array_item_float32(&value, sum);
  printf("%g\n", value);
  mlx_array_free(x);
  mlx_array_free(sum);
  mlx_stream_free(s);
  return value == 12 ? 0 : 1;
}
