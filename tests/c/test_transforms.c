// Closures, differentiation, custom rules, compiled functions, functions in files, graphs as text,
// kernels.
#include "check.h"

static int destroyed;
static void destroy(void* payload) {
  (void)payload;
  ++destroyed;
}

/// x * x, for each input.
static int squares(mlx_vector_array* res, const mlx_vector_array in) {
  mlx_array x = mlx_array_new(), y = mlx_array_new();
  int status = 0;
  for (size_t i = 0; i < mlx_vector_array_size(in) && !status; ++i)
    status = mlx_vector_array_get(&x, in, i) || mlx_square(&y, x, s) ||
             mlx_vector_array_append_value(*res, y);
  mlx_array_free(x), mlx_array_free(y);
  return status;
}

/// The sum of x * x * factor; the factor is the payload.
static int scaled_sum(mlx_vector_array* res, const mlx_vector_array in, void* payload) {
  mlx_array x = mlx_array_new(), factor = mlx_array_new_float(*(float*)payload);
  int status = mlx_vector_array_get(&x, in, 0) || mlx_square(&x, x, s) ||
               mlx_multiply(&x, x, factor, s) || mlx_sum(&x, x, false, s) ||
               mlx_vector_array_set_value(res, x);
  mlx_array_free(x), mlx_array_free(factor);
  return status;
}

static int refuses(mlx_vector_array* res, const mlx_vector_array in) {
  (void)res, (void)in;
  return 3;
}

static int negated(mlx_array* res, const mlx_array x) {
  return mlx_negative(res, x, s);
}

static int with_offset(mlx_vector_array* res, const mlx_vector_array in,
                       const mlx_map_string_to_array named) {
  mlx_array x = mlx_array_new(), offset = mlx_array_new();
  int status = mlx_vector_array_get(&x, in, 0) ||
               mlx_map_string_to_array_get(&offset, named, "offset") || mlx_add(&x, x, offset, s) ||
               mlx_vector_array_set_value(res, x);
  mlx_array_free(x), mlx_array_free(offset);
  return status;
}
static int with_offset_payload(mlx_vector_array* res, const mlx_vector_array in,
                               const mlx_map_string_to_array named, void* payload) {
  ++*(int*)payload;
  return with_offset(res, in, named);
}

static int both(mlx_vector_array* res_0, mlx_vector_array* res_1, const mlx_vector_array in) {
  return mlx_vector_array_set(res_0, in) || squares(res_1, in);
}
static int both_payload(mlx_vector_array* res_0, mlx_vector_array* res_1, const mlx_vector_array in,
                        void* payload) {
  ++*(int*)payload;
  return both(res_0, res_1, in);
}

/// A gradient that is the cotangent times ten.
static int tenfold(mlx_vector_array* res, const mlx_vector_array primals,
                   const mlx_vector_array cotangents, const mlx_vector_array outputs) {
  (void)primals, (void)outputs;
  mlx_array g = mlx_array_new(), ten = mlx_array_new_float(10);
  int status = mlx_vector_array_get(&g, cotangents, 0) || mlx_multiply(&g, g, ten, s) ||
               mlx_vector_array_set_value(res, g);
  mlx_array_free(g), mlx_array_free(ten);
  return status;
}
static int tenfold_payload(mlx_vector_array* res, const mlx_vector_array primals,
                           const mlx_vector_array cotangents, const mlx_vector_array outputs,
                           void* payload) {
  ++*(int*)payload;
  return tenfold(res, primals, cotangents, outputs);
}
static int tenfold_forward(mlx_vector_array* res, const mlx_vector_array primals,
                           const mlx_vector_array tangents, const int* argnums, size_t count) {
  return count != 1 || argnums[0] != 0 || tenfold(res, primals, tangents, primals);
}
static int tenfold_forward_payload(mlx_vector_array* res, const mlx_vector_array primals,
                                   const mlx_vector_array tangents, const int* argnums,
                                   size_t count, void* payload) {
  ++*(int*)payload;
  return tenfold_forward(res, primals, tangents, argnums, count);
}
static int same_axes(mlx_vector_array* res, mlx_vector_int* res_axes, const mlx_vector_array in,
                     const int* axes, size_t count) {
  return mlx_vector_array_set(res, in) || mlx_vector_int_set_data(res_axes, (int*)axes, count);
}
static int same_axes_payload(mlx_vector_array* res, mlx_vector_int* res_axes,
                             const mlx_vector_array in, const int* axes, size_t count,
                             void* payload) {
  ++*(int*)payload;
  return same_axes(res, res_axes, in, axes, count);
}

