// Arrays and streams in extension modules made with pybind11: functions that take and return
// mlx::core::array.
#pragma once

#include <pybind11/pybind11.h>

#include "mlx/array.h"
#include "mlx/stream.h"

namespace mlx::core::python {

/// What mlx.core lends to extension modules, as the capsule `mlx.core._array_bridge`.
struct Bridge {
  static constexpr int current = 1;
  int version;
  /// Assigns the value of a Python array; false for another object.
  bool (*read_array)(PyObject* object, array& to);
  PyObject* (*new_array)(const array& value);
  /// Assigns a Stream, Device or None; false for another object.
  bool (*read_stream)(PyObject* object, StreamOrDevice& to);
};

inline const Bridge& bridge() {
  static const Bridge* const found = [] {
    const auto* lent = static_cast<const Bridge*>(PyCapsule_Import("mlx.core._array_bridge", 0));
    if (!lent) throw pybind11::error_already_set();
    if (lent->version != Bridge::current)
      throw std::runtime_error(
          "mlx.core and this extension were built with different versions of mlx/python.h.");
    return lent;
  }();
  return *found;
}

}  // namespace mlx::core::python

namespace pybind11::detail {

template <>
struct type_caster<mlx::core::array> {
  static constexpr auto name = const_name("mlx.core.array");
  bool load(handle source, bool) {
    return source && mlx::core::python::bridge().read_array(source.ptr(), value_);
  }
  static handle cast(const mlx::core::array& value, return_value_policy, handle) {
    return mlx::core::python::bridge().new_array(value);
  }
  operator mlx::core::array&() { return value_; }
  operator mlx::core::array*() { return &value_; }
  template <typename T>
  using cast_op_type = pybind11::detail::cast_op_type<T>;

 private:
  mlx::core::array value_{0};
};

template <>
struct type_caster<mlx::core::StreamOrDevice> {
  static constexpr auto name = const_name("mlx.core.Stream | mlx.core.Device | None");
  bool load(handle source, bool) {
    return source && mlx::core::python::bridge().read_stream(source.ptr(), value_);
  }
  operator mlx::core::StreamOrDevice&() { return value_; }
  operator mlx::core::StreamOrDevice*() { return &value_; }
  template <typename T>
  using cast_op_type = pybind11::detail::cast_op_type<T>;

 private:
  mlx::core::StreamOrDevice value_;
};

}  // namespace pybind11::detail
