// The Python type mlx.core.array: an own heap type, because its operators are the hottest path of
// every script.
#pragma once

#include "bind/errors.h"
#include "graph/array.h"

namespace mlx {

struct PyArray {
  PyObject_HEAD
  array value;
  PyObject* weakrefs;
};

extern PyTypeObject* array_type;

inline bool is_array(PyObject* object) {
  return PyObject_TypeCheck(object, array_type);
}
/// The value of a Python array, which operations in place rebind.
inline array& array_of(PyObject* object) {
  return reinterpret_cast<PyArray*>(object)->value;
}
/// A new Python object.
PyObject* wrap(array value);

/// Makes the type and adds it to the module.
void bind_array(py::module_& m);

}  // namespace mlx

namespace pybind11::detail {

template <>
struct type_caster<mlx::array> {
  static constexpr auto name = const_name("array");
  bool load(handle source, bool) {
    if (!source || !mlx::is_array(source.ptr())) return false;
    value_ = &mlx::array_of(source.ptr());
    return true;
  }
  static handle cast(const mlx::array& value, return_value_policy, handle) {
    return mlx::wrap(value);
  }
  operator mlx::array&() { return *value_; }
  operator mlx::array*() { return value_; }
  template <typename T>
  using cast_op_type = pybind11::detail::cast_op_type<T>;

 private:
  mlx::array* value_ = nullptr;
};

}  // namespace pybind11::detail
