// Methods of array that are no operations: conversions, copies, pickling and exchange with other libraries.
#include "bind/array_methods.h"

#include "base/error.h"
#include "bind/convert.h"
#include "bind/dtypes.h"
#include "bind/host_view.h"
#include "ops/elementwise.h"

namespace mlx {
namespace {

/// Adds a method that pybind11 dispatches: for those that no loop calls.
template <typename F, typename... Extra>
void method(const char* name, F&& f, const Extra&... extra) {
  const py::handle type(reinterpret_cast<PyObject*>(array_type));
  type.attr(name) = py::cpp_function(std::forward<F>(f), py::name(name), py::is_method(type), extra...);
}

py::object numpy_array(array& value) {
  if (value.dtype() == bfloat16) throw type_error("bfloat16 arrays cannot be converted to NumPy.");
  const py::object view = py::reinterpret_steal<py::object>(PyMemoryView_FromObject(py::cast(value).ptr()));
  if (!view) throw py::error_already_set();
  return py::module_::import("numpy").attr("array")(view);
}

/// (NumPy array, dtype code); bfloat16 travels as uint16.
py::tuple state_of(array& value) {
  array bits = value;
  if (value.dtype() == bfloat16) bits = view(value, uint16);
  return py::make_tuple(numpy_array(bits), int(value.dtype().id()));
}

void set_state(py::object self, const py::tuple& state) {
  if (state.size() != 2) fail("array", "the state of an array has two items.");
  const int code = state[1].cast<int>();
  if (code < 0 || code >= Dtype::count) fail("array", "unknown dtype code ", code, ".");
  const Dtype dtype{Dtype::Id(code)};
  const array value = array_from(state[0].ptr());
  array_of(self.ptr()) = dtype == bfloat16 ? view(value, bfloat16) : value;
}

py::object formatted(py::object self, const py::str& spec) {
  array& value = array_of(self.ptr());
  if (value.ndim() == 0) return owned(PyObject_Format(to_scalar(value).ptr(), spec.ptr()));
  if (py::len(spec) == 0) return py::str(self);
  throw type_error("unsupported format string passed to mx.array.__format__");
}

}  // namespace

void bind_array_methods(py::module_& m) {
  method("item", [](array& a) { return to_scalar(a); }, "The only element as a Python number; ValueError for other sizes.");
  method("tolist", [](array& a) { return to_list(a); }, "Nested lists of Python numbers; a number for 0-d.");
  method("__complex__", [](array& a) { return owned(PyObject_CallOneArg(reinterpret_cast<PyObject*>(&PyComplex_Type), to_scalar(a).ptr())); });
  method("__format__", &formatted);
  method("__copy__", [](const array& a) { return a; });
  method("__deepcopy__", [](array& a, const py::object&) {
    evaluate({a});
    return multiply_free_copy(a);
  }, py::arg("memo"));
  method("__getstate__", &state_of);
  method("__setstate__", &set_state);
  method("__reduce_ex__", [](py::object self, const py::object&) {
    const py::object copyreg = py::module_::import("copyreg");
    return py::make_tuple(copyreg.attr("__newobj__"), py::make_tuple(py::type::of(self)), self.attr("__getstate__")());
  }, py::arg("protocol"), py::pos_only());
  method("__array__", [](array& a, const py::object&, const py::object&) { return numpy_array(a); },
         py::arg("dtype") = py::none(), py::arg("copy") = py::none());
  method("__dlpack__", [](const array& a, const py::object&, const py::object& version, const py::object& device, const py::object&) {
    return to_dlpack(a, version, device);
  }, py::kw_only(), py::arg("stream") = py::none(), py::arg("max_version") = py::none(), py::arg("dl_device") = py::none(),
         py::arg("copy") = py::none());
  method("__dlpack_device__", [](const array&) { return py::make_tuple(1, 0); });
  const py::object module = m;
  method("__array_namespace__", [module](const array&, const py::object& version) {
    if (!version.is_none()) fail("__array_namespace__", "Explicitly specifying api_version is not yet implemented.");
    return module;
  }, py::arg("api_version") = py::none());

  m.def("asarray", [](const py::object& a, const py::object& dtype, const std::optional<bool>& copy) {
    if (a.is_none()) throw type_error("asarray(): argument 'a' must not be None.");
    std::optional<Dtype> wanted;
    if (!dtype.is_none() && !(wanted = dtype_from(dtype.ptr())))
      throw type_error("asarray(): argument 'dtype' must be None or Dtype.");
    return as_array(a.ptr(), wanted, copy);
  }, py::arg("a"), py::pos_only(), py::arg("dtype") = py::none(), py::kw_only(), py::arg("copy") = py::none(),
        "An array from `a`, which is copied unless it is an array. copy=False: ValueError unless memory can be shared.");
  m.def("from_dlpack", [](const py::object& x, const std::optional<bool>& copy) {
    if (is_array(x.ptr())) return array_of(x.ptr());
    const std::optional<array> result = tensor_array(x.ptr(), copy);
    if (!result) throw type_error("from_dlpack(): argument 'x' must have a method __dlpack__.");
    return *result;
  }, py::arg("x"), py::pos_only(), py::kw_only(), py::arg("copy") = py::none(),
        "An array from a tensor with __dlpack__ in host memory. copy=False shares its memory, else ValueError.");
}

}  // namespace mlx
