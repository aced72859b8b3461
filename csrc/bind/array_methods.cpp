// Methods of array that are no operations: conversions, copies, pickling and exchange with other
// libraries.
#include "bind/array_methods.h"

#include "base/error.h"
#include "bind/call.h"
#include "bind/devices.h"
#include "bind/host_data.h"
#include "bind/host_view.h"
#include "bind/placement.h"
#include "graph/evaluate.h"
#include "ops/shape.h"

namespace mlx {
namespace {

py::object numpy_array(const array& value) {
  if (value.dtype() == bfloat16) throw type_error("bfloat16 arrays cannot be converted to NumPy.");
  const py::object view = owned(PyMemoryView_FromObject(result_object(value).ptr()));
  return py::module_::import("numpy").attr("array")(view);
}

/// The same bytes under another dtype of that size. Evaluates.
array reinterpreted(const array& value, Dtype dtype) {
  eval({value});
  array result(make_ref<Node>(value.shape(), dtype));
  result.share(value, value.strides(), value.offset());
  result.node().evaluated = true;
  return result;
}

/// A copy with memory of its own. Evaluates.
array host_copy(const array& value) {
  const void* const data = read_on_host(value);
  HostData source{data, value.shape(), value.size() ? value.strides() : row_major(value.shape()),
                  value.dtype()};
  for (int64_t& stride : source.strides) stride *= value.itemsize();
  return copy_host_data(source, value.dtype());
}

/// (NumPy array, dtype code); bfloat16 travels as uint16.
py::object state_of(const array& value) {
  const array bits = value.dtype() == bfloat16 ? reinterpreted(value, uint16) : value;
  return py::make_tuple(numpy_array(bits), int(value.dtype().id()));
}

void set_state(const py::object& self, const py::object& state) {
  const bool pair = PyTuple_Check(state.ptr()) && PyTuple_GET_SIZE(state.ptr()) == 2;
  const auto parts = pair ? state.cast<py::tuple>() : py::tuple();
  if (!pair || !PyLong_Check(py::object(parts[1]).ptr()))
    throw type_error(
        "__setstate__(): argument 'state' must be what __getstate__ gives: a tuple of a "
        "NumPy array and the number of a dtype.");
  const py::object data = parts[0];
  int overflow = 0;
  const long code = PyLong_AsLongAndOverflow(py::object(parts[1]).ptr(), &overflow);
  if (code < 0 || code >= Dtype::count) fail("array", "unknown dtype code ", code, ".");
  const array value = array_from(data.ptr());
  array_of(self.ptr()) = code == Dtype::bfloat16 ? reinterpreted(value, bfloat16) : value;
}

py::object reduced(const py::object& self, const py::object&) {
  return py::make_tuple(py::module_::import("copyreg").attr("__newobj__"),
                        py::make_tuple(py::type::of(self)), self.attr("__getstate__")());
}

py::object formatted(const py::object& self, const std::string& spec) {
  const array& value = array_of(self.ptr());
  if (value.ndim() == 0) return owned(PyObject_Format(to_scalar(value).ptr(), py::str(spec).ptr()));
  if (spec.empty()) return py::str(self);
  throw type_error("unsupported format string passed to mx.array.__format__");
}

py::object to_complex(const array& value) {
  return owned(
      PyObject_CallOneArg(reinterpret_cast<PyObject*>(&PyComplex_Type), to_scalar(value).ptr()));
}

py::bytes to_bytes(const array& value) {
  const array dense = contiguous(value);
  const void* const data = read_on_host(dense);
  return py::bytes(static_cast<const char*>(data), size_t(dense.nbytes()));
}

// Values never change, so a copy shares the node: nothing is evaluated, and gradients flow through.
array copied(const array& value) {
  return value;
}
array deep_copied(const array& value, const py::object&) {
  return value;
}

// The dtype and copy arguments of NumPy's protocol are accepted and left alone, as MLX does.
py::object to_numpy(const array& value, const py::object&, const py::object&) {
  return numpy_array(value);
}

py::object exported(const array& value, const py::object&, const py::object& max_version,
                    const py::object& device, std::optional<bool> copy) {
  return to_dlpack(copy == true ? host_copy(value) : value, max_version, device);
}

array to_device(const array& value, DeviceType device, const StreamOrDevice& stream) {
  if (device == value.device()) return value;
  if (std::holds_alternative<std::monostate>(stream)) return copy(value, device);
  return copy(value, stream);
}

py::object dlpack_device(const array&) {
  return py::make_tuple(1, 0);
}

py::object array_namespace(const array&, const py::object& version) {
  if (!version.is_none())
    fail("__array_namespace__", "Explicitly specifying api_version is not yet implemented.");
  return py::module_::import("mlx.core");
}

array on_device(const array& value, std::optional<DeviceType> device) {
  return device ? to_device(value, *device, {}) : value;
}

array make_array(const py::object& a, std::optional<Dtype> dtype, std::optional<bool> copy,
                 std::optional<DeviceType> device) {
  if (a.is_none()) throw type_error("asarray(): argument 'a' must not be None.");
  return on_device(as_array(a.ptr(), dtype, copy), device);
}

/// Marks any object as data for an array; operations take it as an operand.
struct Marked {
  py::object object;
};

array from_dlpack(const py::object& x, std::optional<bool> copy, std::optional<DeviceType> device) {
  if (copy == false) fail("from_dlpack", "memory cannot be shared; copy=False is not possible.");
  if (is_array(x.ptr())) return on_device(array_of(x.ptr()), device);
  std::optional<array> result = array_from_dlpack(x.ptr(), {});
  if (!result) result = array_from_buffer(x.ptr(), {});  // NumPy's scalars
  if (!result) throw type_error("from_dlpack(): argument 'x' must have a method __dlpack__.");
  return on_device(*result, device);
}

}  // namespace

void bind_array_methods(py::module_& m) {
  add_method<&to_scalar>("item", "self",
                         "The only element as a Python number; ValueError for other sizes.");
  add_method<&to_list>("tolist", "self", "Nested lists of Python numbers; a number for 0-d.");
  add_method<&to_complex>("__complex__", "self", "The only element as a complex number.");
  add_method<&to_bytes>("__bytes__", "self", "The elements' bytes in row-major order.");
  add_method<&formatted>("__format__", "self, format_spec, /",
                         "Formats a 0-d array as its number.");
  add_method<&copied>("__copy__", "self", "Another object of the same value.");
  add_method<&deep_copied>("__deepcopy__", "self, memo", "Another object of the same value.");
  add_method<&state_of>("__getstate__", "self", "What pickle stores.");
  add_method<&set_state>("__setstate__", "self, state, /", "Restores what pickle stored.");
  add_method<&reduced>("__reduce_ex__", "self, protocol, /", "How pickle makes the array again.");
  add_method<&to_numpy>("__array__", "self, dtype=None, copy=None",
                        "A NumPy array; TypeError for bfloat16.");
  add_method<&exported>(
      "__dlpack__", "self, *, stream=None, max_version=None, dl_device=None, copy=None",
      "A DLPack capsule over the array's memory; BufferError for devices other than the host.");
  add_method<&to_device>("to_device", "self, device, /, *, stream=None",
                         "The value in the memory of a device.");
  add_method<&dlpack_device>("__dlpack_device__", "self",
                             "The DLPack device of the memory: (1, 0), the host.");
  add_method<&array_namespace>("__array_namespace__", "self, api_version=None",
                               "The module mlx.core.");
  py::class_<Marked>(m, "ArrayLike", "Marks an object as data for an array.")
      .def(py::init([](py::object object) { return Marked{std::move(object)}; }), py::arg("obj"),
           py::pos_only())
      .def("__mlx_array__", [](const Marked& like) { return array_from(like.object.ptr()); });
  m.def(
      "__array_namespace_info__",
      [] { return py::module_::import("mlx._namespace_info").attr("NamespaceInfo")(); },
      "What this implementation of the array API standard has.");
  add_function<&make_array>(
      m, "asarray", "a, /, dtype=None, *, copy=None, device=None",
      "An array from `a`, whose memory is copied unless it is an array. copy=False is a "
      "ValueError: the memory of a device is its own.");
  add_function<&from_dlpack>(
      m, "from_dlpack", "x, /, *, copy=None, device=None",
      "An array from a tensor in host memory with __dlpack__, or from a NumPy scalar. copy=False "
      "is a ValueError.");
}

}  // namespace mlx
