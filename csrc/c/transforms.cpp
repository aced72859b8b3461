// Transformations, compiled functions, recorded functions in files, and graphs as text.
#include <sstream>

#include "c/convert.h"
#include "mlx/compile_impl.h"

using namespace mlx::c;
namespace core = mlx::core;

namespace {

/// The C function's stream gets the text at once.
template <typename Write>
void print_to(FILE* os, Write&& write) {
  if (!os) throw std::invalid_argument("the file is null.");
  std::ostringstream text;
  write(text);
  if (std::fputs(text.str().c_str(), os) < 0)
    throw std::runtime_error("writing to the file failed.");
}

core::ArgsKwargsFn positional(const Closure& fun) {
  return [fun](const core::Args& args, const core::Kwargs&) { return fun(args); };
}

}  // namespace

extern "C" {

int mlx_async_eval(const mlx_vector_array outputs) {
  return guarded(__func__, [&] { core::async_eval(get(outputs)); });
}
int mlx_eval(const mlx_vector_array outputs) {
  return guarded(__func__, [&] { core::eval(get(outputs)); });
}
int mlx_checkpoint(mlx_closure* res, const mlx_closure fun) {
  return guarded(__func__, [&] { put(res, core::checkpoint(get(fun))); });
}
int mlx_custom_function(mlx_closure* res, const mlx_closure fun, const mlx_closure_custom fun_vjp,
                        const mlx_closure_custom_jvp fun_jvp,
                        const mlx_closure_custom_vmap fun_vmap) {
  return guarded(__func__, [&] {
    put(res, core::custom_function(get(fun), get_optional(fun_vjp), get_optional(fun_jvp),
                                   get_optional(fun_vmap)));
  });
}
int mlx_custom_vjp(mlx_closure* res, const mlx_closure fun, const mlx_closure_custom fun_vjp) {
  return guarded(__func__, [&] { put(res, core::custom_vjp(get(fun), get(fun_vjp))); });
}
int mlx_jvp(mlx_vector_array* res_0, mlx_vector_array* res_1, const mlx_closure fun,
            const mlx_vector_array primals, const mlx_vector_array tangents) {
  return guarded(__func__,
                 [&] { put(res_0, res_1, core::jvp(get(fun), get(primals), get(tangents))); });
}
int mlx_vjp(mlx_vector_array* res_0, mlx_vector_array* res_1, const mlx_closure fun,
            const mlx_vector_array primals, const mlx_vector_array cotangents) {
  return guarded(__func__,
                 [&] { put(res_0, res_1, core::vjp(get(fun), get(primals), get(cotangents))); });
}
int mlx_value_and_grad(mlx_closure_value_and_grad* res, const mlx_closure fun, const int* argnums,
                       size_t argnums_num) {
  return guarded(__func__,
                 [&] { put(res, core::value_and_grad(get(fun), ints(argnums, argnums_num))); });
}

int mlx_detail_vmap_replace(mlx_vector_array* res, const mlx_vector_array inputs,
                            const mlx_vector_array s_inputs, const mlx_vector_array s_outputs,
                            const int* in_axes, size_t in_axes_num, const int* out_axes,
                            size_t out_axes_num) {
  return guarded(__func__, [&] {
    put(res, core::detail::vmap_replace(get(inputs), get(s_inputs), get(s_outputs),
                                        ints(in_axes, in_axes_num), ints(out_axes, out_axes_num)));
  });
}
int mlx_detail_vmap_trace(mlx_vector_array* res_0, mlx_vector_array* res_1, const mlx_closure fun,
                          const mlx_vector_array inputs, const int* in_axes, size_t in_axes_num) {
  return guarded(__func__, [&] {
    put(res_0, res_1, core::detail::vmap_trace(get(fun), get(inputs), ints(in_axes, in_axes_num)));
  });
}

int mlx_compile(mlx_closure* res, const mlx_closure fun, bool shapeless) {
  return guarded(__func__, [&] { put(res, core::compile(get(fun), shapeless)); });
}
int mlx_detail_compile(mlx_closure* res, const mlx_closure fun, uintptr_t fun_id, bool shapeless,
                       const uint64_t* constants, size_t constants_num) {
  return guarded(__func__, [&] {
    if (!constants && constants_num) throw std::invalid_argument("the constants are null.");
    put(res,
        core::detail::compile(get(fun), fun_id, shapeless, {constants, constants + constants_num}));
  });
}
int mlx_detail_compile_clear_cache(void) {
  return guarded(__func__, [] { core::detail::compile_clear_cache(); });
}
int mlx_detail_compile_erase(uintptr_t fun_id) {
  return guarded(__func__, [&] { core::detail::compile_erase(fun_id); });
}
int mlx_disable_compile(void) {
  return guarded(__func__, [] { core::disable_compile(); });
}
int mlx_enable_compile(void) {
  return guarded(__func__, [] { core::enable_compile(); });
}
int mlx_set_compile_mode(mlx_compile_mode mode) {
  return guarded(__func__, [&] {
    if (int(mode) < 0 || mode > MLX_COMPILE_MODE_ENABLED)
      throw std::invalid_argument(std::to_string(int(mode)) + " is no mlx_compile_mode.");
    core::set_compile_mode(core::CompileMode(mode));
  });
}

int mlx_export_function(const char* file, const mlx_closure fun, const mlx_vector_array args,
                        bool shapeless) {
  return guarded(__func__, [&] {
    core::export_function(text_of(file), positional(get(fun)), get(args), {}, shapeless);
  });
}
int mlx_export_function_kwargs(const char* file, const mlx_closure_kwargs fun,
                               const mlx_vector_array args, const mlx_map_string_to_array kwargs,
                               bool shapeless) {
  return guarded(__func__, [&] {
    core::export_function(text_of(file), core::ArgsKwargsFn(get(fun)), get(args), get(kwargs),
                          shapeless);
  });
}
mlx_function_exporter mlx_function_exporter_new(const char* file, const mlx_closure fun,
                                                bool shapeless) {
  return made<mlx_function_exporter>(
      __func__, [&] { return core::exporter(text_of(file), positional(get(fun)), shapeless); });
}
int mlx_function_exporter_free(mlx_function_exporter xfunc) {
  return guarded(__func__, [&] { release(xfunc); });
}
int mlx_function_exporter_apply(const mlx_function_exporter xfunc, const mlx_vector_array args) {
  return guarded(__func__, [&] { get(xfunc)(get(args)); });
}
int mlx_function_exporter_apply_kwargs(const mlx_function_exporter xfunc,
                                       const mlx_vector_array args,
                                       const mlx_map_string_to_array kwargs) {
  return guarded(__func__, [&] { get(xfunc)(get(args), get(kwargs)); });
}
mlx_imported_function mlx_imported_function_new(const char* file) {
  return made<mlx_imported_function>(__func__,
                                     [&] { return core::import_function(text_of(file)); });
}
int mlx_imported_function_free(mlx_imported_function xfunc) {
  return guarded(__func__, [&] { release(xfunc); });
}
int mlx_imported_function_apply(mlx_vector_array* res, const mlx_imported_function xfunc,
                                const mlx_vector_array args) {
  return guarded(__func__, [&] { put(res, get(xfunc)(get(args))); });
}
int mlx_imported_function_apply_kwargs(mlx_vector_array* res, const mlx_imported_function xfunc,
                                       const mlx_vector_array args,
                                       const mlx_map_string_to_array kwargs) {
  return guarded(__func__, [&] { put(res, get(xfunc)(get(args), get(kwargs))); });
}

mlx_node_namer mlx_node_namer_new(void) {
  return made<mlx_node_namer>(__func__, [] { return core::NodeNamer(); });
}
int mlx_node_namer_free(mlx_node_namer namer) {
  return guarded(__func__, [&] { release(namer); });
}
int mlx_node_namer_set_name(mlx_node_namer namer, const mlx_array arr, const char* name) {
  return guarded(__func__, [&] { get(namer).set_name(get(arr), text_of(name)); });
}
int mlx_node_namer_get_name(const char** name, mlx_node_namer namer, const mlx_array arr) {
  return guarded(__func__, [&] { *name = get(namer).get_name(get(arr)).c_str(); });
}
int mlx_export_to_dot(FILE* os, const mlx_node_namer namer, const mlx_vector_array outputs) {
  return guarded(__func__, [&] {
    print_to(os, [&](std::ostream& to) { core::export_to_dot(to, get(namer), get(outputs)); });
  });
}
int mlx_print_graph(FILE* os, const mlx_node_namer namer, const mlx_vector_array outputs) {
  return guarded(__func__, [&] {
    print_to(os, [&](std::ostream& to) { core::print_graph(to, get(namer), get(outputs)); });
  });
}

}  // extern "C"
