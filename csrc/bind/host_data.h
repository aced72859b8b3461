// Foreign memory, described: what a buffer or a DLPack tensor offers for reading.
#pragma once

#include <optional>

#include "bind/array_type.h"

namespace mlx {

/// Strided elements in host memory that somebody else owns.
struct HostData {
  const void* data = nullptr;
  Shape shape;
  Strides strides;  ///< in bytes
  Dtype dtype =
      float32;           ///< of the elements as stored; complex64 stands for complex128 when `wide`
  bool wide = false;     ///< complex128
  bool swapped = false;  ///< the other byte order
};

/// Copies into an array of its own. float64 becomes float32 and complex128 complex64 unless `dtype`
/// says otherwise.
array copy_host_data(const HostData& source, std::optional<Dtype> dtype);

/// Reads a buffer; no value when the object has none. Throws std::runtime_error for elements we
/// have no dtype for.
std::optional<array> array_from_buffer(PyObject* object, std::optional<Dtype> dtype);
/// Reads an object with `__dlpack__`; no value when it has no such method.
std::optional<array> array_from_dlpack(PyObject* object, std::optional<Dtype> dtype);

}  // namespace mlx
