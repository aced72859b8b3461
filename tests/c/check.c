// What the rows of checks stand on.
#include "check.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>

int failures = 0;
mlx_stream s;
mlx_array r, r2;
mlx_vector_array v;
const mlx_array none = {NULL};

enum { most = 64 };
static mlx_array arrays[most];
static mlx_vector_array vectors[most];
static int array_count, vector_count;
static char message[4096];

static void remember(const char* text, void* data) {
  (void)data;
  snprintf(message, sizeof message, "%s", text);
}

const char* last_error(void) {
  return message;
}

void start(void) {
  mlx_set_error_handler(remember, NULL, NULL);
  s = mlx_default_cpu_stream_new();
  r = mlx_array_new();
  r2 = mlx_array_new();
  v = mlx_vector_array_new();
}

void end_row(void) {
  while (array_count) mlx_array_free(arrays[--array_count]);
  while (vector_count) mlx_vector_array_free(vectors[--vector_count]);
}

int finish(void) {
  end_row();
  mlx_array_free(r);
  mlx_array_free(r2);
  mlx_vector_array_free(v);
  mlx_stream_free(s);
  mlx_set_error_handler(NULL, NULL, NULL);
  printf("%d failures\n", failures);
  return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void failed(const char* text, int line, const char* what) {
  ++failures;
  printf("line %d: %s: %s\n", line, text, what);
}

mlx_array held(mlx_array a) {
  if (array_count == most) abort();
  return arrays[array_count++] = a;
}

mlx_array shaped(mlx_array a, int ndim, const int* shape) {
  mlx_array result = mlx_array_new();
  if (mlx_reshape(&result, a, shape, (size_t)ndim, s)) failed("reshape", 0, message);
  return held(result);
}

mlx_array cast(mlx_array a, mlx_dtype dtype) {
  mlx_array result = mlx_array_new();
  if (mlx_astype(&result, a, dtype, s)) failed("astype", 0, message);
  return held(result);
}

mlx_array floats(size_t count, const float* values, int columns) {
  const int shape[] = {columns ? (int)count / columns : (int)count, columns};
  return held(mlx_array_new_data(values, shape, columns ? 2 : 1, MLX_FLOAT32));
}

mlx_array integers(size_t count, const int* values, mlx_dtype dtype) {
  const int shape[] = {(int)count};
  return cast(held(mlx_array_new_data(values, shape, 1, MLX_INT32)), dtype);
}

mlx_array complexes(size_t count, const float* values) {
  const int shape[] = {(int)count / 2};
  return held(mlx_array_new_data(values, shape, 1, MLX_COMPLEX64));
}

mlx_vector_array listed(size_t count, const mlx_array* list) {
  if (vector_count == most) abort();
  return vectors[vector_count++] = mlx_vector_array_new_data(list, count);
}

mlx_vector_array all_flat(void) {
  mlx_array flat[16], one = mlx_array_new();
  const size_t count = mlx_vector_array_size(v);
  for (size_t i = 0; i < count && i < 16; ++i) {
    mlx_vector_array_get(&one, v, i);
    const bool is_complex = mlx_array_dtype(one) == MLX_COMPLEX64;
    flat[i] = shaped(cast(one, is_complex ? MLX_COMPLEX64 : MLX_FLOAT64), 1, (int[]){-1});
  }
  mlx_array_free(one);
  return listed(count < 16 ? count : 16, flat);
}

void check_status(const char* text, int line, int status) {
  if (status) failed(text, line, message);
}

void check_true(const char* text, int line, bool holds) {
  if (!holds) failed(text, line, "does not hold");
}

void check_error(const char* text, int line, int status, const char* part) {
  if (!status)
    failed(text, line, "no error");
  else if (!strstr(message, part))
    failed(text, line, message);
  message[0] = 0;
}

static void compare(const char* text, int line, size_t at, double value, double expected) {
  const bool same = (isnan(value) && isnan(expected)) || value == expected ||
                    fabs(value - expected) <= 1e-4 * fmax(1, fabs(expected));
  if (same) return;
  char what[128];
  snprintf(what, sizeof what, "value %zu is %.8g, not %.8g", at, value, expected);
  failed(text, line, what);
}

void check_values(const char* text, int line, mlx_array a, size_t count, const double* expected) {
  if (!a.ctx) return failed(text, line, "no result");
  const bool is_complex = mlx_array_dtype(a) == MLX_COMPLEX64;
  mlx_array dense = mlx_array_new();
  int status = mlx_astype(&dense, a, is_complex ? MLX_COMPLEX64 : MLX_FLOAT64, s);
  status = status || mlx_contiguous(&dense, dense, false, s) || mlx_array_eval(dense);
  if (status) {
    failed(text, line, message);
  } else if (mlx_array_size(dense) * (is_complex ? 2 : 1) != count) {
    char what[96];
    snprintf(what, sizeof what, "%zu values, not %zu", mlx_array_size(dense), count);
    failed(text, line, what);
  } else if (is_complex) {
    const mlx_complex64_t* values = mlx_array_data_complex64(dense);
    for (size_t i = 0; i < count; ++i)
      compare(text, line, i, i % 2 ? cimagf(values[i / 2]) : crealf(values[i / 2]), expected[i]);
  } else {
    const double* values = mlx_array_data_float64(dense);
    for (size_t i = 0; i < count; ++i) compare(text, line, i, values[i], expected[i]);
  }
  mlx_array_free(dense);
}
