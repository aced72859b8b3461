// The capsule that lends conversions of arrays and streams to extension modules.
#include "bind/extension.h"

#include "api/convert.h"
#include "bind/array_type.h"
#include "bind/devices.h"
#include "mlx/python.h"

namespace mlx {
namespace {

bool read_array(PyObject* object, core::array& to) {
  if (!is_array(object)) return false;
  to = core::out(array_of(object));
  return true;
}

PyObject* new_array(const core::array& value) {
  return wrap(core::in(value));
}

bool read_stream(PyObject* object, core::StreamOrDevice& to) {
  if (object == Py_None) {
    to = {};
    return true;
  }
  const auto where = where_from(object);
  if (!where) return false;
  if (const auto* stream = std::get_if<Stream>(&*where))
    to = core::out(*stream);
  else if (const auto* type = std::get_if<DeviceType>(&*where))
    to = core::out(*type);
  else
    to = core::out(to_stream(*where));
  return true;
}

const core::python::Bridge lent{core::python::Bridge::current, read_array, new_array, read_stream};

}  // namespace

void bind_extension(py::module_& m) {
  m.attr("_array_bridge") = py::capsule(&lent, "mlx.core._array_bridge");
}

}  // namespace mlx