static void closures(void) {
  float factor = 2;
  mlx_closure a = mlx_closure_new_func(squares), b = mlx_closure_new();
  CHECK_ALL(mlx_closure_apply(&v, a, V(F(1, 2), F(3))), 1, 4, 9);
  OK(mlx_closure_set(&b, a));
  CHECK_ALL(mlx_closure_apply(&v, b, V(F(5))), 25);
  OK(mlx_closure_free(a));
  a = mlx_closure_new_func_payload(scaled_sum, &factor, destroy);
  CHECK_ALL(mlx_closure_apply(&v, a, V(F(1, 2))), 10);
  OK(mlx_closure_set(&b, a));
  destroyed = 0;
  OK(mlx_closure_free(a));
  TRUE(destroyed == 0);
  OK(mlx_closure_free(b));
  TRUE(destroyed == 1);
  a = mlx_closure_new_unary(negated);
  CHECK_ALL(mlx_closure_apply(&v, a, V(F(1, 2))), -1, -2);
  mlx_closure_free(a);
  a = mlx_closure_new_func(refuses);
  ERROR(mlx_closure_apply(&v, a, V(F(1))), "returned 3");
  end_row();
  mlx_closure_free(a);
}

static void other_closures(void) {
  int calls = 0;
  mlx_map_string_to_array named = mlx_map_string_to_array_new();
  mlx_map_string_to_array_insert(named, "offset", F(10));
  mlx_closure_kwargs k = mlx_closure_kwargs_new_func(with_offset), l = mlx_closure_kwargs_new();
  CHECK_ALL(mlx_closure_kwargs_apply(&v, k, V(F(1)), named), 11);
  OK(mlx_closure_kwargs_set(&l, k));
  mlx_closure_kwargs_free(k);
  k = mlx_closure_kwargs_new_func_payload(with_offset_payload, &calls, NULL);
  CHECK_ALL(mlx_closure_kwargs_apply(&v, k, V(F(1)), named), 11);
  mlx_closure_kwargs_free(k), mlx_closure_kwargs_free(l), mlx_map_string_to_array_free(named);

  mlx_vector_array w = mlx_vector_array_new();
  mlx_closure_value_and_grad g = mlx_closure_value_and_grad_new_func(both);
  mlx_closure_value_and_grad h = mlx_closure_value_and_grad_new();
  CHECK_ALL(mlx_closure_value_and_grad_apply(&w, &v, g, V(F(3))), 9);
  OK(mlx_closure_value_and_grad_set(&h, g));
  mlx_closure_value_and_grad_free(g);
  g = mlx_closure_value_and_grad_new_func_payload(both_payload, &calls, NULL);
  CHECK_ALL(mlx_closure_value_and_grad_apply(&v, &w, g, V(F(3))), 3);
  mlx_closure_value_and_grad_free(g), mlx_closure_value_and_grad_free(h);

  mlx_closure_custom c = mlx_closure_custom_new_func(tenfold), d = mlx_closure_custom_new();
  CHECK_ALL(mlx_closure_custom_apply(&v, c, V(F(1)), V(F(2)), V(F(1))), 20);
  OK(mlx_closure_custom_set(&d, c));
  mlx_closure_custom_free(c);
  c = mlx_closure_custom_new_func_payload(tenfold_payload, &calls, NULL);
  CHECK_ALL(mlx_closure_custom_apply(&v, c, V(F(1)), V(F(2)), V(F(1))), 20);
  mlx_closure_custom_free(c), mlx_closure_custom_free(d);

  mlx_closure_custom_jvp j = mlx_closure_custom_jvp_new_func(tenfold_forward);
  mlx_closure_custom_jvp i = mlx_closure_custom_jvp_new();
  CHECK_ALL(mlx_closure_custom_jvp_apply(&v, j, V(F(1)), V(F(2)), L(0)), 20);
  OK(mlx_closure_custom_jvp_set(&i, j));
  mlx_closure_custom_jvp_free(j);
  j = mlx_closure_custom_jvp_new_func_payload(tenfold_forward_payload, &calls, NULL);
  CHECK_ALL(mlx_closure_custom_jvp_apply(&v, j, V(F(1)), V(F(2)), L(0)), 20);
  mlx_closure_custom_jvp_free(i), mlx_closure_custom_jvp_free(j);

  int axis = 0;
  mlx_vector_int axes = mlx_vector_int_new();
  mlx_closure_custom_vmap m = mlx_closure_custom_vmap_new_func(same_axes);
  mlx_closure_custom_vmap n = mlx_closure_custom_vmap_new();
  CHECK_ALL(mlx_closure_custom_vmap_apply(&v, &axes, m, V(F(1)), L(4)), 1);
  OK(mlx_vector_int_get(&axis, axes, 0));
  TRUE(axis == 4);
  OK(mlx_closure_custom_vmap_set(&n, m));
  mlx_closure_custom_vmap_free(m);
  m = mlx_closure_custom_vmap_new_func_payload(same_axes_payload, &calls, NULL);
  CHECK_ALL(mlx_closure_custom_vmap_apply(&v, &axes, m, V(F(1)), L(4)), 1);
  mlx_closure_custom_vmap_free(m), mlx_closure_custom_vmap_free(n);
  mlx_vector_int_free(axes), mlx_vector_array_free(w);
  TRUE(calls == 5);
}

