// The Python module mlx.core.
#include <limits>

#include "bind/array_type.h"
#include "bind/call.h"
#include "bind/devices.h"
#include "bind/distributed.h"
#include "bind/dtypes.h"
#include "bind/elementwise.h"
#include "bind/evaluation.h"
#include "bind/extension.h"
#include "bind/indexing.h"
#include "bind/io.h"
#include "bind/ops.h"
#include "bind/printing.h"
#include "bind/transforms.h"

namespace mlx {
namespace {

void bind_constants(py::module_& m) {
  m.attr("pi") = 3.14159265358979323846;
  m.attr("e") = 2.71828182845904523536;
  m.attr("euler_gamma") = 0.57721566490153286061;
  m.attr("inf") = std::numeric_limits<double>::infinity();
  m.attr("nan") = std::numeric_limits<double>::quiet_NaN();
  m.attr("newaxis") = py::none();
  m.attr("__version__") = "0.32.4";
}

}  // namespace

// The module's types and caches and the threads of OpenCL belong to one interpreter. pybind11's own
// function would wait for ever in another, so it gets another name, and is called in the main one.
#define PyInit_core init_in_main_interpreter
PYBIND11_MODULE(core, m) {
  m.doc() = "Arrays, operations and function transformations.";
  bind_errors();
  bind_interrupts();
  bind_dtypes(m);
  bind_devices(m);
  bind_streams(m);
  bind_memory(m);
  bind_printing(m);
  bind_operations(m);
  bind_array(m);
  bind_indexing(m);
  bind_evaluation(m);
  bind_elementwise(m);
  bind_shape_ops(m);
  bind_math_ops(m);
  bind_io(m);
  bind_op_modules(m);
  bind_packed_ops(m);
  bind_transforms(m);
  bind_distributed(m);
  bind_constants(m);
  bind_extension(m);
  bind_runtime_info(m);
  bind_aliases(m);
  py::module_::import("mlx._reprlib");
}
#undef PyInit_core

extern "C" PYBIND11_EXPORT PyObject* PyInit_core() {
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) return init_in_main_interpreter();
  PyErr_SetString(PyExc_ImportError,
                  "mlx.core can be used in the main interpreter only, not in another one of the "
                  "same process.");
  return nullptr;
}

}  // namespace mlx
