// A function of C's own and its gradient: one step of least squares after another.
#include <stdio.h>

#include "mlx/c/mlx.h"

/// What the function knows beside its argument.
typedef struct {
  mlx_array inputs, targets;
  mlx_stream stream;
} Data;

/// The mean of (inputs · weights - targets)².
static int loss(mlx_vector_array* res, const mlx_vector_array arguments, void* payload) {
  const Data* data = payload;
  const mlx_stream s = data->stream;
  mlx_array value = mlx_array_new();
  const int status =
      mlx_vector_array_get(&value, arguments, 0) || mlx_matmul(&value, data->inputs, value, s) ||
      mlx_subtract(&value, value, data->targets, s) || mlx_square(&value, value, s) ||
      mlx_mean(&value, value, false, s) || mlx_vector_array_set_value(res, value);
  mlx_array_free(value);
  return status;
}

int main(void) {
  const float inputs[] = {1, 0, 0, 1, 1, 1, 2, 1}, targets[] = {2, -1, 1, 3};
  Data data = {mlx_array_new_data(inputs, (int[]){4, 2}, 2, MLX_FLOAT32),
               mlx_array_new_data(targets, (int[]){4}, 1, MLX_FLOAT32),
               mlx_default_cpu_stream_new()};
  const mlx_stream s = data.stream;

  mlx_closure function = mlx_closure_new_func_payload(loss, &data, NULL);
  mlx_closure_value_and_grad with_gradient = mlx_closure_value_and_grad_new();
  mlx_value_and_grad(&with_gradient, function, (int[]){0}, 1);

  mlx_array weights = mlx_array_new(), step = mlx_array_new(), rate = mlx_array_new_float(0.2f);
  mlx_vector_array values = mlx_vector_array_new(), gradients = mlx_vector_array_new();
  mlx_zeros(&weights, (int[]){2}, 1, MLX_FLOAT32, s);
  for (int i = 0; i < 100; ++i) {
    mlx_vector_array arguments = mlx_vector_array_new_value(weights);
    mlx_closure_value_and_grad_apply(&values, &gradients, with_gradient, arguments);
    mlx_vector_array_free(arguments);
    mlx_vector_array_get(&step, gradients, 0);
    mlx_multiply(&step, step, rate, s);
    mlx_subtract(&weights, weights, step, s);
    mlx_array_eval(weights);
  }

  mlx_string text = mlx_string_new();
  mlx_array_tostring(&text, weights);
  printf("%s\n", mlx_string_data(text));
  const float* found = mlx_array_data_float32(weights);
  const int right = found[0] > 1.99f && found[0] < 2.01f && found[1] > -1.01f && found[1] < -0.99f;

  mlx_string_free(text);
  mlx_vector_array_free(values);
  mlx_vector_array_free(gradients);
  mlx_array_free(weights);
  mlx_array_free(step);
  mlx_array_free(rate);
  mlx_closure_value_and_grad_free(with_gradient);
  mlx_closure_free(function);
  mlx_array_free(data.inputs);
  mlx_array_free(data.targets);
  mlx_stream_free(s);
  return right ? 0 : 1;
}
