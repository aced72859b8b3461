// The life of every kind of object: made, assigned, handed to callbacks and freed, with graphs that
// are traced and transformed but not evaluated. Valgrind watches it.
#include "check.h"

static int destroyed;
static void destroy(void* payload) {
  (void)payload;
  ++destroyed;
}

static int squares(mlx_vector_array* res, const mlx_vector_array in, void* payload) {
  (void)payload;
  mlx_array x = mlx_array_new();
  const int status = mlx_vector_array_get(&x, in, 0) || mlx_multiply(&x, x, x, s) ||
                     mlx_sum(&x, x, false, s) || mlx_vector_array_set_value(res, x);
  mlx_array_free(x);
  return status;
}

static int refuses(mlx_vector_array* res, const mlx_vector_array in) {
  (void)res, (void)in;
  return 1;
}

static void graphs(void) {
  OK(mlx_add(&r, F(1, 2), F(3, 4), s));
  OK(mlx_matmul(&r, M(1, 2, 3, 4), M(1, 2, 3, 4), s));
  OK(mlx_split(&v, F(1, 2, 3, 4), 2, 0, s));
  OK(mlx_linalg_qr(&r, &r2, M(1, 2, 3, 4), s));
  ERROR(mlx_add(&r, F(1, 2), F(1, 2, 3), s), "cannot be broadcast");
  ERROR(mlx_vector_array_get(&r, v, 9), "index 9");
  end_row();
}

static void functions(void) {
  mlx_closure f = mlx_closure_new_func_payload(squares, &destroyed, destroy), g = mlx_closure_new();
  mlx_closure_value_and_grad with = mlx_closure_value_and_grad_new();
  mlx_vector_array w = mlx_vector_array_new();
  OK(mlx_value_and_grad(&with, f, L(0)));
  OK(mlx_closure_value_and_grad_apply(&v, &w, with, V(F(1, 2))));
  OK(mlx_vjp(&v, &w, f, V(F(1, 2)), V(held(mlx_array_new_float(1)))));
  OK(mlx_checkpoint(&g, f));
  OK(mlx_closure_apply(&v, g, V(F(1, 2))));
  OK(mlx_compile(&g, f, false));
  OK(mlx_closure_apply(&v, g, V(F(1, 2))));
  OK(mlx_closure_set(&g, mlx_closure_new()));
  mlx_closure_value_and_grad_free(with);
  mlx_closure_free(f);
  TRUE(destroyed == 1);
  f = mlx_closure_new_func(refuses);
  ERROR(mlx_closure_apply(&v, f, V(F(1))), "returned 1");
  ERROR(mlx_vjp(&v, &w, f, V(F(1)), V(F(1))), "returned 1");
  mlx_closure_free(f), mlx_vector_array_free(w);
  end_row();
}

static void containers(void) {
  mlx_map_string_to_array m = mlx_map_string_to_array_new(), n = mlx_map_string_to_array_new();
  OK(mlx_map_string_to_array_insert(m, "key", F(1)));
  OK(mlx_map_string_to_array_set(&n, m));
  mlx_map_string_to_array_iterator it = mlx_map_string_to_array_iterator_new(n);
  const char* key = NULL;
  while (mlx_map_string_to_array_iterator_next(&key, &r, it) == 0) TRUE(key[0] == 'k');
  mlx_map_string_to_array_iterator_free(it);
  mlx_map_string_to_array_free(m), mlx_map_string_to_array_free(n);
  mlx_vector_string words = mlx_vector_string_new_data((const char*[]){"a", "b"}, 2);
  mlx_vector_vector_array lists = mlx_vector_vector_array_new_value(V(F(1), F(2)));
  mlx_string text = mlx_string_new_data("text");
  mlx_device cpu = mlx_device_new_type(MLX_CPU, 0);
  mlx_stream own = mlx_stream_new_device(cpu);
  mlx_stream_free(own), mlx_device_free(cpu), mlx_string_free(text);
  mlx_vector_vector_array_free(lists), mlx_vector_string_free(words);
  end_row();
}

int main(void) {
  start();
  graphs();
  functions();
  containers();
  return finish();
}