static void differentiation(void) {
  float factor = 2;
  mlx_closure f = mlx_closure_new_func(squares),
              loss = mlx_closure_new_func_payload(scaled_sum, &factor, NULL);
  mlx_closure g = mlx_closure_new();
  mlx_vector_array w = mlx_vector_array_new();
  OK(mlx_eval(V(F(1), F(2))));
  OK(mlx_async_eval(V(F(1))));
  CHECK_ALL(mlx_vjp(&w, &v, f, V(F(3)), V(F(1))), 6);
  CHECK_ALL(mlx_jvp(&w, &v, f, V(F(3)), V(F(10))), 60);
  mlx_closure_value_and_grad with = mlx_closure_value_and_grad_new();
  OK(mlx_value_and_grad(&with, loss, L(0)));
  CHECK_ALL(mlx_closure_value_and_grad_apply(&w, &v, with, V(F(1, 2))), 4, 8);
  CHECK_ALL(mlx_closure_value_and_grad_apply(&v, &w, with, V(F(1, 2))), 10);
  OK(mlx_checkpoint(&g, loss));
  OK(mlx_value_and_grad(&with, g, L(0)));
  CHECK_ALL(mlx_closure_value_and_grad_apply(&w, &v, with, V(F(1, 2))), 4, 8);

  mlx_closure_custom rule = mlx_closure_custom_new_func(tenfold);
  mlx_closure_custom_jvp forward = mlx_closure_custom_jvp_new_func(tenfold_forward);
  mlx_closure_custom_vmap mapped = mlx_closure_custom_vmap_new_func(same_axes);
  OK(mlx_custom_vjp(&g, f, rule));
  CHECK_ALL(mlx_vjp(&w, &v, g, V(F(3)), V(F(1))), 10);
  OK(mlx_custom_function(&g, f, rule, forward, mapped));
  CHECK_ALL(mlx_vjp(&w, &v, g, V(F(3)), V(F(1))), 10);
  CHECK_ALL(mlx_jvp(&w, &v, g, V(F(3)), V(F(2))), 20);

  mlx_vector_array inside = mlx_vector_array_new(), traced = mlx_vector_array_new();
  mlx_vector_array xs = mlx_vector_array_new_value(M(1, 2, 3, 4));
  OK(mlx_detail_vmap_trace(&inside, &traced, f, xs, L(1)));
  CHECK_ALL(mlx_detail_vmap_replace(&v, xs, inside, traced, L(1), L(0)), 1, 9, 4, 16);
  mlx_vector_array_free(inside), mlx_vector_array_free(traced), mlx_vector_array_free(xs);
  mlx_closure_custom_free(rule), mlx_closure_custom_jvp_free(forward);
  mlx_closure_custom_vmap_free(mapped), mlx_closure_value_and_grad_free(with);
  mlx_closure_free(f), mlx_closure_free(g), mlx_closure_free(loss), mlx_vector_array_free(w);
}

