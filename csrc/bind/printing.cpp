// The options of printing.
#include "bind/printing.h"

namespace mlx {
namespace {

/// Sets options within a `with` block.
struct PrintOptionsContext {
  PrintOptions wanted, previous{};
};

}  // namespace

void bind_printing(py::module_& m) {
  py::class_<PrintOptions>(m, "PrintOptions", "How arrays are printed.")
      .def(py::init([](int precision) { return PrintOptions{precision}; }),
           py::arg("precision") = -1)
      .def_readwrite("precision", &PrintOptions::precision,
                     "Decimals; -1 stands for six significant digits.");
  py::class_<PrintOptionsContext>(m, "_PrintOptionsContext")
      .def(py::init([](const PrintOptions& wanted) { return PrintOptionsContext{wanted}; }),
           py::arg("options"), py::pos_only())
      .def("__enter__",
           [](py::object self) {
             auto& context = self.cast<PrintOptionsContext&>();
             context.previous = std::exchange(print_options, context.wanted);
             return self;
           })
      .def("__exit__",
           [](PrintOptionsContext& context, const py::args&) { print_options = context.previous; });
  m.def(
      "set_printoptions", [](int precision) { print_options.precision = precision; },
      py::arg("precision") = -1,
      "Prints floats with that many decimals; -1 restores six significant digits.");
  m.def("get_printoptions", [] { return print_options; }, "The options in force.");
  m.def(
      "printoptions", [](int precision) { return PrintOptionsContext{{precision}}; },
      py::arg("precision") = -1, "set_printoptions within a `with` block.");
}

}  // namespace mlx
