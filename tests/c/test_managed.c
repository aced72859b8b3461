// Arrays over memory of the caller's: it is used where it is, neither read past its end nor written
// by what follows, and its owner is told once.
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "check.h"

enum { room = 1 << 20, page = 4096 };
static int ended;
static void* ended_with;
static void end(void* payload) {
  ++ended;
  ended_with = payload;
}

/// Memory whose last byte is followed by a page that nobody may touch.
static char* guarded_memory(void) {
  char* memory =
      mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory + room, page, PROT_NONE)) abort();
  return memory;
}

static char* memory;

/// 1, 2, … 7, 1, … in memory that ends at the guard.
static float* counted(int count) {
  float* data = (float*)(memory + room) - count;
  for (int i = 0; i < count; ++i) data[i] = (float)(i % 7 + 1);
  return data;
}
static mlx_array managed(float* data, int rows, int columns) {
  return held(mlx_array_new_data_managed(data, (int[]){rows, columns}, 2, MLX_FLOAT32, end));
}

static void used_where_it_is(void) {
  float* data = counted(1024);
  ended = 0;
  mlx_array x = mlx_array_new_data_managed(data, (int[]){1024}, 1, MLX_FLOAT32, end);
  TRUE(mlx_array_data_float32(x) == data && ended == 0);
  data[0] = 5;
  OK(mlx_sum(&r, x, false, s));
  TRUE(mlx_array_free(x) == 0 && ended == 0);  // the sum still needs it
  double total = 4;
  for (int i = 0; i < 1024; ++i) total += i % 7 + 1;
  VALUES(r, total);
  OK(mlx_clear_cache());
  TRUE(ended == 1 && ended_with == data);

  static float own[4] = {1, 2, 3, 4};
  x = mlx_array_new_data_managed_payload(own, (int[]){4}, 1, MLX_FLOAT32, &failures, end);
  TRUE(mlx_array_data_float32(x) == own);
  TRUE(mlx_array_free(x) == 0 && ended == 2 && ended_with == &failures);
  // What cannot be used as it is is copied, and given back at once.
  x = mlx_array_new_data_managed((char*)own + 1, (int[]){2}, 1, MLX_FLOAT32, end);
  TRUE(ended == 3 && (const char*)mlx_array_data_float32(x) != (char*)own + 1);
  mlx_array_free(x);
  x = mlx_array_new_data_managed(own, (int[]){4}, 1, MLX_FLOAT32, NULL);
  TRUE(mlx_array_data_float32(x) != own);
  mlx_array_free(x);
  x = mlx_array_new_data_managed(own, (int[]){-1}, 1, MLX_FLOAT32, end);
  TRUE(!x.ctx && ended == 4);
}

/// Each operation reads what is there and nothing else, and leaves it as it was.
static void operations(int rows, int columns) {
  const int count = rows * columns;
  float* data = counted(count);
  ended = 0;
#define EACH(call)                                           \
  do {                                                       \
    mlx_array x = managed(data, rows, columns);              \
    OK(call);                                                \
    OK(mlx_sum(&r, r, false, s));                            \
    end_row(); /* so that the operation has the last hold */ \
    OK(mlx_array_eval(r));                                   \
  } while (0)
  EACH(mlx_exp(&r, x, s));
  EACH(mlx_negative(&r, x, s));
  EACH(mlx_astype(&r, x, MLX_BFLOAT16, s));
  EACH(mlx_add(&r, x, SCALAR(1), s));
  EACH(mlx_sum_axis(&r, x, 0, false, s));
  EACH(mlx_sum_axis(&r, x, 1, false, s));
  EACH(mlx_argmax_axis(&r, x, 1, false, s));
  EACH(mlx_cumsum(&r, x, 1, false, true, s));
  EACH(mlx_cumsum(&r, x, 0, false, true, s));
  EACH(mlx_sort_axis(&r, x, 1, s));
  EACH(mlx_softmax_axis(&r, x, 1, true, s));
  EACH(mlx_logsumexp_axis(&r, x, 1, false, s));
  EACH(mlx_var_axis(&r, x, 1, false, 0, s));
  EACH(mlx_fast_rms_norm(&r, x, none, 1e-5f, s));
  EACH(mlx_transpose(&r, x, s) || mlx_contiguous(&r, r, false, s));
  EACH(mlx_transpose(&r, x, s) || mlx_matmul(&r, x, r, s));
  EACH(mlx_take_axis(&r, x, Z(rows - 1, 0), 0, s));
  EACH(mlx_view(&r, x, MLX_INT32, s));
  EACH(mlx_fft_fft(&r, x, columns, 1, MLX_FFT_NORM_BACKWARD, s) || mlx_real(&r, r, s));
#undef EACH
  OK(mlx_clear_cache());
  TRUE(ended == 19);
  for (int i = 0; i < count; ++i)
    if (data[i] != (float)(i % 7 + 1)) {
      TRUE(!"the caller's memory is as it was");
      break;
    }
}

int main(void) {
  start();
  memory = guarded_memory();
  used_where_it_is();
  operations(1, 1);
  operations(3, 5);
  operations(7, 33);
  operations(65, 1001);
  return finish();
}