static void compiled(void) {
  mlx_closure f = mlx_closure_new_func(squares), g = mlx_closure_new();
  const uint64_t constants[] = {1, 2};
  OK(mlx_compile(&g, f, false));
  CHECK_ALL(mlx_closure_apply(&v, g, V(F(1, 2))), 1, 4);
  CHECK_ALL(mlx_closure_apply(&v, g, V(F(1, 2, 3))), 1, 4, 9);
  OK(mlx_detail_compile(&g, f, 77, true, constants, 2));
  CHECK_ALL(mlx_closure_apply(&v, g, V(F(1, 2))), 1, 4);
  OK(mlx_detail_compile_erase(77));
  OK(mlx_detail_compile_clear_cache());
  OK(mlx_disable_compile());
  CHECK_ALL(mlx_closure_apply(&v, g, V(F(3))), 9);
  OK(mlx_enable_compile());
  OK(mlx_set_compile_mode(MLX_COMPILE_MODE_ENABLED));
  CHECK_ALL(mlx_closure_apply(&v, g, V(F(3))), 9);
  mlx_closure_free(f), mlx_closure_free(g);
}

static void exported(void) {
  mlx_closure f = mlx_closure_new_func(squares);
  mlx_closure_kwargs k = mlx_closure_kwargs_new_func(with_offset);
  mlx_map_string_to_array named = mlx_map_string_to_array_new();
  mlx_array ten = mlx_array_new();
  OK(mlx_array_set_data(&ten, (float[]){10}, (int[]){1}, 1, MLX_FLOAT32));
  OK(mlx_map_string_to_array_insert(named, "offset", ten));
  OK(mlx_export_function("squares.mlxfn", f, V(F(1, 2)), false));
  mlx_imported_function back = mlx_imported_function_new("squares.mlxfn");
  CHECK_ALL(mlx_imported_function_apply(&v, back, V(F(3, 4))), 9, 16);
  ERROR(mlx_imported_function_apply(&v, back, V(F(3, 4, 5))), "No imported function");
  mlx_imported_function_free(back);
  OK(mlx_export_function_kwargs("offset.mlxfn", k, V(F(1)), named, false));
  back = mlx_imported_function_new("offset.mlxfn");
  CHECK_ALL(mlx_imported_function_apply_kwargs(&v, back, V(F(3)), named), 13);
  mlx_imported_function_free(back);
  mlx_function_exporter e = mlx_function_exporter_new("many.mlxfn", f, false);
  OK(mlx_function_exporter_apply(e, V(F(1))));
  OK(mlx_function_exporter_apply(e, V(F(1, 2))));
  OK(mlx_function_exporter_apply_kwargs(e, V(F(1, 2, 3)), named));
  mlx_function_exporter_free(e);
  back = mlx_imported_function_new("many.mlxfn");
  CHECK_ALL(mlx_imported_function_apply(&v, back, V(F(4))), 16);
  mlx_imported_function_free(back);
  mlx_closure_free(f), mlx_closure_kwargs_free(k), mlx_map_string_to_array_free(named);
  mlx_array_free(ten);
  end_row();
}

