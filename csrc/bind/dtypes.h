// Dtypes in Python: one object each.
#pragma once

#include <optional>

#include "base/dtype.h"
#include "bind/errors.h"

namespace mlx {

/// The Python object of a dtype; borrowed.
PyObject* dtype_object_of(Dtype dtype);
inline py::object dtype_object(Dtype dtype) {
  return py::reinterpret_borrow<py::object>(dtype_object_of(dtype));
}
/// The dtype behind a Python object, if it is one.
std::optional<Dtype> dtype_from(PyObject* object);

/// Dtype, DtypeCategory, finfo, iinfo and the functions over dtypes.
void bind_dtypes(py::module_& m);

}  // namespace mlx
