// Arrays from Python objects: numbers, nested lists, buffers, DLPack capsules and __mlx_array__.
#pragma once

#include <optional>

#include "bind/array_type.h"
#include "ops/types.h"

namespace mlx {

/// True for Python's bool, int, float and complex (and what derives from them, NumPy's float64
/// included).
inline bool is_number(PyObject* object) {
  return PyFloat_Check(object) || PyLong_Check(object) || PyComplex_Check(object);
}
/// Throws std::runtime_error for an int beyond 64 bits.
Scalar number_of(PyObject* object);
/// The complex64 number behind any other object that Python turns into one (`__complex__`,
/// `__float__`, `__index__`).
std::optional<Scalar> converted_number(PyObject* object);

/// What `mx.array(value, dtype)` gives, as a new value that shares nothing with foreign memory.
/// Throws std::invalid_argument for an object that is no data.
array array_from(PyObject* value, std::optional<Dtype> dtype = {});
/// The array behind an object that is neither array, number nor list: a buffer (NumPy), a DLPack
/// tensor, or one with a method `__mlx_array__`. None when it is nothing of this kind. Memory is
/// copied.
std::optional<array> foreign_array(PyObject* object, std::optional<Dtype> dtype = {});
/// What `mx.asarray` gives; std::invalid_argument when `copy` is false, for no memory is shared.
array as_array(PyObject* value, std::optional<Dtype> dtype, std::optional<bool> copy);

/// The operand behind an object that is neither array nor number: foreign arrays, which are cast to
/// the dtype `beside` (the result of `__mlx_array__` keeps its own), and objects that Python turns
/// into numbers. No value for lists, None and what is no operand.
std::optional<Operand> foreign_operand(PyObject* object, std::optional<Dtype> beside);

/// An evaluated array whose bytes `fill(void*)` writes, in row-major order.
template <typename F>
array host_array(Shape shape, Dtype dtype, F&& fill) {
  if (shape.empty()) {
    Immediate value;
    fill(static_cast<void*>(value.bytes));
    return array::from_immediate(value, dtype);
  }
  const int64_t bytes = size_of(shape) * dtype.size();
  Ref<Buffer> buffer = Device::get(default_device()).allocator().allocate(bytes);
  if (bytes) fill(buffer->write());
  return array(std::move(buffer), std::move(shape), dtype);
}

}  // namespace mlx
