// The host's view of arrays: buffer protocol, DLPack export, Python numbers and lists.
#pragma once

#include "bind/array_type.h"

namespace mlx {

/// Evaluates and returns the first element in memory that host and device share from now on.
void* share_with_host(array value);
/// The first element for reading, evaluated.
const void* read_on_host(array value);

/// Slots of the buffer protocol.
int get_buffer(PyObject* self, Py_buffer* view, int flags);
void release_buffer(PyObject* self, Py_buffer* view);

/// The value of a one-element array as bool, int, float or complex. Throws std::invalid_argument
/// for other sizes.
py::object to_scalar(array value);
/// Nested lists of numbers; a number for 0-d.
py::object to_list(array value);

py::object to_dlpack(const array& value, const py::object& max_version, const py::object& device);

}  // namespace mlx
