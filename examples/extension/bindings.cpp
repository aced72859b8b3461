// The Python module mlx_axpby._ext.
#include <mlx/python.h>

#include "axpby.h"

namespace py = pybind11;

PYBIND11_MODULE(_ext, m) {
  py::module_::import("mlx.core");
  m.def("axpby", &axpby::axpby, py::arg("x"), py::arg("y"), py::arg("alpha"), py::arg("beta"),
        py::kw_only(), py::arg("stream") = py::none(), "alpha * x + beta * y");
}
