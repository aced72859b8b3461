// Arrays as text, and the options of printing.
#include "bind/printing.h"

#include <concepts>
#include <cstdio>

#include "bind/host_view.h"

namespace mlx {
namespace {

struct PrintOptions {
  int precision = -1;  ///< decimals; -1: six significant digits
};
PrintOptions options;

/// Sets options within a `with` block.
struct PrintOptionsContext {
  PrintOptions wanted, previous{};
};

constexpr int shown_at_each_end = 3;

/// Six significant digits, or as many decimals as set_printoptions asked for.
std::string format_number(double value) {
  if (options.precision == -1) return six_digits(value);
  char text[400];
  std::snprintf(text, sizeof text, "%.*f", options.precision < 0 ? 6 : options.precision, value);
  return text;
}

std::string text_of(bool value) {
  return value ? "True" : "False";
}
template <std::integral T>
std::string text_of(T value) {
  return std::to_string(value);
}
std::string text_of(float value) {
  return format_number(value);
}
std::string text_of(double value) {
  return format_number(value);
}
std::string text_of(Half auto value) {
  return format_number(float(value));
}
std::string text_of(complex64_t value) {
  return format_number(value.real()) + (value.imag() < 0 ? "" : "+") + format_number(value.imag()) +
         "j";
}

template <typename T>
class Printer {
 public:
  Printer(const T* data, const array& value, const Strides& strides)
      : data_(data), value_(value), strides_(strides) {}

  void print(std::string& out, int axis, int64_t offset) const {
    if (axis == value_.ndim()) {
      out += text_of(data_[offset]);
      return;
    }
    const int length = value_.shape(axis);
    const std::string separator =
        axis + 1 == value_.ndim() ? ", " : ",\n" + std::string(7 + axis, ' ');
    out += '[';
    for (int i = 0; i < length; ++i) {
      if (i) out += separator;
      if (length > 2 * shown_at_each_end && i == shown_at_each_end) {
        out += "...";
        i = length - shown_at_each_end - 1;
        continue;
      }
      print(out, axis + 1, offset + i * strides_[axis]);
    }
    out += ']';
  }

 private:
  const T* data_;
  const array& value_;
  const Strides& strides_;
};

}  // namespace

std::string six_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string format_array(array value) {
  const void* const data = read_on_host(value);
  const Strides strides = value.size() && value.ndim() ? value.strides() : row_major(value.shape());
  std::string out = "array(";
  if (value.size() == 0 && value.ndim() == 1)
    out += "[]";
  else
    visit(value.dtype(), [&](auto zero) {
      Printer(static_cast<const decltype(zero)*>(data), value, strides).print(out, 0, 0);
    });
  return out + ", dtype=" + value.dtype().name() + ")";
}

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
             context.previous = std::exchange(options, context.wanted);
             return self;
           })
      .def("__exit__",
           [](PrintOptionsContext& context, const py::args&) { options = context.previous; });
  m.def(
      "set_printoptions", [](int precision) { options.precision = precision; },
      py::arg("precision") = -1,
      "Prints floats with that many decimals; -1 restores six significant digits.");
  m.def("get_printoptions", [] { return options; }, "The options in force.");
  m.def(
      "printoptions", [](int precision) { return PrintOptionsContext{{precision}}; },
      py::arg("precision") = -1, "set_printoptions within a `with` block.");
}

}  // namespace mlx
