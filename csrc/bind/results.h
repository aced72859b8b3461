// From the results of operations to Python objects.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "bind/array_type.h"
#include "bind/dtypes.h"
#include "ops/types.h"

namespace mlx {

inline PyObject* to_python(array value) {
  return wrap(std::move(value));
}
inline PyObject* to_python(bool value) {
  return Py_NewRef(value ? Py_True : Py_False);
}
inline PyObject* to_python(int value) {
  return PyLong_FromLong(value);
}
inline PyObject* to_python(int64_t value) {
  return PyLong_FromLongLong(value);
}
inline PyObject* to_python(double value) {
  return PyFloat_FromDouble(value);
}
inline PyObject* to_python(Dtype value) {
  return Py_NewRef(dtype_object_of(value));
}
inline PyObject* to_python(const std::string& value) {
  return PyUnicode_FromStringAndSize(value.data(), Py_ssize_t(value.size()));
}
inline PyObject* to_python(py::object value) {
  return value.release().ptr();
}
inline PyObject* to_python(const Shape& shape);
inline PyObject* to_python(const ArrayTuple& arrays);
template <typename T>
PyObject* to_python(const std::vector<T>& values);
template <typename A, typename B>
PyObject* to_python(const std::pair<A, B>& values);
template <typename... T>
PyObject* to_python(const std::tuple<T...>& values);
template <typename... T>
PyObject* to_python(const std::variant<T...>& value);
template <typename T>
PyObject* to_python(const std::optional<T>& value);
template <typename T>
PyObject* to_python(const std::unordered_map<std::string, T>& values);

template <typename T>
py::object result_object(const T& value) {
  return owned(to_python(value));
}

inline PyObject* to_python(const Shape& shape) {
  PyObject* const tuple = PyTuple_New(Py_ssize_t(shape.size()));
  if (!tuple) throw py::error_already_set();
  for (size_t i = 0; i < shape.size(); ++i)
    PyTuple_SET_ITEM(tuple, Py_ssize_t(i), PyLong_FromLong(shape[i]));
  return tuple;
}

template <typename T>
PyObject* to_python(const std::vector<T>& values) {
  py::object list = owned(PyList_New(Py_ssize_t(values.size())));
  for (size_t i = 0; i < values.size(); ++i)
    PyList_SET_ITEM(list.ptr(), Py_ssize_t(i), result_object(values[i]).release().ptr());
  return list.release().ptr();
}

inline PyObject* to_python(const ArrayTuple& arrays) {
  py::object tuple = owned(PyTuple_New(Py_ssize_t(arrays.values.size())));
  for (size_t i = 0; i < arrays.values.size(); ++i)
    PyTuple_SET_ITEM(tuple.ptr(), Py_ssize_t(i), wrap(arrays.values[i]));
  return tuple.release().ptr();
}

template <typename... T>
PyObject* to_python(const std::tuple<T...>& values) {
  return std::apply(
      [](const auto&... items) { return py::make_tuple(result_object(items)...).release().ptr(); },
      values);
}

template <typename A, typename B>
PyObject* to_python(const std::pair<A, B>& values) {
  return py::make_tuple(result_object(values.first), result_object(values.second)).release().ptr();
}

template <typename... T>
PyObject* to_python(const std::variant<T...>& value) {
  return std::visit([](const auto& v) { return result_object(v).release().ptr(); }, value);
}

template <typename T>
PyObject* to_python(const std::optional<T>& value) {
  return value ? result_object(*value).release().ptr() : Py_NewRef(Py_None);
}

template <typename T>
PyObject* to_python(const std::unordered_map<std::string, T>& values) {
  py::dict dict;
  for (const auto& [name, value] : values) dict[py::str(name)] = result_object(value);
  return dict.release().ptr();
}

}  // namespace mlx
