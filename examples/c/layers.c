// Layers of a transformer through the C interface: quantised linear layers of 2 to 8 bits, SwiGLU,
// AdaLN, attention over heads, and a strided view read back densely.
#include <math.h>
#include <stdio.h>

#include "mlx/c/mlx.h"

static mlx_stream s;
static const mlx_array none = {NULL};

/// Uniform numbers in -1 … 1.
static mlx_array uniform(const int* shape, size_t ndim) {
  mlx_array low = mlx_array_new_float(-1), high = mlx_array_new_float(1), result = mlx_array_new();
  mlx_random_uniform(&result, low, high, shape, ndim, MLX_FLOAT32, none, s);
  mlx_array_free(low);
  mlx_array_free(high);
  return result;
}

static float largest_difference(mlx_array a, mlx_array b) {
  mlx_array difference = mlx_array_new();
  float value = INFINITY;
  mlx_subtract(&difference, a, b, s);
  mlx_abs(&difference, difference, s);
  mlx_max(&difference, difference, false, s);
  mlx_array_item_float32(&value, difference);
  mlx_array_free(difference);
  return value;
}

/// A linear layer with weights of `bits` against the same layer with the weights taken back to
/// floats.
static int quantised_linear(int bits) {
  mlx_array x = uniform((int[]){3, 128}, 2), weight = uniform((int[]){64, 128}, 2);
  mlx_array w = mlx_array_new(), scales = mlx_array_new(), biases = mlx_array_new();
  mlx_array got = mlx_array_new(), wanted = mlx_array_new();
  mlx_vector_array parts = mlx_vector_array_new();
  const mlx_optional_int group = {64, true}, width = {bits, true};

  mlx_quantize(&parts, weight, group, width, "affine", none, s);
  mlx_vector_array_get(&w, parts, 0);
  mlx_vector_array_get(&scales, parts, 1);
  mlx_vector_array_get(&biases, parts, 2);
  mlx_quantized_matmul(&got, x, w, scales, biases, true, group, width, "affine", s);
  mlx_dequantize(&wanted, w, scales, biases, group, width, "affine", none,
                 (mlx_optional_dtype){MLX_FLOAT32, false}, s);
  mlx_transpose(&wanted, wanted, s);
  mlx_matmul(&wanted, x, wanted, s);
  const float difference = largest_difference(got, wanted);
  printf("%d bits: largest difference %.1e\n", bits, difference);

  mlx_array_free(x), mlx_array_free(weight), mlx_array_free(w), mlx_array_free(scales);
  mlx_array_free(biases), mlx_array_free(got), mlx_array_free(wanted);
  mlx_vector_array_free(parts);
  return difference < 1e-3f;
}

/// silu(x · gate) * (x · up) · down keeps the shape of x.
static int swiglu(void) {
  mlx_array x = uniform((int[]){2, 16}, 2), gate = uniform((int[]){16, 32}, 2);
  mlx_array up = uniform((int[]){16, 32}, 2), down = uniform((int[]){32, 16}, 2);
  mlx_array a = mlx_array_new(), b = mlx_array_new();
  mlx_matmul(&a, x, gate, s);
  mlx_sigmoid(&b, a, s);
  mlx_multiply(&a, a, b, s);
  mlx_matmul(&b, x, up, s);
  mlx_multiply(&a, a, b, s);
  mlx_matmul(&a, a, down, s);
  mlx_array_eval(a);
  const int right = mlx_array_dim(a, 0) == 2 && mlx_array_dim(a, 1) == 16;
  mlx_array_free(x), mlx_array_free(gate), mlx_array_free(up), mlx_array_free(down);
  mlx_array_free(a), mlx_array_free(b);
  return right;
}

/// A layer norm whose scale and shift come from a condition: with both zero it is the plain norm.
static int adaptive_norm(void) {
  mlx_array x = uniform((int[]){2, 8}, 2), scale = mlx_array_new(), shift = mlx_array_new();
  mlx_array one = mlx_array_new_float(1), plain = mlx_array_new(), y = mlx_array_new();
  mlx_zeros(&scale, (int[]){8}, 1, MLX_FLOAT32, s);
  mlx_zeros(&shift, (int[]){8}, 1, MLX_FLOAT32, s);
  mlx_fast_layer_norm(&plain, x, none, none, 1e-6f, s);
  mlx_add(&y, scale, one, s);
  mlx_multiply(&y, plain, y, s);
  mlx_add(&y, y, shift, s);
  const int right = largest_difference(y, plain) < 1e-6f;
  mlx_array_free(x), mlx_array_free(scale), mlx_array_free(shift), mlx_array_free(one);
  mlx_array_free(plain), mlx_array_free(y);
  return right;
}

/// (batch, length, heads * width) → attention over heads → the same shape. With one key per query's
/// own place allowed (length 1), attention gives back the values.
static int attention(void) {
  const int heads = 2, width = 8;
  mlx_array x = uniform((int[]){1, 1, heads * width}, 3), split = mlx_array_new(),
            y = mlx_array_new();
  mlx_reshape(&split, x, (int[]){1, 1, heads, width}, 4, s);
  mlx_transpose_axes(&split, split, (int[]){0, 2, 1, 3}, 4, s);
  mlx_fast_scaled_dot_product_attention(&y, split, split, split, 1 / sqrtf((float)width), "causal",
                                        none, none, s);
  mlx_transpose_axes(&y, y, (int[]){0, 2, 1, 3}, 4, s);
  mlx_reshape(&y, y, (int[]){1, 1, heads * width}, 3, s);
  const int right = largest_difference(x, y) < 1e-6f;
  mlx_array_free(x), mlx_array_free(split), mlx_array_free(y);
  return right;
}

/// Every second column of a transposed matrix: a view, whose strides say where its elements are,
/// and a dense copy.
static int strided_view(void) {
  const float data[] = {0, 1, 2, 3, 4, 5};
  mlx_array a = mlx_array_new_data(data, (int[]){2, 3}, 2, MLX_FLOAT32), view = mlx_array_new();
  mlx_array dense = mlx_array_new();
  mlx_transpose(&view, a, s);
  mlx_slice(&view, view, (int[]){0, 0}, 2, (int[]){3, 2}, 2, (int[]){2, 1}, 2, s);
  mlx_contiguous(&dense, view, false, s);
  mlx_array_eval(view);
  mlx_array_eval(dense);
  const float *seen = mlx_array_data_float32(view), *copied = mlx_array_data_float32(dense);
  const size_t* strides = mlx_array_strides(view);
  int right = 1;
  for (size_t i = 0; i < 2; ++i)
    for (size_t j = 0; j < 2; ++j)
      right &= seen[i * strides[0] + j * strides[1]] == copied[2 * i + j] &&
               copied[2 * i + j] == data[2 * i + 3 * j];
  mlx_array_free(a), mlx_array_free(view), mlx_array_free(dense);
  return right;
}

int main(void) {
  s = mlx_default_cpu_stream_new();
  mlx_random_seed(3);
  int right = 1;
  for (int bits = 2; bits <= 8; ++bits)
    if (bits != 7) right &= quantised_linear(bits);
  right &= swiglu() & adaptive_norm() & attention() & strided_view();
  mlx_stream_free(s);
  printf("%s\n", right ? "all right" : "wrong");
  return right ? 0 : 1;
}