static void pictures(void) {
  char text[4096] = "";
  const char* name = NULL;
  mlx_array x = F(1), y = F(2);
  mlx_node_namer namer = mlx_node_namer_new();
  OK(mlx_node_namer_set_name(namer, x, "first"));
  OK(mlx_node_namer_get_name(&name, namer, x));
  TRUE(strcmp(name, "first") == 0);
  OK(mlx_add(&r, x, y, s));
  FILE* file = tmpfile();
  OK(mlx_export_to_dot(file, namer, V(r)));
  OK(mlx_print_graph(file, namer, V(r)));
  rewind(file);
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  TRUE(strstr(text, "digraph") && strstr(text, "\"first\" ->") && strstr(text, "Add(first, "));
  mlx_node_namer_free(namer);
  end_row();
}

static void kernels(void) {
  const char *in[] = {"x"}, *out[] = {"y"};
  mlx_vector_string inputs = mlx_vector_string_new_data(in, 1),
                    outputs = mlx_vector_string_new_data(out, 1);
  mlx_fast_metal_kernel_config config = mlx_fast_metal_kernel_config_new();
  OK(mlx_fast_metal_kernel_config_add_output_arg(config, L(4), MLX_FLOAT32));
  OK(mlx_fast_metal_kernel_config_set_grid(config, 2, 1, 1));
  OK(mlx_fast_metal_kernel_config_set_thread_group(config, 1, 1, 1));
  OK(mlx_fast_metal_kernel_config_set_init_value(config, 7));
  OK(mlx_fast_metal_kernel_config_set_verbose(config, false));
  OK(mlx_fast_metal_kernel_config_add_template_arg_dtype(config, "T", MLX_FLOAT32));
  OK(mlx_fast_metal_kernel_config_add_template_arg_int(config, "N", 3));
  OK(mlx_fast_metal_kernel_config_add_template_arg_bool(config, "DOUBLED", true));
  mlx_fast_metal_kernel own = mlx_fast_opencl_kernel_new(
      "tripled", inputs, outputs, "long i = get_global_id(0); y[i] = x[i] * N * (DOUBLED ? 2 : 1);",
      "", true);
  CHECK_ALL(mlx_fast_metal_kernel_apply(&v, own, V(F(1, 2, 3, 4)), config, s), 6, 12, 7, 7);
  mlx_fast_metal_kernel_free(own);
  mlx_fast_metal_kernel metal =
      mlx_fast_metal_kernel_new("own", inputs, outputs, "y[0] = x[0];", "", true, false);
  TRUE(metal.ctx != NULL);
  mlx_fast_metal_kernel_free(metal);
  mlx_fast_metal_kernel_config_free(config);

  mlx_fast_cuda_kernel_config other = mlx_fast_cuda_kernel_config_new();
  OK(mlx_fast_cuda_kernel_config_add_output_arg(other, L(4), MLX_FLOAT32));
  OK(mlx_fast_cuda_kernel_config_set_grid(other, 2, 1, 1));
  OK(mlx_fast_cuda_kernel_config_set_thread_group(other, 1, 1, 1));
  OK(mlx_fast_cuda_kernel_config_set_init_value(other, 7));
  OK(mlx_fast_cuda_kernel_config_set_verbose(other, false));
  OK(mlx_fast_cuda_kernel_config_add_template_arg_dtype(other, "T", MLX_FLOAT32));
  OK(mlx_fast_cuda_kernel_config_add_template_arg_int(other, "N", 3));
  OK(mlx_fast_cuda_kernel_config_add_template_arg_bool(other, "DOUBLED", true));
  mlx_fast_cuda_kernel cuda =
      mlx_fast_cuda_kernel_new("own", inputs, outputs, "y[0] = x[0];", "", true, 0);
  TRUE(cuda.ctx == NULL && strstr(last_error(), "No CUDA back-end"));
  ERROR(mlx_fast_cuda_kernel_apply(&v, cuda, V(F(1)), other, s), "empty mlx_fast_cuda_kernel");
  mlx_fast_cuda_kernel_free(cuda), mlx_fast_cuda_kernel_config_free(other);
  mlx_vector_string_free(inputs), mlx_vector_string_free(outputs);
  end_row();
}

int main(void) {
  start();
  closures();
  other_closures();
  differentiation();
  compiled();
  exported();
  pictures();
  kernels();
  return finish();
}
