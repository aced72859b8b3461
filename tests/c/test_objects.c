// Arrays as objects, strings, vectors, maps, devices, streams, groups, memory, errors.
#include <complex.h>
#include <pthread.h>
#undef I
#include "check.h"

static int destroyed;
static void destroy(void* payload) {
  (void)payload;
  ++destroyed;
}

static void values(void) {
  mlx_array a = mlx_array_new();
  TRUE(a.ctx == NULL);
  OK(mlx_array_free(a));
#define MADE(call, ...)        \
  do {                         \
    mlx_array made = call;     \
    VALUES(made, __VA_ARGS__); \
    mlx_array_free(made);      \
  } while (0)
  MADE(mlx_array_new_bool(true), 1);
  MADE(mlx_array_new_int(-3), -3);
  MADE(mlx_array_new_float(1.5f), 1.5);
  MADE(mlx_array_new_float32(1.5f), 1.5);
  MADE(mlx_array_new_float64(0.1), 0.1);
  MADE(mlx_array_new_double(0.1), 0.1);
  MADE(mlx_array_new_complex(1, 2), 1, 2);
  const float data[] = {1, 2, 3, 4};
  const int shape[] = {2, 2};
  MADE(mlx_array_new_data(data, shape, 2, MLX_FLOAT32), 1, 2, 3, 4);
  float managed[] = {5, 6, 7, 8};
  MADE(mlx_array_new_data_managed(managed, shape, 2, MLX_FLOAT32, destroy), 5, 6, 7, 8);
  MADE(mlx_array_new_data_managed_payload(managed, shape, 2, MLX_FLOAT32, NULL, destroy), 5, 6, 7,
       8);
  TRUE(destroyed == 2);

#define SET(call, ...)      \
  do {                      \
    OK(call);               \
    VALUES(a, __VA_ARGS__); \
  } while (0)
  SET(mlx_array_set_bool(&a, true), 1);
  SET(mlx_array_set_int(&a, 4), 4);
  SET(mlx_array_set_float(&a, 2.5f), 2.5);
  SET(mlx_array_set_float32(&a, 2.5f), 2.5);
  SET(mlx_array_set_float64(&a, 2.5), 2.5);
  SET(mlx_array_set_double(&a, 2.5), 2.5);
  SET(mlx_array_set_complex(&a, 3, 4), 3, 4);
  SET(mlx_array_set_data(&a, data, shape, 2, MLX_FLOAT32), 1, 2, 3, 4);
  mlx_array b = mlx_array_new();
  OK(mlx_array_set(&b, a));
  VALUES(b, 1, 2, 3, 4);

  TRUE(mlx_array_itemsize(a) == 4 && mlx_array_size(a) == 4 && mlx_array_nbytes(a) == 16);
  TRUE(mlx_array_ndim(a) == 2 && mlx_array_shape(a)[1] == 2 && mlx_array_dim(a, -1) == 2);
  TRUE(mlx_array_dtype(a) == MLX_FLOAT32 && mlx_dtype_size(MLX_COMPLEX64) == 8);
  OK(mlx_transpose(&b, a, s));
  OK(mlx_array_eval(b));
  TRUE(mlx_array_strides(b)[0] == 1 && mlx_array_strides(b)[1] == 2);
  bool flag = false;
  OK(mlx_array_is_available(&flag, b));
  TRUE(flag);
  OK(mlx_array_wait(b));
  OK(mlx_array_is_contiguous(&flag, b));
  TRUE(flag);
  OK(mlx_array_is_row_contiguous(&flag, b));
  TRUE(!flag);
  OK(mlx_array_is_col_contiguous(&flag, b));
  TRUE(flag);
  OK(_mlx_array_is_available(&flag, b));
  OK(_mlx_array_wait(b));
  OK(_mlx_array_is_contiguous(&flag, b));
  OK(_mlx_array_is_row_contiguous(&flag, b));
  OK(_mlx_array_is_col_contiguous(&flag, b));
  mlx_string text = mlx_string_new();
  OK(mlx_array_tostring(&text, a));
  TRUE(strcmp(mlx_string_data(text), "array([[1, 2],\n       [3, 4]], dtype=float32)") == 0);
  mlx_string_free(text);
  OK(mlx_array_set(&b, mlx_array_new()));
  TRUE(b.ctx == NULL);
  mlx_array_free(a);
}

