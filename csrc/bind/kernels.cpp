// mx.fast.opencl_kernel, metal_kernel, and the kernels of CUDA, which are not there.
#include <pybind11/stl.h>

#include "base/error.h"
#include "bind/arguments.h"
#include "bind/devices.h"
#include "bind/ops.h"
#include "bind/results.h"
#include "ops/custom_kernel.h"

namespace mlx {
namespace {

using namespace py::literals;
using namespace fast;

std::vector<int64_t> three(const CustomSource& kernel, const py::object& sizes, const char* what) {
  std::vector<int64_t> result;
  for (const py::handle size : sizes) result.push_back(py::cast<int64_t>(size));
  if (result.empty() || result.size() > 3)
    fail(kernel.op(), "The ", what, " needs one to three sizes.");
  result.resize(3, 1);
  return result;
}

std::vector<TemplateValue> template_of(const CustomSource& kernel, const py::object& items) {
  std::vector<TemplateValue> values;
  if (items.is_none()) return values;
  for (const py::handle item : items) {
    const py::tuple pair = py::reinterpret_borrow<py::object>(item).cast<py::tuple>();
    const py::object value = pair[1];
    const std::string name = py::cast<std::string>(pair[0]);
    if (PyBool_Check(value.ptr()))
      values.push_back({name, TemplateValue::flag, value.cast<bool>()});
    else if (PyLong_Check(value.ptr()))
      values.push_back({name, TemplateValue::integer, value.cast<int64_t>()});
    else if (const auto dtype = dtype_from(value.ptr()))
      values.push_back({name, TemplateValue::dtype, dtype->id()});
    else
      fail(kernel.op(), "Invalid template argument. Must be `mlx.core.Dtype`, `int` or `bool`.");
  }
  return values;
}

py::list call(const CustomSource& kernel, const py::object& inputs, const py::object& output_shapes,
              const py::object& output_dtypes, const py::object& grid,
              const py::object& threadgroup, const py::object& values,
              const std::optional<double>& init_value, bool verbose, const py::object& stream) {
  const CallArguments none{nullptr, 0};
  Arrays arrays;
  for (const py::handle input : inputs)
    arrays.push_back(to_array(Argument<Operand>::from(input.ptr(), none)));
  KernelRun run{{},         {},     three(kernel, grid, "grid"), {}, template_of(kernel, values),
                init_value, verbose};
  if (!threadgroup.is_none()) run.group = three(kernel, threadgroup, "group");
  for (const py::handle shape : output_shapes)
    run.shapes.push_back(Argument<Shape>::from(shape.ptr(), none));
  for (const py::handle dtype : output_dtypes)
    run.dtypes.push_back(Argument<Dtype>::from(dtype.ptr(), none));
  // Metal kernels name the GPU, also where there is none: they can be recorded there.
  StreamOrDevice where;
  if (const auto device = device_from(stream); device && kernel.language == CustomSource::metal)
    where = *device;
  else if (!stream.is_none())
    where = stream_from(stream.ptr());
  const Arrays outputs = run_kernel(kernel, arrays, run, where);
  py::list result;
  for (const array& output : outputs) result.append(result_object(output));
  return result;
}

/// Refuses what metal_kernel's compile_options may not hold.
void check_metal_options(const py::object& options) {
  const char* op = "metal_kernel";
  if (options.is_none()) return;
  if (!py::isinstance<py::dict>(options)) fail(op, "Expected `compile_options` to be a dict.");
  for (const auto& [key, value] : options.cast<py::dict>()) {
    if (py::str(key).cast<std::string>() != "math_mode")
      fail(op, "Unknown compile option `", py::str(key).cast<std::string>(), "`.");
    const std::string mode = py::str(value);
    if (mode != "safe" && mode != "relaxed" && mode != "fast")
      fail(op, "Expected math_mode to be 'safe', 'relaxed', or 'fast'.");
  }
}

constexpr const char* doc =
    R"(A function that runs an OpenCL C kernel, given as the body of its main function.

The body sees every input and output as a pointer of its name (float16 as half for vload_half, bfloat16 as ushort);
`name_shape`, `name_strides` (global const long*) and `name_ndim` of inputs exist where it mentions them. `header` comes
before the function. The result is called as

