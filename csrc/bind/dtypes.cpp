// Dtype, DtypeCategory, finfo, iinfo and the functions over dtypes.
#include "bind/dtypes.h"

#include <cmath>
#include <limits>

#include "base/error.h"
#include "bind/array_type.h"
#include "bind/enums.h"
#include "bind/printing.h"

namespace mlx {
namespace {

/// A Dtype by itself would convert to and from ids silently.
struct DtypeObject {
  Dtype dtype;
};

PyObject* objects[Dtype::count];
py::object* categories;

std::optional<Category> category_from(py::handle object) {
  if (!py::isinstance(object, *categories)) return {};
  return Category(object.attr("value").cast<int>());
}

struct FloatFacts {
  explicit FloatFacts(Dtype asked) : dtype(asked.is_complex() ? float32 : asked) {
    if (!asked.is_inexact()) fail("finfo", "dtype ", asked.name(), " is not inexact.");
  }
  Dtype dtype;
  std::string text() const {
    return "finfo(min=" + six_digits(-dtype.largest()) + ", max=" + six_digits(dtype.largest()) +
           ", dtype=" + dtype.name() + ")";
  }
};

struct IntegerFacts {
  explicit IntegerFacts(Dtype asked) : dtype(asked) {
    if (!asked.is_integer())
      fail("iinfo", "Only integer types supported but ", asked.name(), " was provided.");
    const int bits = 8 * dtype.size();
    const bool is_signed = dtype.kind() == Kind::signed_integer;
    min = is_signed ? -1 - int64_t(~uint64_t{0} >> (65 - bits)) : 0;
    max = ~uint64_t{0} >> (64 - bits + is_signed);
  }
  Dtype dtype;
  int64_t min;
  uint64_t max;
  std::string text() const {
    return "iinfo(min=" + std::to_string(min) + ", max=" + std::to_string(max) +
           ", dtype=" + dtype.name() + ")";
  }
};

Dtype required(const py::object& object, const char* function, const char* argument) {
  if (const auto dtype = dtype_from(object.ptr())) return *dtype;
  throw type_error(std::string(function) + "(): argument '" + argument + "' must be a Dtype, not " +
                   Py_TYPE(object.ptr())->tp_name + ".");
}

std::optional<Dtype> of_array_or_dtype(py::handle object) {
  if (is_array(object.ptr())) return array_of(object.ptr()).dtype();
  return dtype_from(object.ptr());
}

bool is_subdtype(const py::object& a, const py::object& b) {
  const auto a_dtype = dtype_from(a.ptr()), b_dtype = dtype_from(b.ptr());
  const auto a_category = category_from(a), b_category = category_from(b);
  if (!a_dtype && !a_category) fail("issubdtype", "Received invalid type for first input.");
  if (!b_dtype && !b_category) fail("issubdtype", "Received invalid type for second input.");
  if (b_dtype) return a_dtype && *a_dtype == *b_dtype;
  return is_subcategory(a_category ? *a_category : category(*a_dtype), *b_category);
}

bool is_of_kind(Dtype dtype, const py::object& kind) {
  if (const auto other = dtype_from(kind.ptr())) return dtype == *other;
  if (py::isinstance<py::tuple>(kind)) {
    bool any = false;
    for (const py::handle item : kind)
      any |= is_of_kind(dtype, py::reinterpret_borrow<py::object>(item));
    return any;
  }
  if (!py::isinstance<py::str>(kind))
    fail("isdtype", "`kind` must be a dtype, a string, or a tuple of both.");
  const std::string name = kind.cast<std::string>();
  if (name == "bool") return dtype == bool_;
  if (name == "signed integer") return dtype.kind() == Kind::signed_integer;
  if (name == "unsigned integer") return dtype.kind() == Kind::unsigned_integer;
  if (name == "integral") return dtype.is_integer();
  if (name == "real floating") return dtype.is_floating();
  if (name == "complex floating") return dtype.is_complex();
  if (name == "numeric") return dtype != bool_;
  fail("isdtype", "Unknown data type kind: '", name, "'.");
}

Dtype result_type(const py::args& args) {
  if (args.empty()) fail("result_type", "At least one array or dtype is required.");
  std::optional<Dtype> result;
  for (const py::handle arg : args) {
    const auto dtype = of_array_or_dtype(arg);
    if (!dtype) fail("result_type", "Inputs must be arrays or dtypes.");
    result = result ? promote(*result, *dtype) : *dtype;
  }
  return *result;
}

void bind_dtype_class(py::module_& m) {
  py::class_<DtypeObject>(m, "Dtype", "An element type.")
      .def_property_readonly(
          "size", [](const DtypeObject& d) { return d.dtype.size(); }, "Bytes an element.")
      .def("__repr__",
           [](const DtypeObject& d) { return std::string("mlx.core.") + d.dtype.name(); })
      .def("__eq__",
           [](const DtypeObject& d, const py::object& other) {
             if (other.is_none()) throw type_error("a Dtype cannot be compared with None.");
             const auto dtype = dtype_from(other.ptr());
             return dtype && d.dtype == *dtype;
           })
      .def("__hash__", [](const DtypeObject& d) { return int(d.dtype.id()); })
      .def("__reduce__",
           [](const DtypeObject& d) { return d.dtype == bool_ ? "bool_" : d.dtype.name(); });
  for (int id = 0; id < Dtype::count; ++id) {
    const Dtype dtype{Dtype::Id(id)};
    objects[id] = py::cast(DtypeObject{dtype}).release().ptr();
    m.add_object(dtype == bool_ ? "bool_" : dtype.name(),
                 py::reinterpret_borrow<py::object>(objects[id]));
  }
  // mx.bool, as the array API has it, without hiding Python's bool from `from mlx.core import *`.
  m.def("__getattr__", [](const std::string& name) {
    if (name == "bool") return dtype_object(bool_);
    throw py::attribute_error("module 'mlx.core' has no attribute '" + name + "'");
  });
}

}  // namespace

PyObject* dtype_object_of(Dtype dtype) {
  return objects[dtype.id()];
}

std::optional<Dtype> dtype_from(PyObject* object) {
  for (int id = 0; id < Dtype::count; ++id)
    if (objects[id] == object) return Dtype::Id(id);
  if (py::isinstance<DtypeObject>(object)) return py::cast<DtypeObject&>(py::handle(object)).dtype;
  return {};
}

void bind_dtypes(py::module_& m) {
  bind_dtype_class(m);
  categories = new py::object(make_enum(m, "DtypeCategory",
                                        {"complexfloating", "floating", "inexact", "signedinteger",
                                         "unsignedinteger", "integer", "number", "generic"},
                                        "Categories of dtypes, for mx.issubdtype."));
  py::class_<FloatFacts>(m, "finfo", "Limits of a floating dtype.")
      .def(py::init([](const py::object& dtype) {
             return FloatFacts(required(dtype, "finfo", "dtype"));
           }),
           py::arg("dtype"), py::pos_only())
      .def_property_readonly(
          "bits", [](const FloatFacts& f) { return 8 * f.dtype.size(); }, "Bits an element.")
      .def_property_readonly(
          "min", [](const FloatFacts& f) { return -f.dtype.largest(); }, "The lowest finite value.")
      .def_property_readonly(
          "max", [](const FloatFacts& f) { return f.dtype.largest(); }, "The largest finite value.")
      .def_property_readonly(
          "eps", [](const FloatFacts& f) { return f.dtype.epsilon(); },
          "The distance from 1 to the next larger value.")
      .def_property_readonly(
          "smallest_normal", [](const FloatFacts& f) { return f.dtype.smallest_normal(); },
          "The smallest positive normal value.")
      .def_property_readonly(
          "dtype", [](const FloatFacts& f) { return dtype_object(f.dtype); },
          "The dtype; float32 for complex64.")
      .def("__repr__", &FloatFacts::text);
  py::class_<IntegerFacts>(m, "iinfo", "Limits of an integer dtype.")
      .def(py::init([](const py::object& dtype) {
             return IntegerFacts(required(dtype, "iinfo", "dtype"));
           }),
           py::arg("dtype"), py::pos_only())
      .def_readonly("min", &IntegerFacts::min, "The lowest value.")
      .def_readonly("max", &IntegerFacts::max, "The largest value.")
      .def_property_readonly(
          "dtype", [](const IntegerFacts& f) { return dtype_object(f.dtype); }, "The dtype.")
      .def("__repr__", &IntegerFacts::text);
  m.def("issubdtype", &is_subdtype, py::arg("arg1"), py::arg("arg2"), py::pos_only(),
        "True when a Dtype or DtypeCategory lies below another one in the tree of categories.");
  m.def(
      "result_type", [](const py::args& args) { return dtype_object(result_type(args)); },
      "The dtype that arrays and dtypes meet in.");
  m.def(
      "can_cast",
      [](const py::object& from, const py::object& to) {
        const auto dtype = of_array_or_dtype(from);
        if (!dtype) fail("can_cast", "`from_` must be an array or a dtype.");
        const Dtype target = required(to, "can_cast", "to");
        return promote(*dtype, target) == target;
      },
      py::arg("from_"), py::arg("to"), "True when the promotion of both is `to`.");
  m.def(
      "isdtype",
      [](const py::object& dtype, const py::object& kind) {
        return is_of_kind(required(dtype, "isdtype", "dtype"), kind);
      },
      py::arg("dtype"), py::arg("kind"),
      "True when a dtype is of a kind such as 'integral' or 'real floating'.");
}

}  // namespace mlx