static void typed_access(void) {
#define TYPED(suffix, type, dtype, wanted)               \
  do {                                                   \
    type value;                                          \
    mlx_array a = cast(SCALAR(wanted), dtype);           \
    OK(mlx_array_eval(a));                               \
    OK(mlx_array_item_##suffix(&value, a));              \
    TRUE(value == (type)wanted);                         \
    TRUE(mlx_array_data_##suffix(a)[0] == (type)wanted); \
    end_row();                                           \
  } while (0)
  TYPED(bool, bool, MLX_BOOL, 1);
  TYPED(uint8, uint8_t, MLX_UINT8, 200);
  TYPED(uint16, uint16_t, MLX_UINT16, 60000);
  TYPED(uint32, uint32_t, MLX_UINT32, 70000);
  TYPED(uint64, uint64_t, MLX_UINT64, 70000);
  TYPED(int8, int8_t, MLX_INT8, -5);
  TYPED(int16, int16_t, MLX_INT16, -500);
  TYPED(int32, int32_t, MLX_INT32, -70000);
  TYPED(int64, int64_t, MLX_INT64, -70000);
  TYPED(float32, float, MLX_FLOAT32, 1.5);
  TYPED(float64, double, MLX_FLOAT64, 1.5);
  TYPED(complex64, mlx_complex64_t, MLX_COMPLEX64, 1.5);
#define HALF(suffix, type, dtype, bits)                        \
  do {                                                         \
    type value;                                                \
    const uint16_t wanted = bits;                              \
    mlx_array a = cast(SCALAR(1.5), dtype);                    \
    OK(mlx_array_eval(a));                                     \
    OK(mlx_array_item_##suffix(&value, a));                    \
    TRUE(memcmp(&value, &wanted, 2) == 0);                     \
    TRUE(memcmp(mlx_array_data_##suffix(a), &wanted, 2) == 0); \
    end_row();                                                 \
  } while (0)
  HALF(float16, float16_t, MLX_FLOAT16, 0x3e00);
  HALF(bfloat16, bfloat16_t, MLX_BFLOAT16, 0x3fc0);
  float value;
  ERROR(mlx_array_item_float32(&value, F(1, 2)), "2 elements");
  ERROR(mlx_array_item_float32(&value, none), "empty mlx_array");
  end_row();
}

static void strings(void) {
  mlx_string a = mlx_string_new_data("one"), b = mlx_string_new();
  TRUE(mlx_string_data(b) == NULL);
  OK(mlx_string_set(&b, a));
  TRUE(strcmp(mlx_string_data(b), "one") == 0);
  OK(mlx_string_free(a));
  OK(mlx_string_free(b));
  a = mlx_string_new();
  OK(mlx_version(&a));
  TRUE(strcmp(mlx_string_data(a), "0.32.4") == 0);
  mlx_string_free(a);
}

static void vectors(void) {
  mlx_vector_array a = mlx_vector_array_new(), b = mlx_vector_array_new_value(F(1)), c;
  OK(mlx_vector_array_append_value(a, F(1)));
  OK(mlx_vector_array_append_data(a, (mlx_array[]){F(2), F(3)}, 2));
  TRUE(mlx_vector_array_size(a) == 3);
  CHECK(mlx_vector_array_get(&r, a, 2), 3);
  ERROR(mlx_vector_array_get(&r, a, 3), "index 3");
  OK(mlx_vector_array_set(&b, a));
  TRUE(mlx_vector_array_size(b) == 3);
  OK(mlx_vector_array_set_value(&b, F(7)));
  TRUE(mlx_vector_array_size(b) == 1);
  OK(mlx_vector_array_set_data(&b, (mlx_array[]){F(2), F(3)}, 2));
  TRUE(mlx_vector_array_size(b) == 2);
  c = mlx_vector_array_new_data((mlx_array[]){F(2), F(3)}, 2);
  TRUE(mlx_vector_array_size(c) == 2);

  mlx_vector_vector_array aa = mlx_vector_vector_array_new();
  mlx_vector_vector_array bb = mlx_vector_vector_array_new_value(a);
  OK(mlx_vector_vector_array_append_value(aa, a));
  OK(mlx_vector_vector_array_append_data(aa, (mlx_vector_array[]){b, c}, 2));
  TRUE(mlx_vector_vector_array_size(aa) == 3);
  OK(mlx_vector_vector_array_get(&b, aa, 0));
  TRUE(mlx_vector_array_size(b) == 3);
  OK(mlx_vector_vector_array_set(&bb, aa));
  TRUE(mlx_vector_vector_array_size(bb) == 3);
  OK(mlx_vector_vector_array_set_value(&bb, a));
  OK(mlx_vector_vector_array_set_data(&bb, (mlx_vector_array[]){b, c}, 2));
  TRUE(mlx_vector_vector_array_size(bb) == 2);
  mlx_vector_vector_array cc = mlx_vector_vector_array_new_data((mlx_vector_array[]){b, c}, 2);
  TRUE(mlx_vector_vector_array_size(cc) == 2);
  mlx_vector_vector_array_free(aa), mlx_vector_vector_array_free(bb);
  mlx_vector_vector_array_free(cc);
  mlx_vector_array_free(a), mlx_vector_array_free(b), mlx_vector_array_free(c);

  int got = 0;
  mlx_vector_int i = mlx_vector_int_new(), j = mlx_vector_int_new_value(4);
  OK(mlx_vector_int_append_value(i, 1));
  OK(mlx_vector_int_append_data(i, (int[]){2, 3}, 2));
  TRUE(mlx_vector_int_size(i) == 3);
  OK(mlx_vector_int_get(&got, i, 1));
  TRUE(got == 2);
  OK(mlx_vector_int_set(&j, i));
  OK(mlx_vector_int_set_value(&j, 9));
  OK(mlx_vector_int_set_data(&j, (int[]){2, 3}, 2));
  TRUE(mlx_vector_int_size(j) == 2);
  mlx_vector_int k = mlx_vector_int_new_data((int[]){5}, 1);
  OK(mlx_vector_int_get(&got, k, 0));
  TRUE(got == 5);
  mlx_vector_int_free(i), mlx_vector_int_free(j), mlx_vector_int_free(k);

  char* word = NULL;
  mlx_vector_string t = mlx_vector_string_new(), u = mlx_vector_string_new_value("a");
  OK(mlx_vector_string_append_value(t, "b"));
  OK(mlx_vector_string_append_data(t, (const char*[]){"c", "d"}, 2));
  TRUE(mlx_vector_string_size(t) == 3);
  OK(mlx_vector_string_get(&word, t, 2));
  TRUE(strcmp(word, "d") == 0);
  OK(mlx_vector_string_set(&u, t));
  OK(mlx_vector_string_set_value(&u, "e"));
  OK(mlx_vector_string_set_data(&u, (const char*[]){"f", "g"}, 2));
  TRUE(mlx_vector_string_size(u) == 2);
  mlx_vector_string w = mlx_vector_string_new_data((const char*[]){"h"}, 1);
  TRUE(mlx_vector_string_size(w) == 1);
  mlx_vector_string_free(t), mlx_vector_string_free(u), mlx_vector_string_free(w);
}

static void maps(void) {
  mlx_map_string_to_array m = mlx_map_string_to_array_new(), n = mlx_map_string_to_array_new();
  OK(mlx_map_string_to_array_insert(m, "a", F(1)));
  OK(mlx_map_string_to_array_insert(m, "a", F(2)));
  CHECK(mlx_map_string_to_array_get(&r, m, "a"), 2);
  ERROR(mlx_map_string_to_array_get(&r, m, "b"), "no key 'b'");
  OK(mlx_map_string_to_array_set(&n, m));
  const char *key = NULL, *value = NULL;
  mlx_map_string_to_array_iterator it = mlx_map_string_to_array_iterator_new(n);
  OK(mlx_map_string_to_array_iterator_next(&key, &r, it));
  TRUE(strcmp(key, "a") == 0);
  VALUES(r, 2);
  TRUE(mlx_map_string_to_array_iterator_next(&key, &r, it) == 2);
  mlx_map_string_to_array_iterator_free(it);
  mlx_map_string_to_array_free(m), mlx_map_string_to_array_free(n);

  mlx_map_string_to_string p = mlx_map_string_to_string_new(), q = mlx_map_string_to_string_new();
  OK(mlx_map_string_to_string_insert(p, "a", "x"));
  OK(mlx_map_string_to_string_get(&value, p, "a"));
  TRUE(strcmp(value, "x") == 0);
  OK(mlx_map_string_to_string_set(&q, p));
  mlx_map_string_to_string_iterator at = mlx_map_string_to_string_iterator_new(q);
  OK(mlx_map_string_to_string_iterator_next(&key, &value, at));
  TRUE(strcmp(key, "a") == 0 && strcmp(value, "x") == 0);
  TRUE(mlx_map_string_to_string_iterator_next(&key, &value, at) == 2);
  mlx_map_string_to_string_iterator_free(at);
  mlx_map_string_to_string_free(p), mlx_map_string_to_string_free(q);
}

static void placement(void) {
  mlx_device cpu = mlx_device_new_type(MLX_CPU, 0), d = mlx_device_new();
  mlx_string text = mlx_string_new();
  int index = 9, count = 0;
  bool flag = false;
  mlx_device_type type = MLX_GPU;
  OK(mlx_device_set(&d, cpu));
  TRUE(mlx_device_equal(d, cpu));
  OK(mlx_device_tostring(&text, d));
  TRUE(strcmp(mlx_string_data(text), "Device(cpu, 0)") == 0);
  OK(mlx_device_get_index(&index, d));
  OK(mlx_device_get_type(&type, d));
  TRUE(index == 0 && type == MLX_CPU);
  OK(mlx_set_default_device(cpu));
  OK(mlx_get_default_device(&d));
  TRUE(mlx_device_equal(d, cpu));
  OK(mlx_device_is_available(&flag, cpu));
  OK(mlx_device_count(&count, MLX_CPU));
  TRUE(flag && count == 1);

  mlx_device_info info = mlx_device_info_new();
  mlx_vector_string keys = mlx_vector_string_new();
  const char* name = NULL;
  size_t size = 0;
  OK(mlx_device_info_get(&info, cpu));
  OK(mlx_device_info_has_key(&flag, info, "device_name"));
  TRUE(flag);
  OK(mlx_device_info_is_string(&flag, info, "memory_size"));
  TRUE(!flag);
  OK(mlx_device_info_get_string(&name, info, "device_name"));
  TRUE(strlen(name) > 0);
  OK(mlx_device_info_get_size(&size, info, "memory_size"));
  TRUE(size > 0);
  ERROR(mlx_device_info_get_size(&size, info, "device_name"), "another type");
  OK(mlx_device_info_get_keys(&keys, info));
  TRUE(mlx_vector_string_size(keys) > 2);
  mlx_device_info_free(info), mlx_vector_string_free(keys);

  mlx_stream a = mlx_stream_new(), b = mlx_stream_new_device(cpu), c = mlx_stream_new();
  OK(mlx_stream_set(&a, b));
  TRUE(mlx_stream_equal(a, b));
  OK(mlx_stream_tostring(&text, b));
  TRUE(strncmp(mlx_string_data(text), "Stream(Device(cpu, 0), ", 23) == 0);
  OK(mlx_stream_get_device(&d, b));
  TRUE(mlx_device_equal(d, cpu));
  OK(mlx_stream_get_index(&index, b));
  CHECK(mlx_add(&r, F(1), F(2), b), 3);
  OK(mlx_synchronize(b));
  OK(mlx_get_default_stream(&c, cpu));
  TRUE(!mlx_stream_equal(b, c));
  OK(mlx_set_default_stream(c));
  mlx_stream_free(a), mlx_stream_free(b), mlx_stream_free(c);
  a = mlx_default_cpu_stream_new(), b = mlx_default_gpu_stream_new();
  TRUE(a.ctx && b.ctx);
  mlx_stream_free(a), mlx_stream_free(b);
  mlx_device_free(d), mlx_device_free(cpu);
  mlx_string_free(text);

  OK(mlx_metal_is_available(&flag));
  TRUE(!flag);
  OK(mlx_metal_start_capture("trace"));
  OK(mlx_metal_stop_capture());
  OK(mlx_cuda_is_available(&flag));
  TRUE(!flag);
}

static void groups(void) {
  mlx_distributed_group g = mlx_distributed_group_new(), part = mlx_distributed_group_new();
  TRUE(!mlx_distributed_is_available("nccl"));
  OK(mlx_distributed_init(&g, false, NULL));
  TRUE(mlx_distributed_group_rank(g) == 0 && mlx_distributed_group_size(g) == 1);
  ERROR(mlx_distributed_group_split(&part, g, 0, 0), "split");
  CHECK(mlx_distributed_all_sum(&r, F(1, 2), g, s), 1, 2);
  CHECK(mlx_distributed_all_gather(&r, F(1, 2), g, s), 1, 2);
  CHECK(mlx_distributed_all_max(&r, F(1, 2), g, s), 1, 2);
  CHECK(mlx_distributed_all_min(&r, F(1, 2), g, s), 1, 2);
  CHECK(mlx_distributed_sum_scatter(&r, F(1, 2), g, s), 1, 2);
  ERROR(mlx_distributed_send(&r, F(1), 1, g, s), "send");
  ERROR(mlx_distributed_recv(&r, L(1), MLX_FLOAT32, 1, g, s), "recv");
  ERROR(mlx_distributed_recv_like(&r, F(1), 1, g, s), "recv_like");
  end_row();
  mlx_distributed_group_free(g), mlx_distributed_group_free(part);
}

static void memory(void) {
  size_t before = 0, now = 0, limit = 0;
  OK(mlx_clear_cache());
  OK(mlx_get_active_memory(&before));
  static const float zeros[1000];
  mlx_array big = mlx_array_new_data(zeros, (int[]){1000}, 1, MLX_FLOAT32);
  OK(mlx_get_active_memory(&now));
  TRUE(now >= before + 4000);
  mlx_array_free(big);
  OK(mlx_get_peak_memory(&now));
  TRUE(now >= 4000);
  OK(mlx_reset_peak_memory());
  OK(mlx_get_peak_memory(&limit));
  TRUE(limit <= now);
  OK(mlx_get_cache_memory(&now));
  OK(mlx_get_memory_limit(&limit));
  OK(mlx_set_memory_limit(&now, limit / 2));
  TRUE(now == limit);
  OK(mlx_set_memory_limit(&now, limit));
  TRUE(now == limit / 2);
  OK(mlx_set_cache_limit(&limit, 1 << 20));
  OK(mlx_set_cache_limit(&now, limit));
  TRUE(now == 1 << 20);
  OK(mlx_set_wired_limit(&now, 1 << 20));
  TRUE(now == 0);
}

static void* adds(void* sum) {
  mlx_stream own = mlx_default_cpu_stream_new();
  mlx_array total = mlx_array_new_float(0), one = mlx_array_new_float(1);
  for (int i = 0; i < 50; ++i)
    if (mlx_add(&total, total, one, own)) break;
  if (mlx_array_item_float32(sum, total)) *(float*)sum = -1;
  mlx_array_free(total), mlx_array_free(one), mlx_stream_free(own);
  return NULL;
}

static void threads(void) {
  pthread_t running[4];
  float sums[4];
  for (int i = 0; i < 4; ++i) pthread_create(&running[i], NULL, adds, &sums[i]);
  for (int i = 0; i < 4; ++i) pthread_join(running[i], NULL);
  TRUE(sums[0] == 50 && sums[1] == 50 && sums[2] == 50 && sums[3] == 50);
}

static void count_messages(const char* text, void* data) {
  (void)text;
  ++*(int*)data;
}

static void errors(void) {
  ERROR(mlx_add(&r, F(1, 2), F(1, 2, 3), s),
        "mlx_add: [add] Shapes (2) and (3) cannot be broadcast");
  ERROR(mlx_add(&r, none, F(1), s), "an argument is an empty mlx_array");
  ERROR(mlx_add(NULL, F(1), F(1), s), "is null");
  ERROR(mlx_astype(&r, F(1), (mlx_dtype)99, s), "99 is no mlx_dtype");
  TRUE(mlx_array_size(none) == 0);
  mlx_error("file.c", 3, "own %d", 5);
  TRUE(strcmp(last_error(), "own 5 at file.c:3") == 0);
  _mlx_error("file.c", 4, "own %d", 6);
  TRUE(strcmp(last_error(), "own 6 at file.c:4") == 0);
  static int count;
  destroyed = 0;
  mlx_set_error_handler(count_messages, &count, destroy);
  mlx_add(&r, none, none, s);
  TRUE(count == 1 && destroyed == 0);
  mlx_set_error_handler(NULL, NULL, NULL);
  TRUE(destroyed == 1);
  end_row();
}

int main(void) {
  start();
  values();
  typed_access();
  strings();
  vectors();
  maps();
  placement();
  groups();
  memory();
  threads();
  errors();
  return finish();
}
