// Kernels of the caller's.
#include "mlx/c/fast_kernels.h"

#include "c/convert.h"

using namespace mlx::c;
namespace core = mlx::core;

extern "C" {

// The functions of a configuration, which both kinds of kernels share.
#define CONFIG(config)                                                                      \
  config config##_new(void) {                                                               \
    return made<config>(__func__, [] { return KernelConfig(); });                           \
  }                                                                                         \
  void config##_free(config cls) {                                                          \
    release(cls);                                                                           \
  }                                                                                         \
  int config##_add_output_arg(config cls, const int* shape, size_t size, mlx_dtype dtype) { \
    return guarded(__func__, [&] {                                                          \
      const core::Dtype type = dtype_of(dtype);                                             \
      get(cls).shapes.push_back(shape_of(shape, size));                                     \
      get(cls).dtypes.push_back(type);                                                      \
    });                                                                                     \
  }                                                                                         \
  int config##_set_grid(config cls, int grid1, int grid2, int grid3) {                      \
    return guarded(__func__, [&] { get(cls).grid = {grid1, grid2, grid3}; });               \
  }                                                                                         \
  int config##_set_thread_group(config cls, int thread1, int thread2, int thread3) {        \
    return guarded(__func__, [&] { get(cls).group = {thread1, thread2, thread3}; });        \
  }                                                                                         \
  int config##_set_init_value(config cls, float value) {                                    \
    return guarded(__func__, [&] { get(cls).initial = value; });                            \
  }                                                                                         \
  int config##_set_verbose(config cls, bool verbose) {                                      \
    return guarded(__func__, [&] { get(cls).verbose = verbose; });                          \
  }                                                                                         \
  int config##_add_template_arg_dtype(config cls, const char* name, mlx_dtype dtype) {      \
    return guarded(__func__,                                                                \
                   [&] { get(cls).values.emplace_back(text_of(name), dtype_of(dtype)); });  \
  }                                                                                         \
  int config##_add_template_arg_int(config cls, const char* name, int value) {              \
    return guarded(__func__, [&] { get(cls).values.emplace_back(text_of(name), value); });  \
  }                                                                                         \
  int config##_add_template_arg_bool(config cls, const char* name, bool value) {            \
    return guarded(__func__, [&] { get(cls).values.emplace_back(text_of(name), value); });  \
  }
CONFIG(mlx_fast_metal_kernel_config)
CONFIG(mlx_fast_cuda_kernel_config)
#undef CONFIG

#define APPLY(kernel, config)                                                                      \
  void kernel##_free(kernel cls) {                                                                 \
    release(cls);                                                                                  \
  }                                                                                                \
  int kernel##_apply(mlx_vector_array* outputs, kernel cls, const mlx_vector_array inputs,         \
                     const config configuration, const mlx_stream stream) {                        \
    return guarded(__func__, [&] {                                                                 \
      const KernelConfig& c = get(configuration);                                                  \
      put(outputs, get(cls)(get(inputs), c.shapes, c.dtypes, c.grid, c.group, c.values, c.initial, \
                            c.verbose, get(stream)));                                              \
    });                                                                                            \
  }
APPLY(mlx_fast_metal_kernel, mlx_fast_metal_kernel_config)
APPLY(mlx_fast_cuda_kernel, mlx_fast_cuda_kernel_config)
#undef APPLY

mlx_fast_metal_kernel mlx_fast_metal_kernel_new(const char* name,
                                                const mlx_vector_string input_names,
                                                const mlx_vector_string output_names,
                                                const char* source, const char* header,
                                                bool ensure_row_contiguous, bool atomic_outputs) {
  return made<mlx_fast_metal_kernel>(__func__, [&] {
    return core::fast::metal_kernel(text_of(name), get(input_names), get(output_names),
                                    text_of(source), header ? header : "", ensure_row_contiguous,
                                    atomic_outputs);
  });
}
mlx_fast_cuda_kernel mlx_fast_cuda_kernel_new(const char* name, const mlx_vector_string input_names,
                                              const mlx_vector_string output_names,
                                              const char* source, const char* header,
                                              bool ensure_row_contiguous, int shared_memory) {
  return made<mlx_fast_cuda_kernel>(__func__, [&] {
    return core::fast::cuda_kernel(text_of(name), get(input_names), get(output_names),
                                   text_of(source), header ? header : "", ensure_row_contiguous,
                                   shared_memory);
  });
}
mlx_fast_metal_kernel mlx_fast_opencl_kernel_new(const char* name,
                                                 const mlx_vector_string input_names,
                                                 const mlx_vector_string output_names,
                                                 const char* source, const char* header,
                                                 bool ensure_row_contiguous) {
  return made<mlx_fast_metal_kernel>(__func__, [&] {
    return core::fast::opencl_kernel(text_of(name), get(input_names), get(output_names),
                                     text_of(source), header ? header : "", ensure_row_contiguous);
  });
}

}  // extern "C"