    kernel(inputs=[...], output_shapes=[...], output_dtypes=[...], grid=(x, y, z), threadgroup=None,
           template=[("T", mx.float32), ("N", 4)], init_value=None, verbose=False, stream=None)

and returns a list of arrays. The grid counts work-items; with a threadgroup it is rounded up to whole groups, so the
body must check its index then. A kernel that does not build raises RuntimeError with the compiler's log on evaluation.)";

constexpr const char* metal_doc =
    R"(A function that runs a Metal kernel, given as the body of its main function, on OpenCL.

The body is translated to OpenCL C when it first runs for these types, template arguments and group; `header` holds the
functions and structs that it uses. Inputs are pointers of their names (values, where an input has no dimensions), with
`name_shape`, `name_strides` and `name_ndim` where the body mentions them. The result is called as opencl_kernel's is, with
`grid` in threads and `threadgroup` their number in a group; `verbose` prints both texts. What cannot be translated
raises RuntimeError with its line when the result is evaluated.)";

void no_backend(const char* name) {
  PyErr_Format(PyExc_RuntimeError, "[%s] No CUDA back-end.", name);
  throw py::error_already_set();
}

}  // namespace

void bind_kernels(py::module_& fast) {
  using Names = std::vector<std::string>;
  py::class_<CustomSource>(fast, "_CustomKernel")
      .def("__call__", &call, py::kw_only(), "inputs"_a, "output_shapes"_a, "output_dtypes"_a,
           "grid"_a, "threadgroup"_a = py::none(), "template"_a = py::none(),
           "init_value"_a = py::none(), "verbose"_a = false, "stream"_a = py::none());
  fast.def(
      "opencl_kernel",
      [](std::string name, Names inputs, Names outputs, std::string source, std::string header,
         bool ensure_row_contiguous) {
        return CustomSource{CustomSource::opencl, std::move(name),   std::move(inputs),
                            std::move(outputs),   std::move(source), std::move(header),
                            ensure_row_contiguous};
      },
      "name"_a, "input_names"_a, "output_names"_a, "source"_a, "header"_a = "",
      "ensure_row_contiguous"_a = true, doc);
  fast.def(
      "metal_kernel",
      [](std::string name, Names inputs, Names outputs, std::string source, std::string header,
         bool ensure_row_contiguous, bool, const py::object& options) {
        if (outputs.empty()) fail("metal_kernel", "Must specify at least one output.");
        check_metal_options(options);
        return CustomSource{CustomSource::metal,  std::move(name),   std::move(inputs),
                            std::move(outputs),   std::move(source), std::move(header),
                            ensure_row_contiguous};
      },
      "name"_a, "input_names"_a, "output_names"_a, "source"_a, "header"_a = "",
      "ensure_row_contiguous"_a = true, "atomic_outputs"_a = false,
      "compile_options"_a = py::none(), metal_doc);
  fast.def(
      "cuda_kernel",
      [](const std::string&, const std::vector<std::string>&, const std::vector<std::string>&,
         const std::string&, const std::string&, bool, int) { no_backend("cuda_kernel"); },
      "name"_a, "input_names"_a, "output_names"_a, "source"_a, "header"_a = "",
      "ensure_row_contiguous"_a = true, "shared_memory"_a = 0,
      "Raises RuntimeError: there is no CUDA here.");
  fast.def(
      "precompiled_cuda_kernel", [](const py::kwargs&) { no_backend("precompiled_cuda_kernel"); },
      "Takes name, compiled_source, inputs, output_shapes, output_dtypes, scalars, grid, "
      "threadgroup, shared_memory, "
      "init_value, ensure_row_contiguous and stream. Raises RuntimeError: there is no CUDA here.");
}

}  // namespace mlx
