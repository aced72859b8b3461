// Conversions of single arguments.
#include "bind/arguments.h"

#include "base/error.h"
#include "bind/devices.h"

namespace mlx {

std::optional<Dtype> CallArguments::first_dtype() const {
  for (size_t i = 0; i < count; ++i)
    if (operands >> i & 1 && slots[i] && is_array(slots[i])) return array_of(slots[i]).dtype();
  return {};
}

bool CallArguments::only_foreign() const {
  bool foreign = false;
  for (size_t i = 0; i < count; ++i) {
    if (!(operands >> i & 1) || !slots[i]) continue;
    if (is_array(slots[i])) return false;
    foreign |= !is_number(slots[i]) && slots[i] != Py_None;
  }
  return foreign;
}

namespace {
/// The object as a Python int; Mismatch unless it is one or counts as one (NumPy's integers).
py::object index_of(PyObject* object) {
  if (PyLong_Check(object)) return py::reinterpret_borrow<py::object>(object);
  if (!PyIndex_Check(object)) throw Mismatch{};
  py::object index = py::reinterpret_steal<py::object>(PyNumber_Index(object));
  if (!index) {
    PyErr_Clear();
    throw Mismatch{};
  }
  return index;
}
}  // namespace

bool counts_as_integer(PyObject* object) {
  if (PyLong_Check(object)) return true;
  if (!PyIndex_Check(object)) return false;
  const bool has_length =
      PySequence_Check(object) && PySequence_Size(object) >= 0;  // 0-d arrays have none
  PyErr_Clear();
  return !has_length;
}

int64_t integer_from(PyObject* object, int64_t low, int64_t high) {
  const py::object index = index_of(object);
  int overflow = 0;
  const int64_t value = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow || value < low || value > high) throw Mismatch{};
  return value;
}

double real_from(PyObject* object) {
  if (PyFloat_Check(object)) return PyFloat_AS_DOUBLE(object);
  const double value = PyFloat_AsDouble(object);
  if (value == -1 && PyErr_Occurred()) {
    PyErr_Clear();
    throw Mismatch{};
  }
  return value;
}

int32_t dimension_from(PyObject* object) {
  const py::object index = index_of(object);
  int overflow = 0;
  const int64_t value = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow) throw Mismatch{};
  return dimension(value, "shape");
}

StreamOrDevice stream_from(PyObject* object) {
  const std::optional<StreamOrDevice> where = where_from(object);
  if (!where) throw Mismatch{};
  return *where;
}

Operand Argument<Operand>::foreign(PyObject* object, const CallArguments& call) {
  if (const std::optional<Operand> operand = foreign_operand(object, call.first_dtype()))
    return *operand;
  fail("array", "an object of type ", Py_TYPE(object)->tp_name,
       " is neither a number nor an array.");
}

}  // namespace mlx
